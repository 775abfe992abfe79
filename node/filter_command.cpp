// SPDX-License-Identifier: Apache-2.0
#include "node/commands.hpp"
#include "node/event_reader.hpp"
#include "node/predicate_report.hpp"
#include "node/text.hpp"

namespace boato {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::vector<std::string> names_in(const Predicate& predicate) {
  std::vector<std::string> out;
  for (const FieldName& name : predicate.program().names()) out.push_back(name_text(std::string{name.text}));
  return out;
}

void describe(const Predicate& predicate, Report& report) {
  const Program& program = predicate.program();
  const std::vector<std::string> index = index_in_words(predicate);
  if (report.json()) {
    return report.out.line(to_line(Json{{"t", "filter"},
                                        {"canonical", predicate.text()},
                                        {"reads", names_in(predicate)},
                                        {"cost_ns", predicate.cost()},
                                        {"cost_ns_max", predicate_cost_max},
                                        {"terms", program.terms()},
                                        {"depth", program.depth()},
                                        {"index", index}}));
  }
  std::string reads;
  for (const std::string& name : names_in(predicate)) reads += (reads.empty() ? "" : ", ") + name;
  report.out.line("canonical  " + printable(predicate.text()));
  report.out.line("reads      " + (reads.empty() ? "nothing" : printable(reads)));
  report.out.line("cost       " + std::to_string(predicate.cost()) + " ns at the worst, of " +
                  std::to_string(predicate_cost_max));
  report.out.line("size       " + std::to_string(program.terms()) + " of " +
                  std::to_string(predicate_terms_max) + " conditions, depth " +
                  std::to_string(program.depth()) + " of " + std::to_string(predicate_depth_max) + ", " +
                  std::to_string(predicate.text().size()) + " of " + std::to_string(predicate_bytes_max) +
                  " bytes");
  if (index.empty()) report.out.line("index      nowhere: no event makes it true");
  for (const std::string& line : index) report.out.line("index      " + printable(line));
}

void tell_why(const Predicate& predicate, const Subject& subject, std::size_t number, Report& report) {
  const std::vector<ExplainedPart> parts = explain(predicate, subject);
  if (report.json()) {
    Json list = Json::array();
    for (const ExplainedPart& part : parts)
      list.push_back(Json{
          {"depth", part.depth}, {"truth", to_string(part.truth)}, {"part", part.text}, {"read", part.read}});
    return report.out.line(to_line(Json{{"t", "verdict"},
                                        {"event", number},
                                        {"truth", to_string(parts[0].truth)},
                                        {"parts", std::move(list)}}));
  }
  report.out.line("event " + std::to_string(number) + ": " + std::string{to_string(parts[0].truth)});
  for (const ExplainedPart& part : parts) {
    std::string line =
        "  " + padded(std::string{to_string(part.truth)}, 9) + std::string(2 * part.depth, ' ') + part.text;
    if (!part.read.empty()) line = padded(std::move(line), 46) + "  " + part.read;
    report.out.line(printable(line));
  }
}

}  // namespace

Exit run_filter(const Arguments& arguments, Report& report) {
  const FilterArguments& what = arguments.filter;
  const auto predicate = Predicate::parse(what.expression);
  if (!predicate) return refuse_predicate(predicate.error(), what.expression, report);
  const bool explained = what.action == "explain";
  if (explained) {
    describe(*predicate, report);
  } else if (what.events.empty()) {
    report.out.line(report.json() ? to_line(Json{{"t", "filter"}, {"canonical", predicate->text()}})
                                  : printable(predicate->text()));
  }
  Exit exit = Exit::done;
  if (!what.events.empty()) {
    auto events = read_events(what.events);
    if (!events) return report.error(events.error());
    for (std::size_t i = 0; i < events->size(); ++i) {
      const Subject subject = (*events)[i].subject();
      const Truth truth = predicate->test(subject);
      if (truth != Truth::yes && !explained) exit = Exit::check_failed;
      if (explained) {
        tell_why(*predicate, subject, i + 1, report);
      } else {
        report.out.line(report.json()
                            ? to_line(Json{{"t", "verdict"}, {"event", i + 1}, {"truth", to_string(truth)}})
                            : std::string{to_string(truth)});
      }
    }
  }
  report.out.flush();
  return exit;
}

}  // namespace boato
