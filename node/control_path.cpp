// SPDX-License-Identifier: Apache-2.0
#include "node/control_path.hpp"

#include "node/text.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace boato {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

}  // namespace

bool is_node_name(std::string_view name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return letters && !name.empty() && name.size() <= 64 && name.front() != '.';
}

Result<std::string> control_folder(bool make) {
  const std::string runtime = variable("XDG_RUNTIME_DIR");
  std::string temporary = variable("TMPDIR");
  if (temporary.empty()) temporary = "/tmp";
  const std::string folder =
      runtime.empty() ? temporary + "/boato-" + std::to_string(::geteuid()) : runtime + "/boato";
  if (make && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{Errc::bad_config,
                 "cannot make the folder for control sockets, " + folder + ": " + std::strerror(errno)};
  }
  struct stat facts {};
  if (::lstat(folder.c_str(), &facts) != 0) return Error{Errc::no_such, folder + ": " + std::strerror(errno)};
  if (!S_ISDIR(facts.st_mode) || facts.st_uid != ::geteuid()) {
    return Error{Errc::bad_config,
                 folder + " is not a folder of this user; set XDG_RUNTIME_DIR to one that is"};
  }
  if ((facts.st_mode & 077) != 0) {
    return Error{Errc::bad_config, folder + " is open to others: chmod 700 " + folder};
  }
  return folder;
}

Result<std::string> control_path(std::string_view name, bool make_folder) {
  if (const std::string path = variable("BOATO_SOCKET"); !path.empty()) return path;
  const auto folder = control_folder(make_folder);
  if (!folder) return folder.error();
  return *folder + '/' + std::string{name} + ".sock";
}

FileHandle connect_socket(const std::string& path) {
  sockaddr_un address{};
  if (!address_of(path, address)) return {};
  FileHandle handle{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!handle || ::connect(handle.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  return same_user(handle.get()) ? std::move(handle) : FileHandle{};
}

FileHandle connect_control(std::string_view name) {
  if (const std::string path = variable("BOATO_SOCKET"); !path.empty()) return connect_socket(path);
  const auto folder = control_folder(false);
  if (!folder) return {};
  if (!name.empty()) return connect_socket(*folder + '/' + std::string{name} + ".sock");
  std::vector<std::string> paths;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator{*folder, failed}) {
    if (entry.path().extension() == ".sock") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    if (FileHandle handle = connect_socket(path)) return handle;
  }
  return {};
}

bool same_user(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == ::geteuid();
}

}  // namespace boato
