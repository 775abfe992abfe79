// SPDX-License-Identifier: Apache-2.0
// The way of one event through the overlay, of two surveys: the first finds the publisher's stream and how
// far peers have it, the second asks each peer by whom the event came.
#include <boato/peer.hpp>

#include "overlay/base/text.hpp"
#include "overlay/peer_view.hpp"

#include <set>

namespace boato {
namespace {

constexpr std::size_t id_letters = 52;
constexpr std::size_t peers_max = 10000;

bool begins_id(const std::string& text) {
  PeerId id;
  return text.size() <= id_letters && from_text(text + std::string(id_letters - text.size(), 'a'), id);
}

// The lowest id that begins so: 'a' stands for five zero bits.
PeerId lowest(const std::string& begin) {
  PeerId id;
  static_cast<void>(from_text(begin + std::string(id_letters - begin.size(), 'a'), id));
  return id;
}

Error several(const std::set<PeerId>& publishers, const std::string& topic) {
  std::string some;
  for (const PeerId& id : publishers)
    if (some.size() < 60) some += (some.empty() ? "" : ", ") + to_text(id).substr(0, 12);
  return {Errc::bad_name, std::to_string(publishers.size()) + " peers have published in " + topic +
                              ": say whose event, one of " + some};
}

}  // namespace

Result<EventTree> Peer::event_tree(std::string_view topic, std::string_view publisher,
                                   Duration within) const {
  const std::string name{topic}, begin{publisher};
  if (!begins_id(begin)) return Error{Errc::bad_name, "'" + begin + "' is no peer id and does not begin one"};
  SurveyTopic about{name, {lowest(begin), 0, 0}};
  const std::vector<Topology> views = survey(within, peers_max, about);
  if (views.empty())
    return Error{Errc::no_such, "there is no topic " + name + "; 'boato topic ls' lists them"};
  std::vector<StreamHead> told;
  std::set<PeerId> publishers;
  for (const Topology& view : views)
    for (const EventId& head : view.newest) {
      if (!to_text(head.publisher).starts_with(begin)) continue;
      publishers.insert(head.publisher);
      told.push_back({{head.publisher, Incarnation{head.incarnation}}, Seq{head.seq}});
    }
  if (publishers.size() > 1) return several(publishers, name);
  const auto event = settled_event(std::move(told));
  if (!event)
    return Error{Errc::no_such, (begin.empty() ? "nobody" : "nobody whose id begins with " + begin) +
                                    " has published in " + name};
  about.event = {event->stream.publisher, event->stream.incarnation.raw(), event->newest.raw()};
  return EventTree{name, about.event, survey(within, peers_max, about)};
}

}  // namespace boato
