// SPDX-License-Identifier: Apache-2.0
#include "node/host/host_store.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace boato {
namespace {

constexpr std::size_t read_bytes_max = std::size_t{256} << 10;

LogName log_of(const TopicId& topic) { return {DomainId{topic.raw}, 1}; }

}  // namespace

Result<std::unique_ptr<HostStore>> HostStore::open(const std::string& folder, std::uint64_t fresh_incarnation,
                                                   Inbox& inbox) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{Errc::bad_config, "the store " + folder + " cannot be made: " + std::strerror(errno)};
  std::unique_ptr<HostStore> made{new HostStore{inbox}};
  HostStore* self = made.get();
  auto store = Store::open({folder, nullptr, fresh_incarnation, {}, {}}, {}, [self](StoreAnswer&& answer) {
    self->inbox_.post([self, answer = std::move(answer)] { self->on_answer(answer); });
  });
  if (!store)
    return Error{Errc::bad_config, "the store " + folder + " cannot be used: " + store.error().detail +
                                       "; boato doctor says what to do"};
  made->store_ = std::move(*store);
  if (auto recovered = made->recover(folder); !recovered) return recovered.error();
  return made;
}

Result<void> HostStore::recover(const std::string& folder) {
  LogReader reader{folder, nullptr};
  const auto fail = [&](Errc why) {
    return Error{Errc::bad_config, "the store " + folder + " cannot be read (" + std::string{to_string(why)} +
                                       "); boato doctor says what to do"};
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
    for (const HeldStream& stream : *held)
      stored.streams.push_back(
          {{stream.publisher, stream.incarnation}, stream.floor, stream.held, stream.above});
  }
  return {};
}

void HostStore::persist(Persist batch) {
  waiting_.push_back(std::move(batch));
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
  if (std::exchange(failed_, true)) return;
  waiting_.clear();
  if (calls_.failed) calls_.failed();
}

void HostStore::answer_read(Read read) {
  inbox_.post([this, read = std::move(read)] {
    if (store_ && calls_.read) calls_.read(read);
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
  store_.reset();
  waiting_.clear();
}

}  // namespace boato
