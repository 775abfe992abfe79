// SPDX-License-Identifier: Apache-2.0
// The actions of a timeline by the words that files have for them.
#pragma once

#include "tools/sim/scenario.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace boato::sim {

using ActionVerb = std::pair<Action::Verb, std::string_view>;
inline constexpr std::array<ActionVerb, 21> action_verbs{{
    {Action::Verb::crash, "crash"},
    {Action::Verb::crash_relay, "crash-relay"},
    {Action::Verb::publish, "publish"},
    {Action::Verb::restart, "restart"},
    {Action::Verb::leave, "leave"},
    {Action::Verb::join, "join"},
    {Action::Verb::pause, "pause"},
    {Action::Verb::partition, "partition"},
    {Action::Verb::cut, "cut"},
    {Action::Verb::slow, "slow"},
    {Action::Verb::skew, "skew"},
    {Action::Verb::loss, "loss"},
    {Action::Verb::vanish, "vanish"},
    {Action::Verb::duplicate, "duplicate"},
    {Action::Verb::forge, "forge"},
    {Action::Verb::reset, "reset"},
    {Action::Verb::subscribe, "subscribe"},
    {Action::Verb::unsubscribe, "unsubscribe"},
    {Action::Verb::refilter, "refilter"},
    {Action::Verb::forget, "forget"},
    {Action::Verb::heal, "heal"},
}};

}  // namespace boato::sim
