"""A button with its board for tests: presses, receipts, what it sends and shows; MicroPython subset."""

from kentongan_node.base import actions as act
from kentongan_node.roles.button import Tombol
from kentongan_wire.keyring.site_keys import SiteKeys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
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

NODE = 0x53000007
POST = 0x52000021
SITE = SiteKeys({0: ALARM_ROOT}, {0: CONTROL_ROOT}, 0)
BOOT_MS = 350


class Box(Shell):
    """A button with its board around it: a boot for a reason, and the deep sleep that ends a core."""

    def __init__(self, cause="wake_key", key="main", lid_open=False, state=None, now_ms=BOOT_MS, **changes):
        self.core = Tombol(settings("tombol", NODE, **changes), state or {})
        self.now_ms, self.sent, self.all, self.busy, self.calls = now_ms, [], [], False, 0
        self.state = dict(state or {})
        self.take(self.core.start(act.Boot(cause, key, lid_open), now_ms, self.rnd()))

    def key(self, key, down):
        self.take(self.core.key(key, down, self.now_ms, self.rnd()))

    def tap(self, key="main", ms=200):
        self.key(key, True)
        self.wait(ms)
        self.key(key, False)

    def stage(self, stage, counter=None, **changes):
        self.hear(receipt(stage, self.counters_sent()[-1] if counter is None else counter, **changes))

    def messages(self):
        return [opened(f) for f in self.frames()]

    def alarms(self):
        return [message for message in self.messages() if message.type == m.ALARM]

    def counters_sent(self):
        return [message.counter for message in self.alarms()]

    def statuses(self):
        return [message for message in self.messages() if message.type == m.STATUS]

    def shown(self):
        return [show.state for show in of(self.all, act.Show)]

    def asleep(self):
        return bool(self.all) and isinstance(self.all[-1], act.Sleep)


def opened(frame_bytes):
    packet = packet_of(frame_bytes)
    return verify.open_message(CHANNEL.open(packet).payload, packet.src, packet.to, SITE)


_ids = [5000]


def receipt(stage, counter, sender=GATEWAY, role=m.GATEWAY, key=None, node=NODE, hop_start=0):
    _ids[0] += 1
    if key is None:
        key = key_a(node, m.TOMBOL) if stage == 1 else key_c(node, m.TOMBOL)
    entry = m.receipt_entry(sender, node, counter, stage, 0, 0, 0, key)
    return frame(m.RECEIPTS, role, sender, _ids[0], m.Receipts((entry,)), hop_limit=0, hop_start=hop_start)


def held(box, ms=3_000):
    box.key("main", True)
    box.wait(ms)
    box.key("main", False)
    box.wait(500)


def cancels(box):
    return [a for a in box.alarms() if a.body.flags & m.FLAG_CANCEL]
