"""The gateway's core among odd messages, on CPython as it runs: driven, and judged at every answer.

What opens on the channel reaches it, as from a radio. The disk takes what is stored, or not; the hub
replies, or not; the power goes now and then. What is stored, ordered and receipted must have been said by
who may say it, and between the odd messages a press is stored, receipted and called for.
"""

import json

from kentongan_gateway.core.base import actions
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.core.base.shares import EXTRA_S, RESERVE_S, SHARE_S
from kentongan_gateway.core.gateway_core import CoreConfig, Directory, GatewayCore
from kentongan_wire.air.packet import BROADCAST, parse_packet
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kits.node import nodekit
from soak.frames.frame_rigs import TICKS_MAX, WAITS_MS, Broken, need
from soak.frames.inside_frames import Inside
from soak.frames.odd_frames import BUTTONS, OTHER_GATEWAY, STOLEN, Air

AIR_ENOUGH_S = 15.0  # of the hour's 36 s: with less used a press has all its words
CALM_MS, CALM_TRIES = 600_000, 8
PROOF_EVERY, CUT_EVERY = 100, 10_000  # odd messages until something true comes, until the power goes
ANSWERED_WITHIN_MS = 10_000
NEIGHBOUR = 0x52000034  # the penerus whose STATUS is true
ODD_BUTTONS = BUTTONS[::2]
OTHERS = {
    0x52000021: "sirene",
    0x52000041: "penerima",
    0x52000031: "penerus",
    NEIGHBOUR: "penerus",
    **{node: role for role, node in STOLEN.items() if role != "tombol"},
}
DEVICES = [
    {"node": nodekit.GATEWAY, "role": "gateway", "label": "gateway-1", "zone": 5, "house": 0, "hops": 0},
    {"node": OTHER_GATEWAY, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1},
    *(
        {
            "node": node,
            "role": "tombol",
            "label": f"tombol-{node & 0xFF:02}",
            "zone": 5,
            "house": node & 0xFF,
            "hops": 1,
        }
        for node in BUTTONS
    ),
    *(
        {"node": node, "role": role, "label": f"{role}-{node & 0xFF:02}", "zone": 5, "house": 0, "hops": 1}
        for node, role in OTHERS.items()
    ),
]


class House:
    """The core, its disk and its hub, each of which fails now and then."""

    def __init__(self, seed, inside=False):
        self.inside = inside
        self.air = (Inside if inside else Air)("gateway", seed)
        self.now_ms, self.state, self.core, self.frame = 1_000_000, new_state(), None, b""
        self.counts = dict.fromkeys(("stored", "sent", "orders", "boots", "proved"), 0)
        self.refused, self.outcomes, self.limits = {}, {}, {}
        self.on_disk, self.sends, self.disk_well = set(), [], False
        self.boot()

    def boot(self):
        if self.core is not None:
            self.count()
        self.counts["boots"] += 1
        keys = site_keys.SiteKeys({0: nodekit.ALARM_ROOT}, {0: nodekit.CONTROL_ROOT}, 0)
        config = CoreConfig(nodekit.GATEWAY, "gateway-1", 5)
        self.core = GatewayCore(config, keys, Directory.from_dict({"devices": DEVICES}), dict(self.state))
        self.do(self.core.tick(self.now_ms, 1))

    def count(self):
        for reason, count in self.core.counters.items():
            self.refused[reason] = self.refused.get(reason, 0) + count

    def do(self, todo):
        for action in todo:
            if isinstance(action, actions.Persist):
                self.state[action.name] = bytes(action.data)
            elif isinstance(action, actions.Send):
                self.counts["sent"] += 1
                self.sends.append(action.payload)
                self._judge_send(action.payload)
            elif isinstance(action, actions.Siren):
                own = self.core.parts.own
                need(self.inside or own.alarm[0] in self._may_raise(), "its own siren, for nobody")
            elif isinstance(action, actions.Store):
                self._store(action)

    def _store(self, action):
        event = json.loads(json.dumps(action.event))  # as the spool and the hub read it
        self._judge_stored(event)
        taken = self.disk_well or self.air.draw(20)
        if taken:
            self.counts["stored"] += 1
            if event["type"] in ("alarm", "siren_report", "event"):
                self.on_disk.add((event["device"], event.get("report_counter", event.get("counter"))))
        done = self.core.on_committed if taken else self.core.on_commit_failed
        self.do(done(action.row_id, self.now_ms, self.air.rnd.getrandbits(32)))
        if self.air.draw(4) == 0:
            self.do(self.core.on_hub_reply([action.row_id], self.now_ms))

    # -- what may be --------------------------------------------------------------------------------

    def _may_raise(self):
        return {origin for origin, _ in self.air.may_be_stored}

    def _judge_stored(self, event):
        if self.inside or "device" not in event:
            return
        device, counter = event["device"], event.get("counter")
        if event["type"] == "alarm":
            stolen = device == STOLEN["tombol"] or device == STOLEN["sirene"] and event["kind"] == m.KIND_UJI
            need(
                stolen or (device, counter) in self.air.may_be_stored,
                "an alarm of {:08x} #{} is stored that it never raised",
                device,
                counter,
            )
        elif event["type"] in ("status", "siren_report", "event"):
            need(
                device in STOLEN.values() or device == NEIGHBOUR,
                "a {} of {:08x}, who never sent one",
                event["type"],
                device,
            )

    def _judge_send(self, payload):
        if self.inside:
            return
        envelope = m.parse(payload)
        if envelope.type not in (m.RECEIPTS, m.SIREN_ORDER):
            return
        body = m.decode_body(envelope.type, envelope.role, envelope.body)
        if envelope.type == m.RECEIPTS:
            for entry in body.entries:
                need(
                    (entry.node, entry.counter) in self.on_disk,
                    '"received" for {:08x} #{}, which is on no disk',
                    entry.node,
                    entry.counter,
                )
                if entry.stage == m.STAGE_COMING:
                    self._coming()
                need(
                    entry.stage in (m.STAGE_STORED, m.STAGE_COMING, m.STAGE_CANCELLED),
                    "stage {} by itself",
                    entry.stage,
                )
        elif body.action == m.ACTION_START:
            self.counts["orders"] += 1
            need(
                body.origin in self._may_raise(),
                "sirens are ordered for {:08x}, who raised nothing",
                body.origin,
            )

    def _coming(self):
        """While the hub is silent a penerima is asked, and one of those is stolen."""
        self.limits["word: a stolen penerima that was asked answers"] = 1 + self.limits.get(
            "word: a stolen penerima that was asked answers", 0
        )

    # -- a part -------------------------------------------------------------------------------------

    def hear(self, frame):
        """Take a frame as a radio does; tell whether it is handed on: it opens, on our port."""
        self.frame = frame
        try:
            packet = parse_packet(frame)
            payload = nodekit.CHANNEL.open(packet).payload
        except RemoteError:
            return None
        heard = Heard(
            packet.src,
            packet.to,
            packet.id,
            packet.hop_limit,
            packet.hop_start,
            packet.relay_node,
            payload,
            -90,
            12,
            "uji",
        )
        self.do(self.core.on_frame(heard, self.now_ms, self.air.rnd.getrandbits(32)))
        return heard

    def until(self, end_ms):
        for _ in range(TICKS_MAX):
            due = self.core.next_deadline()
            if due is None or due > end_ms:
                self.now_ms = max(self.now_ms, end_ms)
                return
            self.now_ms = max(self.now_ms, due)
            self.do(self.core.tick(self.now_ms, self.air.rnd.getrandbits(32)))
        raise Broken("the core never comes to rest")

    def step(self, number):
        self.odd()
        if self.air.draw(6) == 0:
            self.until(self.now_ms + self.air.pick(WAITS_MS))
        if number % PROOF_EVERY == PROOF_EVERY - 1 and not self.inside:
            self.prove()
            self.counts["proved"] += 1
        if number % CUT_EVERY == CUT_EVERY - 1:
            self.boot()

    def odd(self):
        odd = self.air.odd()
        before, self.sends = dict(self.core.counters), []
        heard = self.hear(odd.frame)
        grown = {name for name, count in self.core.counters.items() if count != before.get(name, 0)}
        need("fault" not in self.core.counters, "a part of the core raised: {}", self.core.troubles())
        if heard is not None and heard.src != nodekit.GATEWAY:
            try:
                m.parse(heard.payload)
            except RemoteError as error:
                need(error.reason in grown, "refused as {} but counted as {}", error.reason, grown)
        if odd.forged:
            need(grown, "a forged message was not refused")
        outcome = "unread" if heard is None else "refused" if grown else "taken, or of no account"
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def air_to_spare(self):
        """Until the law leaves air again: some fifty buttons press here within an hour, most for the village.

        No thief may take more of it than one device's share.
        """
        context = self.core.parts.context
        for _ in range(CALM_TRIES):
            for node in STOLEN.values():
                used_s = context.shares.used_s(node, self.now_ms)
                most_s = SHARE_S + sum(EXTRA_S.values()) + sum(RESERVE_S.values())
                need(used_s <= most_s, "{:08x} was given {:.1f} s of the hour", node, used_s)
            if context.air.used_s(self.now_ms) < AIR_ENOUGH_S:
                return
            self.until(self.now_ms + CALM_MS)
        need(False, "the hour's air is never free again")

    def prove(self):
        """An odd button's press is stored, receipted under its own key, and called for."""
        self.air_to_spare()
        origin = self.air.pick(ODD_BUTTONS)
        self.until(self.now_ms + ANSWERED_WITHIN_MS)
        self.disk_well, self.sends = True, []
        self.hear(self.air.alarm(origin, kind=self.air.draw(7)))
        counter = self.air.last(origin)
        need((origin, counter) in self.on_disk, "a press of {:08x} is not stored", origin)
        self.until(self.now_ms + ANSWERED_WITHIN_MS)
        self.disk_well = False
        answers, orders = [], []
        for payload in self.sends:
            envelope = m.parse(payload)
            if envelope.type == m.RECEIPTS:
                _, entry = verify.own_entry(
                    payload,
                    nodekit.GATEWAY,
                    origin,
                    nodekit.key_a(origin, m.TOMBOL),
                    nodekit.key_c(origin, m.TOMBOL),
                )
                answers.append(entry is not None and entry.counter == counter)
            elif envelope.type == m.SIREN_ORDER:
                keys = self.core.parts.context.keys
                order = verify.open_message(payload, nodekit.GATEWAY, BROADCAST, keys).body
                orders.append((order.origin, order.counter) == (origin, counter))
        need(any(answers), "a stored press of {:08x} is not receipted", origin)
        need(
            any(orders), "no siren is ordered for a press of {:08x}, though none says that it sounds", origin
        )

    def told(self):
        self.count()
        return {
            **self.counts,
            "hours": self.now_ms // 3_600_000,
            "limits": self.limits,
            "outcomes": self.outcomes,
            "how": self.air.hows,
            "refused": self.refused,
        }
