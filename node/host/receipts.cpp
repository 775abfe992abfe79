// SPDX-License-Identifier: Apache-2.0
#include "node/host/receipts.hpp"

#include <algorithm>
#include <chrono>

namespace boato {

void SeqSet::add(Seq first, Seq last) {
  std::uint64_t a = first.raw(), b = last.raw();
  if (b <= upto_) return;
  if (a <= upto_ + 1) {
    upto_ = b;
    auto run = above_.begin();
    for (; run != above_.end() && run->first <= upto_ + 1; ++run) upto_ = std::max(upto_, run->second);
    above_.erase(above_.begin(), run);
    return;
  }
  auto begin = std::ranges::lower_bound(above_, a, {}, [](const auto& r) { return r.second + 1; });
  auto end = begin;
  for (; end != above_.end() && end->first <= b + 1; ++end) {
    a = std::min(a, end->first);
    b = std::max(b, end->second);
  }
  if (begin == end) {
    above_.insert(begin, {a, b});
  } else {
    *begin = {a, b};
    above_.erase(std::next(begin), end);
  }
}

bool SeqSet::holds(Seq seq) const {
  if (seq.raw() <= upto_) return true;
  const auto run =
      std::ranges::lower_bound(above_, seq.raw(), {}, &std::pair<std::uint64_t, std::uint64_t>::second);
  return run != above_.end() && run->first <= seq.raw();
}

std::optional<Receipt> ReceiptBook::answer(Seq seq, std::uint32_t copies) const {
  Receipt receipt;
  receipt.id = {self_, incarnation_.raw(), seq.raw()};
  for (std::uint32_t k = static_cast<std::uint32_t>(taken_.size()); k >= copies; --k) {
    if (!taken_[k - 1].holds(seq)) continue;
    receipt.reached = ReceiptLevel::stored;
    receipt.stored_by = k;
    return receipt;
  }
  if (!alone_.holds(seq)) return std::nullopt;
  receipt.reached = ReceiptLevel::accepted;
  return receipt;
}

void ReceiptBook::on_taken(const TakenNotice& taken) {
  std::lock_guard lock{mutex_};
  const std::uint32_t holders = std::min(taken.holders, copies_max);
  if (holders == 0) alone_.add(taken.first, taken.last);
  if (taken_.size() < holders) taken_.resize(holders);
  for (std::uint32_t k = 0; k < holders; ++k) taken_[k].add(taken.first, taken.last);
  if (waiting_ > 0) changed_.notify_all();
  auto at = callbacks_.lower_bound(taken.first.raw());
  while (at != callbacks_.end() && at->first <= taken.last.raw()) {
    auto receipt = answer(Seq{at->first}, at->second.copies);
    if (!receipt) {
      ++at;
      continue;
    }
    run_([callback = std::move(at->second.callback), result = Result<Receipt>{*receipt}] {
      callback(result);
    });
    at = callbacks_.erase(at);
  }
}

void ReceiptBook::set_minority(std::optional<Error> why) {
  std::lock_guard lock{mutex_};
  minority_ = std::move(why);
  if (!minority_) return;
  changed_.notify_all();
  for (auto& [seq, pending] : callbacks_) {
    run_(
        [callback = std::move(pending.callback), result = Result<Receipt>{*minority_}] { callback(result); });
  }
  callbacks_.clear();
}

void ReceiptBook::close() {
  std::lock_guard lock{mutex_};
  closed_ = true;
  changed_.notify_all();
  for (auto& [seq, pending] : callbacks_) {
    run_([callback = std::move(pending.callback)] {
      callback(Error{Errc::closed, "the peer was closed before anyone confirmed the event"});
    });
  }
  callbacks_.clear();
}

Result<Receipt> ReceiptBook::wait(Seq seq, std::uint32_t copies, Duration within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  std::unique_lock lock{mutex_};
  ++waiting_;
  std::optional<Receipt> receipt;
  changed_.wait_until(lock, deadline, [&] {
    receipt = answer(seq, copies);
    return receipt || closed_ || minority_;
  });
  --waiting_;
  if (receipt) return *receipt;
  if (minority_) return *minority_;
  if (closed_) return Error{Errc::closed, "the peer was closed before anyone confirmed the event"};
  return Error{Errc::timeout, "nobody has confirmed the event yet; this peer goes on trying"};
}

void ReceiptBook::when(Seq seq, std::uint32_t copies, Callback callback) {
  std::lock_guard lock{mutex_};
  if (const auto receipt = answer(seq, copies)) {
    run_([callback = std::move(callback), result = Result<Receipt>{*receipt}] { callback(result); });
  } else if (minority_) {
    run_([callback = std::move(callback), result = Result<Receipt>{*minority_}] { callback(result); });
  } else if (closed_) {
    run_([callback = std::move(callback)] { callback(Errc::closed); });
  } else {
    callbacks_.emplace(seq.raw(), Pending{copies, std::move(callback)});
  }
}

}  // namespace boato
