// SPDX-License-Identifier: Apache-2.0
// Real links over simulated byte pipes: handshake, records, flow classes, budgets, and bytes that come in
// pieces of any size. For small worlds, where the join between core and link is on trial.
#pragma once

#include "overlay/link/link.hpp"
#include "tools/sim/transport.hpp"

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace boato::sim {

class FullTransport final : public Transport {
 public:
  FullTransport(TransportHost& host, EventHeap& heap, Conditions& conditions, Rng rng, const Crypto& crypto,
                const NetworkId& network, SlabPool& slabs);
  ~FullTransport() override;
  void send(Time now, std::uint32_t from, LinkId link, Flow flow, Bytes envelope, EventRef body) override;
  void close(Time now, std::uint32_t from, LinkId link, CloseReason why) override;
  void on_arrival(Time now, std::uint32_t slot) override;
  void on_look(Time now, std::uint32_t key) override;

 private:
  // What one start of a peer's process brings to its links.
  struct Setup {
    Identity identity;
    std::vector<std::byte> record;
    LinkSetup link;
  };
  struct Ends {
    std::array<std::unique_ptr<Link>, 2> link;
    std::array<std::shared_ptr<Setup>, 2> setup;
    std::array<bool, 2> told{};      // the core knows the link
    std::unique_ptr<DialWish> wish;  // of the dialler, until it is told
  };
  class Receiver;

  void connected(Time now, std::uint32_t connection, std::unique_ptr<DialWish> wish) override;
  void end_closed(std::uint32_t connection, std::uint8_t end) override;
  void tell_down(std::uint32_t connection, std::uint8_t end, CloseReason why) override;
  void tell_up(std::uint32_t /*connection*/, std::uint8_t /*end*/) override {}
  std::shared_ptr<Setup> setup_of(std::uint32_t peer);
  void pump(Time now, std::uint32_t connection, std::uint8_t end);
  void finish(Time now, std::uint32_t connection, std::uint8_t end);
  void end_soon(Time now, std::uint32_t connection, std::uint8_t end, CloseReason why);

  const Crypto& crypto_;
  NetworkId network_;
  SlabPool& slabs_;
  std::map<std::uint32_t, Ends> ends_;
  std::map<std::uint32_t, std::shared_ptr<Setup>> setups_;  // by peer, of its present start
  std::vector<std::byte> out_;
  std::uint32_t receiving_ =
      ~std::uint32_t{0};  // this link is inside receive(): what is queued waits until it returns
};

}  // namespace boato::sim
