// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/dialer.hpp"

#include <algorithm>

namespace boato {
namespace {

constexpr std::int64_t token = 1'000'000;  // one dial; a rate per second fills `rate` of them in 1 s

bool has_peer(const DialWish& wish) { return wish.peer != PeerId{}; }

}  // namespace

Dialer::Dialer(const DialerConfig& config, const Self& self, const LinkTable& links, Rng rng)
    : config_{config}, self_{self}, links_{links}, rng_{rng} {
  fresh_bucket_.tokens = config_.fresh_per_second * token;
  known_bucket_.tokens = config_.known_per_second * token;
}

std::uint64_t Dialer::key_of(const DialWish& wish) {
  if (has_peer(wish)) return ring_place(wish.peer);
  std::uint64_t h = 0xcbf29ce484222325ULL ^ wish.addresses[0].port;
  for (const std::uint8_t byte : wish.addresses[0].ip) h = (h ^ byte) * 0x100000001b3ULL;
  return h;
}

bool Dialer::known(std::uint64_t key) const { return std::ranges::find(known_, key) != known_.end(); }

void Dialer::remember(std::uint64_t key) {
  for (Wish& w : wishes_)
    if (w.key == key) w.known = true;
  if (known(key)) return;
  if (known_.size() < config_.known_max) {
    known_.push_back(key);
  } else if (!known_.empty()) {
    known_[known_next_] = key;
    known_next_ = (known_next_ + 1) % known_.size();
  }
}

Dialer::Backoff* Dialer::backoff(std::uint64_t key) {
  const auto at = std::ranges::find(backoffs_, key, &Backoff::key);
  return at != backoffs_.end() ? &*at : nullptr;
}

void Dialer::back_off(Time now, std::uint64_t key, Duration least, bool grow) {
  Backoff* b = backoff(key);
  if (!b) {
    if (backoffs_.size() >= config_.backoffs_max)
      backoffs_.erase(std::ranges::min_element(backoffs_, {}, &Backoff::until));
    backoffs_.push_back({key, now, 0});
    b = &backoffs_.back();
  }
  Duration pause = least;
  if (grow) {
    const std::uint32_t doublings = std::min(b->failures, 10u);
    pause = rng_.jitter(std::min(config_.retry_max, config_.retry_first * (std::int64_t{1} << doublings)));
    ++b->failures;
  }
  b->until = std::max(b->until, now + pause);
  for (Wish& w : wishes_)
    if (w.key == key) w.not_before = b->until;
}

void Dialer::on_wish(Time now, const DialWish& wish) {
  if (wish.addresses.empty()) return;
  if (has_peer(wish) && (wish.peer == self_.id || links_.find(wish.peer))) return;
  const std::uint64_t key = key_of(wish);
  if (std::ranges::find(flights_, key, &Wish::key) != flights_.end()) return;
  if (const auto at = std::ranges::find(wishes_, key, &Wish::key); at != wishes_.end()) {
    at->until = now + config_.wish_life;
    return changed();
  }
  if (wishes_.size() >= config_.wishes_max) wishes_.erase(wishes_.begin());
  const Backoff* b = backoff(key);
  wishes_.push_back({wish, key, known(key), b ? b->until : Time{}, now + config_.wish_life});
  changed();
}

void Dialer::set_mass_death(bool on) {
  if (mass_death_ == on) return;
  mass_death_ = on;
  changed();
}

void Dialer::refill(Bucket& bucket, std::uint32_t rate, Time now) {
  const std::int64_t full = std::int64_t{rate} * token;
  const std::int64_t passed = std::min<std::int64_t>((now - bucket.filled).count(), token);  // 1 s fills it
  bucket.tokens = std::min(full, bucket.tokens + passed * rate);
  bucket.filled = now;
}

Time Dialer::token_at(const Bucket& bucket, std::uint32_t rate) const {
  if (bucket.tokens >= token || rate == 0) return Time{};
  return bucket.filled + Duration{(token - bucket.tokens + rate - 1) / rate};
}

void Dialer::expire(Time now) {
  const auto over = [now](const Wish& w) { return w.until <= now; };
  std::erase_if(wishes_, over);
  std::erase_if(flights_, over);
  // A backoff is kept for a while after its end: the next failure goes on from its count.
  std::erase_if(backoffs_, [&](const Backoff& b) { return b.until + config_.retry_max <= now; });
}

Time Dialer::ready_at(const Wish& wish) const {
  const Time at = wish.known ? token_at(known_bucket_, config_.known_per_second)
                             : token_at(fresh_bucket_, config_.fresh_per_second);
  return std::max(at, wish.not_before);
}

Time Dialer::soonest() const {
  Time at = never;
  const bool free = flights_.size() < places();
  for (const Wish& w : wishes_) {
    at = std::min(at, w.until);
    if (free) at = std::min(at, ready_at(w));
  }
  for (const Wish& w : flights_) at = std::min(at, w.until);
  return at;
}

std::optional<DialWish> Dialer::take(Time now) {
  if (now < next_) return std::nullopt;
  expire(now);
  refill(fresh_bucket_, config_.fresh_per_second, now);
  refill(known_bucket_, config_.known_per_second, now);
  const auto at = flights_.size() < places()
                      ? std::ranges::find_if(wishes_, [&](const Wish& w) { return ready_at(w) <= now; })
                      : wishes_.end();
  std::optional<DialWish> granted;
  if (at != wishes_.end()) {
    granted = at->dial;
    (at->known ? known_bucket_ : fresh_bucket_).tokens -= token;
    at->until = now + config_.result_within;
    flights_.push_back(*at);
    wishes_.erase(at);
  }
  changed();
  return granted;
}

void Dialer::on_result(Time now, const DialWish& dial, bool ok) {
  if (dial.addresses.empty()) return;
  const std::uint64_t key = key_of(dial);
  std::erase_if(flights_, [&](const Wish& w) { return w.key == key; });
  if (!ok) {
    back_off(now, key, Duration{0}, true);
  } else {
    std::erase_if(backoffs_, [&](const Backoff& b) { return b.key == key; });
    remember(key);
  }
  changed();
}

void Dialer::on_link_up(Time now, const LinkInfo& link) {
  const std::uint64_t key = ring_place(link.peer);
  remember(key);
  const auto ours = [&](const Wish& w) { return w.key == key && w.dial.peer == link.peer; };
  const bool asked_by_name = std::erase_if(flights_, ours) > 0;
  std::erase_if(wishes_, ours);
  if (Backoff* b = backoff(key)) b->failures = 0;
  changed();
  if (asked_by_name || !link.dialed) return;
  // A dial to an address without a name has found its peer: the one whose address it was, else the eldest
  // such dial.
  const auto here = [&](const Wish& w) {
    return !has_peer(w.dial) &&
           std::ranges::find(link.addresses.span(), w.dial.addresses[0]) != link.addresses.span().end();
  };
  auto at = std::ranges::find_if(flights_, here);
  if (at == flights_.end())
    at = std::ranges::find_if(flights_, [](const Wish& w) { return !has_peer(w.dial); });
  if (at == flights_.end()) return;
  const DialWish found = at->dial;
  on_result(now, found, true);
}

void Dialer::on_link_down(Time now, const LinkInfo& link, CloseReason why) {
  const std::uint64_t key = ring_place(link.peer);
  switch (why) {
    case CloseReason::full:
    case CloseReason::idle: back_off(now, key, config_.after_full, false); break;
    case CloseReason::protocol: back_off(now, key, config_.after_protocol, false); break;
    case CloseReason::denied: back_off(now, key, config_.after_denied, false); break;
    default: return;
  }
  changed();
}

void Dialer::check_invariants() const {
  BOATO_CHECK(wishes_.size() <= config_.wishes_max);
  BOATO_CHECK(flights_.size() <= config_.parallel_mass_max);
  BOATO_CHECK(backoffs_.size() <= config_.backoffs_max);
  BOATO_CHECK(known_.size() <= config_.known_max);
  BOATO_DCHECK(next_ == soonest());
  for (std::size_t i = 0; i < wishes_.size(); ++i)
    for (std::size_t k = i + 1; k < wishes_.size(); ++k) BOATO_DCHECK(wishes_[i].key != wishes_[k].key);
}

}  // namespace boato
