// SPDX-License-Identifier: Apache-2.0
// boato-bench-store: what the durable store of a replica takes and gives, on the file system it is pointed
// at.
#include "node/store/store.hpp"
#include "overlay/base/rng.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <future>
#include <string_view>

namespace {

using namespace boato;
using Clock = std::chrono::steady_clock;

constexpr const char* usage =
    "boato-bench-store: the durable store on the file system of a folder\n"
    "\n"
    "  boato-bench-store table [FOLDER]             all of it (two minutes, 1.3 GiB; FOLDER: here)\n"
    "  boato-bench-store write PAYLOAD N [FOLDER]   3 s of batches with N events of PAYLOAD bytes each\n"
    "  boato-bench-store fill FOLDER MIB            makes a store of so many MiB there, and leaves it\n"
    "\n"
    "  boato-bench-store table build\n"
    "  boato-bench-store fill a/store 1 && boato doctor a\n";

const TopicPath path{{DomainId{{1}}, 1}, TopicId{{2}}};
constexpr LogSlot slot{1};
constexpr std::size_t event_header = 32, batch_header = 116;  // as on the wire

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

struct Lab {
  explicit Lab(std::string where) : folder{std::move(where)} {
    std::filesystem::create_directories(folder);
    ::chmod(folder.c_str(), 0700);
    open();
  }
  void open() {
    store.reset();
    const SpaceLimits limits{.free_min = 0, .used_max_percent = 100, .reserve = 0};
    auto opened = Store::open({folder, nullptr, 1, limits, {}}, {}, [this](StoreAnswer&& answer) {
      const auto* persisted = std::get_if<Persisted>(&answer);
      if (persisted == nullptr) std::fputs("boato-bench-store: the store has failed\n", stderr), ::_exit(1);
      done = persisted->batch.raw();
      if (on_done) on_done();
    });
    if (!opened) std::fprintf(stderr, "boato-bench-store: %s\n", opened.error().detail.c_str()), ::_exit(1);
    store = std::move(*opened);
    send({OpenLog{slot, path.log}, KeepTopic{slot, path.topic, {}}});
  }
  void send(std::vector<PersistOp> ops) {
    const Persist batch{PersistNumber{++sent}, {}, std::move(ops)};
    while (!store->submit(batch)) ::usleep(100);
  }
  void append(std::uint16_t events, std::size_t payload) {
    const std::size_t size = batch_header + events * (event_header + payload);
    if (bytes.size() < size) {
      Rng rng{1};
      bytes.resize(size);
      for (std::byte& b : bytes) b = static_cast<std::byte>(rng.next());
    }
    std::memcpy(bytes.data(), &seq, sizeof seq);
    send({AppendBatch{slot,
                      path.topic,
                      PeerId{{7}},
                      Incarnation{1},
                      Seq{seq},
                      events,
                      seq,
                      {},
                      {},
                      pool.copy(Bytes{bytes}.first(size))}});
    seq += events;
  }
  void wait(std::uint64_t behind = 0) const {
    while (done + behind < sent) ::usleep(50);
  }

  const std::string folder;
  std::function<void()> on_done{};
  std::atomic<std::uint64_t> done = 0;
  std::uint64_t sent = 0, seq = 1;
  std::vector<std::byte> bytes{};
  SlabPool pool{};
  std::unique_ptr<Store> store{};
};

// As fast as it goes, with at most 1 MiB that is not answered; then one at a time.
void write(const std::string& folder, std::uint16_t events, std::size_t payload) {
  std::filesystem::remove_all(folder);
  Lab lab{folder};
  const std::size_t size = batch_header + events * (event_header + payload);
  const std::uint64_t window = std::max<std::size_t>(2, (1 << 20) / size);
  const std::uint64_t commits = lab.store->view().counts.commits, first = lab.seq;
  const auto begin = Clock::now();
  while (since(begin) < 3) {
    lab.append(events, payload);
    lab.wait(window);
  }
  lab.wait();
  const double seconds = since(begin);
  const auto all = static_cast<double>(lab.seq - first);
  ::usleep(50'000);  // what the last commit left to do
  const auto made = static_cast<double>(lab.store->view().counts.commits - commits);

  std::vector<double> waits;
  for (int i = 0; i < 500; ++i) {
    const auto asked = Clock::now();
    std::promise<void> answered;
    lab.on_done = [&] { answered.set_value(); };
    lab.append(events, payload);
    answered.get_future().wait();
    waits.push_back(since(asked) * 1e6);
  }
  lab.on_done = {};
  std::ranges::sort(waits);
  std::printf(
      "%6zu B x %3d  %9.0f events/s  %7.1f MB/s  %6.0f commits/s  persisted p50 %6.0f us  p99 %6.0f us\n",
      payload, events, all / seconds, all * static_cast<double>(payload) / seconds / 1e6, made / seconds,
      waits[250], waits[495]);
  std::fflush(stdout);
  lab.store.reset();
  std::filesystem::remove_all(folder);
}

void fill(Lab& lab, std::uint64_t bytes, std::uint16_t events, std::size_t payload) {
  const std::size_t size = batch_header + events * (event_header + payload);
  for (std::uint64_t n = bytes / size + 1; n > 0; --n) lab.append(events, payload);
  lab.wait();
}

void reopen(const std::string& folder, std::uint16_t events) {
  constexpr std::uint64_t gib = std::uint64_t{1} << 30;
  std::filesystem::remove_all(folder);
  Lab lab{folder};
  fill(lab, gib, events, 1024);
  lab.store.reset();
  const auto begin = Clock::now();
  lab.open();
  lab.wait();
  const double opened = since(begin);
  const auto reading = Clock::now();
  std::promise<std::uint64_t> done;
  static_cast<void>(lab.store->read([&](LogReader& reader) {
    std::uint64_t read = 0;
    for (RowId place = 0;;) {
      const auto slice = reader.arrived(path, place);
      if (!slice || !slice->faulty.empty()) break;
      for (const StoredBatch& batch : slice->batches) read += batch.count;
      if (slice->end) break;
      place = slice->next;
    }
    done.set_value(read);
  }));
  const std::uint64_t read = done.get_future().get();
  std::printf(
      "1 GiB of 1 KiB x %3d: open in %.2f s; catch-up reads %.0f events/s, %.0f MB/s, each verified%s\n",
      events, opened, static_cast<double>(read) / since(reading),
      static_cast<double>(read) * 1024 / since(reading) / 1e6, read + 1 == lab.seq ? "" : " (NOT ALL)");
  std::fflush(stdout);
  lab.store.reset();
  std::filesystem::remove_all(folder);
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "--help" || command == "-h") return std::fputs(usage, stdout), 0;
  if (command == "table" && argc <= 3) {
    const std::string folder = std::string{argc > 2 ? argv[2] : "."} + "/bench-store";
    for (const std::size_t payload : {std::size_t{100}, std::size_t{1024}})
      for (const std::uint16_t events : {std::uint16_t{1}, std::uint16_t{32}}) write(folder, events, payload);
    for (const std::uint16_t events : {std::uint16_t{1}, std::uint16_t{32}}) reopen(folder, events);
    return 0;
  }
  if (command == "write" && argc >= 4 && argc <= 5) {
    const auto events = static_cast<std::uint16_t>(std::clamp<std::uint64_t>(number(argv[3]), 1, 256));
    write(std::string{argc > 4 ? argv[4] : "."} + "/bench-store", events, number(argv[2]));
    return 0;
  }
  if (command == "fill" && argc == 4) {
    Lab lab{argv[2]};
    fill(lab, number(argv[3]) << 20, 4, 1024);
    return 0;
  }
  return std::fputs(usage, stderr), 2;
}
