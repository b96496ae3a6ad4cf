"""Parts of one core, and the listeners of each. Paths and the hub's orders find each other here."""

from collections.abc import Mapping

from kentongan_wire.errors import LocalError, RemoteError
from kentongan_wire.replay import Guard
from kentongan_wire.site_keys import SiteKeys

from kentongan_gateway.core.answers.announce import Announcements
from kentongan_gateway.core.answers.chime_pages import ChimePages
from kentongan_gateway.core.answers.confidential_names import ConfidentialNames
from kentongan_gateway.core.answers.neighbours import Neighbours
from kentongan_gateway.core.answers.receipts import Answers
from kentongan_gateway.core.answers.relays import Relays
from kentongan_gateway.core.answers.stages import Stages
from kentongan_gateway.core.base import troubles
from kentongan_gateway.core.base.context import Context, CoreConfig
from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.base.flush import Flush
from kentongan_gateway.core.base.memory import GUARD_LIMIT, Memory
from kentongan_gateway.core.base.records import Records
from kentongan_gateway.core.base.sequence import Sequence
from kentongan_gateway.core.devices.configs import Configs
from kentongan_gateway.core.devices.faults import Faults, Timed
from kentongan_gateway.core.devices.forgeries import Forgeries
from kentongan_gateway.core.devices.keyring import KeyRing
from kentongan_gateway.core.devices.radiowatch import RadioWatch
from kentongan_gateway.core.devices.refusals import Refusals
from kentongan_gateway.core.devices.supervise import Supervision
from kentongan_gateway.core.devices.waiting import Waiting
from kentongan_gateway.core.hub.hub_orders import HubOrders
from kentongan_gateway.core.hub.hubwatch import HubWatch
from kentongan_gateway.core.paths.alarm_path import AlarmPath
from kentongan_gateway.core.paths.frames import Frames
from kentongan_gateway.core.paths.intake import Intake
from kentongan_gateway.core.paths.overheard_path import OverheardPath
from kentongan_gateway.core.paths.report_path import ReportPath
from kentongan_gateway.core.paths.resume import Resume
from kentongan_gateway.core.paths.status_path import StatusPath
from kentongan_gateway.core.paths.storing import Storing
from kentongan_gateway.core.sirens.drill import Drills
from kentongan_gateway.core.sirens.silenced import Silenced
from kentongan_gateway.core.sirens.siren_orders import SirenOrders
from kentongan_gateway.core.sirens.sounding import OwnSiren, Watch


class Parts:
    """`state`: {name: bytes} as Persist wrote it (seq guard stored secrets quiet ...)."""

    def __init__(
        self, config: CoreConfig, keys: SiteKeys, directory: Directory, state: Mapping[str, bytes | None]
    ) -> None:
        sequence = Sequence(state.get("seq"), directory.gateway_counter)
        names = ConfidentialNames(state.get("secrets"))
        self.context = context = Context(config, keys, directory, sequence, names)
        context.quiet = Silenced(context, state.get("quiet"), state.get("hushed"))
        self.keyring = self._make_keyring(keys, state.get("keys"))
        context.keys = self.keyring.ring
        self._make_paths()
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

    def _make_paths(self) -> None:
        """Each looks here for what it needs when it is called."""
        self.intake, self.storing, self.resume = Intake(self), Storing(self), Resume(self)
        self.alarms, self.reports = AlarmPath(self), ReportPath(self)
        self.statuses, self.overheard = StatusPath(self), OverheardPath(self)
        self.frames, self.hub_orders = Frames(self), HubOrders(self)

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

    def begun(self) -> None:
        """The first call of the core: the context has its time now."""
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
