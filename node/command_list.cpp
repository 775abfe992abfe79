// SPDX-License-Identifier: Apache-2.0
#include "node/command_list.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace boato {
namespace {

constexpr CommandText texts[] = {
    {"node", "run a peer on this host", "boato node --name a --listen 127.0.0.1:7470",
     "  boato node --name a --listen 127.0.0.1:7470 --data-dir a\n"
     "  boato node --name b --listen 127.0.0.1:0 --join 127.0.0.1:7470\n"
     "  boato node --attr site=lab --attr lat:f64=38.661 --http 127.0.0.1:9470\n"
     "  BOATO_NETWORK_KEY_FILE=network.key boato node --listen 0.0.0.0:7470\n"
     "\nPrints one line once it is ready: ready name=a id=... listen=127.0.0.1:7470 pid=812\n"
     "TERM or INT: leaves gracefully; a second one: at once. HUP: reads the configuration again. USR1: state "
     "into the log."},
    {"pub", "publish events to a topic", "boato pub hello/world 'bom dia'",
     "  boato pub hello/world 'bom dia'\n"
     "  boato pub sensors/3/temp '' -a value:f64=31.5 -a room=lab --wait-subs 1\n"
     "  seq 1000 | boato pub numbers --lines --rate 200\n"
     "  boato pub photos - --type image/jpeg < photo.jpg\n"
     "  boato pub hello/world 'bom dia' --join 10.0.0.7:7470\n"
     "\nExit 0 means that every event has its receipt. DATA absent or '-': stdin is the payload."},
    {"sub", "print the events of topics", "boato sub 'hello/#'",
     "  boato sub 'hello/#'\n"
     "  boato sub 'sensors/+/temp' --format '%t %a{value}\\n' -C 1 -W 10s\n"
     "  boato sub orders quotes --json\n"
     "  boato sub 'sensors/+/temp' -w 'value > 30 AND room IN (\"lab\", \"hall\")'\n"
     "\nPatterns: + is one level, # the rest. Format: %t topic %p payload %k key %n number %s seq %P "
     "publisher %i id\n"
     "%T time %a{name} attribute %% percent; \\n \\t \\0 \\\\. The default is '%p\\n'."},
    {"topic", "list, show, create or remove topics", "boato topic ls",
     "  boato topic ls\n"
     "  boato topic info orders\n"
     "  boato topic create readings --reliability unreliable --order none --retain 10m --retain 64MiB\n"
     "  boato topic rm readings"},
    {"peers", "the links of this peer, or the members of a topic", "boato peers",
     "  boato peers\n  boato peers --topic hello/world\n  boato peers --json"},
    {"status", "how this peer is", "boato status", "  boato status\n  boato status --json"},
    {"topo", "the overlay as its peers see it", "boato topo show",
     "  boato topo show\n  boato topo svg > overlay.svg\n  boato topo json > before.json\n  boato topo "
     "stats\n"
     "  boato topo diff before.json after.json\n"
     "  boato topo tree orders --publisher k3f9 --svg tree.svg    who had the newest event from whom"},
    {"key", "make or show a network key or an identity", "boato key new network.key",
     "  boato key new network.key            a network key for a closed overlay; copy it to every host\n"
     "  boato key new --identity DIR         an identity in a data folder\n"
     "  boato key show network.key           its fingerprint, to compare between hosts\n"
     "  boato key show --identity DIR        the peer id"},
    {"filter", "check a predicate, or explain it", "boato filter check 'price > 100'",
     "  boato filter check \"price > 100 AND sym LIKE 'AC%'\"\n"
     "  boato filter explain \"room IN ('lab', 'hall') AND value > 30\"\n"
     "  boato sub quotes --json -C 100 | boato filter check 'price > 100' --event -\n"
     "  boato filter explain 'within(geo, circle(38.66, -9.20, 500))' --event event.json\n"
     "\ncheck: exit 0 if it is a predicate that takes every event, 7 if it does not take one, 2 with a caret "
     "under the column\nif it is none. It prints the canonical form, or true, false or unknown for each "
     "event."},
    {"doctor", "check a data folder and say what to do", "boato doctor DATA_DIR",
     "  boato doctor a                       the folder of 'boato node --data-dir a'\n"
     "  boato --config boato.toml doctor     the one of the configuration\n"
     "  boato doctor a --rescue              carries what checks into a new store, and keeps the old one\n"
     "  boato doctor a --json | jq 'select(.state == \"wrong\")'\n"
     "\nReads every batch of the store and changes nothing; a node may run on the folder meanwhile. Exit 0: "
     "nothing is\nwrong; 7: something is, and the line below it says what to do. --rescue needs the node "
     "stopped; "
     "what it fills is a\nnew replica, which has promised nothing and fetches the rest from the others."},
    {"config", "print, check or explain the configuration", "boato config default",
     "  boato config default > ~/.config/boato/boato.toml\n"
     "  boato --config boato.toml config check\n"
     "  BOATO_LOG_LEVEL=debug boato config show"},
    {"sim", "simulate thousands of peers", "boato sim run churn --seed 1", ""},
    {"bench", "measure throughput and latency", "boato bench pub", ""},
    {"version", "print the version", "boato version", "  boato version\n  boato version --json"},
};

constexpr std::array<std::string_view, 9> later{"set", "trace", "check-order", "group",     "queue",
                                                "req", "reply", "top",         "completion"};

}  // namespace

std::span<const CommandText> command_texts() { return texts; }

const CommandText& command_text(std::string_view name) {
  for (const CommandText& text : texts) {
    if (text.name == name) return text;
  }
  std::abort();  // a command without a text is a fault of ours
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandText& text : texts) names.emplace_back(text.name);
  return names;
}

std::string command_list() {
  std::string list = "boato: publish and subscribe between peers, without a broker\n\n";
  for (const CommandText& text : texts) {
    std::string name{text.name}, what{text.what};
    name.resize(9, ' ');
    what.resize(52, ' ');
    list += "  " + name + what + std::string{text.example} + '\n';
  }
  return list + "\nboato COMMAND --help has more.\n";
}

bool is_later_command(std::string_view name) {
  return std::find(later.begin(), later.end(), name) != later.end();
}

}  // namespace boato
