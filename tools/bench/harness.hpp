// SPDX-License-Identifier: Apache-2.0
// One publisher process and k subscriber processes, the same work for every system under test. Each payload
// begins with the time it was handed to the system (nanoseconds of the machine's monotonic clock, which all
// processes share) and its number, so subscribers measure by themselves; the publisher collects one line from
// each at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bench {

struct Work {
  std::size_t payload = 64;  // bytes, at least 16
  unsigned subscribers = 1;
  double seconds = 3;  // of publishing
  double rate = 0;     // events per second; 0 = as fast as the system takes them
};

struct Outcome {
  std::string system;
  Work work;
  std::uint64_t published = 0;
  std::uint64_t delivered_least = 0;  // by the subscriber that got the fewest
  double events_per_s = 0;            // of the slowest subscriber, first event to last
  double p50_us = 0, p99_us = 0;      // worst subscriber; only with a rate
  bool complete = false;              // everybody got everything
};

[[nodiscard]] std::uint64_t now_ns();

// Counts what a subscriber receives.
class Sink {
 public:
  explicit Sink(bool latency) : latency_{latency} {}
  // True: that was the end of the work.
  bool take(std::span<const std::byte> payload);
  [[nodiscard]] std::string report();
  [[nodiscard]] bool done() const { return done_; }

 private:
  bool latency_, done_ = false;
  std::uint64_t count_ = 0, announced_ = 0, first_ns_ = 0, last_ns_ = 0;
  std::vector<std::uint32_t> waits_ns_;
};

// The publisher's side: calls send(payload) as the work says, and at the end once more with the closing
// payload. send answers false if the system refuses for good.
struct Sending {
  Work work;
  std::uint64_t sent = 0;
  bool run(const std::function<bool(std::span<const std::byte>)>& send);
};

struct System {
  std::string name;
  // In a child process: connects to `address`, calls ready() once events will arrive, feeds sink until done.
  std::function<void(const std::string& address, Sink& sink, const std::function<void()>& ready)> subscribe;
  // In the parent: listens, tells its address by `announce`, waits for `wait_ready`, publishes.
  std::function<bool(Sending& sending, const std::function<void(std::string)>& announce,
                     const std::function<bool()>& all_ready)>
      publish;
};

[[nodiscard]] Outcome run(const System& system, const Work& work);
void print(const Outcome& outcome, bool json);

// Parses --payload --subscribers --seconds --rate --json; false: usage was printed.
struct Arguments {
  Work work;
  bool json = false;
};
[[nodiscard]] bool parse(int argc, char** argv, int from, Arguments& out);

}  // namespace bench
