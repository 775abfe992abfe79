// SPDX-License-Identifier: Apache-2.0
#include "node/beside.hpp"

#include "node/report.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace boato {

Exit exec_beside(const std::string& program, const std::vector<std::string>& arguments) {
  std::array<char, PATH_MAX> self{};
  const ssize_t size = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  std::string folder{self.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  const std::string path = folder + '/' + program;
  std::vector<std::string> words{path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(path.c_str(), pointers.data());
  return Report{"boato", false, false, false}.error(Exit::usage, Errc::no_such,
                                                    program + " is not beside boato (" + folder +
                                                        "): " + std::strerror(errno) +
                                                        "; it comes with a full build");
}

void run_program_beside(int argc, char** argv) {
  std::vector<std::string> arguments;
  bool found = false;
  std::string program;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!found && (word == "--config" || word == "--set")) {
      ++i;
    } else if (!found && word.substr(0, 1) != "-") {
      if (word != "sim" && word != "bench") return;
      found = true;
      program = "boato-" + word;
    } else {
      arguments.push_back(word);
    }
  }
  if (found) std::exit(code(exec_beside(program, arguments)));
}

}  // namespace boato
