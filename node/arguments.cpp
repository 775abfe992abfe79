// SPDX-License-Identifier: Apache-2.0
#include "node/arguments.hpp"

#include "node/command_list.hpp"
#include "node/item_json.hpp"
#include "node/nearest.hpp"
#include "node/predicate_report.hpp"
#include "node/report.hpp"
#include "node/text.hpp"
#include "node/units.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <array>

namespace boato {
namespace {

constexpr std::string_view later_word = ": this version does not offer it";

struct Later {
  CLI::Option* option;
  std::string sentence;
};

// What CLI11 fills in; checked and turned into Arguments afterwards.
class Parser {
 public:
  Parser();
  std::variant<Arguments, Exit> parse(int argc, char** argv);

 private:
  CLI::App* command(std::string_view name);
  void add_node();
  void add_pub();
  void add_sub();
  void add_topic();
  void add_looking();
  void add_tools();
  void join_option(CLI::App* app);
  void later_option(CLI::App* app, const std::string& names, const std::string& sentence);
  void later_flag(CLI::App* app, const std::string& names, const std::string& sentence);

  Exit wrong(const CLI::ParseError& error);
  Exit refuse(Exit exit, Errc errc, const std::string& sentence);
  std::optional<Exit> finish();  // reads texts into values; an exit if one is wrong
  Result<void> finish_pub();
  Result<void> finish_sub();
  Result<void> finish_topic();

  CLI::App app_{"publish and subscribe between peers, without a broker", "boato"};
  Arguments args_{};
  std::vector<Later> later_{};
  std::string name_{}, data_dir_{}, http_{}, ttl_{}, within_{}, sub_within_{}, topo_within_{}, sink_{};
  std::vector<std::string> listen_{}, join_{}, node_attributes_{}, pub_attributes_{}, retain_{}, sinks_{};
  std::string reliability_{}, order_{}, durability_{}, replicas_{}, hold_{}, sequencer_{}, domain_{};
};

std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

CLI::App* Parser::command(std::string_view name) {
  const CommandText& text = command_text(name);
  CLI::App* sub = app_.add_subcommand(std::string{name}, std::string{text.what});
  if (!text.examples.empty()) sub->footer("Examples:\n" + std::string{text.examples});
  return sub;
}

void Parser::join_option(CLI::App* app) {
  app->add_option("--join", join_, "join through these peers as a guest, even if a local node answers")
      ->type_name("ADDR")
      ->allow_extra_args(false);
}

void Parser::later_option(CLI::App* app, const std::string& names, const std::string& sentence) {
  later_.push_back({app->add_option(names, sinks_)->allow_extra_args(false)->group(""), sentence});
}

void Parser::later_flag(CLI::App* app, const std::string& names, const std::string& sentence) {
  later_.push_back({app->add_flag(names)->group(""), sentence});
}

Parser::Parser() {
  app_.fallthrough();
  app_.add_option("--config", args_.sources.file, "the configuration file")->type_name("FILE");
  app_.add_option("--set", args_.sources.set, "any key of the configuration; stronger than all else")
      ->type_name("key=value")
      ->allow_extra_args(false);
  app_.add_flag("--json", args_.json, "one JSON object per line");
  app_.add_flag("-v,--verbose", args_.verbose, "say more on stderr");
  app_.add_flag("-q,--quiet", args_.quiet, "say only errors");
  app_.footer("\n" + command_list());
  add_node();
  add_pub();
  add_sub();
  add_topic();
  add_looking();
  add_tools();
}

void Parser::add_node() {
  CLI::App* app = command("node");
  app->add_option("--name", name_, "for people, and for the control socket")->type_name("N");
  app->add_option("--listen", listen_, "address to listen on (127.0.0.1:7470); port 0: any free one")
      ->type_name("ADDR")
      ->allow_extra_args(false);
  app->add_option("--join", join_, "address of any peer of the overlay")
      ->type_name("ADDR")
      ->allow_extra_args(false);
  app->add_option("--data-dir", data_dir_, "where the identity is kept; without it each start has a new one")
      ->type_name("DIR");
  app->add_option("--attr", node_attributes_, "attribute of this peer")
      ->type_name("name[:type]=value")
      ->allow_extra_args(false);
  app->add_option("--http", http_, "serve metrics, healthz and readyz here")->type_name("ADDR");
  app->add_option("--ready-fd", args_.node.ready_fd,
                  "write the ready line to this descriptor too, and close it")
      ->type_name("N");
}

void Parser::add_pub() {
  CLI::App* app = command("pub");
  app->add_option("TOPIC", args_.pub.topic, "the topic")->required();
  app->add_option("DATA", args_.pub.data, "the payload; absent or '-': stdin");
  app->add_flag("--lines", args_.pub.lines, "each line of stdin is an event");
  app->add_option("-k,--key", args_.pub.key, "key of the event")->type_name("KEY");
  app->add_option("-a,--attr", pub_attributes_, "attribute; types: str i64 f64 bool hex nil")
      ->type_name("name[:type]=value")
      ->allow_extra_args(false);
  app->add_option("--ttl", ttl_, "how long the event is worth keeping")->type_name("TIME");
  app->add_option("--type", args_.pub.type, "content type")->type_name("MIME");
  app->add_option("--receipt", args_.pub.receipt,
                  "what to wait for: accepted, stored or all; default: as the contract says")
      ->type_name("LEVEL");
  app->add_option("--copies", args_.pub.copies, "stored: held by so many other peers")->type_name("K");
  app->add_option("--wait-subs", args_.pub.wait_subs, "first wait until so many subscribe")->type_name("K");
  app->add_option("-W,--within", within_, "give up after this time without a subscriber or a receipt (10s)")
      ->type_name("TIME");
  app->add_option("--rate", args_.pub.rate, "events per second")->type_name("R");
  join_option(app);
  later_option(app, "--to", "--to: events for one peer are not offered by this version");
  later_option(app, "--any", "--any: events for any one member are not offered by this version");
  later_option(app, "--where-members",
               "--where-members: events for chosen members are not offered by this version");
  later_option(app, "--expect", "--expect needs an ordered topic, which this version does not offer");
}

void Parser::add_sub() {
  CLI::App* app = command("sub");
  app->add_option("PATTERN", args_.sub.patterns, "topics; + is one level, # the rest")->required();
  app->add_option("-w,--where", args_.sub.where, "only events that this predicate on attributes takes")
      ->type_name("PREDICATE");
  app->add_flag("--show-filtered", args_.sub.show_filtered, "tell which events the predicate does not take");
  app->add_option("-C,--count", args_.sub.count, "end after so many events")->type_name("COUNT");
  app->add_option("-W,--within", sub_within_, "end after this time; exit 6 if the count was not reached")
      ->type_name("TIME");
  app->add_option("--order", args_.sub.order, "a weaker order than the contract's: none or fifo")
      ->type_name("O");
  app->add_option("--format", args_.sub.format, "how an event is printed")->type_name("FMT");
  app->add_flag("--ready", args_.sub.ready, "say on stderr when nothing published after it is missed");
  app->add_option("--ready-fd", args_.sub.ready_fd, "write the ready line to this descriptor, and close it")
      ->type_name("N");
  join_option(app);
  app->add_option("--from", args_.sub.from, "now, or beginning: first what the topic's replicas keep")
      ->type_name("START");
  later_option(app, "--durable", "--durable: durable cursors are not offered by this version");
  later_option(app, "--group", "--group: sharing events in a group is not offered by this version");
  later_flag(app, "--exit-at-end",
             "--exit-at-end needs history, which this version does not keep; use -C or -W");
}

void Parser::add_topic() {
  CLI::App* app = command("topic");
  app->require_subcommand(1);
  const auto add = [&](const char* action, const char* what) {
    CLI::App* sub = app->add_subcommand(action, what);
    join_option(sub);
    return sub;
  };
  add("ls", "every topic this peer has heard of");
  add("info", "contract and state of one topic")
      ->add_option("NAME", args_.topic.name, "the topic")
      ->required();
  add("rm", "remove a topic everywhere")->add_option("NAME", args_.topic.name, "the topic")->required();
  CLI::App* recover = add("recover", "");
  recover->group("");
  recover->add_option("NAME", args_.topic.name)->required();
  later_option(recover, "--from", "topic recover needs replicas, which this version does not have");
  CLI::App* create = add("create", "declare a topic with its contract");
  create->add_option("NAME", args_.topic.name, "the topic")->required();
  create->add_option("--reliability", reliability_, "unreliable, reliable (default) or uniform")
      ->type_name("R");
  create->add_option("--order", order_, "none, fifo (default), causal, total or total-causal")
      ->type_name("O");
  create->add_option("--durability", durability_, "memory (default) or disk")->type_name("D");
  create->add_option("--replicas", replicas_, "how many peers keep the topic (3)")->type_name("N");
  create->add_option("--retain", retain_, "how long, how many bytes, how many events: 10m, 64MiB, 1000")
      ->type_name("LIMIT")
      ->allow_extra_args(false);
  create->add_option("--hold", hold_, "cursors: keep what a durable cursor has not passed")->type_name("H");
  create->add_option("--sequencer", sequencer_, "decentralised (default) or centralised")->type_name("S");
  create->add_option("--domain", domain_, "topics of one domain share one order")->type_name("D");
}

void Parser::add_looking() {
  join_option(command("status"));
  CLI::App* peers = command("peers");
  peers->add_option("--topic", args_.look.topic, "the members of this topic")->type_name("NAME");
  join_option(peers);
  CLI::App* topo = command("topo");
  topo->add_option("ACTION", args_.topo.action, "show, json, dot, svg, stats, diff, tree")
      ->required()
      ->check(CLI::IsMember({"show", "json", "dot", "svg", "stats", "diff", "tree"}));
  topo->add_option("FILE|TOPIC", args_.topo.files,
                   "diff: two files made by 'topo json'; tree: whose newest event is followed");
  topo->add_option("--publisher", args_.topo.publisher,
                   "tree: the key of its publisher, or how it begins (the topic's only one)")
      ->type_name("KEY");
  topo->add_option("--svg", args_.topo.svg, "tree: draw it into this file")->type_name("FILE");
  topo->add_option("-W,--within", topo_within_, "how long to ask peers for their view (2s)")
      ->type_name("TIME");
  join_option(topo);
}

void Parser::add_tools() {
  CLI::App* key = command("key");
  key->require_subcommand(1);
  for (const auto& [action, what] :
       {std::pair{"new", "make a key; never overwrites"}, std::pair{"show", "what may be shown of a key"}}) {
    CLI::App* sub = key->add_subcommand(action, what);
    sub->add_option("FILE", args_.key.file, "the network key, or with --identity the data folder")
        ->required();
    sub->add_flag("--identity", args_.key.identity, "the identity in the data folder FILE");
  }
  CLI::App* filter = command("filter");
  filter->require_subcommand(1);
  for (const auto& [action, what] :
       {std::pair{"check", "whether it is a predicate, and whether it takes events"},
        std::pair{"explain", "its canonical form, its cost, how it is indexed, and why it takes events"}}) {
    CLI::App* sub = filter->add_subcommand(action, what);
    sub->add_option("PREDICATE", args_.filter.expression, "the predicate")->required();
    sub->add_option("--event", args_.filter.events,
                    "try it on events: objects of attributes, or lines of 'boato sub --json'; '-': stdin")
        ->type_name("FILE");
  }
  CLI::App* doctor = command("doctor");
  doctor->add_option("DATA_DIR", args_.doctor.folder, "the data folder of a peer (node.data_dir)");
  doctor->add_flag("--rescue", args_.doctor.rescue,
                   "carry what checks of a store that is wrong into a new one; no node may run on it");
  CLI::App* config = command("config");
  config->require_subcommand(1);
  config->add_subcommand("default", "every key with its default, reason, and whether HUP changes it");
  config->add_subcommand("check", "reads the configuration and says what is wrong; exit 7 if something is");
  config->add_subcommand("show", "every key with its value and where that came from");
  command("version");
  // Run before the parser, by run_program_beside; here for the list of commands.
  command("sim");
  command("bench");
}

Exit Parser::refuse(Exit exit, Errc errc, const std::string& sentence) {
  const std::string where = args_.command.empty() ? "boato" : "boato " + args_.command;
  return Report{where, args_.json, false, false}.error(exit, errc, sentence);
}

Exit Parser::wrong(const CLI::ParseError& error) {
  const CLI::App* at = &app_;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  for (const CLI::App* up = at; up != &app_; up = up->get_parent()) {
    args_.command = args_.command.empty() ? up->get_name() : up->get_name() + ' ' + args_.command;
  }
  const std::string help = args_.command.empty() ? "boato --help" : "boato " + args_.command + " --help";
  const std::vector<std::string> extras = app_.remaining(true);
  if (at == &app_ && !extras.empty() && extras.front().substr(0, 1) != "-") {
    const std::string& word = extras.front();
    if (is_later_command(word))
      return refuse(Exit::refused, Errc::not_allowed, printable(word) + std::string{later_word});
    return refuse(Exit::usage, Errc::bad_config,
                  "there is no command " + printable(word) + did_you_mean(word, command_names()) +
                      " ('boato --help' lists them)");
  }
  for (const std::string& extra : extras) {
    if (extra.size() < 2 || extra[0] != '-') continue;
    std::vector<std::string> names = option_names(at);
    for (const CLI::App* up = at; up != nullptr; up = up->get_parent()) {
      for (std::string& name : option_names(up)) names.push_back(std::move(name));
    }
    const std::string option = extra.substr(0, extra.find('='));
    return refuse(Exit::usage, Errc::bad_config,
                  "there is no option " + printable(option) + did_you_mean(option, names) + " ('" + help +
                      "' lists them)");
  }
  if (!extras.empty()) {
    std::vector<std::string> actions;
    for (const CLI::App* action : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (!action->get_group().empty()) actions.push_back(action->get_name());
    }
    const std::string word = printable(extras.front());
    const std::string what =
        actions.empty() ? "'" + word + "' is one argument too many"
                        : "there is no '" + args_.command + ' ' + word + "'" + did_you_mean(word, actions);
    return refuse(Exit::usage, Errc::bad_config, what + " ('" + help + "')");
  }
  return refuse(Exit::usage, Errc::bad_config, printable(error.what()) + " ('" + help + "')");
}

Result<void> Parser::finish_pub() {
  auto attributes = attributes_from(pub_attributes_);
  if (!attributes) return attributes.error();
  args_.pub.attributes = *attributes;
  if (!ttl_.empty()) {
    args_.pub.ttl = parse_duration(ttl_);
    if (!args_.pub.ttl) return Error{Errc::bad_config, "--ttl needs a time with its unit, such as 10m"};
  }
  if (!within_.empty()) {
    const auto within = parse_duration(within_);
    if (!within) return Error{Errc::bad_config, "-W needs a time with its unit, such as 10s"};
    args_.pub.within = *within;
  }
  const std::string& level = args_.pub.receipt;
  if (level == "ordered") {
    return Error{Errc::not_allowed,
                 "--receipt ordered needs an ordered topic, which this version does not have; "
                 "accepted, stored and all are offered"};
  }
  if (!level.empty() && level != "accepted" && level != "stored" && level != "all") {
    return Error{Errc::bad_config,
                 "--receipt is accepted, stored, ordered or all, not '" + printable(level) + "'"};
  }
  if (args_.pub.rate < 0) return Error{Errc::bad_config, "--rate is a number of events per second"};
  if (args_.pub.lines && args_.pub.data_given && args_.pub.data != "-") {
    return Error{Errc::bad_config, "--lines reads stdin; leave DATA out"};
  }
  return {};
}

Result<void> Parser::finish_sub() {
  if (!sub_within_.empty()) {
    args_.sub.within = parse_duration(sub_within_);
    if (!args_.sub.within) return Error{Errc::bad_config, "-W needs a time with its unit, such as 10s"};
  }
  if (args_.sub.from != "now" && args_.sub.from != "beginning")
    return Error{Errc::not_allowed, "--from " + printable(args_.sub.from) +
                                        " is not offered by this version; now and beginning are"};
  if (args_.sub.from == "beginning")
    for (const std::string& pattern : args_.sub.patterns)
      if (pattern.find_first_of("+#") != std::string::npos)
        return Error{Errc::not_allowed,
                     "--from beginning needs exact topic names, not " + printable(pattern)};
  if (args_.sub.show_filtered && args_.sub.where.empty())
    return Error{Errc::bad_config, "--show-filtered needs a predicate: -w"};
  const std::string& order = args_.sub.order;
  if (order == "causal" || order == "total" || order == "total-causal") {
    return Error{Errc::not_allowed,
                 "--order " + order + " is not offered by this version; none and fifo are"};
  }
  if (!order.empty() && order != "none" && order != "fifo") {
    return Error{Errc::bad_config,
                 "--order is none, fifo, causal, total or total-causal, not '" + printable(order) + "'"};
  }
  return {};
}

Result<void> Parser::finish_topic() {
  if (args_.topic.action != "create") return {};
  Json& contract = args_.topic.contract;
  const std::array<std::pair<const char*, const std::string*>, 7> fields{{{"reliability", &reliability_},
                                                                          {"order", &order_},
                                                                          {"durability", &durability_},
                                                                          {"replicas", &replicas_},
                                                                          {"hold", &hold_},
                                                                          {"sequencer", &sequencer_},
                                                                          {"domain", &domain_}}};
  for (const auto& [field, text] : fields) {
    if (!text->empty()) contract[field] = *text;
  }
  for (const std::string& limit : retain_) {
    if (parse_duration(limit)) {
      contract["retain_for"] = limit;
    } else if (parse_size(limit)) {
      contract["retain_bytes"] = limit;
    } else if (const auto count = parse_count(limit)) {
      contract["retain_count"] = *count;
    } else {
      return Error{Errc::bad_config,
                   "--retain needs a time (10m), a size (64MiB) or a number of events (1000), not '" +
                       printable(limit) + "'"};
    }
  }
  const auto checked = contract_from(contract);
  if (!checked) return checked.error();
  return {};
}

std::optional<Exit> Parser::finish() {
  for (const CLI::App* sub = &app_; !sub->get_subcommands().empty();) {
    sub = sub->get_subcommands().front();
    const std::string& name = sub->get_name();
    if (args_.command.empty()) {
      args_.command = name;
    } else {
      args_.topic.action = args_.key.action = args_.filter.action = args_.config.action = name;
    }
  }
  for (const Later& later : later_) {
    if (later.option->count() > 0 && !later.sentence.empty())
      return refuse(Exit::refused, Errc::not_allowed, later.sentence);
  }
  if (args_.command == "topic" && args_.topic.action == "recover") {
    return refuse(Exit::refused, Errc::not_allowed,
                  "topic recover needs replicas, which this version does not have");
  }
  if (args_.command == "sub" && !args_.sub.where.empty()) {
    if (const auto predicate = Predicate::parse(args_.sub.where); !predicate)
      return refuse_predicate(predicate.error(), args_.sub.where, {"boato sub", args_.json, false, false});
  }
  Result<void> checked;
  if (args_.command == "pub") checked = finish_pub();
  if (args_.command == "sub") checked = finish_sub();
  if (args_.command == "topic") checked = finish_topic();
  if (args_.command == "topo") {
    const std::string& action = args_.topo.action;
    const std::size_t files = action == "diff" ? 2 : action == "tree" ? 1 : 0;
    const bool of_tree = !args_.topo.publisher.empty() || !args_.topo.svg.empty();
    if (args_.topo.files.size() != files) {
      checked = Error{Errc::bad_config,
                      action == "diff"   ? "topo diff needs two files made by 'boato topo json'"
                      : action == "tree" ? "topo tree needs one topic, such as: boato topo tree hello/world"
                                         : "topo " + action + " takes no file"};
    } else if (of_tree && action != "tree") {
      checked = Error{Errc::bad_config, "--publisher and --svg belong to topo tree"};
    } else if (action == "tree" && args_.topo.publisher.find_first_not_of(
                                       "abcdefghijklmnopqrstuvwxyz234567") != std::string::npos) {
      checked = Error{Errc::bad_config,
                      "--publisher is a peer's key or its first letters, as 'boato peers' "
                      "prints them: a to z and 2 to 7"};
    }
    if (!topo_within_.empty()) {
      const auto within = parse_duration(topo_within_);
      if (!within) checked = Error{Errc::bad_config, "-W needs a time with its unit, such as 2s"};
      if (within) args_.topo.within = *within;
    }
  }
  if (!checked) return refuse(exit_for(checked.error().code), checked.error().code, checked.error().detail);

  auto& flags = args_.sources.flags;
  if (!name_.empty()) flags.push_back({"node.name", {{name_}, "--name"}});
  if (!listen_.empty()) flags.push_back({"network.listen", {listen_, "--listen"}});
  if (!join_.empty()) flags.push_back({"network.join", {join_, "--join"}});
  if (!data_dir_.empty()) flags.push_back({"node.data_dir", {{data_dir_}, "--data-dir"}});
  if (!node_attributes_.empty()) flags.push_back({"node.attributes", {node_attributes_, "--attr"}});
  if (!http_.empty()) flags.push_back({"http.listen", {{http_}, "--http"}});
  args_.join_given = !join_.empty();
  return std::nullopt;
}

std::variant<Arguments, Exit> Parser::parse(int argc, char** argv) {
  if (argc <= 1) {
    write_all(STDERR_FILENO, command_list());
    return Exit::usage;
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* at = &app_;
    std::string before;
    while (!at->get_subcommands().empty()) {
      before += (before.empty() ? "" : " ") + at->get_name();
      at = at->get_subcommands().front();
    }
    write_all(STDOUT_FILENO, at->help(before));
    return Exit::done;
  } catch (const CLI::ParseError& error) {
    return wrong(error);
  }
  args_.pub.data_given = app_.get_subcommand("pub")->get_option("DATA")->count() > 0;
  if (app_.get_subcommands().empty()) {
    return refuse(Exit::usage, Errc::bad_config, "which command? 'boato --help' lists them");
  }
  if (const auto exit = finish()) return *exit;
  return args_;
}

}  // namespace

std::variant<Arguments, Exit> parse_arguments(int argc, char** argv) { return Parser{}.parse(argc, argv); }

}  // namespace boato
