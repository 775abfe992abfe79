// SPDX-License-Identifier: Apache-2.0
#include "node/node_status.hpp"

#include <boato/version.hpp>

#include <unistd.h>

namespace boato {

Json status_json(Hub& hub) {
  Peer& peer = hub.peer();
  const Topology view = peer.topology();
  Json counters = Json::object();
  for (const Metric& metric : peer.metrics()) {
    if (metric.name == "boato_drops_total") continue;  // a table of their own
    std::string name = metric.name;
    for (const auto& [label, value] : metric.labels) {
      name += (&label == &metric.labels.front().first ? '{' : ',') + label + '=' + value;
    }
    if (!metric.labels.empty()) name += '}';
    // Counters are whole numbers, and read better so.
    const bool whole = metric.value >= 0 && metric.value < 9e15 &&
                       metric.value == static_cast<double>(static_cast<std::uint64_t>(metric.value));
    counters[name] = whole ? Json(static_cast<std::uint64_t>(metric.value)) : Json(metric.value);
  }
  Json drops = Json::array();
  for (const Dropped& drop : peer.drops()) {
    Json row{{"reason", drop.reason}, {"count", drop.count}};
    if (drop.other) row["other"] = true;
    if (!drop.topic.empty()) row["topic"] = drop.topic;
    if (drop.peer) row["peer"] = to_text(*drop.peer);
    drops.push_back(std::move(row));
  }
  Json interests = Json::array();
  for (const TopicInfo& info : peer.topics()) {
    if (!info.open || info.interest == "true" || info.interest == "false" || info.interest.empty()) continue;
    interests.push_back(info.name + ": " + info.interest);
  }
  return Json{{"t", "node"},
              {"name", peer.name()},
              {"id", to_text(peer.id())},
              {"pid", ::getpid()},
              {"version", version},
              {"uptime_s", hub.uptime().count()},
              {"network", hub.network()},
              {"closed", hub.closed_network()},
              {"joined", hub.joined()},
              {"listen", peer.addresses()},
              {"links", view.links.size()},
              {"passive", view.passive},
              {"topics", peer.topics().size()},
              {"subscriptions", hub.subscriptions()},
              {"interests", std::move(interests)},
              {"drops", std::move(drops)},
              {"counters", std::move(counters)}};
}

}  // namespace boato
