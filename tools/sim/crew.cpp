// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/crew.hpp"

#include "overlay/base/check.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace boato::sim {

namespace {

struct Child {
  std::uint64_t number = 0;
  pid_t process = -1;
  int words = -1, errors = -1;  // ends that we read; -1: it has closed its end
  std::string said, complained;
};

bool write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(to, text.data(), text.size());
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

[[noreturn]] void be_child(std::uint64_t number, std::chrono::seconds most, int words, int errors,
                           const std::function<std::string(std::uint64_t)>& work) {
  dup2(errors, STDERR_FILENO);
  std::signal(SIGABRT, SIG_DFL);
  const rlimit cpu{static_cast<rlim_t>(most.count()), static_cast<rlim_t>(most.count() + 1)};
  setrlimit(RLIMIT_CPU, &cpu);
  const bool told = write_all(words, work(number));
  _exit(told ? 0 : 1);
}

Child begin(std::uint64_t number, std::chrono::seconds most, std::span<const Child> others,
            const std::function<std::string(std::uint64_t)>& work) {
  int words[2], errors[2];
  BOATO_CHECK(pipe(words) == 0 && pipe(errors) == 0);
  const pid_t process = fork();
  BOATO_CHECK(process >= 0);
  if (process == 0) {
    for (const Child& other : others)
      for (const int end : {other.words, other.errors})
        if (end >= 0) close(end);
    close(words[0]);
    close(errors[0]);
    be_child(number, most, words[1], errors[1], work);
  }
  close(words[1]);
  close(errors[1]);
  return {number, process, words[0], errors[0], {}, {}};
}

void read_some(int& end, std::string& into) {
  char room[4096];
  const ssize_t n = read(end, room, sizeof room);
  if (n > 0) {
    into.append(room, static_cast<std::size_t>(n));
  } else {
    close(end);
    end = -1;
  }
}

void listen(std::span<Child> children) {
  std::vector<pollfd> ends;
  for (const Child& child : children)
    for (const int end : {child.words, child.errors})
      if (end >= 0) ends.push_back({end, POLLIN, 0});
  poll(ends.data(), static_cast<nfds_t>(ends.size()), -1);
  const auto ready = [&](int end) {
    return std::ranges::any_of(ends, [&](const pollfd& p) { return p.fd == end && p.revents != 0; });
  };
  for (Child& child : children) {
    if (child.words >= 0 && ready(child.words)) read_some(child.words, child.said);
    if (child.errors >= 0 && ready(child.errors)) read_some(child.errors, child.complained);
  }
}

Outcome take(Child& child) {
  int status = 0;
  waitpid(child.process, &status, 0);
  const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return {ended ? std::move(child.said) : std::move(child.complained), ended,
          WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU};
}

}  // namespace

void work_on(std::uint64_t first, std::uint64_t count, unsigned jobs, std::chrono::seconds most,
             const std::function<std::string(std::uint64_t)>& work,
             const std::function<bool(std::uint64_t, const Outcome&)>& done) {
  std::vector<Child> children;
  std::map<std::uint64_t, Outcome> early;  // ended before one of a lower number
  std::uint64_t next = first, told = first;
  bool more = true;
  while (more && told < first + count) {
    while (children.size() < jobs && next < first + count) {
      children.push_back(begin(next, most, children, work));
      ++next;
    }
    listen(children);
    for (std::size_t i = 0; i < children.size();) {
      if (children[i].words >= 0 || children[i].errors >= 0) {
        ++i;
        continue;
      }
      early.emplace(children[i].number, take(children[i]));
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (; more && early.contains(told); ++told) {
      more = done(told, early.at(told));
      early.erase(told);
    }
  }
  for (Child& child : children) {
    kill(child.process, SIGKILL);
    for (const int end : {child.words, child.errors})
      if (end >= 0) close(end);
    take(child);
  }
}

}  // namespace boato::sim
