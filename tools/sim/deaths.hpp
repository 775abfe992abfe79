// SPDX-License-Identifier: Apache-2.0
// What members believe of each other's deaths, beside the truth: how soon a death is suspected, how soon each
// member has struck the dead from its roster, and who was declared gone though its process ran. Costs a look
// into every roster several times a second while somebody is newly dead, so a scenario asks for it.
#pragma once

#include "tools/sim/collector.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace boato::sim {

class Deaths {
 public:
  static constexpr Duration look_every = std::chrono::milliseconds{50};
  static constexpr Duration look_for = std::chrono::minutes{2};
  // For so long after a pause its member counts as slow; members say no more of one death after `incident`.
  static constexpr Duration slow_for = std::chrono::minutes{1};
  static constexpr Duration incident = std::chrono::seconds{30};

  // --- the truth
  void died(Time now, std::uint32_t peer);
  void paused(Time now, std::uint32_t peer);
  void resumed(Time now, std::uint32_t peer);
  // --- what members say
  void suspected(Time now);                     // somebody, by somebody: the latest to have died
  void declared(Time now, std::uint32_t peer);  // gone, while its process runs
  // Asks `lists(member, dead)` of all `members`; who lists no longer is noted once. False: nobody is left to
  // look for.
  bool look(Time now, const std::vector<std::uint32_t>& members,
            const std::function<bool(std::uint32_t, std::uint32_t)>& lists);

  [[nodiscard]] const Histogram& first_suspicion() const { return first_suspicion_; }  // us, by death
  [[nodiscard]] const Histogram& struck() const { return struck_; }  // us, by death and member
  [[nodiscard]] std::uint64_t healthy_declared() const { return healthy_declared_; }
  // Of one pause, at most.
  [[nodiscard]] std::uint32_t slow_declared_most() const { return slow_declared_most_; }

 private:
  struct Death {
    std::uint32_t peer = 0;
    Time at{};
    bool suspected = false;
    std::vector<bool> struck_by;
  };
  struct Slowness {
    bool paused = false;
    Time until{};  // counts as slow
    Time said = Time{} - incident;
    std::uint32_t times = 0;  // declared gone since its last pause began
  };
  [[nodiscard]] Slowness& of(std::uint32_t peer);

  std::vector<Death> deaths_;
  std::vector<Slowness> slowness_;
  Histogram first_suspicion_, struck_;
  std::uint64_t healthy_declared_ = 0;
  std::uint32_t slow_declared_most_ = 0;
};

}  // namespace boato::sim
