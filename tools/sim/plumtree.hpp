// SPDX-License-Identifier: Apache-2.0
// One tree per topic, shared by all publishers and learnt from duplicates: a neighbour gets the payload
// (eager) or only the id (lazy). Who gets a payload twice prunes the link of the second copy; who only hears
// ids asks an announcer for the payload, which grafts the link into the tree.
// Source: Plumtree (Leitao, Pereira, Rodrigues, Epidemic Broadcast Trees, SRDS 2007).
// Departs: ids wait a moment and travel together; a timer that finds no announcer left ends, and the next
// announcement starts a new one; a copy that the network itself repeated does not prune its link.
// Limit, of the algorithm: publications that pass while a broken tree is being grafted close and cut its
// rings for each other. Several publishers that together publish more often than once in `graft_after` may
// keep it from settling for ever after one lost link (1,000 peers, 20 links cut, events 200 ms apart:
// redundancy 0.3 from then on; 500 ms apart: 0). Bounded: neighbours, ids that are missing, ids that wait to
// be told, and how long a payload is kept.
#pragma once

#include "tools/sim/baseline.hpp"

#include <map>

namespace boato::sim {

struct PlumtreeConfig {
  Duration announce_after = std::chrono::milliseconds{5};  // iroh-gossip's dispatch_timeout
  // From the first announcement to the first GRAFT. The paper: by the diameter of the overlay and the
  // recovery time that is wanted. 8 x the longest delay: with 4 x, a tree of 1,000 peers is grafted though
  // nothing is missing, and 20 events/s of changing publishers then never let it settle (redundancy 0.8
  // instead of 0).
  Duration graft_after = std::chrono::milliseconds{400};
  Duration graft_next_after = std::chrono::milliseconds{110};  // the paper: about a round trip to a neighbour
  // Hops that a lazy link must save to be taken into the tree; 0 = never. Off: with one publisher the first
  // flood finds the short ways already, with several they tear the tree for each other (300 peers, 100
  // publishers: redundancy 0.02 without, 0.79 with 7, 0.95 with 3).
  std::uint8_t optimise_at = 0;
  Duration payloads_kept = std::chrono::seconds{60};  // as our cache keeps them
  std::size_t missing_max = 1024;   // ids per topic and peer; an announcement beyond is forgotten
  std::size_t announced_max = 256;  // ids per link that wait; then they are told at once

  [[nodiscard]] static PlumtreeConfig for_network(const NetworkDials& network);
};

class Plumtree final : public Baseline {
 public:
  Plumtree(const BaselineHost& host, const Conditions& conditions,
           const std::vector<Publication>& publications, Rng rng, const PlumtreeConfig& config)
      : Baseline{host, conditions, publications, rng}, config_{config} {}

  void ended(std::uint32_t peer) override;
  [[nodiscard]] std::uint64_t grafts() const { return grafts_; }

 private:
  struct Edge {
    Neighbour to;
    bool eager = true;
    std::vector<Packet::Announced> fresh;  // to be announced
  };
  struct Source {
    Neighbour to;
    std::uint8_t hops = 0;
  };
  // Announced, not received. Has exactly one timer planned.
  struct Missing {
    std::uint32_t publication = 0;
    std::vector<Source> sources;  // not asked yet, in order of their announcements
  };
  // One topic at one peer.
  struct Branches {
    std::vector<Edge> edges;
    std::vector<Missing> missing;
    bool flush_planned = false;
    [[nodiscard]] Edge* edge(LinkId link);
    [[nodiscard]] Missing* find_missing(std::uint32_t publication);
  };

  void on_publish(Time now, std::uint32_t peer, std::uint32_t publication) override;
  void on_packet(Time now, const Packet& packet) override;
  void on_payload(Time now, const Packet& p, Branches& b);
  void on_announce(Time now, const Packet& p, Branches& b);
  void on_graft(Time now, const Packet& p, Branches& b);
  void on_missing(Time now, const Packet& timer, Branches& b);
  void flush(Time now, std::uint32_t peer, std::uint32_t topic, Branches& b);

  // The branches of a peer, with the neighbours that it has now: new ones are eager.
  [[nodiscard]] Branches& branches(std::uint32_t peer, std::uint32_t topic);
  void push(Time now, std::uint32_t peer, std::uint32_t publication, std::uint8_t hops, LinkId but,
            Branches& b);
  // Takes a link with fewer hops into the tree instead of the one that the payload came by.
  void optimise(Time now, const Packet& p, const Missing& announced, Branches& b);
  void announce(Time now, std::uint32_t peer, std::uint32_t topic, Edge& edge);
  void graft(Time now, std::uint32_t peer, std::uint32_t topic, const Neighbour& to,
             std::uint32_t publication);
  void prune(Time now, std::uint32_t peer, std::uint32_t topic, const Neighbour& to);
  void plan(Time at, std::uint32_t peer, std::uint32_t topic, std::uint32_t publication);

  const PlumtreeConfig config_;
  std::vector<std::map<std::uint32_t, Branches>> peers_;  // by topic
  std::vector<Neighbour> neighbours_;                     // reused
  std::uint64_t grafts_ = 0;
};

}  // namespace boato::sim
