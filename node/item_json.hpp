// SPDX-License-Identifier: Apache-2.0
// The objects that --json prints and the control socket carries. Keys are a promise: they only grow.
#pragma once

#include <boato/event.hpp>
#include <boato/peer.hpp>
#include <boato/result.hpp>
#include <boato/topic.hpp>

#include "node/contract_json.hpp"
#include "node/json.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

[[nodiscard]] Json to_json(const Event& event);
[[nodiscard]] Json to_json(const Gap& gap);
[[nodiscard]] Json to_json(const Status& status);
[[nodiscard]] Json to_json(const Receipt& receipt, std::string_view topic, Duration took);
[[nodiscard]] Json to_json(const Topology& view);
[[nodiscard]] Json to_json(const EventTree& tree);
[[nodiscard]] Json to_json(const TopicInfo& info);
[[nodiscard]] Json to_json(const Metric& metric);

// `t` is "error" for a command, "refused" or "unknown" for an event.
[[nodiscard]] Json to_json(const Error& error, std::string_view t);
// The error in an object of t error, refused or unknown.
[[nodiscard]] Error error_of(const Json& item);
[[nodiscard]] Errc errc_from(std::string_view name);

// A payload as `payload` if it is UTF-8, else as `payload_b64`.
void put_payload(Json& object, std::string_view payload);

// Attribute values in JSON: null, true, 1, 1.5, "text", {"hex":"00ff"}.
[[nodiscard]] Json to_json(const Value& value);

// Attributes with the memory that their views need.
struct AttributeSet {
  std::deque<std::string> texts{};  // a deque: views stay valid while it grows
  std::vector<Attribute> list{};

  void add(std::string_view name, const Value& value);
};
[[nodiscard]] Result<AttributeSet> attributes_from(const Json& object);
// "name=text", "name:i64=1", "name:f64=1.5", "name:bool=true", "name:hex=00ff", "name:nil="
[[nodiscard]] Result<Json> attributes_from(const std::vector<std::string>& texts);

}  // namespace boato
