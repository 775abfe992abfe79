// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/baselines.hpp"

namespace boato::sim {

void Baselines::publish(Time now, const Publication& publication) {
  run_until(now);
  publications_.push_back(publication);
  flood_.publish(now);
  plumtree_.publish(now);
}

void Baselines::run_until(Time until) {
  flood_.run_until(until);
  plumtree_.run_until(until);
}

void Baselines::ended(std::uint32_t peer) {
  flood_.ended(peer);
  plumtree_.ended(peer);
}

void Baselines::resumed(Time now, std::uint32_t peer) {
  flood_.resumed(now, peer);
  plumtree_.resumed(now, peer);
}

void Baselines::released(Time now) {
  flood_.released(now);
  plumtree_.released(now);
}

}  // namespace boato::sim
