// SPDX-License-Identifier: Apache-2.0
#include "node/session.hpp"

#include "node/item_json.hpp"
#include "node/node_status.hpp"
#include "node/text.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace boato {
namespace {

constexpr std::size_t items_per_poll = 16;

std::string envelope(std::int64_t id, std::string_view item, bool done) {
  std::string line = "{\"id\":" + std::to_string(id);
  if (done) line += ",\"done\":true";
  if (!item.empty()) (line += ",\"item\":") += item;
  return line += "}\n";
}

// A member of the object if it is a text, else empty.
std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::optional<ReceiptLevel> level_from(const std::string& word) {
  if (word.empty()) return ReceiptLevel::by_contract;
  if (word == "accepted") return ReceiptLevel::accepted;
  if (word == "stored") return ReceiptLevel::stored;
  if (word == "ordered") return ReceiptLevel::ordered;
  if (word == "all") return ReceiptLevel::all;
  return std::nullopt;
}

}  // namespace

void Mailbox::put(std::string_view answer) {
  const std::lock_guard lock{mutex};
  const bool first = lines.empty();
  lines += answer;
  const std::uint64_t one = 1;
  if (first) static_cast<void>(!::write(wake.get(), &one, sizeof one));
}

Session::Session(Hub& hub) : hub_{hub}, mailbox_{std::make_shared<Mailbox>()} {
  mailbox_->wake = FileHandle{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
}

Session::~Session() {
  for (auto& [id, subscribed] : subscriptions_) hub_.remove_subscription(subscribed.token);
}

void Session::answer(Id id, const Json& item, bool done) { output_ += envelope(id, to_line(item), done); }
void Session::answer_done(Id id) { output_ += envelope(id, "", true); }
void Session::refuse(Id id, const Error& error, std::string_view t) { answer(id, to_json(error, t), true); }

void Session::on_line(std::string_view line) {
  const Json request = Json::parse(line, nullptr, false);
  const bool object = request.is_object();
  const Id id =
      object && request.contains("id") && request["id"].is_number_integer() ? request["id"].get<Id>() : 0;
  if (!object || id <= 0) {
    return refuse(0, Error{Errc::bad_config,
                           "a request is one line of JSON, {\"id\":1,\"do\":\"status\"}, with an id from 1"});
  }
  on_request(id, request);
}

void Session::on_request(Id id, const Json& request) {
  const std::string verb = text_in(request, "do");
  if (verb == "pub") return on_pub(id, request);
  if (verb == "sub") return on_sub(id, request);
  if (verb == "topic") return on_topic(id, request);
  if (verb == "status") return answer(id, status_json(hub_), true);
  if (verb == "unsub" || verb == "pause") {
    const auto found = subscriptions_.find(static_cast<Id>(number_in(request, "sub")));
    if (found == subscriptions_.end())
      return refuse(id, Error{Errc::no_such, "there is no such subscription here"});
    if (verb == "unsub") {
      hub_.remove_subscription(found->second.token);
      answer_done(found->first);
      subscriptions_.erase(found);
    } else {
      found->second.paused = flag_in(request, "on");
      if (found->second.paused) {
        found->second.subscription.pause();
      } else {
        found->second.subscription.resume();
      }
    }
    return answer_done(id);
  }
  if (verb == "topics") {
    for (const TopicInfo& info : hub_.peer().topics()) answer(id, to_json(info), false);
    return answer_done(id);
  }
  if (verb == "peers") {
    for (const Topology::Link& link : hub_.peer().topology().links) {
      answer(id,
             Json{{"t", "peer"},
                  {"id", to_text(link.peer)},
                  {"active", link.active},
                  {"mesh", link.mesh},
                  {"finger", link.finger},
                  {"rtt_us", link.rtt.count()},
                  {"addresses", link.addresses}},
             false);
    }
    return answer_done(id);
  }
  if (verb == "topology") {
    const Duration within{
        static_cast<std::int64_t>(std::min<std::uint64_t>(number_in(request, "within_us"), 60'000'000))};
    if (const std::string topic = text_in(request, "topic"); !topic.empty()) {
      const auto tree = hub_.peer().event_tree(topic, text_in(request, "publisher"), within);
      return tree ? answer(id, to_json(*tree), true) : refuse(id, tree.error());
    }
    Json peers = Json::array();
    for (const Topology& view : hub_.peer().survey(within)) peers.push_back(to_json(view));
    return answer(id, Json{{"t", "topology"}, {"peers", std::move(peers)}}, true);
  }
  if (verb == "metrics") {
    for (const Metric& metric : hub_.peer().metrics()) answer(id, to_json(metric), false);
    return answer_done(id);
  }
  if (verb == "close") {
    answer_done(id);
    return hub_.ask_to_end();
  }
  if (verb == "commit" || verb == "trace" || verb == "set") {
    return refuse(id, Error{Errc::not_allowed, verb + " is not offered by this version"});
  }
  refuse(id, Error{Errc::bad_config,
                   "do is pub, sub, unsub, pause, topics, topic, status, peers, topology, metrics or close"});
}

void Session::on_pub(Id id, const Json& request) {
  std::string payload = text_in(request, "payload");
  if (const std::string encoded = text_in(request, "payload_b64"); !encoded.empty()) {
    auto decoded = from_base64(encoded);
    if (!decoded) return refuse(id, Error{Errc::bad_config, "payload_b64 is not base64"}, "refused");
    payload = std::move(*decoded);
  }
  if (const auto begun = parts_.find(id); begun != parts_.end()) {
    parts_bytes_ -= begun->second.size();
    payload.insert(0, begun->second);
    parts_.erase(begun);
  }
  if (flag_in(request, "more")) {
    if (parts_bytes_ + payload.size() > payload_bytes_max) {
      return refuse(id, Error{Errc::too_large, "the payload is above every limit"}, "refused");
    }
    parts_bytes_ += payload.size();
    parts_[id] = std::move(payload);
    return;
  }
  Publish what;
  what.id = id;
  what.topic = text_in(request, "topic");
  what.payload = std::move(payload);
  what.key = text_in(request, "key");
  what.type = text_in(request, "type");
  what.attributes = request.value("attrs", Json::object());
  what.ttl = Duration{static_cast<std::int64_t>(number_in(request, "ttl_us"))};
  what.copies = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_in(request, "copies"), 1'000'000));
  const auto level = level_from(text_in(request, "receipt"));
  if (!level)
    return refuse(id, Error{Errc::bad_config, "receipt is accepted, stored, ordered or all"}, "refused");
  what.level = *level;
  if (!publish(what)) stalled_ = std::move(what);
}

bool Session::publish(Publish& what) {
  const auto refused = [&](const Error& error) {
    Json item = to_json(error, "refused");
    item["topic"] = what.topic;
    answer(what.id, item, true);
    return true;
  };
  auto attributes = attributes_from(what.attributes);
  if (!attributes) return refused(attributes.error());
  PublishOptions options;
  options.attributes = attributes->list;
  options.key = what.key;
  options.content_type = what.type;
  options.ttl = what.ttl;
  options.receipt = what.level;
  options.copies = what.copies;
  options.on_receipt = [mailbox = mailbox_, id = what.id, name = what.topic,
                        from = std::chrono::steady_clock::now()](const Result<Receipt>& receipt) {
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - from);
    Json item = receipt
                    ? to_json(*receipt, name, took)
                    : to_json(receipt.error(), receipt.error().code == Errc::timeout ? "unknown" : "refused");
    item["topic"] = name;
    mailbox->put(envelope(id, to_line(item), true));
  };
  auto topic = hub_.topic(what.topic, std::nullopt);
  if (!topic) return refused(topic.error());
  auto sent = (*topic)->try_publish(bytes(what.payload), options);
  if (!sent && sent.error().code == Errc::closed) {
    // The topic was removed meanwhile; to publish creates it anew.
    hub_.forget(what.topic);
    topic = hub_.topic(what.topic, std::nullopt);
    if (!topic) return refused(topic.error());
    sent = (*topic)->try_publish(bytes(what.payload), options);
  }
  if (!sent && sent.error().code == Errc::would_block) return false;
  if (!sent) return refused(sent.error());
  answer(what.id, Json{{"t", "accepted"}, {"id", to_text(sent->id())}, {"topic", what.topic}}, false);
  return true;
}

void Session::on_sub(Id id, const Json& request) {
  if (subscriptions_.size() >= subscriptions_max) {
    return refuse(id, Error{Errc::too_large, "one client has at most 1000 subscriptions"});
  }
  if (subscriptions_.find(id) != subscriptions_.end())
    return refuse(id, Error{Errc::conflict, "this id is a subscription already"});
  SubscribeOptions options;
  options.where = text_in(request, "where");
  options.show_filtered = flag_in(request, "show_filtered");
  const std::string order = text_in(request, "order");
  if (!order.empty()) {
    const auto contract = contract_from(Json{{"order", order}});
    if (!contract) return refuse(id, contract.error());
    options.order = contract->order;
  }
  const std::string pattern = text_in(request, "pattern");
  auto subscription = hub_.peer().subscribe(pattern, options);
  if (!subscription) return refuse(id, subscription.error());
  const bool wildcard = pattern.find_first_of("+#") != std::string::npos;
  subscriptions_.emplace(
      id, Subscribed{std::move(*subscription), pattern, hub_.add_subscription(pattern), false, !wildcard});
}

void Session::on_topic(Id id, const Json& request) {
  const std::string name = text_in(request, "topic");
  if (flag_in(request, "create")) {
    const auto contract = contract_from(request.value("contract", Json::object()));
    if (!contract) return refuse(id, contract.error());
    const auto topic = hub_.topic(name, *contract);
    if (!topic) return refuse(id, topic.error());
    return answer(id, Json{{"t", "topic"}, {"topic", name}, {"contract", to_json((*topic)->contract())}},
                  true);
  }
  if (flag_in(request, "remove")) {
    const auto removed = hub_.peer().remove_topic(name);
    if (!removed) return refuse(id, removed.error());
    hub_.forget(name);
    return answer_done(id);
  }
  if (const std::uint64_t wanted = number_in(request, "wait_subs"); wanted > 0) {
    waiting_.push_back({id, name, nullptr, static_cast<std::size_t>(wanted)});
    return;
  }
  const std::vector<TopicInfo> topics = hub_.peer().topics();
  const auto found =
      std::find_if(topics.begin(), topics.end(), [&](const TopicInfo& info) { return info.name == name; });
  if (found == topics.end()) {
    return refuse(
        id, Error{Errc::no_such, "there is no topic " + printable(name) + "; 'boato topic ls' lists them"});
  }
  if (flag_in(request, "members")) return on_members(id, name);
  answer(id, to_json(*found), true);
}

void Session::on_members(Id id, const std::string& name) {
  const auto topic = hub_.topic(name, std::nullopt);
  if (!topic) return refuse(id, topic.error());
  for (const Member& member : (*topic)->members()) {
    answer(id,
           Json{{"t", "member"},
                {"id", to_text(member.id)},
                {"topic", name},
                {"receives", member.receives},
                {"interest", member.interest},
                {"self", member.id == hub_.peer().id()}},
           false);
  }
  answer_done(id);
}

// True once it is answered: so many subscribe, or no waiting will help.
bool Session::answered(Waiting& waiting) {
  if (!waiting.topic) {
    auto topic = hub_.topic(waiting.name, std::nullopt);
    if (!topic && topic.error().code == Errc::timeout) return false;  // a member may still come
    if (!topic) return refuse(waiting.id, topic.error()), true;
    waiting.topic = *topic;
  }
  std::size_t count = hub_.subscriptions(waiting.name);
  for (const Member& member : waiting.topic->members()) {
    if (member.receives && member.id != hub_.peer().id()) ++count;
  }
  if (count < waiting.wanted) return false;
  answer_done(waiting.id);
  return true;
}

// Whether nothing is missed of the topics that this peer has heard of.
bool Session::all_ready(const std::string& pattern) const {
  const std::vector<TopicInfo> topics = hub_.peer().topics();
  return std::all_of(topics.begin(), topics.end(),
                     [&](const TopicInfo& info) { return info.ready || !takes(pattern, info.name); });
}

void Session::hand_out(Id id, const Item& item) {
  if (const auto* gap = std::get_if<Gap>(&item)) {
    Json json = to_json(*gap);
    for (const TopicInfo& info : hub_.peer().topics()) {
      if (info.name == gap->topic) json["reliability"] = to_json(info.contract)["reliability"];
    }
    return answer(id, json, false);
  }
  Json json = std::visit([](const auto& held) { return to_json(held); }, item);
  if (std::holds_alternative<Event>(item)) {
    // With time_us, the publisher's clock, this gives the delivery time where the clocks agree.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    json["received_us"] = std::chrono::duration_cast<Duration>(now).count();
  }
  answer(id, json, false);
}

void Session::turn() {
  std::uint64_t drained = 0;
  static_cast<void>(!::read(mailbox_->wake.get(), &drained, sizeof drained));
  {
    const std::lock_guard lock{mailbox_->mutex};
    output_ += mailbox_->lines;
    mailbox_->lines.clear();
  }
  if (stalled_ && publish(*stalled_)) stalled_.reset();
  std::erase_if(waiting_, [this](Waiting& waiting) { return answered(waiting); });
  for (auto entry = subscriptions_.begin(); entry != subscriptions_.end();) {
    auto& [id, subscribed] = *entry;
    bool closed = false;
    if (!subscribed.told_ready && all_ready(subscribed.pattern)) {
      subscribed.told_ready = true;
      Status ready;
      ready.kind = Status::Kind::ready;
      ready.topic = subscribed.pattern;
      answer(id, to_json(ready), false);
    }
    while (!full() && !closed) {
      const auto items = subscribed.subscription.poll(Duration{0}, items_per_poll);
      if (!items) {
        refuse(id, items.error());
        closed = true;
      } else {
        for (const Item& item : *items) hand_out(id, item);
        if (items->size() < items_per_poll) break;
      }
    }
    if (closed) hub_.remove_subscription(subscribed.token);
    entry = closed ? subscriptions_.erase(entry) : std::next(entry);
  }
}

int Session::timeout_ms() const {
  if (stalled_) return 2;
  const bool unready = std::any_of(subscriptions_.begin(), subscriptions_.end(),
                                   [](const auto& entry) { return !entry.second.told_ready; });
  return unready || !waiting_.empty() ? 20 : -1;
}

void Session::wake_fds(std::vector<int>& fds) const {
  fds.push_back(mailbox_->wake.get());
  if (full()) return;
  for (const auto& [id, subscribed] : subscriptions_) {
    if (!subscribed.paused) fds.push_back(subscribed.subscription.poll_fd());
  }
}

}  // namespace boato
