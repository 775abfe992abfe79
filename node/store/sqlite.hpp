// SPDX-License-Identifier: Apache-2.0
// SQLite as the store uses it: a connection and its prepared statements. The first trouble sticks to the
// connection, and every statement after it does nothing: a transaction is written straight down and judged
// once, at its end. Nothing is ever retried on a connection with trouble.
#pragma once

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace boato {

enum class Trouble : std::uint8_t {
  none,
  full,     // no room on the device: the transaction can be rolled back, nothing is lost
  damaged,  // what was read is not a database of ours
  failed,   // reading, writing or syncing failed: what the device holds is not known
};

class Statement;

class Database {
 public:
  enum class Mode : std::uint8_t { read_write, read_only };

  Database() = default;
  // Opens or makes the file; `vfs` is the name of a registered SQLite VFS, null for the system's.
  Database(const std::string& path, Mode mode, const char* vfs);
  Database(Database&& other) noexcept
      : db_{std::exchange(other.db_, nullptr)}, trouble_{other.trouble_}, why_{std::move(other.why_)} {}
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // Runs statements that answer nothing. False: trouble.
  bool run(const char* sql);
  // The first column of the first row; 0 if there is none.
  std::int64_t number(const char* sql);

  [[nodiscard]] Trouble trouble() const { return trouble_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // of the trouble, for people
  // After trouble `full`: takes the transaction back, and the connection may be used again. False: it cannot.
  bool roll_back();
  [[nodiscard]] sqlite3* raw() { return db_; }

 private:
  friend class Statement;
  bool note(int code);  // true: it is none

  sqlite3* db_ = nullptr;
  Trouble trouble_ = Trouble::none;
  std::string why_;
};

class Statement {
 public:
  Statement() = default;
  Statement(Database& db, const char* sql);
  Statement(Statement&& other) noexcept
      : db_{other.db_}, statement_{std::exchange(other.statement_, nullptr)} {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(db_, other.db_);
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement();

  // Begins anew with these values. True: there is a row. Views must live until the statement ends or begins
  // anew.
  template <class... Values>
  bool first(const Values&... values) {
    end();
    int place = 0;
    (bind(++place, values), ...);
    return next();
  }
  bool next();
  // As first(), for what answers no row. False: trouble.
  template <class... Values>
  bool run(const Values&... values) {
    first(values...);
    end();
    return fine();
  }
  // Lets go of the row, so that no read transaction stays open behind it.
  void end();

  [[nodiscard]] std::uint64_t u64(int column) const;
  // The view holds until next() or end().
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool null(int column) const;
  template <std::size_t N>
  bool array(int column, std::array<std::uint8_t, N>& out) const {
    return copy(column, out.data(), N);
  }

 private:
  void bind(int place, std::int64_t value);
  void bind(int place, Bytes value);
  void bind(int place, std::nullptr_t);
  void bind(int place, std::string_view value);
  template <class Integer>
  requires std::is_integral_v<Integer> || std::is_enum_v<Integer>
  void bind(int place, Integer value) { bind(place, static_cast<std::int64_t>(value)); }
  bool copy(int column, std::uint8_t* out, std::size_t size) const;
  [[nodiscard]] bool fine() const;

  Database* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace boato
