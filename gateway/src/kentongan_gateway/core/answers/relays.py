"""Relaying by a gateway for others: receipts, orders, pages, configuration. Alarms it answers instead."""

from hashlib import sha256

from kentongan_wire.air.flood import class_of
from kentongan_wire.air.packet import HOP_MAX
from kentongan_wire.air.seen import Seen
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.answers.copies import Copies
from kentongan_gateway.core.answers.neighbours import Neighbours
from kentongan_gateway.core.base.actions import DropCopy, Heard, RelayCopy
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.units import Ms, Node

CARRIED = (m.RECEIPTS, m.SIREN_ORDER, m.PAGE, m.CONFIG)
PENDING_MS = 5_000  # a copy handed to the radio may still wait for this long
PENDING_LIMIT = 64
NAME_BYTES = 4


class Relays:
    def __init__(self, context: Context, neighbours: Neighbours) -> None:
        self._context = context
        self._copies = Copies(context, neighbours)
        self._seen = Seen()
        # (src, content) -> (since, None: another relay's copy stands for it; hops left)
        self._pending: dict[tuple[Node, bytes], tuple[Ms | None, int]] = {}

    def consider(self, heard: Heard, message: Message, new: bool = True) -> None:
        """Carry on a proved frame of another node once; drop our copy when another relay was overheard.

        A frame is its content: a packet id is covered by no tag, and a stolen post may use it first. Only a
        copy that goes as far as ours replaces it: who plays one with no hops left stops nothing. Nor does who
        plays one with few hops left ahead of the true one: what comes with more goes in its place, or again.
        """
        if message.type not in CARRIED or self._context.directory.get(message.src) is None:
            return
        who = self._copies.note_copy(message, new)
        content = sha256(heard.id.to_bytes(4, "little") + heard.payload).digest()
        name, key = int.from_bytes(content[:NAME_BYTES], "little"), (heard.src, content)
        since, hops = self._pending.get(key, (None, HOP_MAX))
        waits = since is not None and self._context.now_ms - since <= PENDING_MS
        if self._seen.seen(heard.src, name, self._context.now_ms) and heard.hop_limit - 1 <= hops:
            if since is not None and heard.hop_limit == hops:
                self._pending[key] = None, hops
                if waits:
                    self._context.out.append(DropCopy(heard.src, heard.id))
            return
        if not 0 < heard.hop_limit <= heard.hop_start <= HOP_MAX:
            return
        if not heard.id:
            return  # no frame of ours: its tag covers no packet id, and a frame of id 0 cannot be built
        self._seen.add(heard.src, name, self._context.now_ms)
        if not self._copies.allow(who, message, len(heard.payload)):
            return
        if waits:
            self._context.out.append(DropCopy(heard.src, heard.id))
        if len(self._pending) >= PENDING_LIMIT and key not in self._pending:
            self._pending.pop(next(iter(self._pending)))
        self._pending[key] = self._context.now_ms, heard.hop_limit - 1
        self._context.out.append(RelayCopy(heard, class_of(message.type)))
