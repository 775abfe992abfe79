// SPDX-License-Identifier: Apache-2.0
#include "node/data_check.hpp"

#include "node/file_handle.hpp"
#include "node/host/identity_file.hpp"
#include "node/host/key_print.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace boato {
namespace {

using State = Finding::State;

bool is_there(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0;
}

Finding folder_itself(const std::string& folder) {
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0)
    return {State::wrong, "folder", folder + ": " + std::strerror(errno), ""};
  if (!S_ISDIR(facts.st_mode)) return {State::wrong, "folder", folder + " is not a folder", ""};
  if (facts.st_uid != ::geteuid())
    return {State::wrong, "folder", folder + " belongs to another user",
            "run this, and the peer, as its owner"};
  if ((facts.st_mode & 077) != 0)
    return {State::wrong, "folder", folder + " can be entered by others", "chmod 700 '" + folder + "'"};
  return {State::ok, "folder", folder + ", for its owner only"};
}

// The lock is tried and given back at once: a peer may start meanwhile.
Finding lock(const std::string& folder) {
  const FileHandle file{::open((folder + "/lock").c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return {State::ok, "lock", "no peer has used this folder yet"};
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return {State::ok, "lock", "no peer has it open"};
  return {State::note, "lock", "a peer has it open: what follows is as of now, and only looked at"};
}

Finding identity(const std::string& folder) {
  const std::string path = folder + "/identity";
  if (!is_there(path))
    return {State::note, "identity", "none yet",
            "the next start makes one: 'boato node --data-dir " + folder + "'"};
  const auto seed = read_key_file(path, "the identity file");
  if (seed) return {State::ok, "identity", to_text(peer_of(*seed))};
  return {State::wrong, "identity", seed.error().detail, "without it this peer cannot be the one it was"};
}

Finding incarnation(const std::string& folder) {
  const std::string path = folder + "/incarnation";
  if (!is_there(path)) return {State::note, "incarnation", "none yet", "the next start makes one"};
  std::ifstream file{path};
  std::string text;
  std::getline(file, text);
  if (!text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string::npos)
    return {State::ok, "incarnation", text};
  return {
      State::wrong, "incarnation", path + " is damaged",
      "write a number of microseconds since 1970 into it that is above every earlier one: date +%s000000"};
}

void network_keys(const std::string& folder, std::vector<Finding>& findings) {
  for (const char* name : {"network.key", "network.key.previous"}) {
    const std::string path = folder + '/' + name;
    if (!is_there(path)) continue;
    const auto key = read_key_file(path, "the network key");
    if (key) {
      findings.push_back({State::ok, name, fingerprint(*key)});
    } else {
      findings.push_back(
          {State::wrong, name, key.error().detail, "copy it anew from another host of the overlay"});
    }
  }
}

// What a write under another name left behind when it was cut off.
void leftovers(const std::string& folder, std::vector<Finding>& findings) {
  for (const char* name : {"identity.new", "incarnation.new"}) {
    const std::string path = folder + '/' + name;
    if (is_there(path))
      findings.push_back({State::note, name, "left by a start that was cut off", "rm '" + path + "'"});
  }
}

}  // namespace

std::vector<Finding> check_folder(const std::string& folder) {
  std::vector<Finding> findings{folder_itself(folder)};
  findings.push_back(lock(folder));
  findings.push_back(identity(folder));
  findings.push_back(incarnation(folder));
  network_keys(folder, findings);
  leftovers(folder, findings);
  return findings;
}

}  // namespace boato
