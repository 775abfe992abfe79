// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/scenario.hpp"

#include "overlay/base/check.hpp"
#include "tools/sim/figures.hpp"
#include "tools/sim/scenario_verbs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace boato::sim {

std::uint32_t Share::of(std::uint32_t all) const {
  if (count != 0) return std::min(count, all);
  return std::min(all, static_cast<std::uint32_t>(std::lround(part * all)));
}

namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t' || s.front() == '\r')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

// "12", "0.5" in front of a unit.
bool number(std::string_view text, double& value, std::string_view& unit) {
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc{}) return false;
  unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  return std::isfinite(value);
}

bool duration(std::string_view text, Duration& out) {
  double value = 0;
  std::string_view unit;
  if (!number(trim(text), value, unit) || value < 0) return false;
  double us = 0;
  if (unit == "us") us = 1;
  if (unit == "ms") us = 1e3;
  if (unit == "s") us = 1e6;
  if (unit == "min") us = 60e6;
  if (unit == "h") us = 3600e6;
  if (us == 0) return false;
  out = Duration{static_cast<std::int64_t>(std::llround(value * us))};
  return true;
}

bool share(std::string_view text, Share& out) {
  double value = 0;
  std::string_view unit;
  if (text == "all") return out = {1.0, 0}, true;
  if (text == "none") return out = {0, 0}, true;
  if (!number(text, value, unit) || value < 0) return false;
  if (unit == "%") return out = {value / 100, 0}, value <= 100;
  if (!unit.empty() || value != std::floor(value)) return false;
  return out = {0, static_cast<std::uint32_t>(value)}, true;
}

bool chance(std::string_view text, double& out) {
  Share s;
  if (!share(text, s) || s.count != 0) return text == "0" && (out = 0, true);
  out = s.part;
  return true;
}

bool bytes_of(std::string_view text, std::uint64_t& out) {
  double value = 0;
  std::string_view unit;
  if (!number(text, value, unit) || value < 0) return false;
  if (unit.ends_with("/s")) unit = trim(unit.substr(0, unit.size() - 2));
  double scale = 0;
  if (unit.empty() || unit == "B") scale = 1;
  if (unit == "KiB") scale = 1024;
  if (unit == "MiB") scale = 1024 * 1024;
  if (scale == 0) return false;
  out = static_cast<std::uint64_t>(value * scale);
  return true;
}

template <class Int>
bool whole(std::string_view text, Int& out) {
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  return bad == std::errc{} && end == text.data() + text.size();
}

bool boolean(std::string_view text, bool& out) {
  if (text != "true" && text != "false") return false;
  out = text == "true";
  return true;
}

class Parser {
 public:
  Parser(std::string file, ScenarioError& error) : file_{std::move(file)}, error_{error} {}

  std::optional<Scenario> parse(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      ++line_;
      bool quoted = false;
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') quoted = !quoted;
        if (line[i] == '#' && !quoted) {
          line = line.substr(0, i);
          break;
        }
      }
      line = trim(line);
      if (!line.empty() && !one(line)) return {};
    }
    if (out_.peers == 0) return fail("peers must be at least 1"), std::nullopt;
    if (out_.network.delay_min > out_.network.delay_max)
      return fail("delay: the range is upside down"), std::nullopt;
    for (const Gate& gate : out_.gates)
      if (of_baseline(gate.figure) && !out_.baselines)
        return fail("the gate " + gate.figure + " needs 'baselines = true'"), std::nullopt;
    for (const Gate& gate : out_.gates)
      if (const std::string_view key = key_needed(gate.figure); !key.empty())
        return fail("the gate " + gate.figure + " needs '" + std::string{key} + "'"), std::nullopt;
    return out_;
  }

 private:
  // What a scenario must ask for so that the figure is measured; empty: it does.
  [[nodiscard]] std::string_view key_needed(std::string_view figure) const {
    const auto one_of = [&](std::initializer_list<std::string_view> names) {
      return std::ranges::find(names, figure) != names.end();
    };
    if (!out_.baselines && figure == "last_over_flood") return "baselines = true";
    if (!out_.watch_deaths && one_of({"suspected_p50", "gone_p99", "gone_healthy", "gone_slow"}))
      return "watch_deaths = true";
    if (out_.calm.empty() && one_of({"calm_p99", "added_p99", "trouble_ratio", "orphans_added"}))
      return "calm = 20s .. 40s";
    if (out_.trouble.empty() && one_of({"trouble_p99", "added_p99", "trouble_ratio"}))
      return "trouble = 40s .. 60s";
    if (out_.idle_until <= out_.idle_from &&
        one_of({"idle_bytes", "roster_bytes", "roster_change_bytes", "equal_session"}))
      return "idle = 30s .. 40s";
    return {};
  }

  bool fail(const std::string& what) {
    error_.text = file_ + ":" + std::to_string(line_) + ": " + what;
    return false;
  }

  bool one(std::string_view line) {
    if (line.front() == '[') {
      if (line.back() != ']') return fail("a section ends with ']'");
      const std::string_view section = trim(line.substr(1, line.size() - 2));
      if (section == "network" || section == "timeline" || section == "gates") {
        section_ = section;
      } else if (section.starts_with("topic ") && !trim(section.substr(6)).empty()) {
        section_ = "topic";
        out_.topics.emplace_back();
        out_.topics.back().name = trim(section.substr(6));
      } else {
        return fail("unknown section [" + std::string{section} +
                    "]: there are [network], [topic NAME], [timeline], [gates]");
      }
      return true;
    }
    if (section_ == "timeline") return action(line);
    if (section_ == "gates") return gate(line);
    const std::size_t equal = line.find('=');
    if (equal == std::string_view::npos) return fail("expected KEY = VALUE");
    const std::string_view key = trim(line.substr(0, equal));
    std::string_view value = trim(line.substr(equal + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (value.empty()) return fail(std::string{key} + " has no value");
    bool known = true;
    const bool good = section_ == "network" ? network(key, value, known)
                      : section_ == "topic" ? topic(key, value, known)
                                            : top(key, value, known);
    if (!known)
      return fail("unknown key " + std::string{key} +
                  (section_.empty() ? "" : " in [" + std::string{section_} + "]"));
    if (!good) return fail("'" + std::string{value} + "' is no value for " + std::string{key});
    return true;
  }

  bool top(std::string_view key, std::string_view value, bool& known) {
    Scenario& s = out_;
    if (key == "about") return s.about = value, true;
    if (key == "peers") return whole(value, s.peers);
    if (key == "seeds") return whole(value, s.seeds);
    if (key == "joining") return duration(value, s.joining);
    if (key == "duration") return duration(value, s.duration);
    if (key == "quiet") return duration(value, s.quiet);
    if (key == "idle") return range(value, s.idle_from, s.idle_until);
    if (key == "check_every") return whole(value, s.check_every);
    if (key == "full_links") return boolean(value, s.full_links);
    if (key == "hasty") return boolean(value, s.hasty);
    if (key == "real_crypto") return boolean(value, s.real_crypto);
    if (key == "judge_rest") return boolean(value, s.judge_rest);
    if (key == "grace") return duration(value, s.grace);
    if (key == "calm") return range(value, s.calm.from, s.calm.until);
    if (key == "trouble") return range(value, s.trouble.from, s.trouble.until);
    if (key == "watch_deaths") return boolean(value, s.watch_deaths);
    if (key == "baselines") return boolean(value, s.baselines);
    return known = false;
  }

  bool network(std::string_view key, std::string_view value, bool& known) {
    NetworkDials& n = out_.network;
    if (key == "delay") return range(value, n.delay_min, n.delay_max);
    if (key == "jitter") return duration(value, n.jitter);
    if (key == "loss") return chance(value, n.loss);
    if (key == "vanish") return chance(value, n.vanish);
    if (key == "duplicate") return chance(value, n.duplicate);
    if (key == "forge") return chance(value, n.forge);
    if (key == "reset") return chance(value, n.reset);
    if (key == "bandwidth") return bytes_of(value, n.bandwidth);
    if (key == "queue_max") {
      std::uint64_t bytes = 0;
      const bool good = bytes_of(value, bytes);
      n.queue_max = static_cast<std::size_t>(bytes);
      return good;
    }
    return known = false;
  }

  bool topic(std::string_view key, std::string_view value, bool& known) {
    TopicPlan& t = out_.topics.back();
    if (key == "copies") return whole(value, t.copies);
    if (key == "members") return share(value, t.members);
    if (key == "publishers") return share(value, t.publishers);
    if (key == "wildcard") return boolean(value, t.wildcard);
    if (key == "rate") {
      std::string_view unit;
      return number(value, t.rate, unit) && unit == "/s" && t.rate > 0;
    }
    if (key == "payload") {
      std::uint64_t bytes = 0;
      const bool good = bytes_of(value, bytes) && bytes <= std::uint64_t{16} << 20;
      t.payload = static_cast<std::uint32_t>(bytes);
      return good;
    }
    if (key == "batch") return whole(value, t.batch) && t.batch >= 1 && t.batch <= 256;
    if (key == "publish") return range(value, t.from, t.until);
    if (key == "selectivity") return chance(value, t.selectivity);
    if (key == "filtered") return share(value, t.filtered);
    if (key == "values") return whole(value, t.values);
    if (key == "reliability") {
      t.reliability = value == "unreliable" ? Reliability::unreliable : Reliability::reliable;
      return value == "reliable" || value == "unreliable";
    }
    if (key == "order") {
      t.order = value == "none" ? Order::none : Order::fifo;
      return value == "none" || value == "fifo";
    }
    return known = false;
  }

  static bool range(std::string_view value, Duration& from, Duration& until) {
    const std::size_t dots = value.find("..");
    if (dots == std::string_view::npos) return duration(value, from) && duration(value, until);
    return duration(value.substr(0, dots), from) && duration(value.substr(dots + 2), until);
  }

  // at 20s crash 10% silent
  // every 2s from 20s to 60s restart 50%
  bool action(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < line.size();) {
      const std::size_t end = std::min(line.find(' ', i), line.size());
      if (end > i) words.push_back(line.substr(i, end - i));
      i = end + 1;
    }
    Action a;
    std::size_t i = 0;
    const auto next = [&] { return i < words.size() ? words[i++] : std::string_view{}; };
    const std::string_view when = next();
    if (when == "at") {
      if (!duration(next(), a.at)) return fail("'at' needs a time such as 20s");
    } else if (when == "every") {
      if (!duration(next(), a.every) || a.every.count() == 0 || next() != "from" || !duration(next(), a.at) ||
          next() != "to" || !duration(next(), a.last))
        return fail("expected: every 2s from 20s to 60s ...");
    } else if (when == "each") {
      if (!duration(next(), a.each) || a.each.count() == 0 || next() != "from" || !duration(next(), a.at) ||
          next() != "to" || !duration(next(), a.last))
        return fail("expected: each 1h from 20s to 60s ...");
    } else {
      return fail("a line of the timeline begins with 'at', 'every' or 'each'");
    }
    const std::string_view name = next();
    const auto verb = std::ranges::find(action_verbs, name, &ActionVerb::second);
    if (verb == action_verbs.end()) return fail("unknown action '" + std::string{name} + "'");
    a.verb = verb->first;
    if (a.verb != Action::Verb::heal) {
      const std::string_view who = next();
      if (!share(who, a.who))
        return fail("'" + std::string{who} + "' is neither a share such as 10% nor a number");
    }
    while (i < words.size()) {
      const std::string_view word = next();
      if (word == "silent") {
        a.silent = true;
      } else if (word == "lost") {
        a.lost = true;
      } else if (word == "one-way") {
        a.one_way = true;
      } else if (word == "spare-publishers") {
        a.spare_publishers = true;
      } else if (word == "among-seeds") {
        a.among = Action::Among::seeds;
      } else if (word == "spare-seeds") {
        a.among = Action::Among::others;
      } else if (word == "for") {
        const std::string_view time = next();
        if (!(time.find("..") == std::string_view::npos ? duration(time, a.lasting)
                                                        : range(time, a.lasting, a.lasting_max)))
          return fail("'for' needs a time such as 20s, or 500ms..30s");
        if (a.lasting_max.count() > 0 && a.lasting_max < a.lasting)
          return fail("'for' has a range that is upside down");
      } else if (word == "by") {
        if (!duration(next(), a.by)) return fail("'by' needs a time");
      } else if (word == "to") {
        if (!bytes_of(next(), a.bandwidth)) return fail("'to' needs a bandwidth such as 64KiB/s");
      } else if (word == "rate") {
        if (!whole(next(), a.ppm) || a.ppm <= -1'000'000) return fail("'rate' needs parts per million");
      } else if (word == "topic") {
        a.topic = next();
      } else {
        return fail("unknown word '" + std::string{word} + "'");
      }
    }
    out_.actions.push_back(std::move(a));
    return true;
  }

  bool gate(std::string_view line) {
    Gate g;
    for (const auto& [sign, is] : {std::pair{std::string_view{"<="}, Gate::Is::at_most},
                                   {">=", Gate::Is::at_least},
                                   {"=", Gate::Is::equal}}) {
      const std::size_t at = line.find(sign);
      if (at == std::string_view::npos) continue;
      g.is = is;
      g.figure = trim(line.substr(0, at));
      if (!is_figure(g.figure))
        return fail("unknown figure '" + g.figure + "': boato-sim figures lists them");
      std::string_view unit;
      const std::string_view value = trim(line.substr(at + sign.size()));
      if (!number(value, g.value, unit) || !(unit.empty() || unit == "%"))
        return fail("'" + std::string{value} + "' is no number");
      if (unit == "%") g.value /= 100;
      out_.gates.push_back(std::move(g));
      return true;
    }
    return fail("a gate is FIGURE <= NUMBER, FIGURE >= NUMBER or FIGURE = NUMBER");
  }

  std::string file_;
  ScenarioError& error_;
  std::size_t line_ = 0;
  std::string_view section_;
  Scenario out_;
};

}  // namespace

std::optional<Scenario> parse_scenario(std::string_view text, const std::string& file, ScenarioError& error) {
  return Parser{file, error}.parse(text);
}

std::optional<Scenario> load_scenario(const std::string& name, const std::string& folder,
                                      ScenarioError& error) {
  const bool path = name.find('/') != std::string::npos || name.ends_with(".sim");
  const std::string file = path ? name : folder + "/" + name + ".sim";
  std::ifstream in{file};
  if (!in) {
    error.text =
        path ? name + ": cannot be read" : "no scenario '" + name + "': boato-sim list shows those there are";
    return {};
  }
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto scenario = parse_scenario(text, file, error);
  if (scenario) {
    std::string base = file.substr(file.find_last_of('/') + 1);
    if (base.ends_with(".sim")) base.resize(base.size() - 4);
    scenario->name = path ? name : base;
  }
  return scenario;
}

}  // namespace boato::sim
