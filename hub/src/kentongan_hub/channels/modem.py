"""The AT dialogue with a GSM modem (3GPP TS 27.005, 27.007), in PDU mode.

A line is what the modem says of itself or the hex of one PDU; nothing that a stranger writes is ever read as
a line. A modem keeps its state over our death: every setting is made anew, and a text prompt is left first.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from kentongan_hub.base.language import _
from kentongan_hub.channels.base import Failure

WAKE_S = 2.0  # for the first sign of life; three tries
ANSWER_S = 5.0
LIST_S = 20.0  # a full card on a slow modem
SEND_S = 60.0  # the network may take this long to confirm
QUIET_S = 0.3  # so long nothing came: what was on the way has arrived
LINE_LIMIT = 1_024  # bytes of one line; the longest PDU is 352
LIST_LIMIT = 300  # messages of one listing; a later one has the others
ARRIVED_LIMIT = 50  # messages that a modem hands over unasked
ESC, CTRL_Z = b"\x1b", b"\x1a"
ALL = 4  # AT+CMGL: read and unread ones, and what an old phone left on its card
RECEIVED = (0, 1)
STORES = ("SM", "ME")  # the card, the modem; the first that it has takes what comes in
# TS 27.007, 7.2: at home or roaming, for SMS only, or with CSFB not preferred
REGISTERED = {1, 5, 6, 7, 9, 10}
DENIED = 3
# +CMS ERROR codes (3GPP 24.011, 27.005) after which the same message to the same number never passes
PERMANENT = {1, 8, 10, 21, 28, 29, 30, 50, 69, 302, 304, 305}
NO_CARD, PIN_CODES = {10, 13, 15, 310, 313, 315}, {11, 12, 16, 17, 18, 311, 312, 316, 317, 318}
ROUTES = ("2,1,0,0,0", "1,1,0,0,0", "3,1,0,0,0", "2,1")  # AT+CNMI: what comes in is stored, never handed over

SILENT = _("modem tidak menjawab; periksa kabel dan catu daya")
NO_CARD_WORDS = _("kartu SIM tidak terbaca; pasang lagi atau bersihkan kartunya")
_HEADER = re.compile(
    r'\+CMGL:\s*(\d{1,5})\s*,\s*(\d)\s*,\s*(?:"[^"]*"|[^",]*),\s*(\d{1,3})(?:[\s,]+([0-9A-Fa-f]+))?\Z'
)
_HANDED = re.compile(r"\+(CMT|CDS|CBM):.*?(\d{1,3})\Z")
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_ERROR = re.compile(r"\+CM([ES]) ERROR:\s*(.*)\Z")
_REGISTRATION = re.compile(r"\+C(?:G|E)?REG:\s*\d\s*,\s*(\d{1,2})\s*(?:,.*)?\Z")
# how modems of some makers say ERROR
_OTHER_ERRORS = ("ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "COMMAND NOT SUPPORTED")


class Entry(NamedTuple):
    """A message; memory and place in it are None of one that was handed over unasked."""

    memory: str | None
    place: int | None
    status: int
    length: int
    line: str  # the hex, '' when it is missing


class Port(Protocol):
    """A serial line with a short timeout."""

    def read(self, size: int) -> bytes: ...
    def write(self, octets: bytes) -> object: ...


class Silent(Failure):
    """Nothing came in time."""


class Modem:
    """A dialogue over anything with read(n), write(bytes) and a short timeout; Failure when it says no.

    arrived: [Entry] of messages that the modem handed over unasked, and keeps nowhere; the caller's to empty.
    """

    def __init__(
        self, line: Port, clock: Callable[[], float] = time.monotonic, arrived: deque[Entry] | None = None
    ) -> None:
        self._line, self._clock = line, clock
        self._held = b""
        self._handed: tuple[str, int] | None = None  # ('CMT', length) when the next line is its PDU
        self.arrived: deque[Entry] = deque(maxlen=ARRIVED_LIMIT) if arrived is None else arrived
        self.memories: tuple[str, ...] = ()
        self.problem: str = ""  # what a person has to know although it works

    def prepare(self) -> None:
        """Make the modem ready to be read; every setting is made anew. Failure with a remedy."""
        self._wake()
        self.command("ATE0")
        self._ask("AT+CMEE=1")
        self._card()
        self.command("AT+CMGF=0")
        if not any(re.fullmatch(r"\+CMGF:\s*0", line) for line in self.command("AT+CMGF?")):
            raise Failure(_("modem tidak mau mode PDU; pakai modem lain"))
        self._ask('AT+CSCS="GSM"')
        self._ask("AT+CSMS=0")  # no acknowledgement of ours that it would wait for
        self._choose_memories()
        if all(self._ask(f"AT+CNMI={route}") is None for route in ROUTES):
            self.problem = _("modem menolak AT+CNMI: SMS masuk bisa tidak tersimpan")

    def _wake(self) -> None:
        """Get an answer to AT, from whatever state a killed program left.

        ESC leaves a text prompt and sends nothing. Ctrl-Z would send what lies in it: only when the modem
        shows by its prompt that ESC was not enough, and then one senseless SMS is the lesser harm.
        """
        seen = b""
        for _turn in range(3):
            self._line.write(ESC + b"\r")
            seen += self._quiet()
            try:
                self.command("AT", WAKE_S)
                return
            except Failure:
                pass  # silence, or an ERROR for what was left of an old line
        if re.search(rb"(?:^|[\r\n])> ?", seen):
            self._line.write(CTRL_Z)
            self._quiet(SEND_S, until=rb"(?:OK|ERROR[^\r\n]*)\r?\n")
            try:
                self.command("AT", WAKE_S)
                return
            except Failure:
                pass
        raise Silent(SILENT)

    def _card(self) -> None:
        try:
            answer = self.command("AT+CPIN?")
        except Silent:
            raise
        except Failure as failure:
            code = failure.code or 0
            if code in NO_CARD:
                raise Failure(NO_CARD_WORDS)
            if code in PIN_CODES:
                answer = ["+CPIN: SIM PIN"]
            else:
                raise
        states = [line[6:].strip() for line in answer if line.startswith("+CPIN:")]
        if any(state.startswith("NOT") for state in states):
            raise Failure(NO_CARD_WORDS)
        if "READY" not in states:
            raise Failure(_("kartu SIM minta PIN; matikan PIN kartu di telepon lain"))

    def _choose_memories(self) -> None:
        offered = " ".join(self._ask("AT+CPMS=?") or [])
        first = re.search(r"\+CPMS:\s*\(([^)]*)\)", offered)
        wanted = [one for one in STORES if not first or f'"{one}"' in first[1]]
        self.memories = tuple(one for one in wanted or STORES if self._select(one, everywhere=True))
        if not self.memories:
            raise Failure(_("tempat SMS modem tidak bisa dibaca; pasang kartu SIM atau pakai modem lain"))
        if len(self.memories) > 1:
            self._select(self.memories[0], everywhere=True)  # where new ones are kept

    def _select(self, memory: str, everywhere: bool = False) -> tuple[int, int] | None:
        """List and delete in this memory from now on; (used, places), or None where it is refused."""
        names = ",".join([f'"{memory}"'] * (3 if everywhere else 1))
        answer = self._ask(f"AT+CPMS={names}")
        if answer is None:
            return None
        found = re.search(r"\+CPMS:\s*(?:\"[A-Z]{2}\"\s*,\s*)?(\d{1,5})\s*,\s*(\d{1,5})", " ".join(answer))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def registered(self) -> None:
        """Raise Failure when no network has this modem; asks 2G, 3G and LTE, some modems know one only."""
        states = []
        for question in ("AT+CREG?", "AT+CGREG?", "AT+CEREG?"):
            for line in self._ask(question) or ():
                found = _REGISTRATION.match(line)
                states += [int(found[1])] if found else []
        if states and not REGISTERED & set(states):
            if DENIED in states:
                raise Failure(_("jaringan menolak kartu SIM; periksa masa aktifnya"))
            raise Failure(_("modem belum mendapat jaringan; periksa antena dan pulsa"))

    def send(self, length: int, pdu: str) -> None:
        """Send one SMS until the network confirms it. Failure otherwise; `permanent` from its code."""
        self.command("AT+CMGF=0")  # a modem that lost power meanwhile would take the length for a number
        self._line.write(b"AT+CMGS=%d\r" % length)
        try:
            self._prompt(self._clock() + ANSWER_S)
        except Silent:
            self._line.write(ESC)  # or a late prompt would take the next command for text
            raise
        self._line.write(pdu.encode("ascii") + CTRL_Z)
        lines = self._until_ok(self._clock() + SEND_S)
        if not any(line.startswith("+CMGS:") for line in lines):
            raise Failure(_("modem tidak memastikan pesan terkirim"))

    def look(self, memory: str) -> tuple[list[Entry], tuple[int, int]]:
        """List one memory, which delete() then means: ([Entry], (used, places)). Deletes nothing."""
        self.command("AT+CMGF=0")  # in text mode a stranger's words would be lines
        room = self._select(memory)
        if room is None:
            raise Failure(_("tempat SMS %(memory)s tidak bisa dibaca lagi", memory=memory))
        entries: list[Entry] = []
        header: tuple[int, int, int] | None = None
        for line in self.command(f"AT+CMGL={ALL}", LIST_S):
            found = _HEADER.match(line)
            if found:
                if header:
                    entries.append(Entry(memory, *header, ""))
                header = int(found[1]), int(found[2]), int(found[3])
                line = found[4] or ""
            if header and _HEX.match(line):
                entries.append(Entry(memory, *header, line))
                header = None
        if header:
            entries.append(Entry(memory, *header, ""))
        return entries[:LIST_LIMIT], room

    def delete(self, index: int) -> None:
        self.command(f"AT+CMGD={index}", LIST_S)  # seconds on an old card

    def command(self, text: str, timeout_s: float | None = None) -> list[str]:
        """Give the answer's lines, without its OK; Failure when it refuses or is silent."""
        self._line.write(text.encode("ascii") + b"\r")
        lines = self._until_ok(self._clock() + (timeout_s or ANSWER_S))
        return [line for line in lines if line != text]

    def _ask(self, text: str) -> list[str] | None:
        """Give the answer's lines, or None when this modem refuses that command."""
        try:
            return self.command(text)
        except Silent:
            raise
        except Failure:
            return None

    def _until_ok(self, ends: float) -> list[str]:
        lines: list[str] = []
        while True:
            line = self._next(ends)
            if line == "OK":
                return lines
            wrong = _ERROR.match(line)
            if wrong or line in _OTHER_ERRORS:
                code = int(wrong[2]) if wrong and re.fullmatch(r"\d{1,5}", wrong[2]) else 0
                why: int | str = code if code or not wrong else wrong[2][:40]
                failure = Failure(
                    _("modem menolak (kode %(why)s)", why=why),
                    wrong is not None and wrong[1] == "S" and code in PERMANENT,  # fmt: skip
                )
                failure.code = code
                raise failure
            if len(lines) < 3 * LIST_LIMIT:
                lines.append(line)

    def _prompt(self, ends: float) -> None:
        while not re.match(rb"[\r\n]*>", self._held):
            if re.search(rb"[^\r\n][\r\n]", self._held):
                line = self._next(ends)
                if _ERROR.match(line) or line in _OTHER_ERRORS:
                    raise Failure(_("modem menolak (%(line)s)", line=line[:40]))
            else:
                self._fill(ends)
        self._held = self._held[self._held.index(b">") + 1 :]

    def _next(self, ends: float) -> str:
        """Give the next line that is no message handed over unasked; Silent at the end of the time."""
        while True:
            line = self._line_of(ends)
            if self._handed:
                kind, length = self._handed
                if _HEX.match(line):
                    self._handed = None
                    if kind == "CMT":
                        self.arrived.append(Entry(None, None, 0, length, line))
                    continue
                if not line.startswith("+C") or line.startswith("+CMGL"):
                    self._handed = None
            handed = _HANDED.match(line)
            if handed:
                self._handed = handed[1], int(handed[2])
                continue
            return line

    def _line_of(self, ends: float) -> str:
        while True:
            found = re.search(rb"[\r\n]", self._held)
            if found:
                octets, self._held = self._held[: found.start()], self._held[found.end() :]
                line = octets.decode("ascii", "replace").strip()
                if line:
                    return line
            else:
                self._fill(ends)

    def _fill(self, ends: float) -> None:
        if self._clock() >= ends:
            self._held = b""
            raise Silent(SILENT)
        self._held += self._line.read(256)
        if len(self._held) > LINE_LIMIT and not re.search(rb"[\r\n]", self._held):
            self._held = b""  # no modem says so long a line

    def _quiet(self, longest_s: float | None = None, until: bytes | None = None) -> bytes:
        """Throw away all input until the line is quiet (or `until` is seen); the end of it."""
        ends, seen, last = self._clock() + (longest_s or WAKE_S), b"", self._clock()
        while self._clock() < ends and (until or self._clock() - last < QUIET_S):
            more = self._line.read(256)
            if more:
                seen, last = (seen + more)[-LINE_LIMIT:], self._clock()
            if until and re.search(until, seen):
                break
        self._held, self._handed = b"", None
        return seen
