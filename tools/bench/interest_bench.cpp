// SPDX-License-Identifier: Apache-2.0
// boato-bench-interest: how many events per second one core finds the interested predicates for, by the index
// and by asking each predicate, over their number and the share of them that takes an event; what adding and
// removing one costs; and what single conditions cost at the worst, beside what the cost table says.
#include "overlay/base/rng.hpp"
#include "overlay/interest/interest_index.hpp"

#include <time.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace {

using namespace boato;
// Of the processor: other work on the machine does not count.
double now() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}
double seconds_since(double from) { return now() - from; }

Predicate made(const std::string& text) {
  auto predicate = Predicate::parse(text);
  if (!predicate) {
    std::fprintf(stderr, "boato-bench-interest: %s: %s\n", text.c_str(), predicate.error().what.c_str());
    std::exit(1);
  }
  return std::move(*predicate);
}

// Three conditions, each of which takes an event with probability p, so that a predicate does with p^3.
struct Work {
  bool ranges;  // all three are ranges; else the first is an equality of strings
  double p;
  Rng rng{7};

  double uniform() { return static_cast<double>(rng.below(1'000'000)) / 1e6; }
  std::string symbol() {
    const auto symbols = static_cast<std::uint64_t>(std::max(1.0, std::round(1 / p)));
    return "S" + std::to_string(rng.below(symbols));
  }
  std::string between(const char* name) {
    const double low = uniform() * (1 - p);
    return std::string{name} + " BETWEEN " + std::to_string(low) + " AND " + std::to_string(low + p);
  }
  std::string predicate() {
    const std::string first = ranges ? between("volume") : "sym = '" + symbol() + "'";
    return first + " AND " + between("price") + " AND load <= " + std::to_string(p);
  }
};

struct Events {
  explicit Events(Work& work) {
    for (int i = 0; i < 512; ++i)
      list.push_back({{"host", std::string_view{"h1.example"}},
                      {"load", work.uniform()},
                      {"price", work.uniform()},
                      {"sym", std::string_view{symbols.emplace_back(work.symbol())}},
                      {"volume", work.uniform()}});
  }
  std::deque<std::string> symbols{};
  std::vector<std::vector<Attribute>> list{};
};

// Calls work(event) for about so long; events per second.
template <class F>
double rate(const Events& events, double seconds, F&& work) {
  std::size_t count = 0;
  const auto from = now();
  double took = 0;
  do {
    for (int i = 0; i < 8; ++i) work(events.list[count++ % events.list.size()]);
    took = seconds_since(from);
  } while (took < seconds);
  return static_cast<double>(count) / took;
}

void row(bool ranges, std::size_t count, double share, double seconds) {
  Work work{ranges, std::cbrt(share)};
  std::vector<Predicate> each, again;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = work.predicate();
    each.push_back(made(text));
    again.push_back(made(text));
  }
  InterestIndex index{1};
  std::vector<InterestId> ids;
  auto from = now();
  for (Predicate& predicate : again) ids.push_back(index.add(std::move(predicate)));
  const double add = seconds_since(from);

  const Events events{work};
  std::vector<InterestId> out;
  double matched = 0, asked = 0;
  const double indexed = rate(events, seconds, [&](const auto& list) {
    index.match({list}, out);
    matched += static_cast<double>(out.size());
    ++asked;
  });
  std::size_t taken = 0;
  const double naive = rate(events, seconds / 4, [&](const auto& list) {
    for (const Predicate& predicate : each) taken += predicate.matches({list}) ? 1 : 0;
  });

  work.rng.shuffle(std::span{ids});
  from = now();
  for (const InterestId id : ids) index.remove(id);
  const double removed = seconds_since(from);
  const auto n = static_cast<double>(count);
  std::printf("%-8s %9zu %9.4f %% %12.0f %12.0f %9.2f %9.2f\n", ranges ? "ranges" : "equal", count,
              100 * matched / asked / n, indexed, naive, 1e6 * add / n, 1e6 * removed / n);
  std::fflush(stdout);
}

void cost_row(const char* what, const std::string& text, const std::vector<Attribute>& list) {
  const Predicate predicate = made(text);
  std::size_t count = 0, taken = 0;
  const auto from = now();
  double took = 0;
  do {
    for (int i = 0; i < 1000; ++i) taken += predicate.matches({list}) ? 1 : 0;
    count += 1000;
    took = seconds_since(from);
  } while (took < 0.05);
  std::printf("%-44s %8.0f %8u\n", what, 1e9 * took / static_cast<double>(count), predicate.cost());
  if (taken == count + 1) std::abort();
}

void costs() {
  const std::string before(62, 'n'), a(1023, 'a'), end = a + "b";
  std::deque<std::string> names;
  std::vector<Attribute> list;
  for (char c = 'A'; c < 'A' + 31; ++c)
    list.push_back({names.emplace_back(before + c), std::string_view{end}});
  list.push_back({"x", 1.5});
  const std::string name = names[1].find('`') == std::string::npos ? names[1] : before + "B";
  std::printf("\n%-44s %8s %8s\n", "one condition, for the event that takes longest", "ns", "table");
  cost_row("attribute IS NULL", name + " IS NULL", list);
  cost_row("attribute = string", name + " = '" + std::string(900, 'a') + "'", list);
  cost_row("two attributes", name + " = " + names[2], list);
  cost_row("number", "x > 2", list);
  cost_row("LIKE, a segment", name + " LIKE '%" + std::string(400, 'a') + "c%'", list);
  cost_row(
      "LIKE, 100 segments",
      [&] {
        std::string text = name + " LIKE '";
        for (int i = 0; i < 100; ++i) text += "a%";
        return text + "c'";
      }(),
      list);
  cost_row("LIKE, 16 with _", name + " LIKE '%aaaaaaaaaaaaaa_c%'", list);
  std::vector<Attribute> place{{"lat", 38.66}, {"lon", -9.2}};
  cost_row("circle", "within(geo, circle(38.661, -9.201, 500))", place);
  cost_row("polygon of 3", "within(geo, polygon(38, -10, 39, -10, 39, -9))", place);
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  if (argc > 1 && !quick) {
    std::puts(
        "boato-bench-interest [--quick]\n"
        "Events per second on one core, by the index and by asking each predicate (naive); --quick: 10,000 "
        "predicates only.");
    return std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0 ? 0 : 2;
  }
  std::printf("%-8s %9s %11s %12s %12s %9s %9s\n", "work", "number", "matched", "indexed/s", "naive/s",
              "add us", "remove us");
  for (const bool ranges : {false, true})
    for (const std::size_t count : {100U, 1'000U, 10'000U, 100'000U}) {
      if (quick && count != 10'000) continue;
      for (const double share : {0.0001, 0.001, 0.01, 0.1, 1.0}) row(ranges, count, share, 0.3);
    }
  costs();
  return 0;
}
