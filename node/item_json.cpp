// SPDX-License-Identifier: Apache-2.0
#include "node/item_json.hpp"

#include "node/text.hpp"
#include "node/units.hpp"

#include <array>
#include <utility>

namespace boato {
namespace {

constexpr std::array<Errc, 18> all_codes{
    Errc::would_block,   Errc::timeout,      Errc::closed,        Errc::unreachable, Errc::no_quorum,
    Errc::expect_failed, Errc::conflict,     Errc::not_allowed,   Errc::no_such,     Errc::no_responders,
    Errc::too_large,     Errc::bad_name,     Errc::bad_predicate, Errc::bad_config,  Errc::disk_full,
    Errc::fenced,        Errc::wrong_thread, Errc::internal};

constexpr std::array<std::string_view, 5> levels{"by_contract", "accepted", "stored", "ordered", "all"};

Result<Json> typed_value(std::string_view name, std::string_view type, const std::string& text) {
  const auto wrong = [&](std::string_view what) {
    return Error{Errc::bad_config, "attribute " + printable(name) + " needs " + std::string{what} +
                                       ", not '" + printable(text) + "'"};
  };
  if (type.empty() || type == "str") {
    if (!is_text(text)) return wrong("UTF-8 text (or the type hex)");
    return Json(text);
  }
  if (type == "i64") {
    const auto value = parse_integer(text);
    return value ? Result<Json>{Json(*value)} : Result<Json>{wrong("a whole number of 64 bits")};
  }
  if (type == "f64") {
    const auto value = parse_number(text);
    return value ? Result<Json>{Json(*value)} : Result<Json>{wrong("a number")};
  }
  if (type == "bool") {
    if (text != "true" && text != "false") return wrong("true or false");
    return Json(text == "true");
  }
  if (type == "hex") {
    if (!from_hex(text)) return wrong("pairs of hexadecimal digits");
    return Json{{"hex", text}};
  }
  if (type == "nil") {
    if (!text.empty()) return wrong("no value");
    return Json(nullptr);
  }
  return Error{Errc::bad_config, "attribute " + printable(name) + ": there is no type " + printable(type) +
                                     "; types are str i64 f64 bool hex nil"};
}

std::uint64_t since_us(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

}  // namespace

void put_payload(Json& object, std::string_view payload) {
  if (is_text(payload)) {
    object["payload"] = payload;
  } else {
    object["payload_b64"] = to_base64(payload);
  }
}

Json to_json(const Value& value) {
  return std::visit(
      [](const auto& held) -> Json {
        using Held = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<Held, Bytes>) {
          return Json{{"hex", to_hex(text_of(held))}};
        } else {
          return Json(held);
        }
      },
      value);
}

Json to_json(const Event& event) {
  const EventId id = event.id();
  Json attrs = Json::object();
  for (const Attribute& attribute : event.attributes())
    attrs[std::string{attribute.name}] = to_json(attribute.value);
  Json json{{"t", "event"},
            {"topic", event.topic()},
            {"publisher", to_text(id.publisher)},
            {"incarnation", id.incarnation},
            {"seq", id.seq},
            {"id", to_text(id)},
            {"number", event.number()},
            {"time_us", event.time().time_since_epoch().count()},
            {"key", event.key()},
            {"type", event.content_type()},
            {"hops", event.hops()},
            {"attrs", std::move(attrs)}};
  put_payload(json, event.text());
  return json;
}

Json to_json(const Gap& gap) {
  Json json{{"t", "gap"}, {"topic", gap.topic}};
  if (gap.stream) {
    json["publisher"] = to_text(gap.stream->publisher);
    json["incarnation"] = gap.stream->incarnation;
    json["first"] = gap.first;
    json["last"] = gap.last;
  } else {
    json["numbers"] = Json::array({gap.first, gap.last});
  }
  json["count"] = gap.last >= gap.first ? gap.last - gap.first + 1 : 0;
  json["reason"] = to_string(gap.reason);
  return json;
}

Json to_json(const Status& status) {
  Json json{{"t", "status"}, {"topic", status.topic}, {"state", to_string(status.kind)}};
  if (status.kind == Status::Kind::lagging) json["behind"] = status.behind;
  if (status.peer) json["peer"] = to_text(*status.peer);
  if (!status.detail.empty()) json["detail"] = status.detail;
  return json;
}

Json to_json(const Receipt& receipt, std::string_view topic, Duration took) {
  return Json{{"t", "receipt"},
              {"id", to_text(receipt.id)},
              {"topic", topic},
              {"level", levels[static_cast<std::size_t>(receipt.reached)]},
              {"stored_by", receipt.stored_by},
              {"number", receipt.number},
              {"generation", receipt.generation},
              {"lsn", receipt.lsn},
              {"duplicate", receipt.duplicate},
              {"took_us", took.count()}};
}

namespace {

std::string_view way_name(Topology::Way way) {
  switch (way) {
    case Topology::Way::none: return "none";
    case Topology::Way::member: return "member";
    case Topology::Way::missing: return "missing";
    case Topology::Way::own: return "own";
    case Topology::Way::tree: return "tree";
    case Topology::Way::repair: return "repair";
  }
  return "none";
}

}  // namespace

Json to_json(const Topology& view) {
  Json links = Json::array();
  for (const Topology::Link& link : view.links) {
    links.push_back(Json{{"peer", to_text(link.peer)},
                         {"active", link.active},
                         {"mesh", link.mesh},
                         {"finger", link.finger},
                         {"rtt_us", link.rtt.count()},
                         {"addresses", link.addresses}});
  }
  Json json{{"id", to_text(view.id)}, {"name", view.name},       {"addresses", view.addresses},
            {"topics", view.topics},  {"passive", view.passive}, {"links", std::move(links)}};
  if (view.way != Topology::Way::none) json["way"] = way_name(view.way);
  if (view.from) json["from"] = to_text(*view.from);
  if (view.hops > 0) json["hops"] = view.hops;
  return json;
}

Json to_json(const EventTree& tree) {
  Json peers = Json::array();
  for (const Topology& view : tree.peers) peers.push_back(to_json(view));
  return Json{{"t", "topology"},
              {"topic", tree.topic},
              {"event",
               {{"publisher", to_text(tree.event.publisher)},
                {"incarnation", tree.event.incarnation},
                {"seq", tree.event.seq}}},
              {"peers", std::move(peers)}};
}

Json to_json(const TopicInfo& info) {
  Json local = Json::array();
  for (const LocalInterest& interest : info.local) {
    Json row{{"where", interest.where}, {"subscriptions", interest.subscriptions}};
    if (!interest.covered_by.empty()) row["covered_by"] = interest.covered_by;
    local.push_back(std::move(row));
  }
  return Json{{"t", "topic"},
              {"topic", info.name},
              {"contract", to_json(info.contract)},
              {"open", info.open},
              {"ready", info.ready},
              {"members", info.members},
              {"receivers", info.receivers},
              {"mesh", info.mesh},
              {"streams", info.streams},
              {"received", info.received},
              {"held", info.held},
              {"delivered", info.delivered},
              {"duplicates", info.duplicates},
              {"lost", info.lost},
              {"filtered", info.filtered},
              {"selective", info.selective},
              {"interest", info.interest},
              {"local", std::move(local)}};
}

Json to_json(const Metric& metric) {
  Json labels = Json::object();
  for (const auto& [name, value] : metric.labels) labels[name] = value;
  return Json{{"t", "metric"}, {"name", metric.name}, {"labels", std::move(labels)}, {"value", metric.value}};
}

Json to_json(const Error& error, std::string_view t) {
  Json json{{"t", t}, {"code", to_string(error.code)}, {"detail", error.detail}};
  if (error.code == Errc::no_quorum) {
    json["reachable"] = error.reachable;
    json["needed"] = error.needed;
    json["since_us"] = since_us(error.since);
  }
  if (error.code == Errc::expect_failed) json["number"] = error.number;
  return json;
}

Errc errc_from(std::string_view name) {
  for (const Errc errc : all_codes) {
    if (to_string(errc) == name) return errc;
  }
  return Errc::internal;
}

Error error_of(const Json& item) {
  Error error{errc_from(item.value("code", "internal")), item.value("detail", "")};
  error.number = item.value("number", std::uint64_t{0});
  return error;
}

void AttributeSet::add(std::string_view name, const Value& value) {
  Attribute attribute{texts.emplace_back(name), value};
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    attribute.value = std::string_view{texts.emplace_back(*text)};
  } else if (const auto* raw = std::get_if<Bytes>(&value)) {
    attribute.value = bytes(texts.emplace_back(text_of(*raw)));
  }
  list.push_back(attribute);
}

Result<AttributeSet> attributes_from(const Json& object) {
  AttributeSet set;
  if (object.is_null()) return set;
  if (!object.is_object()) return Error{Errc::bad_config, "attrs is an object of names and values"};
  for (const auto& [name, json] : object.items()) {
    if (json.is_null()) {
      set.add(name, std::monostate{});
    } else if (json.is_boolean()) {
      set.add(name, json.get<bool>());
    } else if (json.is_number_float()) {
      set.add(name, json.get<double>());
    } else if (json.is_number_integer()) {
      set.add(name, json.get<std::int64_t>());
    } else if (json.is_string()) {
      set.add(name, std::string_view{json.get_ref<const std::string&>()});
    } else {
      const auto raw = json.is_object() && json.size() == 1 && json.contains("hex") && json["hex"].is_string()
                           ? from_hex(json["hex"].get_ref<const std::string&>())
                           : std::nullopt;
      if (!raw) return Error{Errc::bad_config, "attribute " + printable(name) + " is of no known type"};
      set.add(name, bytes(*raw));
    }
  }
  return set;
}

Result<Json> attributes_from(const std::vector<std::string>& texts) {
  Json object = Json::object();
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string left = text.substr(0, equals);
    const std::size_t colon = left.find(':');
    const std::string name = left.substr(0, colon);
    if (equals == std::string::npos || name.empty() || !is_text(name)) {
      return Error{Errc::bad_config,
                   "an attribute is name=value or name:type=value, not '" + printable(text) + "'"};
    }
    auto value = typed_value(name, colon == std::string::npos ? "" : std::string_view{left}.substr(colon + 1),
                             text.substr(equals + 1));
    if (!value) return value.error();
    object[name] = *value;
  }
  return object;
}

}  // namespace boato
