// SPDX-License-Identifier: Apache-2.0
// The same work on other systems, for tools/bench/compare: ZeroMQ PUB/SUB plain and with CURVE, NATS core,
// and a bare TCP loop that seals 16 KiB records with ChaCha20-Poly1305 (what the encryption alone leaves).
#include "tools/bench/harness.hpp"

#include <sodium.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#ifdef BENCH_ZMQ
#include <zmq.h>
#endif
#ifdef BENCH_NATS
#include <nats/nats.h>
#endif

namespace {

#ifdef BENCH_ZMQ
// The publisher blocks instead of dropping (XPUB_NODROP), as boato refuses instead of dropping: the same
// promise, the same work.
bench::System zmq_system(bool curve) {
  bench::System system;
  system.name = curve ? "zeromq-curve" : "zeromq-plain";
  static char server_public[41], server_secret[41], client_public[41], client_secret[41];
  zmq_curve_keypair(server_public, server_secret);
  zmq_curve_keypair(client_public, client_secret);
  system.subscribe = [curve](const std::string& address, bench::Sink& sink,
                             const std::function<void()>& ready) {
    void* context = zmq_ctx_new();
    void* socket = zmq_socket(context, ZMQ_SUB);
    const int mark = 100000;
    zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    if (curve) {
      zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, 40);
      zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client_public, 40);
      zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client_secret, 40);
    }
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    if (zmq_connect(socket, address.c_str()) != 0) return;
    zmq_msg_t message;
    zmq_msg_init(&message);
    bool told = false;
    while (zmq_msg_recv(&message, socket, 0) >= 0) {
      const std::span payload{static_cast<const std::byte*>(zmq_msg_data(&message)), zmq_msg_size(&message)};
      if (payload.size() < 16) {  // the publisher's greeting: we are connected
        if (!told) ready();
        told = true;
      } else if (sink.take(payload)) {
        break;
      }
    }
  };
  system.publish = [curve](bench::Sending& sending, const std::function<void(std::string)>& announce,
                           const std::function<bool()>& all_ready) {
    void* context = zmq_ctx_new();
    void* socket = zmq_socket(context, ZMQ_XPUB);
    const int one = 1, mark = 1000;
    zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &one, sizeof one);
    zmq_setsockopt(socket, ZMQ_XPUB_VERBOSE, &one, sizeof one);  // the second subscription is told too
    zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    if (curve) {
      zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one);
      zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server_secret, 40);
    }
    if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0) return false;
    char endpoint[128];
    std::size_t size = sizeof endpoint;
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
    announce(endpoint);
    for (unsigned i = 0; i < sending.work.subscribers;) {  // one subscription message from each
      char subscription[8];
      if (zmq_recv(socket, subscription, sizeof subscription, 0) >= 1) ++i;
    }
    zmq_send(socket, "hello", 5, 0);
    if (!all_ready()) return false;
    const bool sent = sending.run([&](std::span<const std::byte> payload) {
      return zmq_send(socket, payload.data(), payload.size(), 0) >= 0;
    });
    zmq_close(socket);
    zmq_ctx_term(context);  // waits until everything has been sent
    return sent;
  };
  return system;
}
#endif

#ifdef BENCH_NATS
bench::System nats_system() {
  bench::System system;
  system.name = "nats";
  system.subscribe = [](const std::string& address, bench::Sink& sink, const std::function<void()>& ready) {
    natsConnection* connection = nullptr;
    natsSubscription* subscription = nullptr;
    if (natsConnection_ConnectTo(&connection, address.c_str()) != NATS_OK) return;
    if (natsConnection_SubscribeSync(&subscription, connection, "bench") != NATS_OK) return;
    natsSubscription_SetPendingLimits(subscription, -1, -1);
    natsConnection_Flush(connection);
    ready();
    natsMsg* message = nullptr;
    while (natsSubscription_NextMsg(&message, subscription, 30000) == NATS_OK) {
      const bool done = sink.take({reinterpret_cast<const std::byte*>(natsMsg_GetData(message)),
                                   static_cast<std::size_t>(natsMsg_GetDataLength(message))});
      natsMsg_Destroy(message);
      if (done) break;
    }
  };
  system.publish = [](bench::Sending& sending, const std::function<void(std::string)>& announce,
                      const std::function<bool()>& all_ready) {
    const std::string port = std::to_string(20000 + getpid() % 20000);
    const pid_t server = fork();
    if (server == 0) {
      execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", port.c_str(), "-l", "/dev/null", nullptr);
      _exit(127);
    }
    const std::string address = "nats://127.0.0.1:" + port;
    natsConnection* connection = nullptr;
    for (int i = 0; i < 100 && natsConnection_ConnectTo(&connection, address.c_str()) != NATS_OK; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    bool sent = false;
    if (connection) {
      announce(address);
      sent = all_ready() && sending.run([&](std::span<const std::byte> payload) {
        return natsConnection_Publish(connection, "bench", payload.data(),
                                      static_cast<int>(payload.size())) == NATS_OK;
      });
      natsConnection_FlushTimeout(connection, 30000);
      std::this_thread::sleep_for(std::chrono::seconds{1});
    }
    kill(server, SIGTERM);
    waitpid(server, nullptr, 0);
    return sent;
  };
  return system;
}
#endif

// Bare TCP: records of at most 16 KiB with a 2-byte length, sealed by ChaCha20-Poly1305, messages with a
// 4-byte length inside.
constexpr std::size_t record_max = 16384 - 18;
const unsigned char raw_key[crypto_aead_chacha20poly1305_ietf_KEYBYTES] = {1, 2, 3};

bool write_all(int fd, const unsigned char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

class RawSender {
 public:
  explicit RawSender(std::vector<int> fds) : fds_{std::move(fds)} {}
  bool send(std::span<const std::byte> payload) {
    const auto size = static_cast<std::uint32_t>(payload.size());
    return append(&size, sizeof size) && append(payload.data(), payload.size());
  }
  bool flush() {
    if (used_ == 0) return true;
    unsigned char nonce[12] = {};
    std::memcpy(nonce + 4, &count_, 8);
    ++count_;
    for (int fd : fds_) {  // a key per link in earnest: one sealing each
      unsigned long long sealed = 0;
      crypto_aead_chacha20poly1305_ietf_encrypt(out_ + 2, &sealed, plain_, used_, nullptr, 0, nullptr, nonce,
                                                raw_key);
      out_[0] = static_cast<unsigned char>(sealed >> 8);
      out_[1] = static_cast<unsigned char>(sealed);
      if (!write_all(fd, out_, sealed + 2)) return false;
    }
    used_ = 0;
    return true;
  }

 private:
  bool append(const void* data, std::size_t size) {
    auto* from = static_cast<const unsigned char*>(data);
    while (size > 0) {
      const std::size_t n = std::min(size, record_max - used_);
      std::memcpy(plain_ + used_, from, n);
      used_ += n;
      from += n;
      size -= n;
      if (used_ == record_max && !flush()) return false;
    }
    return true;
  }
  std::vector<int> fds_;
  unsigned char plain_[record_max], out_[16400];
  std::size_t used_ = 0;
  std::uint64_t count_ = 0;
};

bench::System raw_system() {
  bench::System system;
  system.name = "tcp-sealed";
  system.subscribe = [](const std::string& address, bench::Sink& sink, const std::function<void()>& ready) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return;
    ready();
    std::vector<unsigned char> in(1 << 18), plain;
    plain.reserve(1 << 20);
    std::size_t have = 0, at = 0;
    std::uint64_t count = 0;
    for (;;) {
      const ssize_t n = read(fd, in.data() + have, in.size() - have);
      if (n <= 0) return;
      have += static_cast<std::size_t>(n);
      std::size_t used = 0;
      while (have - used >= 2) {
        const std::size_t size = static_cast<std::size_t>(in[used]) << 8 | in[used + 1];
        if (have - used < size + 2) break;
        unsigned char nonce[12] = {};
        std::memcpy(nonce + 4, &count, 8);
        ++count;
        const std::size_t before = plain.size();
        plain.resize(before + size - 16);
        unsigned long long opened = 0;
        if (crypto_aead_chacha20poly1305_ietf_decrypt(plain.data() + before, &opened, nullptr,
                                                      in.data() + used + 2, size, nullptr, 0, nonce,
                                                      raw_key) != 0)
          return;
        used += size + 2;
      }
      std::memmove(in.data(), in.data() + used, have - used);
      have -= used;
      for (;;) {
        std::uint32_t size = 0;
        if (plain.size() - at < sizeof size) break;
        std::memcpy(&size, plain.data() + at, sizeof size);
        if (plain.size() - at < sizeof size + size) break;
        if (sink.take({reinterpret_cast<const std::byte*>(plain.data() + at + sizeof size), size})) return;
        at += sizeof size + size;
      }
      plain.erase(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(at));
      at = 0;
    }
  };
  system.publish = [](bench::Sending& sending, const std::function<void(std::string)>& announce,
                      const std::function<bool()>& all_ready) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    if (bind(listener, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0 || listen(listener, 64) != 0)
      return false;
    getsockname(listener, reinterpret_cast<sockaddr*>(&here), &size);
    announce(std::to_string(ntohs(here.sin_port)));
    std::vector<int> fds;
    for (unsigned i = 0; i < sending.work.subscribers; ++i) {
      fds.push_back(accept(listener, nullptr, nullptr));
      const int one = 1;
      setsockopt(fds.back(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (!all_ready()) return false;
    RawSender sender{fds};
    const bool paced = sending.work.rate > 0;
    const bool sent = sending.run([&](std::span<const std::byte> payload) {
      return sender.send(payload) && (!paced || sender.flush());
    });
    return sent && sender.flush();
  };
  return system;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  bench::Arguments arguments;
  if (!bench::parse(argc, argv, 2, arguments)) return 2;
  signal(SIGPIPE, SIG_IGN);
  if (sodium_init() < 0) return 1;
  std::vector<bench::System> systems{raw_system()};
#ifdef BENCH_ZMQ
  systems.push_back(zmq_system(false));
  systems.push_back(zmq_system(true));
#endif
#ifdef BENCH_NATS
  systems.push_back(nats_system());
#endif
  for (const bench::System& system : systems)
    if (system.name == name) {
      bench::print(bench::run(system, arguments.work), arguments.json);
      return 0;
    }
  std::fprintf(stderr, "bench-peers: name one of:");
  for (const bench::System& system : systems) std::fprintf(stderr, " %s", system.name.c_str());
  std::fprintf(stderr, "\n");
  return 2;
}
