// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/cast_ledger.hpp"

#include "overlay/base/mutant.hpp"

#include <algorithm>

namespace boato {

CastLedger::Line* CastLedger::find(LinkId link) {
  const auto at = std::ranges::lower_bound(lines_, link, {}, &Line::link);
  return at != lines_.end() && at->link == link ? &*at : nullptr;
}

const CastLedger::Line* CastLedger::find(LinkId link) const {
  const auto at = std::ranges::lower_bound(lines_, link, {}, &Line::link);
  return at != lines_.end() && at->link == link ? &*at : nullptr;
}

void CastLedger::on_link_up(LinkId link) {
  const auto at = std::ranges::lower_bound(lines_, link, {}, &Line::link);
  Line line;
  line.link = link;
  lines_.insert(at, std::move(line));
}

void CastLedger::on_link_down(LinkId link, std::vector<Duty>& lost) {
  Line* line = find(link);
  if (!line) return;
  while (!line->waiting.empty()) {
    const bool given = line->late > 0;
    Duty duty = line->take();
    if (!given) lost.push_back(std::move(duty));
  }
  lines_.erase(lines_.begin() + (line - lines_.data()));
  next_ = earliest();
}

bool CastLedger::may_send(LinkId link) const {
  const Line* line = find(link);
  return line && line->waiting.size() < config_.outstanding_max;
}

bool CastLedger::open(LinkId link) const {
  const Line* line = find(link);
  return line && (line->waiting.size() > line->late || line->tell_at != never);
}

void CastLedger::sent(Time now, const LinkInfo& link, Duty duty) {
  Line* line = find(link.id);
  BOATO_CHECK(line != nullptr);
  const Duration wait =
      link.rtt == Duration{0}  // not measured yet
          ? config_.taken_max
          : std::clamp(2 * link.rtt + std::chrono::milliseconds{40}, config_.taken_min, config_.taken_max);
  line->bytes_sent += duty.batch.size();
  line->waiting.push_back({++line->sent, line->bytes_sent, now + wait, now, std::move(duty)});
  next_ = std::min(next_, line->waiting[line->late].due);
}

void CastLedger::sent_without_duty(LinkId link) {
  Line* line = find(link);
  BOATO_CHECK(line != nullptr);
  ++line->sent;
}

void CastLedger::received(Time now, LinkId link, Effects& fx) {
  Line* line = find(link);
  if (!line) return;
  ++line->received;
  if (BOATO_MUTANT(200)) return;  // never says TAKEN: every part is taken over
  if (line->tell_at == never) line->tell_at = now + (line->flows ? config_.taken_flow : config_.taken_after);
  next_ = std::min(next_, line->tell_at);
  if (line->received - line->told < config_.taken_every) return;
  tell(*line, fx);
  next_ = earliest();
}

void CastLedger::tell(Line& line, Effects& fx) {
  line.flows = line.received - line.told > 1;
  line.told = line.received;
  line.tell_at = never;
  fx.send(line.link, Flow::control, wire::Taken{line.told});
}

void CastLedger::tell_all(Effects& fx) {
  for (Line& line : lines_)
    if (line.tell_at != never) tell(line, fx);
  next_ = earliest();
}

Time CastLedger::earliest() const {
  Time soonest = never;
  for (const Line& line : lines_) {
    soonest = std::min(soonest, line.tell_at);
    if (line.waiting.size() > line.late) soonest = std::min(soonest, line.waiting[line.late].due);
  }
  return soonest;
}

// A link with a large share of all that waits has a slow child: the part is given to another one.
bool CastLedger::held_up(Time now, const Line& line, const LinkTable& links) const {
  const LinkInfo* link = links.find(line.link);
  const Waiting& first = line.waiting[line.late];
  if (!link || link->lagging || now - first.since >= config_.held_up_max) return false;
  if (link->backlog <= link->repair_backlog + (line.bytes_sent - first.bytes_upto)) return false;
  std::size_t all = 0;
  for (const LinkInfo& l : links.all()) all += l.lagging ? 0 : l.backlog;
  return all >= config_.held_up_bytes && config_.fan_out_large * link->backlog <= 2 * all;
}

void CastLedger::on_deadline(Time now, const LinkTable& links, Effects& fx, std::vector<Overdue>& overdue) {
  for (Line& line : lines_) {
    if (line.tell_at <= now) tell(line, fx);
    for (; line.late < line.waiting.size() && line.waiting[line.late].due <= now; ++line.late) {
      if (held_up(now, line, links)) {
        line.waiting[line.late].due = now + config_.taken_min;
        break;  // those behind it wait as well
      }
      overdue.push_back({line.link, line.waiting[line.late].duty});
    }
  }
  next_ = earliest();
}

std::size_t CastLedger::outstanding() const {
  std::size_t sum = 0;
  for (const Line& line : lines_) sum += line.waiting.size();
  return sum;
}

void CastLedger::check_invariants() const {
  BOATO_CHECK(next_ == earliest());
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    BOATO_CHECK(i == 0 || lines_[i - 1].link < line.link);
    BOATO_CHECK(line.waiting.size() <= config_.outstanding_max);
    BOATO_CHECK(line.told <= line.received && line.late <= line.waiting.size());
    for (std::size_t k = 1; k < line.waiting.size(); ++k)
      BOATO_CHECK(line.waiting[k - 1].number < line.waiting[k].number && line.waiting[k].number <= line.sent);
  }
}

}  // namespace boato
