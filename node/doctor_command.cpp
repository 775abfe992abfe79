// SPDX-License-Identifier: Apache-2.0
#include "node/commands.hpp"
#include "node/data_check.hpp"
#include "node/progress.hpp"
#include "node/store/check.hpp"
#include "node/store_rescue.hpp"
#include "node/text.hpp"

#include <sys/stat.h>

#include <array>

namespace boato {
namespace {

using State = Finding::State;

constexpr std::string_view word(State state) {
  return std::array<std::string_view, 3>{"ok", "note", "wrong"}[static_cast<std::size_t>(state)];
}

class Doctor {
 public:
  explicit Doctor(Report& report) : report_{report} {}

  void tell(const Finding& finding) {
    ++counts_[static_cast<std::size_t>(finding.state)];
    if (report_.json()) {
      Json line{{"t", "check"},
                {"what", finding.what},
                {"state", word(finding.state)},
                {"detail", printable(finding.detail)}};
      if (!finding.cure.empty()) line["do"] = printable(finding.cure);
      report_.out.line(to_line(line));
    } else if (finding.state != State::ok || !report_.quiet()) {
      std::string state{word(finding.state)}, what = finding.what;
      state.resize(6, ' ');
      what.resize(std::max<std::size_t>(what.size() + 1, 12), ' ');
      report_.out.line(state + what + printable(finding.detail));
      if (!finding.cure.empty()) report_.out.line("      -> " + printable(finding.cure));
    }
    report_.out.flush();
  }

  Exit end(const StoreFacts* facts) {
    const std::uint64_t wrong = counts_[static_cast<std::size_t>(State::wrong)];
    if (report_.json()) {
      Json line{{"t", "doctor"}, {"wrong", wrong}, {"notes", counts_[static_cast<std::size_t>(State::note)]}};
      if (facts != nullptr) {
        line["store"] = Json{{"incarnation", facts->incarnation},
                             {"commits", facts->commits},
                             {"logs", facts->logs},
                             {"topics", facts->topics},
                             {"streams", facts->streams},
                             {"batches", facts->batches},
                             {"events", facts->events},
                             {"bytes", facts->bytes},
                             {"bad", facts->bad},
                             {"faulty", facts->faulty}};
      }
      report_.out.line(to_line(line));
    } else if (wrong > 0) {
      report_.out.line(std::to_string(wrong) + (wrong == 1 ? " thing is wrong" : " things are wrong"));
    } else if (!report_.quiet()) {
      report_.out.line("nothing is wrong");
    }
    report_.out.flush();
    return wrong > 0 ? Exit::check_failed : Exit::done;
  }

 private:
  Report& report_;
  std::array<std::uint64_t, 3> counts_{};
};

bool is_folder(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

}  // namespace

Exit run_doctor(const Arguments& arguments, const Config& config, Report& report) {
  std::string folder = arguments.doctor.folder;
  if (folder.empty()) folder = config.value("node.data_dir").texts.front();
  if (folder.empty()) {
    return report.error(Exit::usage, Errc::bad_config,
                        "which data folder? 'boato doctor DATA_DIR', or node.data_dir in the configuration");
  }
  if (!is_folder(folder))
    return report.error(Exit::no_such, Errc::no_such, "there is no data folder " + folder);
  if (arguments.doctor.rescue) return rescue_store(folder, report);
  Doctor doctor{report};
  for (const Finding& finding : check_folder(folder)) doctor.tell(finding);
  const std::string store = folder + "/store";
  if (!is_folder(store)) {
    doctor.tell({State::ok, "store", "none: this peer keeps events in memory"});
    return doctor.end(nullptr);
  }
  doctor.tell(check_space(space_of(store), SpaceLimits{}));
  StoreFacts facts;
  Progress progress{report, "batches checked"};
  const auto findings = check_store(store, nullptr, facts, [&](std::uint64_t more) { progress.add(more); });
  progress.end();
  for (Finding finding : findings) {
    finding.what = "store " + finding.what;
    doctor.tell(finding);
  }
  return doctor.end(&facts);
}

}  // namespace boato
