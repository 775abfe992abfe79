// SPDX-License-Identifier: Apache-2.0
// A scenario as people write it (tools/sim/scenarios/*.sim): what the world is like, what happens in it, and
// what must come out. README.md of that folder describes the format.
#pragma once

#include <boato/types.hpp>

#include "overlay/base/rng.hpp"
#include "tools/sim/conditions.hpp"
#include "tools/sim/window.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boato::sim {

// "10 %" of those there are, or a number of them.
struct Share {
  double part = 0;  // if count is 0
  std::uint32_t count = 0;
  [[nodiscard]] std::uint32_t of(std::uint32_t all) const;
};

struct TopicPlan {
  std::string name;
  std::uint32_t copies = 1;  // so many topics of this kind: name/0, name/1, ...
  Share members{1.0, 0};
  Share publishers{0, 1};
  bool wildcard = false;  // members subscribe to name/# once instead of each copy
  double rate = 1;        // batches/s of each publisher
  std::uint32_t payload = 200;
  std::uint16_t batch = 1;
  Duration from = std::chrono::seconds{20};
  Duration until = std::chrono::seconds{40};
  // Filters of the members: each event bears a number, each filter takes a run of them, this part of all. 0:
  // none.
  double selectivity = 0;
  Share filtered{1.0, 0};    // of the members; the others take everything
  std::uint32_t values = 0;  // events bear one of so many numbers; 0: any
  Reliability reliability = Reliability::reliable;
  Order order = Order::fifo;
};

struct Action {
  enum class Verb : std::uint8_t {
    crash,
    crash_relay,
    publish,
    restart,
    leave,
    join,
    pause,
    partition,
    cut,
    slow,
    skew,
    loss,
    vanish,
    forget,
    duplicate,
    forge,
    reset,
    subscribe,
    unsubscribe,
    refilter,
    heal
  };
  Verb verb{};
  Duration at{0};
  Duration every{0}, last{0};  // repeated until `last`, if every > 0
  Duration each{0};            // as `every`, at random moments: on average so long apart for each peer
  Share who;
  Duration lasting{0}, lasting_max{0};  // 0 = until healed; drawn from the range, if it is one
  enum class Among : std::uint8_t { all, seeds, others } among{};
  Duration by{0};  // slow, skew
  std::uint64_t bandwidth = 0;
  std::int64_t ppm = 0;
  bool silent = false, one_way = false, spare_publishers = false;
  bool lost = false;  // restart: with its data folder gone, so under a new key
  std::string topic;
};

struct Gate {
  std::string figure;
  enum class Is : std::uint8_t { at_most, at_least, equal } is{};
  double value = 0;
  [[nodiscard]] bool holds(double measured) const {
    return is == Is::at_most ? measured <= value : is == Is::at_least ? measured >= value : measured == value;
  }
};

struct Scenario {
  std::string name, about;
  std::uint32_t peers = 100;
  std::uint32_t seeds = 3;
  Duration joining = std::chrono::seconds{10};  // starts are spread over this
  Duration duration = std::chrono::seconds{60};
  Duration quiet = std::chrono::seconds{30};  // after everything is healed, before the oracles of rest
  Duration idle_from{0}, idle_until{0};       // idle bytes are taken between these
  Duration grace = std::chrono::seconds{10};  // within it an event reaches those whose filters take it
  Window calm, trouble;                       // latencies of events published then are compared
  bool watch_deaths = false;                  // who believes whom dead, and when: costs time
  std::uint32_t check_every = 16;
  bool full_links = false, real_crypto = false;
  bool hasty = false;  // peers found a topic without asking first
  bool judge_rest = true;
  bool baselines = false;  // flood and Plumtree spread the same events beside ours
  NetworkDials network;
  std::vector<TopicPlan> topics;
  std::vector<Action> actions;
  std::vector<Gate> gates;
};

// One line for people, "file:line: what".
struct ScenarioError {
  std::string text;
};

[[nodiscard]] std::optional<Scenario> parse_scenario(std::string_view text, const std::string& file,
                                                     ScenarioError& error);
// By name in `folder`, or by path.
[[nodiscard]] std::optional<Scenario> load_scenario(const std::string& name, const std::string& folder,
                                                    ScenarioError& error);
// The same in the format that parse_scenario reads.
[[nodiscard]] std::string to_text(const Scenario& scenario);

// A world and its faults drawn from a seed: each seed has a mix of its own, most kinds of fault off, some on.
[[nodiscard]] Scenario draw_scenario(std::uint64_t seed, std::uint32_t peers_min, std::uint32_t peers_max);

}  // namespace boato::sim
