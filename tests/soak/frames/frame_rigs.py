"""A device's core among odd frames on CPython: driven, judged at every answer, and written down for replay.

Between the odd frames comes what is true, and it must work: a press is sent, a siren sounds, a copy is
carried, a page is heard, an order of the host goes out. Everything that a person sees or hears must have
its true cause.
"""

import json
import struct
from collections import deque

from kentongan_node.base import actions as act
from kentongan_node.roles.siren import new_post_state
from kentongan_wire.air.packet import PORT_PRIVATE, parse_packet
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.keyring.site_keys import SiteKeys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kits.node import nodekit
from soak.frames.frame_replay import (
    BOOT,
    CAD,
    CAUSES,
    CHECK,
    HEAD,
    HOST,
    KEY,
    KEYS,
    RECEIVE,
    SENT,
    TICK,
    boot,
    call,
    counted,
    keep,
    summed,
)
from soak.frames.inside_frames import Inside
from soak.frames.odd_frames import NODES, Air

SITE = SiteKeys({0: nodekit.ALARM_ROOT}, {0: nodekit.CONTROL_ROOT}, 0)
TICKS_MAX = 5_000  # between two frames; more is a core that never comes to rest
PROOF_EVERY = 100  # odd frames until something true comes
POWER_EVERY = 4_000  # odd frames until the power goes
CHECK_EVERY = 1_000
SENT_WITHIN_MS = 10_000
WAITS_MS = (1, 100, 3_000, 40_000)


class Broken(AssertionError):
    """Error of a core that did what it may never do."""


def need(true, what, *about):
    if not true:
        raise Broken(what.format(*about))


def shape_reason(frame):
    """Return why no holder of keys can read a frame, or None; on other ports nothing is judged."""
    try:
        data = nodekit.CHANNEL.open(parse_packet(frame))
        if data.portnum == PORT_PRIVATE:
            m.parse(data.payload)
    except RemoteError as error:
        return error.reason
    return None


class Rig:
    """The core of `role`, its board, and the air around it. `write` takes the bytes for replay.

    inside: every frame is well tagged, the gateway's too, so that nothing can be said of words and sounds.
    """

    def __init__(self, role, seed, write, inside=False):
        self.role, self.node, self.write, self.inside = role, NODES[role], write, inside
        self.air = (Inside if inside else Air)(role, seed)
        self.rnd = self.air.rnd
        self.now_ms, self.total, self.core = 1_000, 0, None
        self.frame, self.sent, self.slept, self.boots, self.proved = b"", 0, 0, 0, 0
        self.refused, self.outcomes, self.limits = {}, {}, {}
        self.out = []  # actions of this step
        self.state = new_post_state() if role == "sirene" else {}
        head = {"role": role, "node": self.node, "state": {name: list(d) for name, d in self.state.items()}}
        write(json.dumps(head).encode() + b"\n")
        self.boot("power")

    # -- calls --------------------------------------------------------------------------------------

    def _written(self, what, data=b""):
        rnd = self.rnd.getrandbits(32)
        self.write(struct.pack(HEAD, what, self.now_ms, rnd, len(data)) + data)
        return rnd

    def boot(self, cause, key=""):
        if self.core is not None:
            self._count()
        self.boots += 1
        data = bytes((CAUSES.index(cause), KEYS.index(key)))
        rnd = self._written(BOOT, data)
        self.core, actions = boot(self.role, self.node, self.state, self.now_ms, rnd, data)
        self._take(actions)

    def call(self, what, data=b""):
        rnd = self._written(what, data)
        self._take(call(self.core, what, self.now_ms, rnd, data))

    def _take(self, actions):
        """Do what the core asks for, and what follows from that, until it waits."""
        wait = deque((actions,))
        while wait:
            actions = wait.popleft()
            self.total = summed(actions, self.total)
            keep(actions, self.state)
            self.out += actions
            for action in actions:
                if not self.inside:
                    self.judge(action)
                if isinstance(action, act.Cad):
                    wait.append(self._answered(CAD, self.air.draw(8) == 0))
                elif isinstance(action, act.Transmit):
                    self.sent += 1
                    self.now_ms += 90
                    self.air.overheard(action.frame)
                    wait.append(self._answered(SENT, self.air.draw(50) != 0))
                elif isinstance(action, act.Sleep):
                    self.slept += 1
                    self._wake(action.wake_ms)

    def _wake(self, wake_ms):
        """Somebody presses at once, or nobody until it wakes by itself."""
        if wake_ms is None or self.air.draw(2):
            self.boot("wake_key", "main")
        else:
            self.now_ms += wake_ms
            self.boot("wake_timer")

    def _answered(self, what, yes):
        data = bytes((yes,))
        return call(self.core, what, self.now_ms, self._written(what, data), data)

    def _count(self):
        for reason, count in self.core.counters.items():
            self.refused[reason] = self.refused.get(reason, 0) + count

    def hear(self, frame):
        """The actions that a frame sets going at once."""
        self.frame, self.out = frame, []
        self.call(RECEIVE, bytes((self.air.draw(40) + 166, 20)) + frame)
        return self.out

    def key(self, name, down):
        self.call(KEY, bytes((KEYS.index(name), down)))

    def until(self, end_ms):
        for _ in range(TICKS_MAX):
            due = self.core.next_deadline()
            if due is None or due > end_ms:
                self.now_ms = max(self.now_ms, end_ms)
                return
            self.now_ms = max(self.now_ms, due)
            self.call(TICK)
        raise Broken("the core never comes to rest")

    # -- a part -------------------------------------------------------------------------------------

    def step(self, number):
        """One odd frame, and what time does; now and then something true, a power cut."""
        self.odd()
        if self.air.draw(6) == 0:
            self.until(self.now_ms + self.air.pick(WAITS_MS))
        if number % PROOF_EVERY == PROOF_EVERY - 1:
            self.out = []
            if self.inside and self.air.draw(8) == 0:
                self.key("come" if self.role == "penerima" else "main", True)
            elif not self.inside:
                self.prove()
                self.proved += 1
        if number % POWER_EVERY == POWER_EVERY - 1:
            self.boot("power")
            self.started()

    def check(self, warm):
        """A place at which the replay compares."""
        self.total = counted(self.core, self.total)
        data = struct.pack("<IB", self.total, warm)
        self.write(struct.pack(HEAD, CHECK, self.now_ms, 0, len(data)) + data)

    def odd(self):
        """Check that refusals are counted, once and by reason, and that forged frames are always refused."""
        odd = self.air.odd()
        before, core = dict(self.core.counters), self.core
        self.hear(odd.frame)
        if core is not self.core:
            return  # it slept
        reason = shape_reason(odd.frame)
        grown = {
            name: count - before.get(name, 0)
            for name, count in core.counters.items()
            if count != before.get(name, 0)
        }
        if reason and not self._own(odd.frame):
            need(grown == {reason: 1}, "refused as {} but counted as {}", reason, grown)
        if odd.forged and not reason:
            need(grown, "a forged message was not refused")
        outcome = "refused" if grown else "acted" if self.out else "of no account"
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def _own(self, frame):
        return len(frame) >= 8 and frame[4:8] == self.node.to_bytes(4, "little")

    def limit(self, name):
        """A thief achieved what is granted to him."""
        self.limits[name] = self.limits.get(name, 0) + 1

    def started(self):
        """The core is up again after a power cut."""

    def judge(self, action):
        """Judge whether that may be."""

    def prove(self):
        """Something true, and that it works."""

    def told(self):
        self._count()
        return {
            "sent": self.sent,
            "slept": self.slept,
            "boots": self.boots,
            "proved": self.proved,
            "hours": self.now_ms // 3_600_000,
            "limits": self.limits,
            "outcomes": self.outcomes,
            "how": self.air.hows,
            "refused": self.refused,
        }

    # -- for roles ----------------------------------------------------------------------------------

    def own_message(self, frame):
        """The verified message in a frame of this very device."""
        packet = parse_packet(frame)
        if packet.src != self.node:
            return None
        return verify.open_message(nodekit.CHANNEL.open(packet).payload, packet.src, packet.to, SITE)

    def own_messages(self, kind):
        frames = [action.frame for action in self.out if isinstance(action, act.Transmit)]
        return [one for one in map(self.own_message, frames) if one is not None and one.type == kind]

    def host(self, data):
        self.call(HOST, data)
