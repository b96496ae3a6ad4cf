"""The site's other gateways: whose alarm it is, and which gateway answers it and orders its sirens.

An alarm belongs to the gateway of its zone. Every other one that hears it stores it all the same, and then
    its zone's gateway has answered it             is done
    that one was heard of lately, or it is a crowd answers only a sender that goes on for YIELD_MS
    else                                           answers 500-1000 ms later if it overheard no answer
    it has answered                                orders sirens as well, somewhat later
Heard of: a new receipt of its own with an entry that holds under C(node), about an alarm that we have heard
lately, too. No stolen post makes an entry, but it can put a recorded one into a frame of today.
"""

from kentongan_wire.base.crypto import equal
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Ms, Node

ALIVE_MS = 600_000  # a gateway heard of so lately is taken to be there
YIELD_MS = 3_500  # its answer and the caches have had this long; a sender that goes on has heard nobody
STAND_IN_MS = 20_000  # no orders for another zone before, while its gateway may be there
ANSWERED_LIMIT = 256
ACTIVE_MS = 10_000  # an origin counts as active for this long after its last alarm frame
CROWD_ORIGINS = 2
ROLES = m.TOMBOL, m.SIRENE, m.PENERUS, m.GATEWAY, m.PENERIMA


class Neighbours:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._heard_ms: dict[Node, Ms] = {}  # gateway -> when its last new receipt was heard
        # (sender, counter) of what another gateway has answered -> which, the latest
        self._answered: dict[tuple[Node, int], Node] = {}
        self._active: dict[Node, Ms] = {}  # tombol -> when its last alarm frame was heard

    def note_alarm(self, src: Node) -> None:
        """Note that this origin has just raised an alarm."""
        self._active[src] = self._context.now_ms
        for old in [
            s
            for s, at in self._active.items()
            if self._context.now_ms - at > ACTIVE_MS * self._context.pace // 100
        ]:
            del self._active[old]

    @property
    def crowd(self) -> bool:
        """Tell whether several are alarming at once."""
        return len(self._active) >= CROWD_ORIGINS

    def _zone(self, record: Record) -> int:
        if record.is_alarm:
            return record.body.zone
        device = self._context.directory.get(record.src)
        return device.zone if device else 0

    def _own_gateways(self, record: Record) -> list[Node]:
        """Return the gateways to which this record belongs, when we are none of them."""
        config, zone = self._context.config, self._zone(record)
        if not zone or zone == config.zone:
            return []
        gateways = self._context.directory.of_role(m.GATEWAY)
        return [d.node for d in gateways if d.zone == zone and d.node != config.node]

    def yields(self, record: Record) -> bool:
        """Tell whether another gateway should answer and order before us."""
        return bool(self._own_gateways(record))

    def _waits(self, record: Record, wait_ms: Ms) -> bool:
        own = self._own_gateways(record)
        if not own or self._context.now_ms - record.first_ms >= wait_ms:
            return False
        since = self._context.now_ms - ALIVE_MS
        return self.crowd or any(self._heard_ms.get(node, since) > since for node in own)

    def waits(self, record: Record) -> bool:
        """Tell whether we are only wanted by a sender that goes on repeating, which it has not yet done."""
        return self._waits(record, YIELD_MS)

    def orders(self, record: Record) -> bool:
        """Tell whether the sirens of this alarm are ours to order: who answers, orders."""
        own = self._own_gateways(record)
        return not own or record.cached is not None and self._answered.get(record.about) not in own

    def waits_to_order(self, record: Record) -> bool:
        return self._waits(record, STAND_IN_MS)

    def receipts(self, message: Message, fresh: bool = True) -> list[m.Entry]:
        """Return the true entries of stage 2 and above in another gateway's RECEIPTS.

        fresh: nobody plays an old one again, or an old entry; else it proves nobody alive.
        """
        true = self.true(message)
        if true and fresh:
            self._heard_ms[message.src] = self._context.now_ms
        for entry in true:
            self._answered[entry.node, entry.counter] = message.src
        while len(self._answered) > ANSWERED_LIMIT:
            self._answered.pop(next(iter(self._answered)))
        return true

    def true(self, message: Message) -> list[m.Entry]:
        """Return the entries of stage 2 and above that hold under C of the device they are for."""
        return [entry for entry in message.body.entries if self._holds(message, entry)]

    def forged(self, message: Message) -> bool:
        """Tell whether a gateway's RECEIPTS, its outer tag true, hold an entry that no gateway can have made.

        Posts sound on an entry of stage 2, which they cannot judge; its addressee's C can.
        """
        if message.type != m.RECEIPTS or message.role != m.GATEWAY:
            return False
        return any(
            entry.stage >= m.STAGE_STORED and not self._of_any_role(message, entry)
            for entry in message.body.entries
        )

    def _of_any_role(self, message: Message, entry: m.Entry) -> bool:
        """Tell whether it holds for this number in whatever role, ours to know or not."""
        keys = [self._context.keys.c(entry.node, role, message.generation) for role in ROLES]
        held = [key for key in keys if key is not None]
        tags = (m.entry_tag(message.src, entry, key) for key in held)
        return len(held) < len(keys) or any(equal(tag, entry.tag4) for tag in tags)

    @property
    def alone(self) -> bool:
        """Tell whether the site has no other gateway."""
        return all(d.node == self._context.config.node for d in self._context.directory.of_role(m.GATEWAY))

    def _holds(self, message: Message, entry: m.Entry) -> bool:
        device = self._context.directory.get(entry.node)
        if entry.stage < m.STAGE_STORED or device is None:
            return False
        key = self._context.keys.c(entry.node, device.role, message.generation)
        return key is not None and equal(m.entry_tag(message.src, entry, key), entry.tag4)
