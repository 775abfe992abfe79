# SPDX-License-Identifier: Apache-2.0
"""The script of a run: which faults come in which round, drawn from the seed alone, so that a seed repeats it."""

CACHE_AGE = 60  # limits.cache_age_max: what lasts longer than this may cost events, which are told as gaps
KINDS = ("kill", "stop", "isolate", "deaf", "mute", "pairs", "halves", "loss")


class Round:
    """Some faults at once, for some seconds; then all is healed and everybody has time to catch up."""

    def __init__(self, kinds, seconds, settle, victims, pairs, long):
        self.kinds, self.seconds, self.settle, self.victims, self.pairs, self.long = kinds, seconds, settle, victims, pairs, long

    def __str__(self):
        what = [kind if kind in ("halves", "loss", "pairs") else f"{kind} {','.join(f'n{host}' for host in self.victims[kind])}" for kind in self.kinds]
        return f"{self.seconds:.0f} s of {' and '.join(what)}"


def draw(rng, seconds, peers, mortal, publishers):
    """Rounds that fill the time. No peer is hit in two rounds running, so no outage adds up to the age of the caches; in a
    run of five minutes and more one round in the middle lasts longer than that, and hits only peers that do not publish."""
    rounds, spent, hit, had_long, bag = [], 0.0, set(), seconds < 300, []
    while spent < seconds:
        long = not had_long and spent > seconds / 3
        if long:
            had_long, kinds, length, settle = True, ["stop", "isolate"], rng.uniform(75, 90), 25
        else:
            if len(bag) < 2:  # every kind in turn, in an order of its own
                more = list(KINDS)
                rng.shuffle(more)
                bag += [kind for kind in more if kind not in bag]
            kinds = [bag.pop(0)] + ([bag.pop(0)] if rng.random() < 0.5 else [])
            length = rng.uniform(3, 8) if seconds < 120 else rng.uniform(4, 25)
            settle = 6 if seconds < 120 else 15
        free = [host for host in range(peers) if host not in hit and not (long and host in publishers)]
        rng.shuffle(free)
        victims = {}
        for kind in kinds:
            allowed = [host for host in free if host in mortal] if kind == "kill" else free
            victims[kind] = [] if kind in ("pairs", "halves", "loss") else allowed[: rng.randint(1, max(1, peers // 12))]
            free = [host for host in free if host not in victims[kind]]
        hit = {host for hosts in victims.values() for host in hosts}
        pairs = set()
        everyone = range(peers)
        for kind in kinds:
            if kind in ("isolate", "deaf"):
                pairs |= {(other, host) for host in victims[kind] for other in everyone}
            if kind in ("isolate", "mute"):
                pairs |= {(host, other) for host in victims[kind] for other in everyone}
            if kind == "pairs":
                pairs |= {tuple(rng.sample(everyone, 2)) for _ in range(peers * 4)}
            if kind == "halves":
                one = set(rng.sample(everyone, peers // 2))
                pairs |= {(a, b) for a in everyone for b in everyone if (a in one) != (b in one)}
        rounds.append(Round(kinds, length, settle, victims, pairs, long))
        spent += length + settle
    return rounds
