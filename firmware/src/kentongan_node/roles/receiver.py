"""Penerima: a chime in the house of an agreed neighbour or responder, with a "saya datang" key.

what comes in                          state of that page      what follows
PAGE to us under C, new                -> WAITING              lamp and chime by its kind; silent: a dim blink
PAGE to us, the same again             unchanged               nothing: repeats change nothing
key come                               WAITING -> ANSWERING    the chime ends; EVENT "saya datang" goes out
our entry, stage 2, for that EVENT     ANSWERING -> ANSWERED   the lamp says that the gateway has it
PAGE_KEEP_MS after the page            any -> gone             the lamp goes out
A silent page never sounds: whoever it is about may stand in the next room.
"""

from kentongan_wire.base import patterns
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages as m

from kentongan_node.base import feedback
from kentongan_node.base.actions import Quiet, Show, Sound
from kentongan_node.common.mains import MainsNode
from kentongan_node.common.reports import Reports

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Entry, Page
    from kentongan_wire.message.messages import Envelope
    from kentongan_wire.message.verify import Message

    from kentongan_node.base.actions import Action, Settings, State, Steps
    from kentongan_node.common.node import Heard


CHIME_MS = 12_000  # start value: wakes a sleeper, does not stand in for the siren
PAGE_KEEP_MS = 600_000  # a page is answered within this, or the gateway asks somebody else
PAGES_LIMIT = 4  # open at a time

WAITING, ANSWERING, ANSWERED = range(3)
SHOWN = {ANSWERING: feedback.ANSWERING, ANSWERED: feedback.ANSWERED}


class Call:
    """One page that was not gone yet."""

    def __init__(self, body: "Page", silent: bool, now_ms: int) -> None:
        self.body = body
        self.silent = silent
        self.state = WAITING
        self.until_ms = now_ms + PAGE_KEEP_MS

    def about(self) -> tuple[int, int]:
        return self.body.origin, self.body.counter


class Penerima(MainsNode):
    role = m.PENERIMA
    types = (m.PAGE,)

    def __init__(self, settings: "Settings", state: "State") -> None:
        super().__init__(settings, state)
        self.calls: list[Call] = []  # the newest last
        self.reports = Reports(self.mesh.pace)
        self._shown: tuple[str, Steps | None] = (feedback.OFF, None)
        self._chiming: Call | None = None  # the Call that is heard

    def on_message(self, message: "Message", repeat: bool, heard: "Heard") -> None:
        body = message.body
        if message.type != m.PAGE or repeat or body.kind == m.KIND_UJI:
            return
        call = Call(body, message.silent, self.now_ms)
        for known in self.calls:
            if known.about() == call.about() and known.body.kind == body.kind and known.state != WAITING:
                return  # paged again with a new counter, but answered already
        self.calls = [known for known in self.calls if known.about() != call.about()] + [call]
        if len(self.calls) > PAGES_LIMIT:
            self.calls.remove(self._least())
        if call not in self.calls:
            return
        if not call.silent:
            self._chime(call)
            self.note("paged", message.counter, node=message.src)

    def on_entry(self, entry: "Entry", envelope: "Envelope", heard: "Heard") -> None:
        if entry.stage != m.STAGE_STORED:
            return
        about = self.reports.stored(entry.counter)
        for call in self.calls:
            if call.about() == about:
                call.state = ANSWERED

    def on_key(self, key: str, down: bool) -> None:
        if key != "come":
            super().on_key(key, down)
        elif down:
            self._come()

    def on_timer(self, name: str) -> None:
        if name == "chime":
            self._end_chime()
        elif name == "report":
            self.reports.send_due(self, self.settings["gateway_hops"])
        elif name != "gone":
            super().on_timer(name)

    def _least(self) -> "Call":
        """Find the call that gives way: the oldest of the button that has most of them, a silent one last.

        So no button, pressed again and again, takes another's call from the chime.
        """
        return max(
            self.calls,
            key=lambda call: (
                len([one for one in self.calls if one.body.origin == call.body.origin]),
                not call.silent,
                -self.calls.index(call),
            ),
        )

    def _next(self) -> "Call | None":
        """Return the call that the key answers: the newest waiting, first of a button with no answer yet."""
        waiting = [call for call in self.calls if call.state == WAITING]
        answered = [call.body.origin for call in self.calls if call.state != WAITING]
        fresh = [call for call in waiting if call.body.origin not in answered]
        return (fresh or waiting or [None])[-1]

    def _come(self) -> None:
        """Answer the next page that waits; without one the key does nothing."""
        call = self._next()
        if call is None:
            self.count("come_without_page")
            return
        call.state = ANSWERING
        if self._chiming is call:
            self._end_chime()
        event = m.Event(m.EVENT_COMING, 0, call.body.origin, call.body.counter)
        self.reports.add(m.EVENT, event, self.now_ms, call.about())
        self.reports.send_due(self, self.settings["gateway_hops"])
        if not call.silent:
            self.note("answered", self.reports.find(call.about()).counter or 0)

    def _chime(self, call: "Call") -> None:
        name, steps = patterns.of(self.settings, call.body.kind)
        if not steps:
            return
        self._chiming = call
        self.actions.append(Sound(name, steps, CHIME_MS))
        self.at("chime", self.now_ms + CHIME_MS)

    def _end_chime(self) -> None:
        if self._chiming is not None:
            self._chiming = None
            self.cancel("chime")
            self.actions.append(Quiet())

    def _end(self) -> "list[Action]":
        """Drop old pages and show the one that the key would answer: after every event."""
        self.calls = [call for call in self.calls if self.now_ms < call.until_ms]
        self._show()
        for name, at_ms in (
            ("report", self.reports.deadline()),
            ("gone", self.calls[0].until_ms if self.calls else None),
        ):
            if at_ms is None:
                self.cancel(name)
            else:
                self.at(name, at_ms)
        return super()._end()

    def _show(self) -> None:
        state, steps = feedback.OFF, None
        call = self._next()
        if call is not None:
            state = feedback.PAGE_QUIET
            if not call.silent:
                state, steps = feedback.PAGE, self._rhythm(call.body.kind)
        elif self.calls:
            state = SHOWN[self.calls[-1].state]
        if (state, steps) != self._shown:
            self._shown = (state, steps)
            show = feedback.show(state)
            self.actions.append(Show(state, (steps,) + show.steps[1:]) if steps else show)

    def _rhythm(self, kind: int) -> "Steps | None":
        """Beat the kind's own code by lamp, so that it is told without a chime; fast where it has none."""
        name, steps = patterns.of(self.settings, kind)
        return None if name == patterns.TITIR else steps
