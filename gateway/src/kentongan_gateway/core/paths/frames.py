"""A frame off the air: verified, judged by its counter, carried on, and sent along the path of its type."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kentongan_wire import messages as m
from kentongan_wire.errors import RemoteError
from kentongan_wire.verify import Message, open_message

from kentongan_gateway.core.base import flush
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.devices import forgeries

if TYPE_CHECKING:
    from kentongan_gateway.core.parts import Parts

OTHERS_ONLY = (m.SIREN_ORDER, m.PAGE, m.CONFIG)  # of another gateway: carried on, never obeyed

Path = Callable[[Message, Heard, bool], None]  # whether it was heard before


class Frames:
    """One per core."""

    def __init__(self, parts: "Parts") -> None:
        self._parts, self._context = parts, parts.context
        # message type -> its path
        self.paths: dict[int, Path] = {
            m.ALARM: parts.alarms.on_alarm,
            m.STATUS: parts.statuses.on_status,
            m.SIREN_REPORT: parts.reports.on_report,
            m.EVENT: parts.reports.on_report,
            m.RECEIPTS: parts.overheard.on_receipts,
        }

    def on_frame(self, heard: Heard) -> None:
        """RemoteError: it is refused."""
        try:
            self._judge(heard)
        except RemoteError as error:
            if error.reason in forgeries.REASONS:
                self._context.forgeries.on_forgery(heard.src)
            raise

    def _judge(self, heard: Heard) -> None:
        parts, context = self._parts, self._context
        parts.radios.note_frame(heard.radio)
        if heard.src == context.config.node:
            parts.overheard.on_echo(heard)
            return
        message = self.open(heard)
        if parts.neighbours.forged(message):
            context.forgeries.on_forgery()
        if message.type in OTHERS_ONLY:
            parts.relays.consider(heard, message)
            if message.type == m.SIREN_ORDER:
                parts.overheard.on_siren_order(message)
            return
        unproved = m.posts_judge(message.type, message.role)  # any post can make it, for any number
        if unproved and context.directory.get(message.src) is None:
            context.count("unknown_gateway")  # invented numbers push no counter out of its place
            return
        new = parts.intake.new(message, heard)
        if new is None:
            return
        parts.relays.consider(heard, message, new)
        if new:
            if not unproved:
                parts.supervision.note_alive(message.src)
                parts.drills.on_post_heard(message.src)
                parts.radios.note_missed(heard.radio)
            parts.flush.within(flush.STATUS_MS)
        path = self.paths.get(message.type)
        if path:
            path(message, heard, not new)

    def open(self, heard: Heard) -> Message:
        """Return the verified message of a frame, or RemoteError."""
        context = self._context
        return open_message(heard.payload, heard.src, heard.to, context.keys, context.directory.revoked)
