// SPDX-License-Identifier: Apache-2.0
#include "node/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace boato {

Signals::Signals(std::initializer_list<int> watched) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : watched) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = FileHandle{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  ::signal(SIGPIPE, SIG_IGN);
}

int Signals::take() {
  signalfd_siginfo info{};
  return ::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)
             ? static_cast<int>(info.ssi_signo)
             : 0;
}

Exit exit_after(int signal) { return signal == SIGTERM ? Exit::terminated : Exit::interrupted; }

}  // namespace boato
