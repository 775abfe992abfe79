// SPDX-License-Identifier: Apache-2.0
#include <boato/event.hpp>

#include "node/host/shared_batch.hpp"
#include "overlay/base/bytes.hpp"
#include "overlay/wire/attributes.hpp"

#include <algorithm>
#include <array>

namespace boato {

Event::Event(const Event& other) noexcept : shared_{other.shared_}, index_{other.index_} {
  if (shared_) BatchHome::add(*shared_);
}

Event::~Event() {
  if (shared_) BatchHome::drop(shared_);
}

std::string_view Event::topic() const { return shared_ ? std::string_view{*shared_->topic} : ""; }

EventId Event::id() const {
  if (!shared_) return {};
  return {shared_->publisher, shared_->incarnation, shared_->first + index_};
}

WallTime Event::time() const {
  if (!shared_) return {};
  return WallTime{Duration{static_cast<std::int64_t>(shared_->view(index_).time_us)}};
}

std::uint64_t Event::number() const { return 0; }

std::string_view Event::key() const {
  wire::EventExt ext;
  if (!shared_ || !wire::decode_ext(shared_->view(index_).ext, ext)) return {};
  return boato::text(ext.key);
}

std::string_view Event::content_type() const {
  wire::EventExt ext;
  if (!shared_ || !wire::decode_ext(shared_->view(index_).ext, ext)) return {};
  return ext.content_type;
}

Bytes Event::payload() const { return shared_ ? shared_->view(index_).payload : Bytes{}; }

std::string_view Event::text() const { return boato::text(payload()); }

std::span<const Attribute> Event::attributes() const {
  if (!shared_ || shared_->plain || !shared_->look_through(index_)) return {};
  const std::uint32_t begin = index_ == 0 ? 0 : shared_->ends[index_ - 1];
  return std::span{shared_->attributes}.subspan(begin, shared_->ends[index_] - begin);
}

const Value* Event::find(std::string_view attribute) const {
  const auto all = attributes();
  const auto at = std::ranges::lower_bound(all, attribute, {}, &Attribute::name);
  return at != all.end() && at->name == attribute ? &at->value : nullptr;
}

unsigned Event::hops() const { return shared_ ? shared_->hops : 0; }

std::string_view to_string(Gap::Reason reason) {
  static constexpr std::array<std::string_view, 5> names{"lost", "expired", "overflow", "refused",
                                                         "not_for_you"};
  const auto i = static_cast<std::size_t>(reason);
  return i < names.size() ? names[i] : "lost";
}

std::string_view to_string(Status::Kind kind) {
  static constexpr std::array<std::string_view, 10> names{
      "ready",         "live",   "lagging",       "no_quorum",   "quorum_back",
      "topic_refused", "fenced", "member_joined", "member_left", "closed"};
  const auto i = static_cast<std::size_t>(kind);
  return i < names.size() ? names[i] : "closed";
}

}  // namespace boato
