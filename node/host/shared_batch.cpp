// SPDX-License-Identifier: Apache-2.0
#include "node/host/shared_batch.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/check.hpp"
#include "overlay/wire/attributes.hpp"

#include <algorithm>

namespace boato {
namespace {

std::uint32_t number_at(const std::byte* event, std::size_t offset) {
  return get_be<std::uint32_t>(event + offset);
}

std::size_t event_size(const std::byte* event) {
  return wire::event_header_bytes + number_at(event, 20) + number_at(event, 24) + number_at(event, 28);
}

}  // namespace

wire::EventView SharedBatch::view(std::uint32_t index) const {
  wire::EventView out;
  wire::EventCursor cursor{Bytes{events[index], event_size(events[index])}};
  const bool whole = cursor.next(out);
  BOATO_CHECK(whole);
  return out;
}

std::size_t SharedBatch::cost(std::uint32_t index, std::uint32_t count) const {
  if (count == 0) return 0;
  const std::byte* last = events[index + count - 1];
  return static_cast<std::size_t>(last - events[index]) + event_size(last);
}

bool SharedBatch::look_through(std::uint32_t index) {
  if (plain) return true;
  if (!read.load(std::memory_order_acquire)) {
    std::lock_guard lock{reading};
    if (!read.load(std::memory_order_relaxed)) {
      attributes.clear();
      ends.clear();
      refused.assign(events.size(), false);
      std::vector<Attribute> own;
      for (std::uint32_t i = 0; i < events.size(); ++i) {
        const wire::EventView event = view(i);
        wire::EventExt ext;
        const bool fine = wire::decode_attributes(event.attributes, own) && wire::decode_ext(event.ext, ext);
        if (fine)
          attributes.insert(attributes.end(), own.begin(), own.end());
        else
          refused[i] = true;
        ends.push_back(static_cast<std::uint32_t>(attributes.size()));
      }
      home->count_refused(static_cast<std::uint64_t>(std::ranges::count(refused, true)));
      read.store(true, std::memory_order_release);
    }
  }
  return !refused[index];
}

BatchHome::~BatchHome() {
  for (SharedBatch* batch : idle_) delete batch;
}

SharedBatch* BatchHome::lend(const EventRef& bytes, const std::string* topic, std::uint8_t hops) {
  SharedBatch* batch = nullptr;
  if (idle_.empty()) {
    batch = new SharedBatch;
  } else {
    batch = idle_.back();
    idle_.pop_back();
  }
  const auto parsed = wire::parse_batch(bytes.bytes(), wire::payload_bytes_limit);
  BOATO_CHECK(parsed.has_value());  // the core delivers what it has parsed
  batch->home = shared_from_this();
  batch->bytes = bytes;
  batch->topic = topic;
  batch->publisher = parsed->publisher;
  batch->incarnation = parsed->incarnation.raw();
  batch->first = parsed->first.raw();
  batch->hops = hops;
  batch->plain = true;
  const std::byte* at = parsed->events.data();
  for (std::uint16_t i = 0; i < parsed->count; ++i) {
    batch->events.push_back(at);
    if (number_at(at, 20) != 0 || number_at(at, 24) != 0) batch->plain = false;
    at += event_size(at);
  }
  batch->refs.store(1, std::memory_order_relaxed);
  lent_bytes_.fetch_add(bytes.size(), std::memory_order_relaxed);
  return batch;
}

void BatchHome::clean(SharedBatch* batch) {
  lent_bytes_.fetch_sub(batch->bytes.size(), std::memory_order_relaxed);
  batch->bytes = EventRef{};
  batch->events.clear();
  batch->read.store(false, std::memory_order_relaxed);
}

void BatchHome::give_back(SharedBatch* batch) {
  // Moved out first: it may be the last owner, and the lock must be free when it goes.
  const std::shared_ptr<BatchHome> home = std::move(batch->home);
  std::function<void()> wake;
  {
    std::lock_guard lock{home->mutex_};
    if (!home->open_) {
      home->clean(batch);
      delete batch;
      return;
    }
    home->returned_.push_back(batch);
    const std::size_t before = home->returned_bytes_;
    home->returned_bytes_ += batch->bytes.size();
    if (before < pressure_bytes && home->returned_bytes_ >= pressure_bytes) wake = home->wake_;
    home->any_returned_.store(true, std::memory_order_release);
  }
  if (wake) wake();
}

void BatchHome::collect() {
  if (!any_returned_.load(std::memory_order_acquire)) return;
  {
    std::lock_guard lock{mutex_};
    taken_back_.swap(returned_);
    returned_bytes_ = 0;
    any_returned_.store(false, std::memory_order_relaxed);
  }
  for (SharedBatch* batch : taken_back_) {
    clean(batch);
    if (idle_.size() < idle_max)
      idle_.push_back(batch);
    else
      delete batch;
  }
  taken_back_.clear();
}

void BatchHome::on_pressure(std::function<void()> wake) {
  std::lock_guard lock{mutex_};
  wake_ = std::move(wake);
}

void BatchHome::close() {
  std::lock_guard lock{mutex_};
  open_ = false;
  wake_ = nullptr;
  for (SharedBatch* batch : returned_) {
    clean(batch);
    delete batch;
  }
  returned_.clear();
}

}  // namespace boato
