// SPDX-License-Identifier: Apache-2.0
#include "node/store_rescue.hpp"

#include "node/host/identity_file.hpp"
#include "node/progress.hpp"
#include "node/store/rescue.hpp"
#include "node/text.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace boato {
namespace {

bool is_there(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0;
}

Exit tell(const RescueReport& found, const std::string& old, Report& report) {
  if (report.json()) {
    report.out.line(to_line(Json{{"t", "rescue"},
                                 {"batches", found.batches},
                                 {"events", found.events},
                                 {"bad", found.bad},
                                 {"unreadable", found.unreadable},
                                 {"no_room", found.no_room},
                                 {"refused", found.refused},
                                 {"old", old}}));
  } else {
    report.out.line(std::to_string(found.batches) + " batches carried over, " + std::to_string(found.bad) +
                    " do not check, " + std::to_string(found.unreadable) +
                    " places cannot be read; the old store is " + printable(old));
    if (found.refused > 0)
      report.out.line(std::to_string(found.refused) +
                      " batches stayed behind: too much is missing around them");
    if (found.no_room > 0)
      report.out.line(std::to_string(found.no_room) +
                      " batches found no room: make some, put the old store back, and rescue again");
  }
  report.out.flush();
  return found.no_room > 0 ? Exit::refused : Exit::done;
}

}  // namespace

Exit rescue_store(const std::string& folder, Report& report) {
  const std::string store = folder + "/store";
  if (!is_there(store)) return report.error(Exit::no_such, Errc::no_such, "there is no store in " + folder);
  const auto data = DataFolder::open(folder);
  if (!data) return report.error(data.error());
  std::string old = store + ".lost-1";
  for (int n = 2; is_there(old); ++n) old = store + ".lost-" + std::to_string(n);
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const auto incarnation = data->next_incarnation(static_cast<std::uint64_t>(now.count()));
  if (!incarnation) return report.error(incarnation.error());
  if (::rename(store.c_str(), old.c_str()) != 0 || ::mkdir(store.c_str(), 0700) != 0)
    return report.error(Exit::fault, Errc::internal, store + " cannot be moved: " + std::strerror(errno));
  LogStoreOptions options;
  options.folder = store;
  options.fresh_incarnation = incarnation->raw();
  const auto into = LogStore::open(std::move(options));
  if (!into) return report.error(into.error());
  RescueReport found;
  Progress progress{report, "places looked at"};
  RowId seen = 1;
  const bool whole = rescue(old, nullptr, **into, found,
                            [&](RowId place, RowId) { progress.add(place - std::exchange(seen, place)); });
  progress.end();
  if (!whole) return report.error(Exit::fault, Errc::internal, store + ": " + (*into)->why());
  return tell(found, old, report);
}

}  // namespace boato
