// SPDX-License-Identifier: Apache-2.0
// boato-bench: how fast events go from one publisher process to subscriber processes, encrypted and signed as
// by default.
#include <boato/boato.hpp>

#include "tools/bench/harness.hpp"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

namespace {

constexpr const char* usage =
    "boato-bench: throughput and delivery time between processes on this machine\n"
    "\n"
    "  boato-bench pub [options]       one publisher to one subscriber, as fast as it goes\n"
    "  boato-bench fanout [options]    one publisher to 8 subscribers\n"
    "  boato-bench latency [options]   delivery time at 10,000 events/s\n"
    "  boato-bench table               pub and fanout at 16 B to 64 KiB, and latency\n"
    "\n"
    "  --payload BYTES   --subscribers N   --seconds S   --rate EVENTS_PER_S   --json\n"
    "\n"
    "  boato-bench pub --payload 1024 --json\n"
    "  boato-bench fanout --subscribers 4 --seconds 5\n";

bench::System boato_system() {
  bench::System system;
  system.name = "boato";
  system.subscribe = [](const std::string& address, bench::Sink& sink, const std::function<void()>& ready) {
    boato::Options options;
    options.join = {address};
    // They stay until the process ends: others may get their last events through this peer.
    static auto peer = boato::Peer::start(options);
    static std::atomic<bool> told = false, done = false;
    if (!peer || !peer->ready(std::chrono::seconds{20})) return;
    static auto sub = peer->subscribe("bench", {}, [&](const boato::Item& item) {
      if (const auto* event = std::get_if<boato::Event>(&item)) {
        if (sink.take(event->payload())) done = true;
      } else if (const auto* status = std::get_if<boato::Status>(&item)) {
        if (status->kind == boato::Status::Kind::ready && !told.exchange(true)) ready();
      }
    });
    while (sub && !done) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  };
  system.publish = [](bench::Sending& sending, const std::function<void(std::string)>& announce,
                      const std::function<bool()>& all_ready) {
    auto peer = boato::Peer::start({});
    if (!peer) {
      std::fprintf(stderr, "boato-bench: %s\n", peer.error().detail.c_str());
      return false;
    }
    auto topic = peer->topic("bench");
    if (!topic) return false;
    announce(peer->addresses().front());
    if (!all_ready() || !topic->wait_members(sending.work.subscribers, std::chrono::seconds{20}))
      return false;
    const boato::PublishOptions options{.receipt = boato::ReceiptLevel::accepted,
                                        .room_within = std::chrono::seconds{30}};
    const bool sent = sending.run(
        [&](std::span<const std::byte> payload) { return topic->publish(payload, options).has_value(); });
    // Links stay up until every subscriber has had the time to get the rest: close waits for that.
    const auto report = peer->close(std::chrono::seconds{30});
    return sent && report && report->unsent == 0;
  };
  return system;
}

int run(const bench::Work& work, bool json) {
  const bench::Outcome outcome = bench::run(boato_system(), work);
  bench::print(outcome, json);
  return outcome.complete ? 0 : 7;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "--help" || command == "-h") return std::fputs(usage, stdout), 0;
  bench::Arguments arguments;
  if (command == "fanout") arguments.work.subscribers = 8;
  if (command == "latency") arguments.work.rate = 10000;
  if (command.empty() || !bench::parse(argc, argv, 2, arguments)) return std::fputs(usage, stderr), 2;
  if (command == "pub" || command == "fanout" || command == "latency")
    return run(arguments.work, arguments.json);
  if (command == "table") {
    int code = 0;
    for (unsigned subscribers : {1U, 8U})
      for (std::size_t payload : {16U, 64U, 256U, 1024U, 4096U, 16384U, 65536U}) {
        bench::Work work = arguments.work;
        work.payload = payload;
        work.subscribers = subscribers;
        code = std::max(code, run(work, arguments.json));
      }
    bench::Work work = arguments.work;
    work.rate = 10000;
    return std::max(code, run(work, arguments.json));
  }
  std::fprintf(stderr, "boato-bench: %s: no such benchmark\n%s", command.c_str(), usage);
  return 2;
}
