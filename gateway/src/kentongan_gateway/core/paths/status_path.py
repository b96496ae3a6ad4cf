"""A device's status: stored for the hub, compared with what the device should be, and the end of a stage."""

from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base import events
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.parts import Parts


class StatusPath:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context

    def on_status(self, message: Message, heard: Heard, repeat: bool) -> None:
        if repeat:
            return
        parts, context, body = self._parts, self._context, message.body
        context.store(events.status_event(message, heard, context.directory))
        parts.configs.on_status(message.src, message.role, body.config_version, message.generation)
        if message.role == m.TOMBOL:
            self._button(message)
            return
        if message.role == m.SIRENE and body.last_control in parts.orders.tests:
            parts.memory.present(message.src, message.counter, bool(body.flags & m.STATUS_SOUNDING))
        if context.sequence.catch_up(body.last_control):
            context.note("counters_recovered", context.config.label, context.sequence.last)

    def _button(self, message: Message) -> None:
        """It names the highest stage that it holds: ours that it has seen ends."""
        context, body = self._context, message.body
        stage = events.highest_stage(body)
        if stage < m.STAGE_COMING:
            return
        seen = self._parts.stages.seen(message.src, body.counter, stage)
        if not seen:
            return
        counter, stage = seen
        context.store(
            {
                "type": "stage_seen",
                "device": message.src,
                "label": context.directory.label(message.src),
                "counter": counter,
                "stage": stage,
            }
        )
        context.note_about("stage_seen", message.src, counter, str(stage))
