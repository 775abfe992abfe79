# SPDX-License-Identifier: Apache-2.0
"""A network of namespaces: each peer has a host of its own, all hang on one bridge, and the bridge cuts, loses and throttles.

The bridge lives in a namespace too, so that neither links nor rules ever touch the machine's own network. Deleting the
namespaces removes everything. Delay (netem) is not offered.
"""
import json
import os
import re
import shutil
import subprocess

PREFIX = "boato-net"
RULES = """
table bridge boato {
  set cut { type ipv4_addr . ipv4_addr; }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ip saddr . ip daddr @cut drop
  }
}
"""


def missing():
    """What keeps this machine from running such a network, in words; None if nothing does."""
    if os.geteuid() != 0:
        return "it needs root, to make network namespaces"
    for program, package in (("ip", "iproute2"), ("tc", "iproute2"), ("nft", "nftables")):
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {package}"
    probe = Network(1, f"{PREFIX}{os.getpid()}p")
    try:
        probe.add(0)
    except OSError as error:
        return f"network namespaces are not permitted here ({error})"
    finally:
        probe.close()
    return None


def run(*args, stdin=""):
    done = subprocess.run(args, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def sweep():
    """Removes what runs that were killed have left behind."""
    for line in run("ip", "netns", "list").splitlines():
        found = re.match(rf"{PREFIX}(\d+)p?-", line)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            run("ip", "netns", "del", line.split()[0])


class Network:
    def __init__(self, count, tag=f"{PREFIX}{os.getpid()}"):
        self.count, self.tag, self.bridge, self.hosts = count, tag, f"{tag}-bridge", set()

    def space(self, host):
        return f"{self.tag}-{host}"

    @staticmethod
    def address(host):
        return f"10.77.{host // 250}.{host % 250 + 1}"

    @staticmethod
    def mac(host):
        return f"02:00:00:00:{host // 256:02x}:{host % 256:02x}"

    def inside(self, host):
        """The words in front of a program that shall run on this host; it keeps the pid of the program."""
        return ["ip", "netns", "exec", self.space(host)]

    def add(self, host):
        if not self.hosts:
            run("ip", "netns", "add", self.bridge)
            run("ip", "-n", self.bridge, "-batch", "-", stdin="link add br0 type bridge mcast_snooping 0\nlink set br0 up\n")
            run("ip", "netns", "exec", self.bridge, "nft", "-f", "-", stdin=RULES)
        run("ip", "netns", "add", self.space(host))
        self.hosts.add(host)
        run("ip", "-n", self.bridge, "-batch", "-", stdin=f"link add p{host} type veth peer name eth0 address {self.mac(host)} netns {self.space(host)}\n"
            f"link set p{host} master br0\nlink set p{host} up\n")
        # Nobody asks for hardware addresses: the kernel's table of answers is one for all namespaces, and 64 times 63 overflow it.
        known = "".join(f"neigh add {self.address(other)} lladdr {self.mac(other)} dev eth0 nud permanent\n"
                        for other in range(self.count) if other != host)
        run("ip", "-n", self.space(host), "-batch", "-",
            stdin=f"link set lo up\naddr add {self.address(host)}/16 dev eth0\nlink set eth0 up\n{known}")

    def rules(self, text):
        run("ip", "netns", "exec", self.bridge, "nft", "-f", "-", stdin=text)

    def cut(self, pairs):
        """Drops what goes from the first to the second host of each pair; nothing is told to either."""
        elements = ", ".join(f"{self.address(a)} . {self.address(b)}" for a, b in sorted(pairs))
        if elements:
            self.rules(f"add element bridge boato cut {{ {elements} }}\n")

    def lose(self, percent):
        """Drops so many packets of a hundred, whosever they are."""
        self.rules(f"add rule bridge boato forward ether type ip numgen random mod 100 < {percent} drop\n")

    def heal(self):
        self.rules(f"flush chain bridge boato forward\nflush set bridge boato cut\n"
                   "add rule bridge boato forward ip saddr . ip daddr @cut drop\n")

    def throttle(self, host, bits_per_s):
        """Limits both directions of a host's link; None: no limit any more."""
        for space, device in ((self.bridge, f"p{host}"), (self.space(host), "eth0")):
            words = ["tc", "-n", space, "qdisc"]
            if bits_per_s is None:
                run(*words, "del", "dev", device, "root")
            else:
                run(*words, "replace", "dev", device, "root", "tbf", "rate", f"{int(bits_per_s)}bit", "burst", "16kb", "latency", "200ms")

    def sent(self):
        """Bytes each host has put on its link so far, with everything that TCP and IP add."""
        links = json.loads(run("ip", "-n", self.bridge, "-s", "-j", "link"))
        return {int(l["ifname"][1:]): l["stats64"]["rx"]["bytes"] for l in links if re.fullmatch(r"p\d+", l["ifname"])}

    def close(self):
        for space in [self.space(host) for host in self.hosts] + [self.bridge]:
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
        self.hosts.clear()
