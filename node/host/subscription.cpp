// SPDX-License-Identifier: Apache-2.0
#include <boato/subscription.hpp>

#include "node/host/peer_common.hpp"
#include "node/host/subscription_state.hpp"

namespace boato {

Subscription SubscriptionAccess::make(std::shared_ptr<SubscriptionState> state) {
  Subscription subscription;
  subscription.state_ = std::move(state);
  return subscription;
}

Subscription::Subscription(Subscription&&) noexcept = default;

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Subscription::~Subscription() { cancel(); }

Result<std::vector<Item>> Subscription::poll(Duration within, std::size_t items_max) {
  if (!state_) return Error{Errc::closed, "this subscription was moved from, or never made"};
  return state_->poll(within, items_max);
}

int Subscription::poll_fd() const { return state_ ? state_->poll_fd() : -1; }

void Subscription::pause() {
  if (state_) state_->pause();
}

void Subscription::resume() {
  if (state_) state_->resume();
}

void Subscription::cancel() {
  if (state_) state_->cancel();
}

}  // namespace boato
