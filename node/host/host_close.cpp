// SPDX-License-Identifier: Apache-2.0
// How a peer ends: others take what was accepted, goodbye is said, links are flushed and closed.
#include "node/host/clock.hpp"
#include "node/host/host.hpp"

#include <algorithm>

namespace boato {

CloseReport Host::close(Duration within) {
  std::lock_guard one{closing_};
  if (!thread_.joinable()) return report_;
  const auto deadline = std::chrono::steady_clock::now() + within;
  common_->outboxes->close();
  common_->inbox.post([this, within] { begin_close(within); });
  thread_.join();
  common_->delivery->stop(std::max(deadline, std::chrono::steady_clock::now()));
  return report_;
}

void Host::begin_close(Duration within) {
  if (phase_ != Phase::running) return;
  now_ = monotonic_now();
  close_by_ = now_ + within;
  topics_->close_outboxes();
  network_->stop_accepting();
  log_->line(now_, LinkId{}, "node.drain", {.n = topics_->waiting() + topics_->untaken()});
  enter(Phase::draining);
}

void Host::enter(Phase phase) {
  phase_ = phase;
  again_ = true;  // look at once, and not only when a socket has something
}

void Host::step_close() {
  const bool over = now_ >= close_by_;
  switch (phase_) {
    case Phase::running:
    case Phase::ended: return;
    case Phase::draining: {
      const std::uint64_t unsent = topics_->waiting() + topics_->untaken();
      if (unsent > 0 && !over) return;
      if (core_->should_stay(now_) && !over) return;
      report_.unsent = report_.unstored = unsent;
      core_->leave(now_);
      carry_out();
      network_->flush(now_);
      phase_by_ = std::min(close_by_, now_ + parts_.settings.flush_within);
      return enter(Phase::leaving);
    }
    case Phase::leaving:
      if (!network_->flushed() && now_ < phase_by_) return;
      report_.left_cleanly = network_->flushed();
      network_->close_all(now_, CloseReason::leaving);
      network_->flush(now_);
      phase_by_ = std::min(close_by_, now_ + parts_.settings.flush_within);
      return enter(Phase::closing);
    case Phase::closing:
      network_->flush(now_);
      if (!network_->empty() && now_ < phase_by_) return;
      phase_ = Phase::ended;
      uv_stop(&loop_);
      return;
  }
}

// The loop has stopped. Everything that holds event memory goes here, on the thread that counts it.
void Host::end() {
  phase_ = Phase::ended;
  common_->inbox.close();
  for (const auto& survey : surveys_) survey->finish();
  surveys_.clear();
  topics_->close(common_->home->slabs());
  topics_.reset();
  network_.reset();
  core_.reset();
  if (store_) store_->close();  // what was accepted is on disk when this returns
  records_.reset();
  common_->outboxes->drop_spares();
  common_->home->close();

  for (auto* handle : {reinterpret_cast<uv_handle_t*>(&async_), reinterpret_cast<uv_handle_t*>(&timer_),
                       reinterpret_cast<uv_handle_t*>(&tick_timer_),
                       reinterpret_cast<uv_handle_t*>(&prepare_), reinterpret_cast<uv_handle_t*>(&check_)})
    uv_close(handle, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);  // until the last handle and name lookup is gone
  uv_loop_close(&loop_);
  loop_open_ = false;
  std::lock_guard lock{mutex_};
  ended_ = true;
  changed_.notify_all();
}

}  // namespace boato
