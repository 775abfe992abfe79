// SPDX-License-Identifier: Apache-2.0
#include "node/host/addresses.hpp"
#include "tests/host/lab.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

namespace boato {
namespace {

int connect_to(const std::string& address) {
  const auto endpoint = parse_endpoint(address);
  const SocketAddress target = to_socket(*endpoint->address);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(fd, target.get(), target.size), 0);
  return fd;
}

double metric(const Peer& peer, std::string_view name) {
  double sum = 0;
  for (const Metric& each : peer.metrics())
    if (each.name == name) sum += each.value;
  return sum;
}

TEST(Strangers, AThousandHalfOpenConnectionsDoNotDisturbDelivery) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &files);
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("news", {}, heard.handler());
  Topic topic = heard_by(a, "news", 1);

  std::vector<int> strangers;
  for (int i = 0; i < 1000; ++i) strangers.push_back(connect_to(a.addresses().front()));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(topic.publish(bytes("x")));
  Peer late = joined(a);

  EXPECT_EQ(heard.events(100).size(), 100U);
  EXPECT_LE(metric(a, "boato_strangers"), 256);
  EXPECT_GE(metric(a, "boato_links"), 2);
  for (const int fd : strangers) ::close(fd);
}

TEST(Strangers, NoiseIsAnsweredWithSilenceAndCounted) {
  Peer a = started();
  const int fd = connect_to(a.addresses().front());
  const std::string noise(200, 'x');

  ASSERT_EQ(::send(fd, noise.data(), noise.size(), MSG_NOSIGNAL), static_cast<ssize_t>(noise.size()));
  char answer = 0;
  const auto received = ::recv(fd, &answer, 1, 0);  // returns when the peer closes

  EXPECT_LE(received, 0);
  EXPECT_EQ(metric(a, "boato_handshakes_refused_total"), 1);
  ::close(fd);
}

}  // namespace
}  // namespace boato
