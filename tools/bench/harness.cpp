// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/harness.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace bench {
namespace {

constexpr std::uint64_t closing =
    ~std::uint64_t{0};  // in the place of the number: the payload's time field says how many came before

struct Child {
  pid_t pid = 0;
  int in = -1;   // we write the address
  int out = -1;  // it writes "ready" and its report
};

bool read_line(int fd, std::string& line, int timeout_ms) {
  line.clear();
  for (;;) {
    pollfd p{fd, POLLIN, 0};
    if (poll(&p, 1, timeout_ms) <= 0) return false;
    char c = 0;
    if (read(fd, &c, 1) != 1) return false;
    if (c == '\n') return true;
    line += c;
  }
}

void write_line(int fd, const std::string& line) {
  const std::string text = line + "\n";
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::perror("bench: write");
}

void child_main(const System& system, const Work& work, int in, int out) {
  std::string address;
  if (!read_line(in, address, 60000)) _exit(1);
  Sink sink{work.rate > 0};
  system.subscribe(address, sink, [&] { write_line(out, "ready"); });
  write_line(out, sink.report());
  std::string stay;
  read_line(in, stay, 60000);  // until the publisher has finished
  _exit(0);
}

}  // namespace

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

bool Sink::take(std::span<const std::byte> payload) {
  if (payload.size() < 16 || done_) return done_;
  std::uint64_t field[2];
  std::memcpy(field, payload.data(), sizeof field);
  const bool timed = latency_ || count_ == 0 || field[1] == closing;
  const std::uint64_t now = timed ? now_ns() : 0;
  if (field[1] == closing) {
    announced_ = field[0];
    last_ns_ = now;
    return done_ = true;
  }
  if (count_++ == 0) first_ns_ = now;
  if (latency_)
    waits_ns_.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(now - field[0], 0xffffffff)));
  return false;
}

std::string Sink::report() {
  std::ranges::sort(waits_ns_);
  const auto at = [&](double q) {
    return waits_ns_.empty()
               ? 0.0
               : waits_ns_[static_cast<std::size_t>(q * static_cast<double>(waits_ns_.size() - 1))] / 1000.0;
  };
  char text[200];
  std::snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %.9f %.3f %.3f", count_, announced_,
                static_cast<double>(last_ns_ - first_ns_) / 1e9, at(0.5), at(0.99));
  return text;
}

bool Sending::run(const std::function<bool(std::span<const std::byte>)>& send) {
  std::vector<std::byte> payload(std::max<std::size_t>(work.payload, 16));
  for (std::size_t i = 16; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(i * 131);
  const auto stamp = [&](std::uint64_t a, std::uint64_t b) {
    const std::uint64_t field[2] = {a, b};
    std::memcpy(payload.data(), field, sizeof field);
  };
  const std::uint64_t begin = now_ns();
  const auto end = begin + static_cast<std::uint64_t>(work.seconds * 1e9);
  for (;;) {
    std::uint64_t now = 0;
    if (work.rate > 0) {
      const auto due = begin + static_cast<std::uint64_t>(static_cast<double>(sent) * 1e9 / work.rate);
      if (due >= end) break;
      while ((now = now_ns()) < due)
        if (due - now > 100000) std::this_thread::sleep_for(std::chrono::nanoseconds{due - now - 60000});
    } else if (sent % 64 == 0 && now_ns() >= end) {
      break;
    }
    stamp(now, sent);
    if (!send(payload)) return false;
    ++sent;
  }
  stamp(sent, closing);
  return send(payload);
}

Outcome run(const System& system, const Work& work) {
  Outcome outcome;
  outcome.system = system.name;
  outcome.work = work;
  std::vector<Child> children(work.subscribers);
  std::fflush(nullptr);
  for (Child& child : children) {
    int down[2], up[2];
    if (pipe(down) != 0 || pipe(up) != 0) std::abort();
    child.pid = fork();
    if (child.pid == 0) {
      close(down[1]);
      close(up[0]);
      child_main(system, work, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    child.in = down[1];
    child.out = up[0];
  }
  std::string line;
  Sending sending{work};
  const bool sent = system.publish(
      sending,
      [&](std::string address) {
        for (const Child& child : children) write_line(child.in, address);
      },
      [&] {
        for (const Child& child : children)
          if (!read_line(child.out, line, 30000) || line != "ready") return false;
        // The reports are read here too, while the system is still up.
        return true;
      });
  outcome.published = sending.sent;
  outcome.delivered_least = sending.sent;
  outcome.complete = sent;
  if (!sent) std::fprintf(stderr, "bench: the publisher could not hand over everything\n");
  for (const Child& child : children) {
    std::uint64_t count = 0, announced = 0;
    double seconds = 0, p50 = 0, p99 = 0;
    const bool told = read_line(child.out, line, sent ? 60000 : 100) &&
                      std::sscanf(line.c_str(), "%" SCNu64 " %" SCNu64 " %lf %lf %lf", &count, &announced,
                                  &seconds, &p50, &p99) == 5;
    outcome.complete = outcome.complete && told && count == announced;
    if (!told || count != announced)
      std::fprintf(stderr, "bench: a subscriber %s: %" PRIu64 " of %" PRIu64 " events\n",
                   told ? "lacks some" : "is silent", count, sending.sent);
    outcome.delivered_least = std::min(outcome.delivered_least, count);
    const double speed = seconds > 0 ? static_cast<double>(count) / seconds : 0;
    if (outcome.events_per_s == 0 || speed < outcome.events_per_s) outcome.events_per_s = speed;
    outcome.p50_us = std::max(outcome.p50_us, p50);
    outcome.p99_us = std::max(outcome.p99_us, p99);
  }
  // Not before: others may get their last events through one that has them.
  for (const Child& child : children) {
    close(child.in);
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    close(child.out);
  }
  return outcome;
}

void print(const Outcome& o, bool json) {
  if (json) {
    std::printf(
        "{\"system\":\"%s\",\"payload\":%zu,\"subscribers\":%u,\"rate\":%.0f,\"published\":%" PRIu64
        ",\"delivered_least\":%" PRIu64
        ",\"events_per_s\":%.0f,\"mib_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"complete\":%s}\n",
        o.system.c_str(), o.work.payload, o.work.subscribers, o.work.rate, o.published, o.delivered_least,
        o.events_per_s, o.events_per_s * static_cast<double>(o.work.payload) / 1048576, o.p50_us, o.p99_us,
        o.complete ? "true" : "false");
  } else {
    std::printf("%-14s %6zu B  1 to %-2u  %10.0f events/s  %8.1f MiB/s", o.system.c_str(), o.work.payload,
                o.work.subscribers, o.events_per_s,
                o.events_per_s * static_cast<double>(o.work.payload) / 1048576);
    if (o.work.rate > 0) std::printf("  p50 %7.1f us  p99 %8.1f us", o.p50_us, o.p99_us);
    std::printf("%s\n", o.complete ? "" : "  INCOMPLETE");
  }
  std::fflush(stdout);
}

bool parse(int argc, char** argv, int from, Arguments& out) {
  for (int i = from; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--json") {
      out.json = true;
      continue;
    }
    char* end = nullptr;
    const double value = i + 1 < argc ? std::strtod(argv[i + 1], &end) : 0;
    const bool number = i + 1 < argc && end != argv[i + 1] && *end == '\0' && value >= 0;
    if (flag == "--payload" && number && value >= 16) {
      out.work.payload = static_cast<std::size_t>(value);
    } else if (flag == "--subscribers" && number && value >= 1 && value <= 64) {
      out.work.subscribers = static_cast<unsigned>(value);
    } else if (flag == "--seconds" && number && value > 0) {
      out.work.seconds = value;
    } else if (flag == "--rate" && number) {
      out.work.rate = value;
    } else {
      std::fprintf(
          stderr,
          "bench: %s: not understood\n"
          "  --payload BYTES (16 or more, default 64)   --subscribers N (1 to 64, default 1)\n"
          "  --seconds S (default 3)   --rate EVENTS_PER_S (default 0: as fast as possible)   --json\n",
          flag.c_str());
      return false;
    }
    ++i;
  }
  return true;
}

}  // namespace bench
