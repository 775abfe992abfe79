// SPDX-License-Identifier: Apache-2.0
#include "node/event_reader.hpp"

#include "node/text.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace boato {
namespace {

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::int64_t number_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

Result<ReadEvent> event_from(const Json& object) {
  ReadEvent out;
  const Json* attributes = &object;
  if (text_in(object, "t") == "event" && object.contains("attrs")) {
    attributes = &object["attrs"];
    out.whole = true;
    out.topic = text_in(object, "topic");
    out.publisher = text_in(object, "publisher");
    out.key = text_in(object, "key");
    out.type = text_in(object, "type");
    out.facts.seq = number_in(object, "seq");
    out.facts.time_us = number_in(object, "time_us");
    const auto raw = from_base64(text_in(object, "payload_b64"));
    out.facts.size =
        static_cast<std::int64_t>(std::max(text_in(object, "payload").size(), raw ? raw->size() : 0));
  }
  auto set = attributes_from(*attributes);
  if (!set) return set.error();
  out.attributes = std::move(*set);
  std::ranges::sort(out.attributes.list, {}, &Attribute::name);
  return out;
}

}  // namespace

Subject ReadEvent::subject() {
  facts.topic = topic;
  facts.publisher = publisher;
  facts.key = key;
  facts.type = type;
  return {attributes.list, whole ? &facts : nullptr};
}

Result<std::deque<ReadEvent>> read_events(const std::string& file) {
  std::string all;
  if (file == "-") {
    all.assign(std::istreambuf_iterator<char>{std::cin}, {});
  } else {
    std::ifstream in{file, std::ios::binary};
    if (!in) return Error{Errc::bad_config, file + " cannot be read"};
    all.assign(std::istreambuf_iterator<char>{in}, {});
  }
  std::deque<ReadEvent> out;
  const auto add = [&](const Json& object, std::size_t line) -> Result<void> {
    const std::string t = object.is_object() ? text_in(object, "t") : "";
    if ((t == "gap" || t == "status") && object.contains("topic")) return {};
    auto event = object.is_object()
                     ? event_from(object)
                     : Result<ReadEvent>{
                           Error{Errc::bad_config, "an event is an object of JSON, such as {\"price\":120}"}};
    if (!event)
      return Error{Errc::bad_config, file + ":" + std::to_string(line) + ": " + event.error().detail};
    out.push_back(std::move(*event));
    return {};
  };
  // One object may fill several lines; otherwise each line is one.
  if (const Json whole = Json::parse(all, nullptr, false); whole.is_object()) {
    if (auto added = add(whole, 1); !added) return added.error();
    return out;
  }
  std::istringstream lines{all};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (auto added = add(Json::parse(line, nullptr, false), number); !added) return added.error();
  }
  return out;
}

}  // namespace boato
