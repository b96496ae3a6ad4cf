"""Does what the core wants, in order, with whatever disk, radio, siren and clock it is given.

No thread, no wait and no clock of its own: the daemon steps it, and so does a campaign in virtual time.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable
from typing import Any, Protocol

from kentongan_gateway.core.base import actions
from kentongan_gateway.core.base.actions import Heard, identity
from kentongan_gateway.core.base.stored import Event
from kentongan_gateway.core.base.troubles import LOST
from kentongan_gateway.core.devices import faults
from kentongan_gateway.core.gateway_core import GatewayCore
from kentongan_gateway.disk.spool import Spool, SpoolError
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.disk.stored_row import alarm_of
from kentongan_gateway.hub_client.uplink import Order
from kentongan_gateway.outputs.siren_driver import SirenDriver
from kentongan_gateway.outputs.voice import Speaks
from kentongan_gateway.radio.base import Radio
from kentongan_gateway.service.clock import Clock

log = logging.getLogger("kentongan.gateway")

ROWS_LIMIT = 1_000  # stored events whose fate at the hub the core still asks for
TOLD_MS = 600_000  # what is over when it is noticed is shown for so long
RUN, RUNNING, ENDED = "run", b"running", b"ended"
LATE = ("guard", "stored", "air")  # states made up for when a crash comes first: by keys, by a second
MARK = "mark"  # state: how far the spool has come, kept outside it
MARK_MS = 600_000  # statuses alone are marked this often; what weighs more at the next look round
RESUME_ROWS = 1_024  # alarms of former runs that the core is told of, the latest
FAULTS_MAX = 5  # faults of ours outlived in FAULTS_MS; after that a restart may know better
FAULTS_MS = 60_000


BESIDE = (actions.Note, actions.Speak, actions.Hush)  # nobody's help hangs on these


class Told(Protocol):
    """Listener for stored events and for orders that are done: an Uplink."""

    def wake(self) -> None: ...

    def order_done(self, order_id: int, result: str) -> None: ...


class Performer:
    """clock: a Clock; draw(): one random u32; the others as the daemon makes them."""

    def __init__(
        self,
        core: GatewayCore,
        spool: Spool,
        state: StateDir,
        radio: Radio,
        siren: SirenDriver,
        voice: Speaks,
        uplink: Told,
        clock: Clock,
        draw: Callable[[], int],
    ):
        self.core, self._spool, self._state = core, spool, state
        self._radio, self._siren, self._voice, self._uplink = radio, siren, voice, uplink
        self._clock, self._draw = clock, draw
        self._rows: OrderedDict[str, int] = OrderedDict()  # spool id -> core's, until the hub has it
        self._held: dict[str, int] = {}  # spool id -> core's row id, of what no disk has yet
        self._unsaved_seq: actions.Persist | None = None  # a reserve of counters that could not be written
        self.dropped = 0
        self._ended_ms = 0  # until then people are told that the last run ended badly
        self._stepped_ms = -TOLD_MS
        self._together: list[actions.Store] | None = None  # wait for one commit, while frames come in
        self._wrong: dict[str, str | None] = {}  # name of a trouble -> its text, as last told
        self._marked: bytes | None = None
        self._marked_ms = 0
        self._faults_ms: list[int] = []  # when faults of ours were met lately

    # what happens

    def heard(self, *frames: Heard) -> bool:
        """Frames that came in together: one commit for all that they bring, then what follows from it.

        Whether there was anything to commit.
        """
        self._together = []
        try:
            for heard in frames:
                self._perform(self.core.on_frame(heard, self._now(), self._draw()))
            together = self._together
        finally:
            self._together = None
        if together:
            self._store_all(together)
        return bool(together)

    def heard_too(self, name: str) -> None:
        """Note the same frame by a second radio."""
        self._perform(self.core.on_duplicate(name, self._now()))

    def radio(self, name: str, up: bool) -> None:
        self._perform(self.core.on_radio_state(name, up, self._now()))

    def radio_air(self, used_ms: int) -> None:
        self.core.on_radio_air(used_ms, self._now())

    def trouble(self, name: str, text: str | None) -> None:
        """Something does not work (or does again: None); told once to log, lamp and hub."""
        if (text or None) == self._wrong.get(name):
            return
        self._wrong[name] = text or None
        self._perform(self.core.on_trouble(name, text, self._now()))

    def hush(self) -> None:
        self._perform(self.core.on_silence_key(self._now(), self._draw()))

    def taken(self, ids: Iterable[str], new: Container[str] = ()) -> None:
        """Note the events that the hub has committed; what no disk of ours has is as good as stored now.

        new: those of alarms that it takes for new.
        """
        for event_id in ids:
            if event_id in self._held:
                self._rows[event_id] = row_id = self._held.pop(event_id)
                self._perform(self.core.on_committed(row_id, self._now(), self._draw()))
        rows = {event_id: self._rows.pop(event_id) for event_id in ids if event_id in self._rows}
        of_now = [row for event_id, row in rows.items() if event_id in new]
        self._perform(self.core.on_hub_reply(list(rows.values()), self._now(), of_now))

    def reply(self) -> None:
        self._perform(self.core.on_hub_reply("reply", self._now()))

    def orders(self, orders: Iterable[Order]) -> None:
        for order in orders:
            self._perform(self.core.on_order(order, self._now(), self._draw()))

    def refused(self, reason: str, n: int) -> None:
        """Count messages of the hub that could not be read, or messages of ours that it refused."""
        self._perform(self.core.on_refused(reason, n, self._now()))

    def contain(self, what: str, deed: Callable[..., object], *args: Any) -> None:
        """Call it; a fault of ours in it is told and ends nothing else, unless they come one upon another."""
        try:
            deed(*args)
        except Exception as error:
            self._fault(what, error)
            now = self._now()
            self._faults_ms = [at for at in self._faults_ms if now - at < FAULTS_MS] + [now]
            if len(self._faults_ms) > FAULTS_MAX:
                raise

    def beside(self, what: str, deed: Callable[..., object], *args: Any) -> None:
        """Call what only watches, writes books or speaks: it ends no run, however often it fails."""
        try:
            deed(*args)
        except Exception as error:
            self._fault(what, error)

    def _fault(self, what: str, error: Exception) -> None:
        log.error("%s: a fault of ours", what, exc_info=error)
        try:
            self.trouble(faults.PROGRAM, f"{what}: {faults.name(error)}")
        except Exception:
            log.exception("it cannot be told")

    def tick(self) -> None:
        """Perform the actions that are due by the core's own clock."""
        deadline = self.core.next_deadline()
        if deadline is not None and deadline <= self._now():
            self._perform(self.core.tick(self._now(), self._draw()))

    def look_round(self) -> None:
        """Every few seconds: what waited for the disk, and what is wrong with disk and clock."""
        for old_id, new_id in self._spool.settle():
            if old_id in self._held:
                self._rows[new_id] = row_id = self._held.pop(old_id)
                self._perform(self.core.on_committed(row_id, self._now(), self._draw()))
        if self._spool.offer_unread():
            self._uplink.wake()
        self._mark()
        self._tell_spool()
        self.trouble("disk", self._spool.trouble or self._state.trouble)
        if self._now() >= self._ended_ms:
            self.trouble("restart", None)
        step_s = self._clock.jumped_s()
        if step_s:
            log.warning("the wall clock was stepped by %d s; nothing here depends on it", step_s)
            self._stepped_ms = self._now()
            self.trouble("clock", f"the clock was stepped by {step_s:.0f} s")
        elif self._now() - self._stepped_ms >= TOLD_MS:
            self.trouble("clock", None)

    def start(self) -> None:
        """Nothing that is read of former runs keeps this one from beginning."""
        self.contain("start", lambda: self._perform(self.core.tick(self._now(), self._draw())))
        for deed in (self._tell_restart, self._tell_lost, self._tell_damaged, self._resume):
            self.beside(deed.__name__, deed)

    def _tell_restart(self) -> None:
        if self._state.get(RUN) == RUNNING:
            self._ended_ms = self._now() + TOLD_MS
            self.trouble("restart", "it ended without being told to: the power went, or the program failed")
        self._keep_run(RUNNING)

    def _tell_damaged(self) -> None:
        for name in self._state.damaged:
            self.trouble(f"disk_state {name}", f"{name}: {LOST.get(name, 'begun anew')}")

    def _tell_lost(self) -> None:
        """Report at the start whether the disk has lost what it acknowledged, though it looks whole."""
        try:
            lost = self._spool.missing(self._state.get(MARK))
        except SpoolError as error:
            log.error("the spool's ids are not renewed: %s", error)
            lost = 0
        if lost:
            self.trouble(
                "disk_lost",
                f"{lost} stored events are gone from the spool: replace the card, ask who pressed a button",
            )
        self._tell_spool()
        self._mark(by_all_means=True)

    def _tell_spool(self) -> None:
        """Tell of a spool that was set aside, and of rows that the disk has altered."""
        spool = self._spool
        if spool.quarantined:
            self.trouble(
                "disk_spool",
                f"the spool was corrupt, was set aside as {spool.quarantined[-1]} and "
                f"begun anew with {spool.salvaged} events taken over",
            )
        if spool.unreadable:
            self.trouble(
                "disk_lost",
                f"{spool.unreadable} stored events can no longer be read: replace the "
                "card, ask who pressed a button",
            )
        if spool.altered:
            self.trouble(
                "disk_state spool",
                f"{spool.altered} stored events that the hub has were altered: replace the card",
            )

    def _mark(self, by_all_means: bool = False) -> None:
        """Keep outside the spool how far it has come: SQLite ends a damaged journal without a word."""
        now = self._now()
        due = by_all_means or self._spool.weighty or now - self._marked_ms >= MARK_MS
        if self._spool.trouble or not due:
            return
        self._marked_ms, mark = now, self._spool.mark()
        if mark == self._marked:
            return
        self._marked = mark
        try:
            self._state.put_late(MARK, mark)
        except OSError as error:
            log.error("state %s is not on disk: %s", MARK, error)

    def close(self) -> None:
        self._perform(self.core.close(self._now()))
        self._mark(by_all_means=True)
        self._keep_run(ENDED)

    def _keep_run(self, word: bytes) -> None:
        try:
            self._state.put(RUN, word)
        except OSError as error:
            log.error("whether we run is not on disk: %s", error)

    # doing

    def _now(self) -> int:
        return self._clock.now_ms()

    def _perform(self, todo: Iterable[actions.Action]) -> None:
        for action in todo:
            kind = type(action)
            call = self.beside if kind in BESIDE else self.contain
            call(kind.__name__, self._DOING[kind], self, action)

    def _store(self, action: actions.Store) -> None:
        if self._together is None:
            self._store_all([action])
        else:
            self._together.append(action)

    def _store_all(self, todo: list[actions.Store]) -> None:
        """One commit; when it fails each is tried by itself."""
        events = [self._stamped(action.event) for action in todo]
        try:
            ids = self._spool.put_all(events)
        except Exception as error:  # whatever it is, nothing is on disk
            if len(todo) == 1:
                self._not_stored(todo[0], events[0], error)
            else:
                for action in todo:
                    self._store_all([action])
            return
        self._uplink.wake()
        for event_id, action in zip(ids, todo, strict=True):
            self._remember(event_id, action.row_id)
            self._perform(self.core.on_committed(action.row_id, self._now(), self._draw()))
            self.beside("is it sent", self._had_before, event_id)

    def _stamped(self, event: Event) -> Event:
        """With its times, or without them: an alarm waits for no clock."""
        try:
            return self._clock.stamp(event)
        except Exception as error:
            self._fault("clock", error)
            return event

    def _had_before(self, event_id: str) -> None:
        if self._spool.is_sent(event_id):
            self.core.on_taken_before([self._rows.pop(event_id)])

    def _not_stored(self, action: actions.Store, event: Event, error: Exception) -> None:
        """No receipt; but sirens and the hub are not kept waiting for a disk."""
        log.error("nothing is acknowledged: %s", error)
        event_id = self._spool.hold(event)
        if event_id is None:
            return
        self._held[event_id] = action.row_id
        if len(self._held) > ROWS_LIMIT:
            self._held.pop(next(iter(self._held)))
        self._uplink.wake()
        self._perform(self.core.on_commit_failed(action.row_id, self._now(), self._draw()))

    def _remember(self, event_id: str, row_id: int) -> None:
        self._rows[event_id] = row_id
        if len(self._rows) > ROWS_LIMIT:
            self._rows.popitem(last=False)

    def _persist(self, action: actions.Persist) -> None:
        put = self._state.put_late if action.name in LATE else self._state.put
        try:
            put(action.name, action.data)
        except OSError as error:
            log.error("state %s is not on disk: %s", action.name, error)
            if action.name == "seq":
                self._unsaved_seq = action
        else:
            if action.name == "seq":
                self._unsaved_seq = None

    def _send(self, action: actions.Send) -> None:
        """Put it on the air, but never with a counter whose reserve is not on disk: it might come twice."""
        if self._unsaved_seq:
            self._persist(self._unsaved_seq)
        if self._unsaved_seq:
            self.dropped += 1
            return
        self._radio.send(action)

    def _note(self, note: actions.Note) -> None:
        name = identity(note)
        log.info(
            "%s %s %s",
            name,
            note.step,
            note.detail,
            extra={"about": name, "step": note.step, "detail": note.detail},
        )

    _DOING: dict[type, Callable[..., object]] = {
        actions.Store: _store,
        actions.Persist: _persist,
        actions.Note: _note,
        actions.Send: _send,
        actions.RelayCopy: lambda self, action: self._radio.relay(action.heard, action.klass),
        actions.DropCopy: lambda self, action: self._radio.drop(action.src, action.id),
        actions.Siren: lambda self, action: self._siren.play(*action),
        actions.SirenOff: lambda self, action: self._siren.off(),
        actions.Speak: lambda self, action: self._voice.say(action.text),
        actions.Hush: lambda self, action: self._voice.hush(),
        actions.OrderDone: lambda self, action: self._uplink.order_done(*action),
    }

    def _forget_odd(self, event: Event, taken: bool) -> None:
        known = None if taken else alarm_of(event.get("key"))
        if known:
            self.core.forget(known)

    def _resume(self) -> None:
        """Resume from the disk's former runs: none of it begins anew, alarms under way are watched on."""
        try:
            alarms = self._spool.alarms(RESUME_ROWS)
        except SpoolError as error:
            log.error("what was stored before cannot be read: %s", error)
            self.trouble("disk_lost", f"what was stored before cannot be read: {error}")
            return
        for event_id, event, taken in alarms:
            try:
                if "unread" in event:  # its button, should it go on, is heard as if for the first time
                    self.core.forget(event)
                    continue
                age_ms = self._clock.age_ms(event)
                row_id, todo = self.core.resume(event, age_ms, self._now(), self._draw(), taken)
            except Exception as error:  # an altered row may mean anything
                log.error("stored alarm %s cannot be read: %s", event_id, error)
                self._spool.odd(event_id, taken)
                self.beside("forget", self._forget_odd, event, taken)
                continue
            if not taken:
                self._remember(event_id, row_id)
            self._perform(todo)
