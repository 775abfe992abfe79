// SPDX-License-Identifier: Apache-2.0
#include "node/host/admission.hpp"

#include <algorithm>

namespace boato {
namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

constexpr std::array<std::uint8_t, 12> v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(const AdmissionGate::Ip& ip) { return std::equal(v4_mapped.begin(), v4_mapped.end(), ip.begin()); }

}  // namespace

bool AdmissionGate::loopback(const Ip& ip) {
  if (is_v4(ip)) return ip[12] == 127;
  return ip.back() == 1 && std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; });
}

AdmissionGate::Ip AdmissionGate::net_of(const Ip& ip) {
  Ip net = ip;
  std::fill(net.begin() + (is_v4(ip) ? 15 : 6), net.end(), std::uint8_t{0});
  return net;
}

AdmissionGate::Source& AdmissionGate::source(Time now, const Ip& ip) {
  auto at = sources_.find(ip);
  if (at == sources_.end()) {
    if (sources_.size() >= limits_.addresses_max) forget_one();
    at = sources_.emplace(ip, Source{}).first;
    at->second.tokens = limits_.address_handshakes_burst;
    at->second.filled = now;
  }
  at->second.seen = now;
  return at->second;
}

void AdmissionGate::forget_one() {
  auto oldest = sources_.end();
  for (auto at = sources_.begin(); at != sources_.end(); ++at) {
    if (at->second.strangers > 0) continue;
    if (oldest == sources_.end() || at->second.seen < oldest->second.seen) oldest = at;
  }
  if (oldest != sources_.end()) sources_.erase(oldest);
}

AdmissionGate::Entry AdmissionGate::enter(Time now, const Ip& ip) {
  Entry entry;
  if (!loopback(ip)) {
    const Source& from = source(now, ip);
    if (from.blocked_until > now)
      entry.why = Refusal::blocked;
    else if (from.strangers >= limits_.strangers_per_address_max)
      entry.why = Refusal::per_address;
    else if (nets_[net_of(ip)] >= limits_.strangers_per_net_max)
      entry.why = Refusal::per_net;
    if (entry.why != Refusal::none) {
      ++refused_;
      return entry;
    }
  }
  if (strangers_.size() >= limits_.strangers_max) {
    entry.evicted = strangers_.begin()->first;
    leave(now, *entry.evicted, false);
  }
  entry.ticket = next_++;
  strangers_.emplace(entry.ticket, ip);
  if (!loopback(ip)) {
    ++source(now, ip).strangers;
    ++nets_[net_of(ip)];
  }
  return entry;
}

bool AdmissionGate::begin(Time now, Ticket ticket) {
  const auto at = strangers_.find(ticket);
  if (at == strangers_.end()) return false;
  tokens_ = std::min(limits_.handshakes_burst, tokens_ + seconds(now - filled_) * limits_.handshakes_per_s);
  filled_ = now;
  Source* from = loopback(at->second) ? nullptr : &source(now, at->second);
  if (from) {
    from->tokens = std::min(limits_.address_handshakes_burst,
                            from->tokens + seconds(now - from->filled) * limits_.address_handshakes_per_s);
    from->filled = now;
  }
  if (tokens_ < 1 || (from && from->tokens < 1)) {
    ++refused_;
    return false;
  }
  tokens_ -= 1;
  if (from) from->tokens -= 1;
  return true;
}

void AdmissionGate::leave(Time now, Ticket ticket, bool failed) {
  const auto at = strangers_.find(ticket);
  if (at == strangers_.end()) return;
  const Ip ip = at->second;
  strangers_.erase(at);
  if (loopback(ip)) return;
  if (const auto net = nets_.find(net_of(ip)); net != nets_.end() && --net->second == 0) nets_.erase(net);
  Source& from = source(now, ip);
  if (from.strangers > 0) --from.strangers;
  if (!failed) return;
  if (now - from.minute > std::chrono::minutes{1}) {
    from.minute = now;
    from.failures = 0;
  }
  if (++from.failures < limits_.failed_per_minute_max) return;
  from.failures = 0;
  from.blocked_until = now + std::chrono::minutes{1U << std::min(from.blocks, 6U)};
  ++from.blocks;
}

}  // namespace boato
