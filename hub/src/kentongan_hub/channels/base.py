"""The base of every channel: a thread of its own that claims, sends and marks; failures with a remedy."""

import logging
import threading
from typing import NotRequired, TypedDict

from kentongan_hub.base import codes, sending
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import ChannelRow, Claimed, Incident, OutboxRow
from kentongan_hub.incidents import actions
from kentongan_hub.people import ways
from kentongan_hub.record import audit, outbox, timeline
from kentongan_hub.storage.store import Db, Store, parsed

log = logging.getLogger("kentongan.hub")
PERIOD_S = 2.0  # longest time between looks; a commit wakes the worker at once
LEASE_MS = 90_000  # a sending that takes longer than this died
RETRY_MS = (
    5_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
)  # after a temporary failure; the last one repeats
FAILS_TOLD = 3  # tries of a silent alarm's message that failed, then its circle reads it on the timeline
PROBLEM_LIMIT = 200  # characters
REPEAT_MARK = "(ulangan) "  # it may have arrived before: the confirmation was lost
TEST = sending.TEST

Field = tuple[str, str, str]  # key, label, default of a setting


class Message(TypedDict):
    """A message of a channel: to an address of its own kind, that person's name, the words."""

    to: str
    name: str
    text: str
    link: NotRequired[str]  # behind a button of the message: answers "saya datang"
    tag: NotRequired[str]  # a message with the same one takes its place


class Failure(Exception):
    """A message was not sent. `permanent`: the same message will never pass; else it is tried again."""

    def __init__(self, reason: object, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.code: int | None = None  # with which a modem refused


class Worker(ways.Way):
    """One channel. Subclasses give what a Way has, `fields` and send(); step() is one round, no thread."""

    fields: tuple[Field, ...] = ()  # (key, label, default) of the settings on the page Kanal
    highest: dict[str, int] = {}  # key -> the largest number that the setting may be; it is a number then
    secret_fields: tuple[str, ...] = ()
    reads_answers = False

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._wanted: dict[str, str] | None = {}  # None: switched off
        self.settings: dict[str, str] = {}

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._store.bell.ring()
        if self._thread:
            self._thread.join(timeout=10)

    def now(self) -> Now:
        return Now(self._clock.steady_ms(), self._clock.wall_ms())

    def _run(self) -> None:
        seen = 0
        while not self._stop.is_set():
            try:
                while self.step() and not self._stop.is_set():
                    pass
            except Exception:
                # a channel that breaks must neither end nor touch the others
                log.exception("channel %s: round failed, trying again", self.name)
                self._stop.wait(PERIOD_S)
            seen = self._store.bell.wait_beyond(seen, PERIOD_S)

    def enabled(self) -> bool:
        """Read the switch of the channel, and its settings with it."""
        with self._store.read() as db:
            row = db.one("SELECT * FROM channels WHERE name = ?", self.name, of=ChannelRow)
        wanted = settings_of(self, row) if row and row["enabled"] == 1 else None
        if wanted != self._wanted:
            self.close()
            self._wanted, self.settings = wanted, wanted or {}
        return wanted is not None

    def step(self) -> bool:
        """Send the next message; true when there may be another."""
        if not self.enabled():
            return False
        row = self._claim()
        if row is None:
            return False
        try:
            self._send_row(row)
        except Failure as failure:
            self._failed(row, failure)
        except Exception as error:  # of a library, a setting or the row: told, and no other waits for it
            log.exception("channel %s: message %d failed", self.name, row["id"])
            self._failed(row, Failure(_("kesalahan program: %(error)s", error=type(error).__name__)))
        else:
            self._sent(row)
        return True

    def _send_row(self, row: Claimed) -> None:
        body = parsed(row["body"])
        if not all(isinstance(body.get(key), str) for key in ("to", "text")):
            raise Failure(_("pesannya rusak di basis data; hubungi dengan cara lain"), permanent=True)
        if row["repeat"] and row["type"] != TEST:
            body["text"] = REPEAT_MARK + body["text"]
        message: Message = {"to": body["to"], "name": str(body.get("name", "")), "text": body["text"]}
        try:
            message = self.dressed(row, message)
        except Exception:  # the call itself goes all the same
            log.exception("channel %s: message %d goes without its extras", self.name, row["id"])
        self.send(message)

    def dressed(self, row: Claimed, message: Message) -> Message:
        """Add to a message what only this channel can carry."""
        return message

    def _claim(self) -> Claimed | None:
        now = self.now()
        with self._store.read() as db:
            if not outbox.due(db, now.ms, self.name, limit=1):
                return None
        with self._store.write(ring=False) as db:
            return outbox.claim_one(db, now.ms, self.name, LEASE_MS)

    def _sent(self, row: Claimed) -> None:
        now = self.now()
        with self._store.write() as db:
            outbox.mark(db, now.ms, self.name, row["id"])
            if not actions.is_of_confidential(db, row):  # the page Kanal shows when it last was of use
                worked(db, now, self.name)
            _note(db, row, self.name)

    def _failed(self, row: Claimed, failure: Failure) -> None:
        now, reason = self.now(), audit.clean(failure)[:PROBLEM_LIMIT]
        with self._store.write(ring=False) as db:
            if failure.permanent:
                outbox.mark(db, now.ms, self.name, row["id"], f"for good: {reason}")
            else:
                wait_ms = RETRY_MS[min(row["attempts"], len(RETRY_MS)) - 1]
                outbox.retry(db, now.ms, row["id"], wait_ms, reason)
            if not actions.is_of_confidential(db, row):
                failed(db, now, self.name, reason)
            elif failure.permanent or row["attempts"] == FAILS_TOLD:
                incident: Incident = db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
                said = Said(codes.CHANNEL_SAYS, channel=Said(codes.CHANNEL, name=self.name), problem=reason)
                timeline.tell_once(db, now, incident, codes.NOT_SENT, said)

    def send(self, body: Message) -> None:
        """Send one message, {"to", "name", "text"}; Failure when it did not pass."""
        raise AssertionError(f"channel {self.name} sends nothing")

    def close(self) -> None:
        """Let go of whatever is open; the next send opens it with the new settings."""


def settings_of(channel: type[Worker] | Worker, row: ChannelRow | None) -> dict[str, str]:
    """Read a channel's settings: {key: text}; the readable ones of a damaged row, which rows.py tells."""
    kept = parsed(row["settings"]) if row else {}
    return {key: kept[key] for key, _label, _default in channel.fields if isinstance(kept.get(key), str)}


def worked(db: Db, now: Now, name: str) -> None:
    db.run(
        "INSERT INTO channels (name, tried_wall, worked_wall) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET tried_wall = excluded.tried_wall, "
        "worked_wall = excluded.worked_wall, fails = 0, problem = ''",
        name,
        now.wall,
        now.wall,
    )


def failed(db: Db, now: Now, name: str, problem: str) -> None:
    db.run(
        "INSERT INTO channels (name, tried_wall, failed_wall, problem, fails) VALUES (?, ?, ?, ?, 1) "
        "ON CONFLICT (name) DO UPDATE SET tried_wall = excluded.tried_wall, "
        "failed_wall = excluded.failed_wall, problem = excluded.problem, fails = fails + 1",
        name,
        now.wall,
        now.wall,
        problem,
    )


def _note(db: Db, row: OutboxRow, name: str) -> None:
    incident = row["incident"] and db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
    if incident:
        audit.note("called", timeline.identity(db, incident), name)
