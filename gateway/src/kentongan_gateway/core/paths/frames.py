"""A frame off the air: verified, judged by its counter, carried on, and sent along the path of its type."""

from collections.abc import Callable

from kentongan_wire.base.errors import RemoteError
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base import flush
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.devices import forgeries
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.paths.intake import Intake
from kentongan_gateway.core.paths.overheard_path import OverheardPath
from kentongan_gateway.core.paths.status_path import StatusPath

OTHERS_ONLY = (m.SIREN_ORDER, m.PAGE, m.CONFIG)  # of another gateway: carried on, never obeyed

Path = Callable[[Message, Heard, bool], None]  # whether it was heard before


class Frames:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context
        self._intake, self._overheard = Intake(parts), OverheardPath(parts)
        # message type -> its path
        self.paths: dict[int, Path] = {
            m.ALARM: parts.alarms.on_alarm,
            m.STATUS: StatusPath(parts).on_status,
            m.SIREN_REPORT: parts.reports.on_report,
            m.EVENT: parts.reports.on_report,
            m.RECEIPTS: self._overheard.on_receipts,
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
            self._overheard.on_echo(heard)
            return
        message = context.open(heard)
        if parts.neighbours.forged(message):
            context.forgeries.on_forgery()
        if message.type in OTHERS_ONLY:
            parts.relays.consider(heard, message)
            if message.type == m.SIREN_ORDER:
                self._overheard.on_siren_order(message)
            return
        unproved = m.posts_judge(message.type, message.role)  # any post can make it, for any number
        if unproved and context.directory.get(message.src) is None:
            context.count("unknown_gateway")  # invented numbers push no counter out of its place
            return
        new = self._intake.new(message, heard)
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
