// SPDX-License-Identifier: Apache-2.0
#include "node/host/host_store.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace boato {
namespace {

constexpr std::size_t read_bytes_max = std::size_t{256} << 10;

// What is held and can be shown: rows that do not check count as missing, so that they are fetched from
// another replica and mended by being kept again.
StoredStream sound(const HeldStream& stream) {
  std::vector<SeqRange> runs;
  if (stream.held > stream.floor) runs.push_back({next(stream.floor), stream.held});
  runs.insert(runs.end(), stream.above.begin(), stream.above.end());
  for (const SeqRange& bad : stream.faulty) {
    std::vector<SeqRange> left;
    for (const SeqRange& run : runs) {
      if (bad.last < run.first || run.last < bad.first) {
        left.push_back(run);
        continue;
      }
      if (run.first < bad.first) left.push_back({run.first, Seq{bad.first.raw() - 1}});
      if (bad.last < run.last) left.push_back({next(bad.last), run.last});
    }
    runs = std::move(left);
  }
  StoredStream stored{{stream.publisher, stream.incarnation}, stream.floor, stream.floor, {}};
  for (const SeqRange& run : runs) {
    if (stored.above.empty() && run.first == next(stored.upto))
      stored.upto = run.last;
    else
      stored.above.push_back(run);
  }
  return stored;
}

LogName log_of(const TopicId& topic) { return {DomainId{topic.raw}, 1}; }

}  // namespace

Result<std::unique_ptr<HostStore>> HostStore::open(const std::string& folder, std::uint64_t fresh_incarnation,
                                                   Inbox& inbox) {
  std::unique_ptr<HostStore> made{new HostStore{folder, fresh_incarnation, inbox}};
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0 && errno == ENOENT) return made;
  if (auto opened = made->make(); !opened) return opened.error();
  if (auto recovered = made->recover(); !recovered) return recovered.error();
  return made;
}

Result<void> HostStore::make() {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{Errc::bad_config, "the store " + folder_ + " cannot be made: " + std::strerror(errno)};
  auto store = Store::open({folder_, nullptr, incarnation_, {}, {}}, {}, [this](StoreAnswer&& answer) {
    inbox_.post([this, answer = std::move(answer)] { on_answer(answer); });
  });
  if (!store)
    return Error{Errc::bad_config, "the store " + folder_ + " cannot be used: " + store.error().detail +
                                       "; boato doctor says what to do"};
  store_ = std::move(*store);
  return {};
}

Result<void> HostStore::recover() {
  LogReader reader{folder_, nullptr};
  const auto fail = [&](Errc why) {
    return Error{Errc::bad_config, "the store " + folder_ + " cannot be read (" +
                                       std::string{to_string(why)} + "); boato doctor says what to do"};
  };
  const auto logs = reader.logs();
  if (!logs) return fail(logs.error());
  const auto topics = reader.topics();
  if (!topics) return fail(topics.error());
  for (const KeptTopic& topic : *topics) {
    StoredTopic& stored = state_.emplace_back();
    stored.topic = topic.path.topic;
    for (const KeptLog& log : *logs)
      if (log.name == topic.path.log) stored.genesis = log.meta.config;
    const auto held = reader.held(topic.path);
    if (!held) return fail(held.error());
    for (const HeldStream& stream : *held) stored.streams.push_back(sound(stream));
  }
  return {};
}

void HostStore::fail(std::string why) {
  if (std::exchange(failed_, true)) return;
  why_ = std::move(why);
  waiting_.clear();
  if (calls_.failed) calls_.failed();
}

void HostStore::persist(Persist batch) {
  if (failed_ || closed_) return;
  waiting_.push_back(std::move(batch));
  if (!store_)
    if (const auto made = make(); !made) {
      // Not from inside the core, which has just asked.
      inbox_.post([this, why = made.error().detail] { fail(why); });
      return;
    }
  submit();
}

void HostStore::submit() {
  while (!waiting_.empty() && store_ && !failed_) {
    const auto taken = store_->submit(waiting_.front());
    if (!taken && taken.error() == Errc::would_block) return;  // again after the next answer
    waiting_.pop_front();
  }
}

void HostStore::on_answer(const StoreAnswer& answer) {
  if (!store_) return;
  if (const auto* persisted = std::get_if<Persisted>(&answer)) {
    if (calls_.persisted) calls_.persisted(*persisted);
    return submit();
  }
  fail(store_->view().why);
}

void HostStore::answer_read(Read read) {
  inbox_.post([this, read = std::move(read)] {
    if (!closed_ && calls_.read) calls_.read(read);
  });
}

void HostStore::read(const ReadWish& wish) {
  const auto taken = !store_ ? Errc::closed : [&] {
    const auto done = store_->read([this, wish](LogReader& reader) {
      Read read{wish, {}};
      SliceLimits limits;
      limits.bytes_max = read_bytes_max;
      auto slice =
          reader.stream({wish.id, wish.publisher, wish.incarnation}, log_of(wish.id), wish.first, limits);
      if (slice)
        for (StoredBatch& batch : slice->batches)
          if (batch.first <= wish.last) read.batches.push_back(std::move(batch.bytes));
      answer_read(std::move(read));
    });
    return done ? Errc{} : done.error();
  }();
  if (taken != Errc{}) answer_read({wish, {}});  // who asked asks another replica
}

void HostStore::close() {
  closed_ = true;
  store_.reset();
  waiting_.clear();
}

}  // namespace boato
