"""Overheard frames: frames in our own name, receipts and orders of others.

RECEIPTS of a gateway   where its entries hold under C of their addressee: ours is not needed
RECEIPTS of a post      stage 1: as a report that it sounds
SIREN_ORDER             of a gateway, its targets under C of the post: ours is not needed
Of a gateway's RECEIPTS only the entries count: the whole is under A, and so every post can make it.
"""

from kentongan_wire.base.errors import RemoteError
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.answers.neighbours import ALIVE_MS
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.paths.intake import SLOW_MS


class OverheardPath:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context

    def on_echo(self, heard: Heard) -> None:
        """Judge a frame in our name: ours that somebody carries on, or a forged one."""
        self._context.count("echo")
        try:
            message = self._context.open(heard)
        except RemoteError:
            return  # noise: whoever may make it sounds nothing with it
        if self._parts.neighbours.forged(message) or self._rewrapped(message):
            self._context.forgeries.on_forgery()

    def _rewrapped(self, message: Message) -> bool:
        """Tell whether a frame in our name is none of ours, though its entries may be: recorded ones.

        No frame of ours is ahead of our counter, and we answer an alarm by one frame, again and again.
        """
        parts, sequence = self._parts, self._context.sequence
        if message.type != m.RECEIPTS or message.role != m.GATEWAY:
            return False
        if message.counter > sequence.last and not (sequence.lost or parts.memory.lost):
            return True
        return any(
            0 < parts.records.answered(entry.node, entry.counter) < message.counter
            for entry in parts.neighbours.true(message)
            if entry.stage == m.STAGE_STORED
        )

    def on_siren_order(self, message: Message) -> None:
        """Take another gateway's order for a current alarm: it makes ours unnecessary."""
        if not self._long_over(message.body):
            self._parts.watch.ordered(message)

    def _long_over(self, order: m.SirenOrder) -> bool:
        """Tell if an order is about an alarm that is over: a recording, whatever else is forgotten."""
        records = self._parts.records
        alarm = records.find(order.origin, order.counter)
        if alarm is None:
            return records.knows(order.origin, order.counter)  # by a former run, or long ago
        return self._context.now_ms - alarm.first_ms > SLOW_MS

    def on_receipts(self, message: Message, heard: Heard, repeat: bool) -> None:
        """Receipts of another gateway, or a post's stage 1.

        A gateway's counter may have been used up by whoever holds a post's keys. Its entries
        are true even so; they only do not show that it is there now.
        """
        parts = self._parts
        if message.role == m.GATEWAY:
            fresh = not repeat and not parts.memory.lost
            parts.answers.overheard(parts.neighbours.receipts(message, fresh and self._of_now(message)))
        elif not repeat:
            self._stage_1(message)

    def _of_now(self, message: Message) -> bool:
        """Tell whether it answers what we have heard ourselves lately: a true entry may be years old."""
        since_ms = self._context.now_ms - ALIVE_MS
        return any(
            record and record.first_ms >= since_ms and not record.late
            for record in (
                self._parts.records.find(entry.node, entry.counter)
                for entry in self._parts.neighbours.true(message)
            )
        )

    def _stage_1(self, message: Message) -> None:
        parts = self._parts
        label = self._context.directory.label(message.src)
        for entry in message.body.entries:
            alarm = parts.records.find(entry.node, entry.counter)
            first = alarm.first_counter if alarm else entry.counter
            parts.watch.on_siren_state(message.src, entry.node, first, entry.counter, m.STATE_SOUNDING)
            parts.memory.word(message.src, message.counter, entry.node, entry.counter)
            self._context.note_about("receipt_1", entry.node, entry.counter, label)
