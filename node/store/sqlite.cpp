// SPDX-License-Identifier: Apache-2.0
#include "node/store/sqlite.hpp"

#include "overlay/base/check.hpp"

#include <sqlite3.h>

#include <cstring>

namespace boato {

Database::Database(const std::string& path, Mode mode, const char* vfs) {
  const int flags =
      mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  // A connection never leaves its thread, so SQLite need not lock it.
  if (note(sqlite3_open_v2(path.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, vfs)))
    sqlite3_extended_result_codes(db_, 1);
}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(trouble_, other.trouble_);
  std::swap(why_, other.why_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(db_); }

bool Database::note(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return true;
  if (trouble_ != Trouble::none) return false;
  switch (code & 0xff) {
    case SQLITE_FULL: trouble_ = Trouble::full; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:       // a damaged schema: the table or column we name is not there
    case SQLITE_CONSTRAINT:  // we look before we write, so what is there is not what was found
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: trouble_ = Trouble::damaged; break;
    default: trouble_ = Trouble::failed;
  }
  why_ = db_ != nullptr && sqlite3_errcode(db_) != SQLITE_OK ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  return false;
}

bool Database::run(const char* sql) {
  return trouble_ == Trouble::none && note(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
}

std::int64_t Database::number(const char* sql) {
  Statement statement{*this, sql};
  return statement.first() ? static_cast<std::int64_t>(statement.u64(0)) : 0;
}

bool Database::roll_back() {
  BOATO_CHECK(trouble_ == Trouble::full);
  if (sqlite3_get_autocommit(db_) == 0 &&
      sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr) != SQLITE_OK)
    return false;
  trouble_ = Trouble::none;
  why_.clear();
  return true;
}

Statement::Statement(Database& db, const char* sql) : db_{&db} {
  if (fine()) db.note(sqlite3_prepare_v3(db.db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

bool Statement::fine() const { return db_ != nullptr && db_->trouble_ == Trouble::none; }

bool Statement::next() {
  if (!fine()) return false;
  const int code = sqlite3_step(statement_);
  return db_->note(code) && code == SQLITE_ROW;
}

void Statement::end() {
  if (statement_ != nullptr) sqlite3_reset(statement_);  // repeats the code of the last step, which is noted
}

void Statement::bind(int place, std::int64_t value) {
  if (fine()) db_->note(sqlite3_bind_int64(statement_, place, value));
}

void Statement::bind(int place, Bytes value) {
  // A null pointer would bind NULL, which is something else than no bytes.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  if (fine()) db_->note(sqlite3_bind_blob64(statement_, place, data, value.size(), SQLITE_STATIC));
}

void Statement::bind(int place, std::nullptr_t) {
  if (fine()) db_->note(sqlite3_bind_null(statement_, place));
}

void Statement::bind(int place, std::string_view value) { bind(place, bytes(value)); }

std::uint64_t Statement::u64(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

Bytes Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const std::byte*>(data), static_cast<std::size_t>(data == nullptr ? 0 : size)};
}

std::string Statement::text(int column) const {
  const Bytes b = blob(column);
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

bool Statement::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

bool Statement::copy(int column, std::uint8_t* out, std::size_t size) const {
  const Bytes b = blob(column);
  if (b.size() != size) return false;
  std::memcpy(out, b.data(), size);
  return true;
}

}  // namespace boato
