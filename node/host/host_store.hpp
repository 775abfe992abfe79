// SPDX-License-Identifier: Apache-2.0
// The store of a peer that has a data folder, between the core and node/store: what the core wants kept goes
// in, answers come back to the loop thread in the order of the questions. What the store has no room for just
// now waits here; the core asks for no more than its own bound. All methods on the loop thread, but open().
#pragma once

#include <boato/result.hpp>

#include "node/host/inbox.hpp"
#include "node/store/store.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/replica/stored.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boato {

class HostStore {
 public:
  struct Read {
    ReadWish wish;
    std::vector<std::vector<std::byte>> batches;
  };
  // What it calls, on the loop thread.
  struct Calls {
    std::function<void(const Persisted&)> persisted;
    std::function<void()> failed;
    std::function<void(const Read&)> read;
  };

  // Opens or makes the store in `folder`, which belongs to this process. Errors: bad_config, with what to do.
  [[nodiscard]] static Result<std::unique_ptr<HostStore>> open(const std::string& folder,
                                                               std::uint64_t fresh_incarnation, Inbox& inbox);
  void start(Calls calls) { calls_ = std::move(calls); }
  // What it held when it was opened.
  [[nodiscard]] std::vector<StoredTopic>& state() { return state_; }

  void persist(Persist batch);
  void read(const ReadWish& wish);
  // Commits what was accepted; answers nothing any more.
  void close();

  [[nodiscard]] Store::View view() const { return store_ ? store_->view() : Store::View{}; }

 private:
  explicit HostStore(Inbox& inbox) : inbox_{inbox} {}
  Result<void> recover(const std::string& folder);
  void submit();
  void on_answer(const StoreAnswer& answer);
  void answer_read(Read read);

  Inbox& inbox_;
  Calls calls_;
  std::vector<StoredTopic> state_;
  std::deque<Persist> waiting_;
  bool failed_ = false;
  std::unique_ptr<Store> store_;
};

}  // namespace boato
