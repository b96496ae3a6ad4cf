"""Parts of one core, and the listeners of each. Paths find the parts, and each other, here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.keyring.site_keys import SiteKeys
from kentongan_wire.message.replay import Guard
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.answers.announce import Announcements
from kentongan_gateway.core.answers.chime_pages import ChimePages
from kentongan_gateway.core.answers.confidential_names import ConfidentialNames
from kentongan_gateway.core.answers.neighbours import Neighbours
from kentongan_gateway.core.answers.receipts import Answers
from kentongan_gateway.core.answers.relays import Relays
from kentongan_gateway.core.answers.stages import Stages
from kentongan_gateway.core.base import troubles
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.context import Context, CoreConfig
from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.base.flush import Flush
from kentongan_gateway.core.base.memory import GUARD_LIMIT, Held, Memory
from kentongan_gateway.core.base.records import Record, Records
from kentongan_gateway.core.base.sequence import Sequence
from kentongan_gateway.core.base.units import Node
from kentongan_gateway.core.devices.configs import Configs
from kentongan_gateway.core.devices.faults import Faults, Timed
from kentongan_gateway.core.devices.forgeries import Forgeries
from kentongan_gateway.core.devices.keyring import KeyRing
from kentongan_gateway.core.devices.radiowatch import RadioWatch
from kentongan_gateway.core.devices.refusals import Refusals
from kentongan_gateway.core.devices.supervise import Supervision
from kentongan_gateway.core.devices.waiting import Waiting
from kentongan_gateway.core.hub.hubwatch import HubWatch
from kentongan_gateway.core.sirens.drill import Drills
from kentongan_gateway.core.sirens.silenced import Silenced
from kentongan_gateway.core.sirens.siren_orders import SirenOrders
from kentongan_gateway.core.sirens.sounding import OwnSiren, Watch

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Body


class Alarms(Protocol):
    """The path of alarms (alarm_path.py)."""

    def on_alarm(self, message: Message, heard: Heard, repeat: bool) -> None: ...
    def on_held_back(self, message: Message, heard: Heard) -> None: ...
    def begin(self, row_id: int, record: Record) -> None: ...
    def on_vouched(self, held: Held) -> None: ...
    def on_hub_silent(self, row_id: int, record: Record) -> None: ...


class Reports(Protocol):
    """The path of reports (report_path.py)."""

    def on_report(self, message: Message, heard: Heard, repeat: bool) -> None: ...
    def on_event_stored(self, record: Record) -> None: ...
    def end_recorded(self, post: Node, origin: Node, first: int, counter: int) -> bool: ...


class Stores(Protocol):
    """The way to the disk and back (storing.py)."""

    def store(self, record: Record, heard: Heard) -> None: ...
    def repeated(self, record: Record, heard: Heard, body: "Body") -> None: ...
    def on_answered(self, record: Record) -> None: ...


class Orders(Protocol):
    """Orders of the hub (hub_orders.py)."""

    def on_order(self, raw: object) -> None: ...
    def done(self, order_id: int | None, result: str) -> None: ...


class Parts:
    """`state`: {name: bytes} as Persist wrote it (seq guard stored secrets quiet ...).

    join: gives the parts their paths, each of which looks here for what it needs when it is called.
    """

    alarms: Alarms
    reports: Reports
    storing: Stores
    hub_orders: Orders

    def __init__(
        self,
        config: CoreConfig,
        keys: SiteKeys,
        directory: Directory,
        state: Mapping[str, bytes | None],
        join: Callable[["Parts"], None],
    ) -> None:
        sequence = Sequence(state.get("seq"), directory.gateway_counter)
        names = ConfidentialNames(state.get("secrets"))
        self.context = context = Context(config, keys, directory, sequence, names)
        context.quiet = Silenced(context, state.get("quiet"), state.get("hushed"))
        self.keyring = self._make_keyring(keys, state.get("keys"))
        context.keys = self.keyring.ring
        join(self)
        self.guard = Guard(GUARD_LIMIT)
        guard_lost = not self._load_guard(state.get("guard"))
        self.orders = SirenOrders(context, self.hub_orders.done)
        self.memory = Memory(context, self.guard, guard_lost, self.alarms.on_vouched, self.orders.ask_posts)
        self.records = Records(state.get("stored"))
        self.flush = Flush(context, self.guard, self.memory, self.records)
        self.neighbours = Neighbours(context)
        self.watch = Watch(context, self.orders, self.neighbours)
        self.drills = Drills(context, self.watch.in_earnest, state.get("drill"))
        self.own = OwnSiren(context, state.get("codes"))
        self.hub = HubWatch(context, self.alarms.on_hub_silent)
        self.troubles = troubles.Troubles(context)
        self.pages = ChimePages(context, self.troubles, self.hub_orders.done, state.get("pages"))
        self.configs = Configs(context, self.guard, state.get("configs"))
        self.stages = Stages(context, self.hub_orders.done)
        self.answers = Answers(context, self.neighbours, self.storing.on_answered)
        self.refusals = Refusals(context)
        self.relays = Relays(context, self.neighbours)
        self.supervision = Supervision(context, self.orders)
        self.waiting = context.waiting = Waiting(context, self.troubles, state.get("air"))
        self.forgeries = context.forgeries = Forgeries(context, self.troubles, state.get("forged"))
        self.faults = Faults(context, self.refusals, self.troubles)
        self.radios = RadioWatch(context, self.troubles, self.supervision.prove, self.supervision.deaf)
        self.announcements = Announcements(context)
        # those with a clock, in the order in which they are called; the answers go before them all
        self.ticking: tuple[Timed, ...] = (
            self.watch,
            self.orders,
            self.drills,
            self.own,
            self.hub,
            self.pages,
            self.configs,
            self.stages,
            self.refusals,
            self.supervision,
            self.troubles,
            self.radios,
            self.announcements,
            self.memory,
            self.forgeries,
            self.waiting,
            self.flush,
        )

    def _make_keyring(self, keys: SiteKeys, saved: bytes | None) -> KeyRing:
        try:
            return KeyRing(keys, saved)
        except LocalError:
            self.context.count("keys_lost")
            return KeyRing(keys)

    def _load_guard(self, saved: bytes | None) -> bool:
        """Tell whether the counters of a former run are there, whole."""
        if not saved:
            return False
        try:
            self.guard.load(saved)
        except RemoteError:
            self.context.count("guard_lost")
            return False
        return True

    def sounds(self, record: Record) -> bool:
        """Tell whether a siren beats for it now, as far as is known here."""
        if not record.is_alarm:
            return False
        ours = self.own.alarm and (self.own.alarm[0], self.own.alarm[2])
        return self.watch.sounds(record) or ours == (record.src, record.first_counter)

    def begun(self) -> None:
        """Begin with the first call of the core: the context has its time now."""
        context = self.context
        context.begun_ms = context.now_ms
        self.waiting.begun()
        self.hub.begun()
        self.supervision.follow()
        self.memory.begun()
        self.troubles.begin()
        self.radios.begin()
        self.forgeries.begun()
        self.drills.begun()
        self.troubles.revoked()
        for name in (name for name in troubles.LOST if name + "_lost" in context.counters):
            self.troubles.lost(name)
