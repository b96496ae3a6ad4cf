"""What a gateway carries on for others: receipts, orders, pages, configuration. Alarms it answers instead."""

from kentongan_wire import messages as m
from kentongan_wire.flood import class_of
from kentongan_wire.seen import Seen

from kentongan_gateway.actions import DropCopy, RelayCopy

CARRIED = (m.RECEIPTS, m.SIREN_ORDER, m.PAGE, m.CONFIG)
PENDING_MS = 5_000  # a copy handed to the radio may still wait for this long
PENDING_LIMIT = 64


class Relays:
    def __init__(self, desk):
        self._desk = desk
        self._seen = Seen()
        self._pending = {}

    def consider(self, heard, message_type):
        """Carry on a verified frame of another node once; drop our copy when another relay was overheard."""
        key = (heard.src, heard.id)
        if self._seen.seen(heard.src, heard.id, self._desk.now_ms):
            since = self._pending.pop(key, None)
            if since is not None and self._desk.now_ms - since <= PENDING_MS:
                self._desk.out.append(DropCopy(heard.src, heard.id))
            return
        if message_type not in CARRIED or not 0 < heard.hop_limit <= heard.hop_start <= 7:
            return
        if not heard.id:
            return  # no frame of ours: its tag covers no packet id, and a frame of id 0 cannot be built
        self._seen.add(heard.src, heard.id, self._desk.now_ms)
        if len(self._pending) >= PENDING_LIMIT:
            self._pending.pop(next(iter(self._pending)))
        self._pending[key] = self._desk.now_ms
        self._desk.out.append(RelayCopy(heard, class_of(message_type)))
