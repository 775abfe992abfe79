// SPDX-License-Identifier: Apache-2.0
// Frames travel as they are: no handshake bytes, no records, bodies by reference. Each flow of a link keeps
// its order, flows overtake each other, as they may in the records of a real link. What a real host would
// refuse to queue is refused here by the same rules.
#pragma once

#include "tools/sim/transport.hpp"

namespace boato::sim {

class LightTransport final : public Transport {
 public:
  using Transport::Transport;
  void send(Time now, std::uint32_t from, LinkId link, Flow flow, Bytes envelope, EventRef body) override;
  void close(Time now, std::uint32_t from, LinkId link, CloseReason why) override;
  void on_arrival(Time now, std::uint32_t slot) override;
  void on_look(Time now, std::uint32_t key) override;

 private:
  [[nodiscard]] bool has_room(Time now, std::uint32_t connection, std::uint8_t end, Flow flow,
                              std::size_t bytes);
  EventRef forged(std::uint32_t from, const EventRef& body);
  void connected(Time now, std::uint32_t connection, std::unique_ptr<DialWish> wish) override;
  void end_closed(std::uint32_t /*connection*/, std::uint8_t /*end*/) override {}
  void tell_up(std::uint32_t connection, std::uint8_t end) override;
  void tell_down(std::uint32_t connection, std::uint8_t end, CloseReason why) override;
};

}  // namespace boato::sim
