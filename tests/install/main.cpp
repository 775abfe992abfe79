// SPDX-License-Identifier: Apache-2.0
// What an outsider writes first, built against the installed library only: publish, and hear it.
#include <boato/boato.hpp>

#include <cstdio>
#include <string>

int main() {
  auto peer = boato::Peer::start({.listen = {}});
  if (!peer) return std::puts(peer.error().detail.c_str()), 1;
  auto heard = peer->subscribe("hello/#");
  auto topic = peer->topic("hello/world");
  if (!heard || !topic || !topic->publish(boato::bytes("rumour"))) return 2;
  for (int i = 0; i < 20; ++i) {
    auto items = heard->poll(std::chrono::seconds{1});
    if (!items) return 3;
    for (const boato::Item& item : *items) {
      const auto* event = std::get_if<boato::Event>(&item);
      if (!event || event->text() != "rumour") continue;
      std::printf("boato %s: heard it on %s\n", std::string{boato::version}.c_str(),
                  std::string{event->topic()}.c_str());
      return peer->close() ? 0 : 4;
    }
  }
  return 5;
}
