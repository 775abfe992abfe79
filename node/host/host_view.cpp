// SPDX-License-Identifier: Apache-2.0
// What tools may see of a running peer.
#include "node/host/host.hpp"
#include "overlay/base/text.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::array<std::string_view, flows> class_names{"control", "reliable", "unreliable", "repair"};

}  // namespace

Topology Host::topology() { return to_topology(core_->own_view(), addresses_); }

void Host::survey(Duration within, std::size_t peers_max, const SurveyTopic& topic, Survey::Done done) {
  const TopicRecord* record = topic.name.empty() ? nullptr : core_->directory().find(topic.name);
  if (!topic.name.empty() && !record) return done->give({});
  ViewQuestion question;
  if (record)
    question = {
        record->tag, {topic.event.publisher, Incarnation{topic.event.incarnation}}, Seq{topic.event.seq}};
  surveys_.push_back(
      std::make_unique<Survey>(now_ + within, peers_max, ++survey_token_, question, std::move(done)));
  surveys_.back()->start(now_, *core_, addresses_);
}

std::vector<TopicInfo> Host::topic_list() {
  std::vector<TopicInfo> out;
  core_->directory().each([&](const TopicRecord& record) {
    TopicInfo info;
    info.name = record.name;
    info.contract = record.contract;
    if (const auto view = core_->topic(record.tag)) {
      info.open = true;
      info.ready = view->ready;
      info.members = view->members;
      info.receivers = view->receivers;
      info.mesh = view->mesh;
      info.streams = view->streams;
      info.received = view->received;
      info.held = view->held_events;
      info.delivered = view->delivered;
      info.duplicates = view->duplicates;
      info.lost = view->lost;
      info.filtered = view->filtered;
      info.selective = view->selective;
      info.interest = view->interest;
      info.local = topics_->interests(record.tag);
    }
    out.push_back(std::move(info));
  });
  std::ranges::sort(out, {}, &TopicInfo::name);
  return out;
}

std::vector<Dropped> Host::drops() const {
  std::vector<Dropped> out = drops_.rows();
  // Found where events are handed out, on another thread: a count and no more.
  if (const std::uint64_t refused = common_->home->refused(); refused > 0) {
    Dropped& bad = out.emplace_back();
    bad.reason = to_string(DropReason::bad_event);
    bad.count = refused;
    std::ranges::stable_sort(out, std::greater{}, &Dropped::count);
  }
  return out;
}

std::vector<Metric> Host::metrics() {
  std::vector<Metric> out;
  const auto add = [&](std::string name, double value,
                       std::vector<std::pair<std::string, std::string>> labels = {}) {
    out.push_back({std::move(name), std::move(labels), value});
  };
  const auto count = [&](Counter counter) {
    return static_cast<double>(counts_[static_cast<std::size_t>(counter)]);
  };

  // The busiest topics by name, the others as one: labels stay bounded.
  constexpr std::size_t topics_named_max = 100;
  std::vector<TopicView> topics = core_->topics();
  std::ranges::sort(topics, std::greater{}, [](const TopicView& t) { return t.received + t.delivered; });
  std::uint64_t other_received = 0, other_delivered = 0;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    if (i >= topics_named_max) {
      other_received += topics[i].received;
      other_delivered += topics[i].delivered;
      continue;
    }
    add("boato_events_received_total", static_cast<double>(topics[i].received), {{"topic", topics[i].name}});
    add("boato_events_delivered_total", static_cast<double>(topics[i].delivered),
        {{"topic", topics[i].name}});
  }
  if (topics.size() > topics_named_max) {
    add("boato_events_received_total", static_cast<double>(other_received), {{"topic", "other"}});
    add("boato_events_delivered_total", static_cast<double>(other_delivered), {{"topic", "other"}});
  }
  add("boato_events_published_total", count(Counter::events_published));
  add("boato_events_forwarded_total", count(Counter::events_forwarded));
  add("boato_events_dropped_total", count(Counter::events_duplicate), {{"reason", "duplicate"}});
  add("boato_events_dropped_total", count(Counter::events_refused), {{"reason", "refused"}});
  add("boato_events_filtered_total", static_cast<double>(common_->home->filtered()));
  add("boato_gaps_total", count(Counter::events_lost), {{"reason", "lost"}});
  add("boato_gaps_total", static_cast<double>(common_->home->refused()), {{"reason", "refused"}});
  add("boato_publish_refused_total", static_cast<double>(common_->refused_full.load()),
      {{"code", "would_block"}});

  const NetworkCounts net = network_->counts();
  for (std::size_t i = 0; i < flows; ++i) {
    const std::string name{class_names[i]};
    add("boato_bytes_total", static_cast<double>(net.bytes_in[i]), {{"direction", "in"}, {"class", name}});
    add("boato_bytes_total", static_cast<double>(net.bytes_out[i]), {{"direction", "out"}, {"class", name}});
    add("boato_queue_bytes", static_cast<double>(network_->queued_bytes(static_cast<Flow>(i))),
        {{"class", name}});
  }
  add("boato_wire_bytes_total", static_cast<double>(net.wire_in), {{"direction", "in"}});
  add("boato_wire_bytes_total", static_cast<double>(net.wire_out), {{"direction", "out"}});
  add("boato_queue_bytes", static_cast<double>(common_->outboxes->bytes()), {{"class", "outbox"}});
  add("boato_queue_bytes", static_cast<double>(common_->home->lent_bytes()), {{"class", "lent"}});
  add("boato_queue_bytes", static_cast<double>(core_->cache().bytes()), {{"class", "cache"}});
  add("boato_slab_bytes", static_cast<double>(common_->home->slabs().live_bytes()), {{"state", "live"}});
  add("boato_slab_bytes", static_cast<double>(common_->home->slabs().idle_bytes()), {{"state", "idle"}});

  add("boato_links", static_cast<double>(network_->links()), {{"role", "any"}});
  add("boato_links", static_cast<double>(core_->membership().active().size()), {{"role", "active"}});
  add("boato_members",
      static_cast<double>(core_->membership().active().size() + core_->membership().passive().size()));
  add("boato_subscriptions", static_cast<double>(topics_->subscriptions()));
  add("boato_lagging_subscriptions", static_cast<double>(topics_->lagging()));
  add("boato_limit_hits_total", static_cast<double>(net.strangers_refused), {{"limit", "strangers"}});
  add("boato_limit_hits_total", static_cast<double>(net.links_refused), {{"limit", "links"}});
  add("boato_limit_hits_total", static_cast<double>(net.refused_lagging), {{"limit", "link_queue"}});
  add("boato_limit_hits_total", static_cast<double>(net.dropped_oldest), {{"limit", "unreliable_queue"}});
  add("boato_handshakes_refused_total", static_cast<double>(net.handshakes_refused));
  add("boato_strangers", static_cast<double>(network_->gate().strangers()));
  for (const Dropped& drop : drops())
    add("boato_drops_total", static_cast<double>(drop.count),
        {{"reason", drop.reason},
         {"topic", drop.other ? "other" : drop.topic},
         {"peer", drop.other  ? "other"
                  : drop.peer ? to_text(*drop.peer)
                              : ""}});
  // Every counter of the core, by its own name.
  for (std::size_t i = 0; i < counters; ++i)
    add("boato_core_total", static_cast<double>(counts_[i]),
        {{"counter", std::string{to_string(static_cast<Counter>(i))}}});
  return out;
}

}  // namespace boato
