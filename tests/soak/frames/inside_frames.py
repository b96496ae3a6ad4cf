"""Frames of somebody who holds every key of the site: well tagged, and half of them with a body of noise."""

from kentongan_sim.attack.bag import Bag
from kentongan_wire.message import messages as m
from kits.node import nodekit
from soak.frames.odd_frames import BUTTONS, OTHER_GATEWAY, ZONE, Air, Odd

INSIDE_KINDS = (
    m.ALARM,
    m.ALARM,
    m.STATUS,
    m.SIREN_REPORT,
    m.EVENT,
    m.RECEIPTS,
    m.SIREN_ORDER,
    m.CONFIG,
    m.PAGE,
)
BODY_BYTES = {m.ALARM: 10, m.SIREN_REPORT: 10, m.EVENT: 10, m.PAGE: 17}


class TrueBag(Bag):
    """Every key of the site: what is tagged with it is judged by its body alone."""

    a = staticmethod(nodekit.key_a)
    c = staticmethod(nodekit.key_c)
    r = staticmethod(nodekit.key_r)


class Inside(Air):
    """Here every thief's frame is well tagged, whoever would have to make it: half have a body of noise.

    Nothing can be said of what may sound or be shown: whoever has the gateway's keys may do everything.
    """

    def __init__(self, role, seed):
        self._all = TrueBag(nodekit.CHANNEL)
        super().__init__(role, seed)

    def _thief(self):
        kind = self.pick(INSIDE_KINDS)
        sender, me = self.pick(m.SENDERS[kind]), self.me
        gateway = OTHER_GATEWAY if self.role == "gateway" else nodekit.GATEWAY
        src = (
            gateway
            if sender == m.GATEWAY
            else self.pick(BUTTONS)
            if sender == m.TOMBOL
            else (0x52000001 + self.draw(80))
        )
        number, about = self._near(src), (self.pick(BUTTONS), self._near(src))
        key = (nodekit.key_a if self.draw(2) and kind in (m.ALARM, m.RECEIPTS) else nodekit.key_c)(
            src, sender
        )
        if kind == m.RECEIPTS:
            frame = self._all.receipts(
                src,
                sender,
                number,
                self.pick((me, about[0])),
                about[1],
                1 + self.draw(5),
                self.draw(7),
                self.draw(16),
            )
        elif kind == m.SIREN_ORDER:
            frame = self._all.order(src, number, *about, (me,), 1 + self.draw(5))
        elif kind == m.PAGE and self.draw(2):
            frame = self._all.page(src, number, me, *about, self.draw(7))
        else:
            body = self.rnd.randbytes(BODY_BYTES.get(kind, 11 if sender == m.TOMBOL else 22))
            if kind == m.ALARM and self.draw(2):
                body = bytes(
                    (self.draw(20), number & 0xFF, number >> 8 & 0xFF, ZONE, self.draw(16), 150)
                ) + bytes(4)
            if kind in (m.CONFIG, m.PAGE):
                key = nodekit.key_c(me, nodekit.ROLE_NUMBERS.get(self.role, m.GATEWAY))
                body = me.to_bytes(4, "little") + body[4:]
            if kind == m.CONFIG:
                parts = 1 + self.draw(3)
                body = (
                    body[:4]
                    + bytes((1 + self.draw(60), 0, self.draw(parts), parts))
                    + self.rnd.randbytes(self.draw(60))
                )
            frame = self._all.message(kind, sender, src, number, body, key)
        return Odd(frame, "inside", False)
