// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration, in the order in which `boato config default` prints them. The limits are
// those that the library takes by name; where one follows from node.memory_max its default here is empty.
#include "node/config.hpp"

namespace boato {
namespace {

using Kind = ConfigKind;

constexpr ConfigKey keys[] = {
    {"node.name", Kind::text, "", false,
     "for people, and for the control socket; empty: the first letters of the key"},
    {"node.data_dir", Kind::file, "", false, "where the identity is kept; empty: a new key at each start"},
    {"node.memory_max", Kind::size, "256MiB", false, "all queues and caches together"},
    {"node.drain", Kind::duration, "10s", true, "how long a graceful stop may take"},
    {"node.attributes", Kind::attributes, "", false,
     "of this peer, such as { lat = 38.661, site = \"lab\" }"},

    {"network.name", Kind::text, "default", false, "peers of different networks never link"},
    {"network.listen", Kind::list, "127.0.0.1:7470", false, "addresses to listen on; port 0: any free one"},
    {"network.advertise", Kind::list, "", false, "addresses others shall dial instead of those listened on"},
    {"network.join", Kind::list, "", false, "addresses of any peers; empty: the first peer of an overlay"},
    {"network.key_file", Kind::file, "", false, "the network key; empty: an open overlay, on loopback only"},
    {"network.open", Kind::flag, "false", false,
     "listen beyond loopback without a network key: anybody may join"},

    {"http.listen", Kind::text, "", false,
     "serves metrics, healthz and readyz; empty: off; a bare port: on loopback"},

    {"log.level", Kind::level, "info", true, "trace, debug, info, warn or error"},
    {"log.format", Kind::format, "text", true, "text or json"},

    {"limits.links_max", Kind::count, "512", false, "links to other peers"},
    {"limits.active_target", Kind::count, "8", false, "neighbours in the overlay graph that are looked for"},
    {"limits.active_min", Kind::count, "5", false, "fewer neighbours than this are urgent"},
    {"limits.active_max", Kind::count, "12", false, "neighbours at most"},
    {"limits.passive_max", Kind::count, "256", false, "peers remembered as possible neighbours"},
    {"limits.dials_per_s", Kind::count, "8", false, "to peers never authenticated: we are nobody's weapon"},
    {"limits.connect_within", Kind::duration, "2s", false, "for one TCP connection to come about"},
    {"limits.link_idle", Kind::duration, "60s", false,
     "a link without any role is closed so long after its last event"},

    {"limits.strangers_max", Kind::count, "256", false,
     "connections that have not authenticated themselves; the oldest goes"},
    {"limits.strangers_per_address_max", Kind::count, "8", false,
     "of them from one address; loopback is not counted"},
    {"limits.strangers_per_net_max", Kind::count, "64", false, "of them from one /24, or /48 of IPv6"},
    {"limits.handshakes_per_s", Kind::count, "200", false, "handshakes with strangers, all together"},
    {"limits.address_handshakes_per_s", Kind::count, "5", false, "from one address"},
    {"limits.first_byte_within", Kind::duration, "3s", false, "a silent stranger is closed after it"},
    {"limits.handshake_within", Kind::duration, "5s", false, "a whole handshake"},
    {"limits.partial_record_within", Kind::duration, "10s", false, "the rest of a record that has begun"},
    {"limits.partial_frame_within", Kind::duration, "30s", false, "the rest of a frame that has begun"},

    {"limits.payload_max", Kind::size, "1MiB", false,
     "payload of one event; up to 16MiB, the same at every peer"},
    {"limits.topics_max", Kind::count, "1024", false, "topics this peer takes part in at a time"},
    {"limits.patterns_max", Kind::count, "256", false, "wildcard patterns subscribed to"},
    {"limits.subscriptions_max", Kind::count, "10000", false, "subscriptions inside this process"},
    {"limits.streams_max", Kind::count, "65536", false,
     "publishers' streams remembered per topic, 150 B each"},

    {"limits.cache_bytes_max", Kind::size, "", false,
     "events kept for repair; empty: a quarter of node.memory_max"},
    {"limits.cache_age_max", Kind::duration, "60s", false, "events are kept for repair so long"},
    {"limits.hold_bytes_max", Kind::size, "", false,
     "events held back for their order; empty: a quarter of node.memory_max"},
    {"limits.partial_bytes_max", Kind::size, "", false,
     "frames that have begun; empty: a quarter of node.memory_max"},
    {"limits.outbox_bytes_max", Kind::size, "", false,
     "own events not yet sent; empty: a 32nd of node.memory_max"},
    {"limits.read_bytes_max", Kind::size, "256KiB", false,
     "read from one link before others have their turn"},
    {"limits.control_queue_bytes_max", Kind::size, "256KiB", false,
     "waits for one link; beyond it the link is closed"},
    {"limits.reliable_queue_bytes_max", Kind::size, "3MiB", false,
     "waits for one link; beyond it the link lags"},
    {"limits.unreliable_queue_bytes_max", Kind::size, "1MiB", false,
     "waits for one link; beyond it the oldest go"},
    {"limits.repair_queue_bytes_max", Kind::size, "1MiB", false,
     "waits for one link; the rest is asked for again"},
    {"limits.queued_age_max", Kind::duration, "2s", false,
     "reliable events that wait longer make a link lag"},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return keys; }

}  // namespace boato
