// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/fault_scenes.hpp"

#include "overlay/base/check.hpp"
#include "tools/sim/disk_scenes.hpp"

#include <algorithm>
#include <array>

namespace boato::sim {

namespace {

struct Scene {
  std::string_view name, text;
};

// Nothing goes wrong: the tree alone hands out everything, once, and nobody takes over or asks.
constexpr std::string_view calm = R"(
about = "a steady flow in a calm world"
peers = 24
joining = 5s
duration = 60s
quiet = 20s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 2
rate = 5/s
publish = 20s .. 55s

[gates]
redundancy <= 0.02
takeovers = 0
pulls <= 5
latency_worst <= 500
)";

// Members die without a word while events flow: others take over what was theirs.
constexpr std::string_view dying_relays = R"(
about = "relays die silently under a steady flow"
peers = 32
joining = 5s
duration = 60s
quiet = 100s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 2
rate = 10/s
publish = 20s .. 55s

[timeline]
at 25s crash 3 silent spare-publishers
at 35s crash 3 silent spare-publishers
at 45s crash 3 silent spare-publishers

[gates]
takeovers >= 1
lost = 0
)";

// Frames vanish as no TCP loses them: the mesh tells of it at once, and questions are asked again.
constexpr std::string_view vanishing = R"(
about = "one frame with events in ten vanishes"
peers = 24
joining = 5s
duration = 60s
quiet = 100s
check_every = 1

[network]
delay = 10ms .. 30ms
vanish = 10%

[topic t]
members = all
publishers = 1
rate = 0.5/s
publish = 20s .. 55s

[gates]
lost = 0
latency_worst <= 2500
)";

// Two halves do not see each other until each has forgotten its links with the other.
constexpr std::string_view split = R"(
about = "a partition of a minute and more"
peers = 32
joining = 5s
duration = 100s
quiet = 25s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = 1
publishers = 1
rate = 1/s
publish = 20s .. 90s

[timeline]
at 20s partition 50% for 75s
)";

// Goodbyes travel at once, not only when rosters are compared.
constexpr std::string_view late_leave = R"(
about = "some leave just before the end"
peers = 24
joining = 5s
duration = 60s
quiet = 3s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 2
rate = 5/s
publish = 20s .. 55s

[timeline]
at 57s leave 1 spare-publishers
at 58s leave 1 spare-publishers
)";

// Members are silent for so long that others accuse them, and live.
constexpr std::string_view false_alarm = R"(
about = "members pause for some seconds"
peers = 24
joining = 5s
duration = 60s
quiet = 40s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 2
rate = 5/s
publish = 20s .. 55s

[timeline]
at 25s pause 2 for 7s
at 35s pause 2 for 7s
at 45s pause 2 for 7s
)";

// A silence that others would have seen through by asking makes nobody dead.
constexpr std::string_view short_pauses = R"(
about = "some pause for a moment, again and again, under a steady flow"
peers = 32
joining = 5s
duration = 60s
quiet = 30s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 2
rate = 10/s
publish = 20s .. 55s

[timeline]
every 6s from 25s to 43s pause 30% for 1400ms

[gates]
gone = 0
)";

// More than a cache may hold.
constexpr std::string_view heavy = R"(
about = "large events, fast"
peers = 3
joining = 5s
duration = 60s
quiet = 20s
check_every = 64

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 1
rate = 40/s
payload = 60000
publish = 10s .. 55s
)";

// Everybody publishes and starts anew again and again, while one is away and remembers old lives.
constexpr std::string_view many_lives = R"(
about = "many incarnations of each"
peers = 6
joining = 5s
duration = 75s
quiet = 20s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = all
rate = 2/s
publish = 10s .. 70s

[timeline]
at 14s partition 1 for 45s
every 3s from 15s to 60s crash 40%
every 3s from 16s to 62s restart 100%
)";

// Nothing repairs an unreliable topic: what is lost is told, and what is late is not delivered.
constexpr std::string_view unreliable = R"(
about = "an unreliable topic that loses frames"
peers = 24
joining = 5s
duration = 60s
quiet = 20s
check_every = 1

[network]
delay = 10ms .. 200ms
jitter = 400ms
vanish = 5%

[topic t]
members = all
publishers = 2
rate = 20/s
publish = 20s .. 55s
reliability = unreliable
)";

// Survivors of a mass death ask urgently.
constexpr std::string_view mass_crash = R"(
about = "most die at once, several times"
peers = 32
joining = 5s
duration = 60s
quiet = 100s
check_every = 1

[network]
delay = 10ms .. 30ms

[topic t]
members = all
publishers = 2
rate = 1/s
publish = 15s .. 55s

[timeline]
at 20s crash 60% silent
at 25s restart 100%
at 35s crash 60% silent
at 40s restart 100%
at 50s crash 60% silent
)";

// What is told while most relays are dead, and nobody knows, reaches few.
constexpr std::string_view lone_witness = R"(
about = "nine in ten die at once: some dead have one living neighbour only"
peers = 400
joining = 5s
duration = 30s
quiet = 60s
check_every = 0

[network]
delay = 10ms .. 50ms

[topic t]
members = all
publishers = 0

[timeline]
at 20s crash 90% silent
)";

// Whole runs of the ring lie between two of the living.
constexpr std::string_view run_of_dead = R"(
about = "nineteen in twenty die at once: most dead have no living neighbour"
peers = 600
joining = 5s
duration = 30s
quiet = 70s
check_every = 0

[network]
delay = 10ms .. 50ms

[topic t]
members = all
publishers = 0

[timeline]
at 20s crash 95% silent
)";

// A spread goes by relays that die with it, and nothing else is heard for long.
constexpr std::string_view news_in_storm = R"(
about = "all return as others, some of them die at once, and then it is quiet"
peers = 100
joining = 5s
duration = 60s
quiet = 60s
check_every = 0

[network]
delay = 10ms .. 50ms

[topic t]
members = all
publishers = 0

[timeline]
at 40s crash 20% silent
at 41s restart 100% lost
at 45s crash 20%
at 46s restart 100% lost
)";

// Over before it began: the answer to joining meets one that has left.
constexpr std::string_view quick_leave = R"(
about = "half of all leave a topic again within the round trip of joining it"
peers = 40
joining = 5s
duration = 60s
quiet = 60s
check_every = 1

[network]
delay = 150ms .. 250ms

[topic t]
members = 50%
publishers = 0

[timeline]
at 20s subscribe 100% topic t
at 20.25s unsubscribe 40% topic t
at 30s subscribe 100% topic t
at 30.25s unsubscribe 40% topic t
at 40s subscribe 100% topic t
at 40.25s unsubscribe 40% topic t
)";

// A question from before a pause is answered after it: that was no round trip.
constexpr std::string_view late_answers = R"(
about = "links made before long pauses, to peers that die after them"
peers = 24
joining = 5s
duration = 70s
quiet = 40s
check_every = 1

[network]
delay = 10ms .. 50ms

[topic t]
members = all
publishers = 0

[timeline]
at 4s pause 30% for 20s
at 5s pause 30% for 20s
at 30s crash 30% silent
at 35s restart 100% lost
at 35.02s pause 40% for 20s
at 62s crash 40% silent
)";

// What a relay alters is not believed.
constexpr std::string_view liars = R"(
about = "some relays alter what they pass on"
peers = 24
joining = 5s
duration = 60s
quiet = 20s
check_every = 1

[network]
delay = 10ms .. 30ms
forge = 1%

[topic t]
members = all
publishers = 2
rate = 5/s
publish = 20s .. 55s
)";

constexpr std::array scenes{
    Scene{"calm", calm},
    Scene{"dying-relays", dying_relays},
    Scene{"vanishing", vanishing},
    Scene{"split", split},
    Scene{"late-leave", late_leave},
    Scene{"false-alarm", false_alarm},
    Scene{"short-pauses", short_pauses},
    Scene{"heavy", heavy},
    Scene{"many-lives", many_lives},
    Scene{"unreliable", unreliable},
    Scene{"mass-crash", mass_crash},
    Scene{"lone-witness", lone_witness},
    Scene{"run-of-dead", run_of_dead},
    Scene{"news-in-storm", news_in_storm},
    Scene{"quick-leave", quick_leave},
    Scene{"late-answers", late_answers},
    Scene{"liars", liars},
    Scene{"disks", disk_scenes::disks},
    Scene{"wiped", disk_scenes::wiped},
};

}  // namespace

Scenario fault_scene(std::string_view name) {
  const auto scene = std::ranges::find(scenes, name, &Scene::name);
  BOATO_CHECK(scene != scenes.end());
  ScenarioError error;
  auto parsed = parse_scenario(scene->text, std::string{name}, error);
  BOATO_CHECK(parsed.has_value());
  parsed->name = name;
  return std::move(*parsed);
}

}  // namespace boato::sim
