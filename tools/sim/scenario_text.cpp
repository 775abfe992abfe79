// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/scenario.hpp"
#include "tools/sim/scenario_verbs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace boato::sim {

namespace {

std::string text_of(Duration d) {
  if (d.count() % 1'000'000 == 0) return std::to_string(d.count() / 1'000'000) + "s";
  if (d.count() % 1'000 == 0) return std::to_string(d.count() / 1'000) + "ms";
  return std::to_string(d.count()) + "us";
}
std::string text_of(double value) {
  std::array<char, 32> room;
  const auto end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
  return {room.data(), end};
}
std::string text_of(const Share& s) {
  return s.count != 0 ? std::to_string(s.count) : text_of(s.part * 100) + "%";
}

}  // namespace

std::string to_text(const Scenario& s) {
  std::ostringstream out;
  out << "about = \"" << s.about << "\"\npeers = " << s.peers << "\nseeds = " << s.seeds
      << "\njoining = " << text_of(s.joining) << "\nduration = " << text_of(s.duration)
      << "\nquiet = " << text_of(s.quiet) << "\ncheck_every = " << s.check_every
      << "\nfull_links = " << (s.full_links ? "true" : "false")
      << "\nhasty = " << (s.hasty ? "true" : "false")
      << "\nreal_crypto = " << (s.real_crypto ? "true" : "false")
      << "\njudge_rest = " << (s.judge_rest ? "true" : "false")
      << "\nwatch_deaths = " << (s.watch_deaths ? "true" : "false") << "\ngrace = " << text_of(s.grace)
      << "\nbaselines = " << (s.baselines ? "true" : "false") << "\n";
  if (s.idle_until.count() > 0)
    out << "idle = " << text_of(s.idle_from) << " .. " << text_of(s.idle_until) << "\n";
  for (const auto& [key, window] : {std::pair{"calm", s.calm}, std::pair{"trouble", s.trouble}})
    if (!window.empty())
      out << key << " = " << text_of(window.from) << " .. " << text_of(window.until) << "\n";
  const NetworkDials& n = s.network;
  out << "\n[network]\ndelay = " << text_of(n.delay_min) << " .. " << text_of(n.delay_max)
      << "\njitter = " << text_of(n.jitter) << "\nloss = " << text_of(n.loss * 100)
      << "%\nvanish = " << text_of(n.vanish * 100) << "%\nduplicate = " << text_of(n.duplicate * 100)
      << "%\nforge = " << text_of(n.forge * 100) << "%\nreset = " << text_of(n.reset * 100)
      << "%\nbandwidth = " << n.bandwidth << " B/s\nqueue_max = " << n.queue_max << " B\n";
  for (const TopicPlan& t : s.topics) {
    out << "\n[topic " << t.name << "]\ncopies = " << t.copies << "\nmembers = " << text_of(t.members)
        << "\npublishers = " << text_of(t.publishers) << "\nwildcard = " << (t.wildcard ? "true" : "false")
        << "\nrate = " << text_of(t.rate) << " /s\npayload = " << t.payload << "\nbatch = " << t.batch
        << "\npublish = " << text_of(t.from) << " .. " << text_of(t.until)
        << "\nselectivity = " << text_of(t.selectivity * 100) << "%\nfiltered = " << text_of(t.filtered)
        << "\nvalues = " << t.values
        << "\nreliability = " << (t.reliability == Reliability::unreliable ? "unreliable" : "reliable")
        << "\norder = " << (t.order == Order::none ? "none" : "fifo") << "\n";
  }
  if (!s.actions.empty()) out << "\n[timeline]\n";
  for (const Action& a : s.actions) {
    if (a.each.count() > 0)
      out << "each " << text_of(a.each) << " from " << text_of(a.at) << " to " << text_of(a.last);
    else if (a.every.count() > 0)
      out << "every " << text_of(a.every) << " from " << text_of(a.at) << " to " << text_of(a.last);
    else
      out << "at " << text_of(a.at);
    out << " " << std::ranges::find(action_verbs, a.verb, &ActionVerb::first)->second;
    if (a.verb != Action::Verb::heal) out << " " << text_of(a.who);
    if (a.silent) out << " silent";
    if (a.lost) out << " lost";
    if (a.one_way) out << " one-way";
    if (a.spare_publishers) out << " spare-publishers";
    if (a.among == Action::Among::seeds) out << " among-seeds";
    if (a.among == Action::Among::others) out << " spare-seeds";
    if (a.by.count() > 0) out << " by " << text_of(a.by);
    if (a.bandwidth > 0) out << " to " << a.bandwidth << "B/s";
    if (a.ppm != 0) out << " rate " << a.ppm;
    if (!a.topic.empty()) out << " topic " << a.topic;
    if (a.lasting.count() > 0) out << " for " << text_of(a.lasting);
    if (a.lasting_max.count() > 0) out << ".." << text_of(a.lasting_max);
    out << "\n";
  }
  if (!s.gates.empty()) out << "\n[gates]\n";
  for (const Gate& g : s.gates)
    out << g.figure
        << (g.is == Gate::Is::at_most    ? " <= "
            : g.is == Gate::Is::at_least ? " >= "
                                         : " = ")
        << text_of(g.value) << "\n";
  return out.str();
}

}  // namespace boato::sim
