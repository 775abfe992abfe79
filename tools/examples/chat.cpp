// SPDX-License-Identifier: Apache-2.0
// A chat between peers: what is typed goes to everybody in the room, what others type is printed.
//   example-chat NAME                        the first one; prints the address for the others
//   example-chat NAME 127.0.0.1:40123        joins through that address
// Everything runs in the main thread: poll() waits for the keyboard and for events at once.
#include <boato/boato.hpp>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

constexpr std::chrono::seconds patience{5};

int give_up(const boato::Error& error, int exit) {
  std::fprintf(stderr, "chat: %s\n", error.detail.c_str());
  return exit;
}

void print(const boato::Item& item, const boato::PeerId& self) {
  if (const auto* event = std::get_if<boato::Event>(&item)) {
    if (event->id().publisher == self) return;  // a peer's own events come too
    const boato::Value* who = event->find("from");
    const auto* name = who != nullptr ? std::get_if<std::string_view>(who) : nullptr;
    std::printf("%s: %s\n", std::string(name != nullptr ? *name : "?").c_str(),
                std::string(event->text()).c_str());
  } else if (const auto* gap = std::get_if<boato::Gap>(&item)) {
    std::printf("(%llu lines are lost)\n", static_cast<unsigned long long>(gap->last - gap->first + 1));
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return std::fputs("usage: example-chat NAME [ADDRESS]\n", stderr), 2;
  boato::Options options;
  options.name = argv[1];
  if (argc > 2) options.join = {argv[2]};
  auto peer = boato::Peer::start(options);
  if (!peer) return give_up(peer.error(), 1);
  if (auto joined = peer->ready(patience); !joined) return give_up(joined.error(), 3);
  auto room = peer->topic("chat/room");
  if (!room) return give_up(room.error(), 1);
  auto lines = peer->subscribe("chat/room");
  if (!lines) return give_up(lines.error(), 1);
  std::printf("others join with: example-chat NAME %s\n", peer->addresses().front().c_str());
  std::fflush(stdout);

  boato::PublishOptions from{.attributes = {{"from", std::string_view{argv[1]}}}};
  std::string typed;
  std::array<pollfd, 2> wait{{{STDIN_FILENO, POLLIN, 0}, {lines->poll_fd(), POLLIN, 0}}};
  while (::poll(wait.data(), wait.size(), -1) >= 0) {
    auto items = lines->poll(boato::Duration{0});
    if (!items) break;
    for (const boato::Item& item : *items) print(item, peer->id());
    if (wait[0].revents == 0) continue;
    std::array<char, 4096> some{};
    const ssize_t got = ::read(STDIN_FILENO, some.data(), some.size());
    if (got <= 0) break;
    typed.append(some.data(), static_cast<std::size_t>(got));
    for (std::size_t end = typed.find('\n'); end != std::string::npos; end = typed.find('\n')) {
      auto sent = room->publish(boato::bytes(std::string_view{typed}.substr(0, end)), from);
      if (!sent) return give_up(sent.error(), 1);
      typed.erase(0, end + 1);
    }
  }
  const auto closed = peer->close(patience);
  return closed && closed->unsent == 0 ? 0 : 8;
}
