"""Every decision of the gateway, pure: what was heard, committed, ordered, in; actions out, in order.

Never sleeps, opens, prints, reads a clock or draws a random number. An alarm is stored first and receipted
only in `on_committed`, which the daemon calls after the commit and not otherwise.
"""

from collections.abc import Collection, Container, Mapping

from kentongan_wire.keyring.site_keys import SiteKeys

from kentongan_gateway.core.base.actions import Action, Heard
from kentongan_gateway.core.base.context import CoreConfig
from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.base.stored import Event
from kentongan_gateway.core.base.units import Ms
from kentongan_gateway.core.devices.faults import Clocked
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.paths.alarm_path import AlarmPath
from kentongan_gateway.core.paths.frames import Frames
from kentongan_gateway.core.paths.hub_orders import HubOrders
from kentongan_gateway.core.paths.intake import SLOW_MS
from kentongan_gateway.core.paths.report_path import ReportPath
from kentongan_gateway.core.paths.resume import Resume
from kentongan_gateway.core.paths.storing import Storing

__all__ = ["SLOW_MS", "CoreConfig", "Directory", "GatewayCore"]


def _join(parts: Parts) -> None:
    parts.alarms, parts.reports = AlarmPath(parts), ReportPath(parts)
    parts.storing, parts.hub_orders = Storing(parts), HubOrders(parts)


class GatewayCore:
    """One per gateway: each call returns the actions, in order. `state`: what Persist wrote, by name."""

    def __init__(
        self, config: CoreConfig, keys: SiteKeys, directory: Directory, state: Mapping[str, bytes | None]
    ) -> None:
        self.parts = Parts(config, keys, directory, state, _join)
        self.frames, self._resume = Frames(self.parts), Resume(self.parts)
        self._context, self.counters = self.parts.context, self.parts.context.counters
        self._begun = False
        timed: tuple[Clocked, ...] = self.parts.answers, *self.parts.ticking
        self._deadlines = [(part, part.next_deadline) for part in timed]

    def on_frame(self, heard: Heard, now_ms: Ms, rnd: int) -> list[Action]:
        """Take one payload off a radio. Malformed, forged and old ones are counted, never raised."""
        self._begin(now_ms, rnd)
        self.parts.faults.contain("frame", self.frames.on_frame, heard)
        return self._end()

    def on_duplicate(self, name: str, now_ms: Ms) -> list[Action]:
        """Note a duplicate from a second radio: it shows that this radio works."""
        self._begin(now_ms, 0)
        self.parts.radios.note_frame(name)
        return self._end()

    def on_committed(self, row_id: int, now_ms: Ms, rnd: int) -> list[Action]:
        """Go on with a row whose Store is on disk."""
        self._begin(now_ms, rnd)
        self.parts.faults.contain("stored", self._context.committed, row_id)
        return self._end()

    def on_commit_failed(self, row_id: int, now_ms: Ms, rnd: int) -> list[Action]:
        """Go on with a row that the disk refused: no receipt, but sirens and pages do not wait for a disk."""
        self._begin(now_ms, rnd)
        self.parts.faults.contain("not stored", self._context.failed, row_id)
        return self._end()

    def on_order(self, order: object, now_ms: Ms, rnd: int) -> list[Action]:
        """Take an order of the hub, as its JSON object; OrderDone answers it once its outcome is known."""
        self._begin(now_ms, rnd)
        self.parts.hub_orders.on_order(order)
        return self._end()

    def on_hub_reply(self, what: Collection[int] | str, now_ms: Ms, new: Container[int] = ()) -> list[Action]:
        """Take a good reply of the hub; `what` are the row ids that it took, or a word when it took none.

        new: of these the alarms that it takes for new (memory.py).
        """
        self._begin(now_ms, 0)
        self.parts.hub.note_reply(now_ms)
        if not isinstance(what, str):
            self.parts.hub.on_taken(what)
            self.parts.pages.on_hub_took(what)
            self.parts.memory.on_hub_took(what, new)
        return self._end()

    def on_taken_before(self, row_ids: Collection[int]) -> None:
        """Wait no more for rows that the hub has had from before. No actions, no sign of life."""
        self.parts.hub.on_taken(row_ids)

    def on_radio_state(self, name: str, up: bool, now_ms: Ms) -> list[Action]:
        """Tell the hub that a radio has come up or gone."""
        self._begin(now_ms, 0)
        self.parts.radios.note_state(name, bool(up))
        return self._end()

    def on_radio_air(self, used_ms: Ms, now_ms: Ms) -> None:
        """Note the air that a radio reports for the last hour, former runs of ours included. No actions."""
        self._context.air.radio_used(used_ms / 1000, now_ms)

    def on_trouble(self, name: str, text: str | None, now_ms: Ms) -> list[Action]:
        """Tell the hub what does not work at this gateway, or works again (text None)."""
        self._begin(now_ms, 0)
        self.parts.troubles.set(name, text)
        if name == "siren":
            self.parts.own.broken(bool(text))
        return self._end()

    def on_refused(self, reason: str, n: int, now_ms: Ms) -> list[Action]:
        """Count and tell n refusals of input that came over another way than the air."""
        self._begin(now_ms, 0)
        self.parts.refusals.on_refusal(reason, n)
        return self._end()

    def troubles(self) -> dict[str, str]:
        """List the present troubles as {name: text}."""
        return self.parts.troubles.active()

    def on_silence_key(self, now_ms: Ms, rnd: int) -> list[Action]:
        """Obey the silence button at the post."""
        self._begin(now_ms, rnd)
        self.parts.own.stop("silenced", "post")
        self.parts.announcements.ended()
        return self._end()

    def resume(
        self, event: Event, age_ms: Ms, now_ms: Ms, rnd: int, taken: bool = False
    ) -> tuple[int, list[Action]]:
        """Go on with an alarm that a former run stored: (row_id, actions). Call it in the order of the disk.

        age_ms: since it was stored, -1 where no clock can tell. taken: the hub has it, and acts for it.
        """
        self._begin(now_ms, rnd)
        row_id = self._resume.on_stored_before(event, age_ms, taken)
        return row_id, self._end()

    def forget(self, event: Event) -> None:
        """Forget an alarm of a former run of which the disk has nothing but its key. No actions."""
        self._resume.forget(event)

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        """Do what is due; call it at or after next_deadline()."""
        self._begin(now_ms, rnd)
        parts = self.parts
        parts.faults.contain("answers", parts.answers.tick, parts.sounds)
        for part in parts.ticking:
            parts.faults.tick(part)
        return self._end()

    def close(self, now_ms: Ms) -> list[Action]:
        """End as planned: states that are kept late go to disk now."""
        self._begin(now_ms, 0)
        self.parts.flush.now()
        self.parts.waiting.close()
        return self._end()

    def next_deadline(self) -> Ms | None:
        """Return the time of the next tick(), or None. 0 before the first call of all."""
        if not self._begun:
            return 0
        first = None
        for part, deadline in self._deadlines:
            due = deadline()
            if due is not None and (first is None or due < first):
                first = self.parts.faults.not_before(part, due)
        return first

    def _begin(self, now_ms: Ms, rnd: int) -> None:
        self._context.out, self._context.now_ms, self._context.rnd = [], now_ms, rnd
        if not self._begun:
            self._begun = True
            self.parts.begun()

    def _end(self) -> list[Action]:
        return self._context.out
