// SPDX-License-Identifier: Apache-2.0
#include "node/commands.hpp"
#include "node/host/identity_file.hpp"
#include "node/host/key_print.hpp"

#include <sys/stat.h>

namespace boato {
namespace {

Exit print_identity(const Key32& seed, Report& report) {
  const std::string id = to_text(peer_of(seed));
  report.out.line(report.json() ? to_line(Json{{"t", "identity"}, {"id", id}}) : id);
  report.out.flush();
  return Exit::done;
}

Exit print_network_key(const Key32& key, Report& report) {
  report.out.line(report.json() ? to_line(Json{{"t", "network_key"}, {"fingerprint", fingerprint(key)}})
                                : fingerprint(key));
  report.out.flush();
  return Exit::done;
}

Exit new_identity(const std::string& folder, Report& report) {
  struct stat facts {};
  if (::stat((folder + "/identity").c_str(), &facts) == 0) {
    return report.error(Exit::refused, Errc::conflict,
                        folder + " has an identity already; 'boato key show --identity " + folder +
                            "' shows it, and nothing replaces it");
  }
  const auto data = DataFolder::open(folder);
  if (!data) return report.error(data.error());
  const auto seed = data->identity(fresh_key());
  return seed ? print_identity(*seed, report) : report.error(seed.error());
}

Exit new_network_key(const std::string& file, Report& report) {
  struct stat facts {};
  if (::stat(file.c_str(), &facts) == 0) {
    return report.error(Exit::refused, Errc::conflict,
                        file + " is there already; remove it first, or choose another name");
  }
  const Key32 key = fresh_key();
  const auto written = write_key_file(file, key);
  return written ? print_network_key(key, report) : report.error(written.error());
}

}  // namespace

Exit run_key(const Arguments& arguments, Report& report) {
  const KeyArguments& what = arguments.key;
  if (what.action == "new")
    return what.identity ? new_identity(what.file, report) : new_network_key(what.file, report);
  const auto key = what.identity ? read_key_file(what.file + "/identity", "the identity file")
                                 : read_key_file(what.file, "the network key");
  if (!key) return report.error(key.error());
  return what.identity ? print_identity(*key, report) : print_network_key(*key, report);
}

}  // namespace boato
