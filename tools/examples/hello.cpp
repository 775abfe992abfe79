// SPDX-License-Identifier: Apache-2.0
// One event to everybody who listens, this program included.
//   example-hello                    the first peer of an overlay
//   example-hello 127.0.0.1:7470     joins through that peer
#include <boato/boato.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  boato::Options options;
  if (argc > 1) options.join = {argv[1]};  // an address of any peer
  auto peer = boato::Peer::start(options);
  if (!peer) return std::puts(peer.error().detail.c_str()), 1;
  auto sub = peer->subscribe("hello/#", {}, [](const boato::Item& item) {
    if (auto* event = std::get_if<boato::Event>(&item))
      std::printf("%s\n", std::string(event->text()).c_str());
  });
  if (!peer->ready(std::chrono::seconds{5})) return 3;
  auto topic = peer->topic("hello/world");
  if (!topic) return std::puts(topic.error().detail.c_str()), 1;
  auto sent = topic->publish(boato::bytes("bom dia"));
  if (!sent || !sent->wait(std::chrono::seconds{5})) return 6;
  return peer->close()->unsent == 0 ? 0 : 8;
}
