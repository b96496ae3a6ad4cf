"""A post with its siren for tests: what it hears, sounds, sends and stores; MicroPython subset."""

from kentongan_node.base import actions as act
from kentongan_node.roles.siren import Sirene, new_post_state
from kentongan_wire.keyring.site_keys import SiteKeys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kentongan_wire.settings import compose
from kits.node.nodekit import (
    ALARM_ROOT,
    CHANNEL,
    CONTROL_ROOT,
    GATEWAY,
    Shell,
    frame,
    key_a,
    key_c,
    of,
    packet_of,
    settings,
)

NODE = 0x52000021
OTHER_POST = 0x52000022
TOMBOL = 0x53000007
SITE = SiteKeys({0: ALARM_ROOT}, {0: CONTROL_ROOT}, 0)
SECOND = 1_000
_ids = [9_000]


def next_id():
    _ids[0] += 1
    return _ids[0]


class Post(Shell):
    """A post with its siren: keeps what sounds now, and can feed its sensor."""

    def __init__(self, cause="power", state=None, sensor=False, **changes):
        self.core = Sirene(
            settings("sirene", NODE, has_sense=sensor, **changes),
            new_post_state() if state is None else state,
        )
        self.now_ms, self.sent, self.all, self.busy, self.calls = 350, [], [], False, 0
        self.sensor, self.broken = sensor, False
        self.state = dict(state or {})
        self.take(self.core.start(act.Boot(cause, "", False), self.now_ms, self.rnd()))

    def take(self, actions):
        super().take(actions)
        for action in actions:
            if self.sensor and not self.broken and isinstance(action, (act.Sound, act.Quiet)):
                on = 1 if isinstance(action, act.Sound) else 0
                super().take(self.core.sense("siren", on, self.now_ms + 20, self.rnd()))

    def key(self, key, down=True):
        self.take(self.core.key(key, down, self.now_ms, self.rnd()))

    def sounds(self):
        return of(self.all, act.Sound)

    def patterns(self):
        return [sound.pattern for sound in self.sounds()]

    def loud(self):
        """Tell whether the output is on: the last Sound was neither ended nor stopped."""
        last = [a for a in self.all if isinstance(a, (act.Sound, act.Quiet))]
        return bool(last) and isinstance(last[-1], act.Sound)

    def messages(self, kind):
        out = []
        for f in self.frames():
            packet = packet_of(f)
            if packet.src == NODE:
                message = verify.open_message(CHANNEL.open(packet).payload, NODE, packet.to, SITE)
                if message.type == kind:
                    out.append(message)
        return out

    def reports(self):
        return [(r.body.state, r.body.source) for r in self.messages(m.SIREN_REPORT)]

    def stage1(self):
        return [r.body.entries[0] for r in self.messages(m.RECEIPTS)]


def pressed(counter=10, src=TOMBOL, incident=None, kind=0, zone=5, flags=0, attempt=0, key=None, hop_limit=1):
    body = m.Alarm(attempt, counter & 0xFFFF if incident is None else incident, zone, kind, flags, 150)
    return frame(m.ALARM, m.TOMBOL, src, counter, body, key, next_id(), hop_limit)


def receipt(
    counter=10, src=TOMBOL, stage=2, zone=5, kind=0, sender=GATEWAY, role=m.GATEWAY, number=None, key=None
):
    if key is None:
        key = key_a(src, m.TOMBOL) if stage == 1 else key_c(src, m.TOMBOL)
    if stage != 2:
        zone = kind = 0
    entry = m.receipt_entry(sender, src, counter, stage, 0, zone, kind, key)
    return frame(m.RECEIPTS, role, sender, number or next_id(), m.Receipts((entry,)), hop_limit=0)


def order(action, counter=10, origin=TOMBOL, pattern=0, seconds=None, target=NODE, number=None, key=None):
    seconds = (180 if action == m.ACTION_START else 0) if seconds is None else seconds
    number = number or next_id()
    key = key or key_c(target, m.SIRENE)
    one = m.order_target(GATEWAY, number, target, origin, counter, action, pattern, seconds, key)
    body = m.SirenOrder(origin, counter, action, pattern, seconds, (one,))
    return frame(m.SIREN_ORDER, m.GATEWAY, GATEWAY, number, body)


def stored(post, report):
    """The gateway's stage 2 entry for a report of the post."""
    entry = m.receipt_entry(GATEWAY, NODE, report.counter, 2, 0, 0, 0, key_c(NODE, m.SIRENE))
    return frame(m.RECEIPTS, m.GATEWAY, GATEWAY, next_id(), m.Receipts((entry,)), hop_limit=0)


def configure(post, version=1, **changed):
    parts = compose.split(changed)
    for part in range(len(parts)):
        number = next_id()
        body = m.Config(NODE, version, part, len(parts), parts[part])
        post.hear(frame(m.CONFIG, m.GATEWAY, GATEWAY, number, body, key_c(NODE, m.SIRENE)))
