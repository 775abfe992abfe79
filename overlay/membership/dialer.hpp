// SPDX-License-Identifier: Apache-2.0
// Grants wishes for links within a budget: machines wish, the dialer says which dial starts now. One wish per
// peer (per first address where the peer is not known); peers that have a link are skipped; a peer that
// failed waits before the next try. Knows peers, addresses and time; does not know why a link is wanted, nor
// sockets: the host tries all addresses of a wish and reports one result. Limits: wishes_max waiting (600 B
// each), known_max and backoffs_max of 16 to 48 B.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/close_reason.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace boato {

struct DialerConfig {
  std::size_t wishes_max = 128;        // more: the oldest wish is dropped
  std::size_t parallel_max = 8;        // dials under way
  std::size_t parallel_mass_max = 16;  // the same while a mass death is being repaired
  std::uint32_t fresh_per_second = 8;  // to peers never authenticated: we are nobody's weapon
  std::uint32_t known_per_second = 32;
  std::size_t known_max = 512;     // peers once authenticated, 8 B each; the oldest is forgotten
  std::size_t backoffs_max = 256;  // 24 B each; the one that ends first is forgotten
  Duration wish_life = std::chrono::seconds{5};
  Duration result_within =
      std::chrono::seconds{8};  // a host that never reports cannot block a place for ever
  Duration retry_first = std::chrono::milliseconds{500};
  Duration retry_max = std::chrono::seconds{10};
  Duration after_full = std::chrono::seconds{10};
  // Shorter than what is owed is kept: who is surrounded by liars must be able to ask each of them again. A
  // liar costs us a handshake and a signature in this time.
  Duration after_protocol = std::chrono::seconds{10};
  Duration after_denied = std::chrono::seconds{60};
};

class Dialer {
 public:
  Dialer(const DialerConfig& config, const Self& self, const LinkTable& links, Rng rng);

  void on_wish(Time now, const DialWish& wish);
  // The next dial to start now, if any; the caller starts it and reports. Call until it gives none.
  std::optional<DialWish> take(Time now);
  // How a granted dial ended. Success is also seen by on_link_up.
  void on_result(Time now, const DialWish& dial, bool ok);
  void on_link_up(Time now, const LinkInfo& link);
  void on_link_down(Time now, const LinkInfo& link, CloseReason why);
  void set_mass_death(bool on);

  [[nodiscard]] Time next_deadline() const { return next_; }  // when take() may have something again
  [[nodiscard]] std::size_t waiting() const { return wishes_.size(); }
  [[nodiscard]] std::size_t under_way() const { return flights_.size(); }
  void check_invariants() const;

 private:
  struct Wish {
    DialWish dial;
    std::uint64_t key = 0;  // key_of(dial)
    bool known = false;     // once authenticated, as far as remembered when it was wished
    Time not_before{};      // its peer failed or sent us away
    Time until{};
  };
  struct Backoff {
    std::uint64_t key = 0;
    Time until{};
    std::uint32_t failures = 0;
  };
  struct Bucket {  // tokens in millionths, so that refilling is exact
    std::int64_t tokens = 0;
    Time filled{};
  };

  static std::uint64_t key_of(const DialWish& wish);
  [[nodiscard]] bool known(std::uint64_t key) const;
  void remember(std::uint64_t key);
  Backoff* backoff(std::uint64_t key);
  void back_off(Time now, std::uint64_t key, Duration least, bool grow);
  [[nodiscard]] Time ready_at(const Wish& wish) const;
  static void refill(Bucket& bucket, std::uint32_t rate, Time now);
  [[nodiscard]] Time token_at(const Bucket& bucket, std::uint32_t rate) const;
  void expire(Time now);
  [[nodiscard]] std::size_t places() const {
    return mass_death_ ? config_.parallel_mass_max : config_.parallel_max;
  }
  [[nodiscard]] Time soonest() const;
  void changed() { next_ = soonest(); }

  const DialerConfig config_;
  const Self& self_;
  const LinkTable& links_;
  Rng rng_;
  std::vector<Wish> wishes_;   // in order of arrival
  std::vector<Wish> flights_;  // dials under way
  std::vector<Backoff> backoffs_;
  std::vector<std::uint64_t> known_;  // a ring
  std::size_t known_next_ = 0;
  Bucket fresh_bucket_, known_bucket_;
  bool mass_death_ = false;
  Time next_ = never;  // soonest(), kept: it is asked for after every handler
};

}  // namespace boato
