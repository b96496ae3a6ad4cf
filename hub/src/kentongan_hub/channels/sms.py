"""SMS by a GSM modem on a serial line, in PDU mode; an answer "DATANG" counts (replies.py).

One thread: look for answers, send one message, and so on. A message is deleted on the card only after it was
committed here; what the card refuses to delete, or the line garbles, stands again in the next look.
"""

import logging
import termios
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.entries import phones
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import ChannelRow
from kentongan_hub.channels import inbox, pdu
from kentongan_hub.channels.base import PROBLEM_LIMIT, Failure, Message, Worker
from kentongan_hub.channels.modem import ARRIVED_LIMIT, RECEIVED, Entry, Modem
from kentongan_hub.record import audit, failures
from kentongan_hub.storage.store import Db, Store

log = logging.getLogger("kentongan.hub")
LOOK_MS = 5_000  # between two looks for answers
LOOK_AGAIN_MS = 30_000  # after a look that failed: sending must not wait for it each time
SAME_LOOKS = 3  # so often the same unreadable line: it is the message, not the line
DELETES_A_LOOK = 10  # a second each on slow cards; what stays is deleted in the next look, calls go first
TRIES_LIMIT = 100  # unreadable lines that are remembered


class Line:
    """A serial port whose read(n) gives what is there, and waits only for the first byte of it."""

    def __init__(self, port: str, baud: int) -> None:
        import serial

        self._port = serial.Serial(port, baud, timeout=0.2, write_timeout=5, exclusive=True)
        self.write, self.close = self._port.write, self._port.close

    def read(self, size: int) -> bytes:
        first = self._port.read(1)
        return first + self._port.read(min(size - 1, self._port.in_waiting)) if first else b""


class Sms(Worker):
    name = "sms"
    label = _("SMS lewat modem GSM")
    word = "SMS"
    address_label = _("Nomor tujuan")
    secret_address = False
    reads_answers = True
    fields = (
        ("port", _("Port serial, misalnya /dev/serial/by-id/..."), ""),
        ("baud", _("Kecepatan"), "115200"),
    )
    highest = {"baud": 4_000_000}

    @staticmethod
    def checked(db: Db, address: str) -> str:
        return phones.normal(address)

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._line: Line | None = None
        self._modem: Modem | None = None
        self._registered = False
        self._arrived: deque[Entry] = deque(
            maxlen=ARRIVED_LIMIT
        )  # handed over unasked, and not committed yet
        self._look_ms = 0  # steady time of the next look
        self._tries: dict[
            tuple[str | None, int | None, str], int
        ] = {}  # (memory, index, line) -> looks in which it could not be read
        self._stuck: set[tuple[str | None, int]] = (
            set()
        )  # (memory, index) that the card refused to delete: tried last
        self._reference = clock.steady_ms() // 1_000

    def step(self) -> bool:
        """Read answers first: no message from before a call can be an answer to it."""
        if self.enabled():
            now_ms = self.now().ms
            # far ahead: the clock was put back
            if now_ms >= self._look_ms or self._look_ms - now_ms > LOOK_AGAIN_MS:
                self._look_ms = now_ms + LOOK_AGAIN_MS
                try:
                    if self._look():
                        self._look_ms = now_ms + LOOK_MS
                except Exception as error:
                    log.exception("sms: looking for answers failed; calls go out all the same")
                    self.close()
                    self._tell_failed(error)
        return super().step()

    def _tell_failed(self, error: Exception) -> None:
        """Note the failure if the disk takes it: the calls go out all the same."""
        try:
            self._tell(f"kesalahan program: {type(error).__name__}", True, "")
        except Exception:
            log.exception("sms: cannot even note that looking for answers failed")

    def send(self, body: Message) -> None:
        try:
            number = phones.normal(body["to"])
        except LocalError as error:
            raise Failure(_("%(error)s; perbaiki di halaman Warga", error=error), permanent=True)
        self._reference += 1
        with self._dialogue(sending=True) as modem:
            for length, line in pdu.written(number, body["text"], self._reference):
                modem.send(length, line)

    def _look(self) -> bool:
        """Take messages in; True when nothing failed. A taken one stays taken whatever fails later."""
        problem: str = ""
        fails, room = False, list[str]()
        try:
            with self._dialogue() as modem:
                problem = modem.problem
                for memory in modem.memories:
                    entries, (used, places) = modem.look(memory)
                    left = used - self._take(modem, [*entries, *self._arrived])
                    room.append(f"{memory} {max(left, 0)}/{places}")
                    if places and left >= places:
                        problem = _("tempat SMS %(memory)s penuh (%(left)s dari %(places)s); ganti kartunya",
                                    memory=memory, left=left, places=places)  # fmt: skip
                        fails = True
        except Failure as failure:
            problem, fails = str(failure), True
        self._tell(audit.clean(problem)[:PROBLEM_LIMIT], fails, ", ".join(room))
        return not fails

    def _tell(self, problem: str, fails: bool, room: str) -> None:
        """Note the look's result for the page Kanal; a look is every 5 s, so only news is written."""
        now = self.now()
        with self._store.read() as db:
            waiting = inbox.waiting(db)
            row = db.one("SELECT * FROM channels WHERE name = ?", self.name, of=ChannelRow)
        if not (
            waiting or fails or row is None or (row["inbox_problem"], row["inbox_room"]) != (problem, room)
        ):
            return
        with self._store.write(ring=False) as db:
            _run_out(db, now)
            db.run(
                "UPDATE channels SET inbox_problem = ?, inbox_room = ?, "
                "inbox_fails = CASE WHEN ? THEN inbox_fails + 1 ELSE 0 END WHERE name = ?",
                problem,
                room,
                fails,
                self.name,
            )

    def _take(self, modem: Modem, entries: list[Entry]) -> int:
        """Commit entries, then delete them from the card; the number deleted. Nothing waits for a bad one."""
        done = []
        now = self.now()
        if entries:
            with self._store.write() as db:
                done = [entry for entry in entries if self._take_one(db, now, entry)]
                _run_out(db, now)
        self._arrived.clear()  # of this thread alone; nothing was read from the line meanwhile
        deleted, refused = 0, None
        there = [(entry.memory, entry.place) for entry in done if entry.place is not None]
        for place in sorted(there, key=lambda one: one in self._stuck)[:DELETES_A_LOOK]:
            try:
                modem.delete(place[1])
                deleted += 1
                self._stuck.discard(place)
            except Failure as failure:
                if failure.code is None:
                    raise  # the line is silent, not the card unwilling
                refused = failure
                self._stuck.add(place)  # at most as many as the card has places
        if refused:
            log.warning("sms: the card keeps a message that was taken: %s", refused)
        return deleted

    def _take_one(self, db: Db, now: Now, entry: Entry) -> bool:
        """Take one entry; True when it is done with and may leave the card."""
        problem = None if entry.status in RECEIVED else pdu.OWN
        try:
            octets = pdu.octets_of(entry.line, entry.length)
        except pdu.Refused:
            if self._again(entry):
                return False
            inbox.count(db, now, pdu.BROKEN)
            return True
        try:
            with db.part():
                inbox.take(db, now, octets, problem)
        except Failure:
            raise  # no codec on this machine: everything stays on the card
        except Exception:
            log.exception("sms: a message could not be taken")
            if self._again(entry):
                return False
            inbox.take(db, now, octets, inbox.FAILED)
        return True

    def _again(self, entry: Entry) -> bool:
        """Count an unreadable line; True while it deserves another look."""
        key = (entry.memory, entry.place, entry.line)
        self._tries[key] = self._tries.get(key, 0) + 1
        if entry.place is not None and self._tries[key] < SAME_LOOKS:
            if len(self._tries) > TRIES_LIMIT:
                self._tries.pop(next(iter(self._tries)))
            return True
        del self._tries[key]
        return False

    @contextmanager
    def _dialogue(self, sending: bool = False) -> Iterator[Modem]:
        """Give the prepared modem; after a failure of the dialogue the next one begins afresh."""
        try:
            modem = self._modem or self._open()
            if sending and not self._registered:
                modem.registered()
                self._registered = True
            yield modem
        except (OSError, termios.error) as error:
            self.close()
            raise Failure(_("port serial: %(error)s", error=getattr(error, "strerror", None) or error))
        except Failure as failure:
            if not failure.permanent:
                self.close()
            raise

    def _open(self) -> Modem:
        port = self.settings.get("port", "")
        if not port:
            raise Failure(_("port serial belum diisi di halaman Kanal"))
        try:
            self._line = Line(port, int(self.settings.get("baud") or 115200))
        except (ValueError, OverflowError):
            raise Failure(_("kecepatan port salah; isi 115200 di halaman Kanal"))
        modem = Modem(self._line, arrived=self._arrived)
        modem.prepare()
        self._modem, self._registered = modem, False
        return modem

    def close(self) -> None:
        if self._line:
            try:
                self._line.close()
            except (OSError, termios.error):
                pass  # it is gone, which is all that was wanted
        self._line = self._modem = None
        self._registered = False


def _run_out(db: Db, now: Now) -> None:
    """Cut off old parts; trouble with them keeps no answer on the card and no word from the page Kanal."""
    failures.contained(db, now, codes.CUT_SMS, inbox.run_out, db, now)
