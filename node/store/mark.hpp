// SPDX-License-Identifier: Apache-2.0
// The mark: a small file beside the database that says how many commits the database has had. Why: SQLite
// ends its log at the first frame that does not check, and silently drops every later, synced commit; that
// reads like an older database. A database behind its mark has lost something, whatever it says itself.
//
//   slot (64 bytes, at 0 and at 4096; a commit writes slot commit % 2, so one always stands):
//   | "boatomrk" | incarnation u64 | commit u64 | arrivals u64 | BLAKE2b-256 of the 32 bytes before |
//
// Written after each commit and synced after the next, or when the writer falls idle; so after a power cut it
// is at most two commits behind the database, and never ahead of what the device has acknowledged. The other
// voters remember what we answered for since.
#pragma once

#include "node/store/raw_file.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace boato {

struct MarkSlot {
  std::uint64_t incarnation = 0;
  std::uint64_t commit = 0;
  std::uint64_t arrivals = 0;  // places given: how far a rescue has to look
};

class MarkFile {
 public:
  // Opens or makes it. False from is_open(): it cannot be.
  MarkFile(const std::string& path, const char* vfs) : file_{path, vfs, RawFile::Mode::read_write} {}

  // The newer of the slots that check.
  [[nodiscard]] std::optional<MarkSlot> read();
  bool write(const MarkSlot& slot);
  bool sync();
  [[nodiscard]] bool unsynced() const { return unsynced_; }
  [[nodiscard]] bool is_open() const { return file_.is_open(); }

 private:
  RawFile file_;
  bool unsynced_ = false;
};

// Of a mark file that is only looked at.
[[nodiscard]] std::optional<MarkSlot> read_mark(RawFile& file);

}  // namespace boato
