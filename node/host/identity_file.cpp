// SPDX-License-Identifier: Apache-2.0
#include "node/host/identity_file.hpp"

#include "overlay/base/bytes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace boato {
namespace {

std::string why(const std::string& what) { return what + ": " + std::strerror(errno); }

// An open file, closed at the end.
struct File {
  int fd = -1;
  explicit File(int f) : fd{f} {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

Result<std::string> read_secret(const std::string& path, const char* what) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return Error{Errc::bad_config, why(std::string{what} + " " + path + " cannot be read")};
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return Error{Errc::bad_config, why(path)};
  if (!S_ISREG(info.st_mode)) return Error{Errc::bad_config, path + " is not a file"};
  if ((info.st_mode & 077) != 0)
    return Error{Errc::bad_config,
                 std::string{what} + " " + path + " can be read by others: chmod 600 '" + path + "'"};
  if (info.st_uid != ::geteuid())
    return Error{Errc::bad_config, std::string{what} + " " + path +
                                       " belongs to another user: chown it, or use a file of your own"};
  std::array<char, 256> text{};
  const auto size = ::read(file.fd, text.data(), text.size());
  if (size < 0) return Error{Errc::bad_config, why(path)};
  return std::string{text.data(), static_cast<std::size_t>(size)};
}

bool parse_key(std::string_view text, Key32& key) {
  if (text.size() == key.size()) {
    std::memcpy(key.data(), text.data(), key.size());
    return true;
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  if (text.size() != 2 * key.size()) return false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* at = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, key[i], 16);
    if (error != std::errc{} || end != at + 2) return false;
  }
  return true;
}

// Writes a new file that appears under its name only when it is whole and on disk.
Result<void> write_whole(const std::string& path, std::string_view text, bool replace) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  {
    const File file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.fd < 0) return Error{Errc::bad_config, why(fresh + " cannot be made")};
    const auto written = ::write(file.fd, text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()) || ::fsync(file.fd) != 0)
      return Error{Errc::bad_config, why(fresh + " cannot be written")};
  }
  // link() does not replace what is there, rename() does.
  const bool placed =
      replace ? ::rename(fresh.c_str(), path.c_str()) == 0 : ::link(fresh.c_str(), path.c_str()) == 0;
  if (!placed) {
    const int error = errno;
    ::unlink(fresh.c_str());
    if (error == EEXIST)
      return Error{Errc::bad_config, path + " is there already: remove it first, or choose another name"};
    errno = error;
    return Error{Errc::bad_config, why(path + " cannot be made")};
  }
  if (!replace) ::unlink(fresh.c_str());
  const std::string folder = std::filesystem::path{path}.parent_path().string();
  const File dir{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (dir.fd < 0 || ::fsync(dir.fd) != 0) return Error{Errc::bad_config, why(folder + " cannot be synced")};
  return {};
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder{path};
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{Errc::bad_config, why("the data folder " + path + " cannot be made")};
  DataFolder result;
  result.path_ = path;
  const std::string lock = path + "/lock";
  result.lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (result.lock_ < 0) return Error{Errc::bad_config, why(lock + " cannot be opened")};
  if (::flock(result.lock_, LOCK_EX | LOCK_NB) != 0)
    return Error{Errc::bad_config,
                 "the data folder " + path +
                     " is in use by another peer: stop that one, or give this one a folder of its own"};
  return result;
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<Key32> DataFolder::identity(const Key32& fresh) const {
  const std::string path = path_ + "/identity";
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    const std::string_view raw{reinterpret_cast<const char*>(fresh.data()), fresh.size()};
    if (auto written = write_whole(path, raw, false); !written) return written.error();
    return fresh;
  }
  return read_key_file(path, "the identity file");
}

Result<Incarnation> DataFolder::next_incarnation(std::uint64_t wall_us) const {
  const std::string path = path_ + "/incarnation";
  std::uint64_t last = 0;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    const auto text = read_secret(path, "the file");
    if (!text) return text.error();
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), last);
    if (error != std::errc{})
      return Error{Errc::bad_config, path + " is damaged: remove " + path_ + " to start as a new peer"};
  }
  const std::uint64_t next = std::max(wall_us, last + 1);
  if (auto written = write_whole(path, std::to_string(next) + "\n", true); !written) return written.error();
  return Incarnation{next};
}

Result<Key32> read_key_file(const std::string& path, const char* what) {
  const auto text = read_secret(path, what);
  if (!text) return text.error();
  Key32 key{};
  if (!parse_key(*text, key))
    return Error{Errc::bad_config, std::string{what} + " " + path +
                                       " is not a key: it must hold 32 bytes, or 64 hexadecimal digits"};
  return key;
}

Result<void> write_key_file(const std::string& path, const Key32& key) {
  return write_whole(path, to_hex(std::as_bytes(std::span{key})) + "\n", false);
}

}  // namespace boato
