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

  // Opens the store in `folder`, which belongs to this process, if there is one: a peer that was never a
  // replica has none, and it is made for the first thing to be kept. Errors: bad_config, with what to do.
  [[nodiscard]] static Result<std::unique_ptr<HostStore>> open(const std::string& folder,
                                                               std::uint64_t fresh_incarnation, Inbox& inbox);
  void start(Calls calls) { calls_ = std::move(calls); }
  // What it held when it was opened.
  [[nodiscard]] std::vector<StoredTopic>& state() { return state_; }

  void persist(Persist batch);
  void read(const ReadWish& wish);
  // Commits what was accepted; answers nothing any more.
  void close();

  // Why it has failed.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  HostStore(std::string folder, std::uint64_t incarnation, Inbox& inbox)
      : folder_{std::move(folder)}, incarnation_{incarnation}, inbox_{inbox} {}
  Result<void> make();
  Result<void> recover();
  void fail(std::string why);
  void submit();
  void on_answer(const StoreAnswer& answer);
  void answer_read(Read read);

  const std::string folder_;
  const std::uint64_t incarnation_;  // of a store that is made
  Inbox& inbox_;
  Calls calls_;
  std::vector<StoredTopic> state_;
  std::deque<Persist> waiting_;
  bool failed_ = false, closed_ = false;
  std::string why_;  // it has failed
  std::unique_ptr<Store> store_;
};

}  // namespace boato
