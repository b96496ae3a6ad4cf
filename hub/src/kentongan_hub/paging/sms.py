"""SMS by a GSM modem on a serial line (AT, 3GPP TS 27.005 and 27.007); an answer "DATANG" counts."""

import re
import time

from kentongan_hub import replies
from kentongan_hub.paging.base import Failure, Worker

NUMBER = re.compile(r"\+?\d{5,15}\Z")
PART = 150  # characters of a part; 160 fit, ten are for "1/2 "
PARTS_MAX = 3
ANSWER_S = 5.0
SEND_S = 60.0  # the network may take this long to confirm
LOOK_S = 5.0  # between two looks for answers
# +CMS ERROR codes (3GPP 24.011, 27.005) after which the same message to the same number never passes
PERMANENT = {1, 8, 10, 21, 28, 29, 30, 50, 69, 302, 304, 305}
PLAIN = str.maketrans({"·": ",", "–": "-", "…": "...", "’": "'", "“": '"', "”": '"'})


def plain(text):
    """Characters that every phone's GSM alphabet has; others become '?'."""
    return re.sub(r"[^ !-_a-z\n]", "?", text.translate(PLAIN)).replace("`", "'")


def parts(text):
    """['text'] or ['1/2 ...', '2/2 ...'], at most three; the end is cut, never the beginning."""
    text = plain(text)
    if len(text) <= PART + 10:
        return [text]
    pieces = [text[at : at + PART] for at in range(0, len(text), PART)][:PARTS_MAX]
    return [f"{number}/{len(pieces)} {piece}" for number, piece in enumerate(pieces, 1)]


class Modem:
    """The AT dialogue over anything with read(), write() and a short timeout; Failure when it says no."""

    def __init__(self, line, clock=time.monotonic):
        self._line, self._clock = line, clock
        self._held = b""

    def prepare(self):
        """Ready to send, or Failure with what to do."""
        self.command("ATE0")
        self.command("AT+CMEE=1")
        if "READY" not in self.command("AT+CPIN?"):
            raise Failure("kartu SIM minta PIN; matikan PIN kartu di telepon lain")
        registered = re.search(r"\+CREG: \d,(\d)", self.command("AT+CREG?"))
        if not registered or registered[1] not in "15":
            raise Failure("modem belum mendapat jaringan; periksa antena dan pulsa")
        self.command("AT+CMGF=1")
        self.command('AT+CSCS="GSM"')

    def command(self, text, timeout_s=None):
        """The lines of the answer up to OK."""
        self._line.write(text.encode() + b"\r")
        return self._until(rb"(?:^|\n)OK\r?\n", timeout_s or ANSWER_S)

    def send(self, number, text):
        self._line.write(f'AT+CMGS="{number}"\r'.encode())
        self._until(rb"> ", ANSWER_S)
        self._line.write(text.encode("ascii") + b"\x1a")
        self._until(rb"\+CMGS: \d+.*?OK\r?\n", SEND_S)

    def unread(self):
        """[(number, text)] of new messages, which are then deleted from the card."""
        answer = self.command('AT+CMGL="REC UNREAD"', SEND_S)
        found = re.findall(
            r'\+CMGL: (\d+),"[^"]*","([^"]*)"[^\r\n]*\r?\n(.*?)\r?\n(?=\+CMGL|\r?\n?OK)', answer, re.S
        )
        for index, _, _ in found:
            self.command(f"AT+CMGD={index}")
        return [(number, text.strip()) for _, number, text in found]

    def _until(self, pattern, timeout_s):
        ends = self._clock() + timeout_s
        while self._clock() < ends:
            done = re.search(pattern, self._held, re.S)
            if done:
                answer, self._held = self._held[: done.end()], self._held[done.end() :]
                return answer.decode("ascii", "replace")
            wrong = re.search(rb"\+CM([ES]) ERROR: (\d+)\r?\n|(?:^|\n)ERROR\r?\n", self._held)
            if wrong:
                self._held = self._held[wrong.end() :]
                code = int(wrong[2] or 0)
                permanent = wrong[1] == b"S" and code in PERMANENT
                raise Failure(f"modem menolak (kode {code})", permanent)
            self._held = (self._held + self._line.read(256))[-8_192:]
        self._held = b""
        raise Failure("modem tidak menjawab; periksa kabel dan catu daya")


class Sms(Worker):
    name = "sms"
    label = "SMS lewat modem GSM"
    fields = (("port", "Port serial, misalnya /dev/serial/by-id/...", ""), ("baud", "Kecepatan", "115200"))

    def __init__(self, store, clock):
        super().__init__(store, clock)
        self._line = self._modem = None
        self._looked_ms = 0

    def step(self):
        more = super().step()
        if self.settings and self.now().ms - self._looked_ms >= LOOK_S * 1000:
            self._looked_ms = self.now().ms
            self._answers()
        return more

    def send(self, body):
        if not NUMBER.match(body["to"]):
            raise Failure("nomor telepon tidak terbaca; perbaiki di halaman Warga", permanent=True)
        self._call(lambda modem: [modem.send(body["to"], part) for part in parts(body["text"])])

    def _answers(self):
        """Read what people wrote back; silence of the modem is told by the next message that fails."""
        try:
            answers = self._call(lambda modem: modem.unread())
        except Failure:
            return
        for number, text in answers:
            with self._store.write() as db:
                replies.take(db, self.now(), self.name, number, text)

    def _call(self, deed):
        try:
            if self._modem is None:
                self._open()
            return deed(self._modem)
        except OSError as error:
            self.close()
            raise Failure(f"port serial: {error.strerror or error}")
        except Failure as failure:
            if not failure.permanent:
                self.close()  # the next try begins with a fresh dialogue
            raise

    def _open(self):
        import serial

        port = self.settings.get("port", "")
        if not port:
            raise Failure("port serial belum diisi di halaman Kanal")
        try:
            self._line = serial.Serial(
                port, int(self.settings.get("baud") or 115200), timeout=0.2, exclusive=True
            )
        except ValueError:
            raise Failure("kecepatan port salah; isi 115200 di halaman Kanal")
        self._modem = Modem(self._line)
        self._modem.prepare()

    def close(self):
        if self._line:
            self._line.close()
        self._line = self._modem = None
