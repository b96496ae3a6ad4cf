"""A gateway's radio: made like the other devices, proved over its own link, for it takes no words.

It bears its gateway's number and holds no key, so nothing is registered, and a broken one is replaced by
another that is written in the same way.
"""

import secrets
import time
from typing import Any

from kentongan_wire.air import link, packet

from kentongan_tool.base.answers import Device, Fields, File, Label, Made
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.board.console import Console
from kentongan_tool.jobs.image_job import ImageJob
from kentongan_tool.jobs.provision import Job

Kinds = type[Any] | tuple[type[Any], ...]  # of messages of the link

PREFIX = "modem-"  # and the gateway's label: the label of its radio
ANSWER_S = 30  # for its first word after a reset, and for each answer
AGAIN_S = 2  # a message that is not answered is sent again under its number, which does it once
CLASS_LAST = 4  # of a frame that nobody waits for
FAULT = "perlu teknisi"  # what a board without a working radio repeats


def is_modem(label: str) -> bool:
    return label.startswith(PREFIX)


def gateway_of(label: str) -> str:
    """Return the gateway's label in its radio's; ToolError when it is none."""
    if not is_modem(label) or len(label) == len(PREFIX):
        raise ToolError("argument", f"{label}: the radio of gateway-1 is named {PREFIX}gateway-1")
    return label[len(PREFIX) :]


class ModemLine(Console):
    """The link's end of a host; use as a context manager."""

    def __init__(self, port: str):
        super().__init__(port)
        self._seq = secrets.randbelow(1 << 15)

    def wait_for(self, kinds: Kinds, until_s: float) -> Any:
        """Return the next message of these kinds, or None when the time is over."""
        while time.monotonic() < until_s:
            for number, message in enumerate(self.messages):
                if isinstance(message, kinds):
                    del self.messages[: number + 1]
                    return message
            self.messages.clear()
            self.lines()
        return None

    def first_word(self) -> None:
        """Wait for Hello, or for the status of one that runs; ToolError names a board that says neither."""
        hello = self.wait_for((link.Hello, link.ModemStatus), time.monotonic() + ANSWER_S)
        if hello is None:
            faults = [line[line.index(FAULT) :] for line in self.heard if FAULT in line]
            raise ToolError("modem" if faults else "no_answer", f"{self.port}: {(faults or ['-'])[-1]}")
        if isinstance(hello, link.Hello) and hello.version != link.LINK_VERSION:
            raise ToolError("modem", f"{self.port}: link {hello.version}, ours is {link.LINK_VERSION}")

    def ask(self, message: Any) -> None:
        """Send a message until the radio takes it; ToolError with its reason when it refuses."""
        self._seq += 1
        until_s = time.monotonic() + ANSWER_S
        while time.monotonic() < until_s:
            self._line.write(link.encode(self._seq, message))
            self._line.flush()
            again_s = time.monotonic() + AGAIN_S
            while (answer := self.wait_for((link.Ack, link.Nack), again_s)) is not None:
                if answer.seq == self._seq and isinstance(answer, link.Ack):
                    return
                if answer.seq == self._seq:
                    raise ToolError(
                        "modem",
                        f"{self.port}: refuses {type(message).__name__}: "
                        f"{link.REASON_NAMES.get(answer.reason, answer.reason)}",
                    )
        raise ToolError("no_answer", f"{self.port}: no answer to {type(message).__name__}")


def trial_frame(node: int) -> tuple[int, bytes]:
    """Return the smallest frame there is, from this node to itself: no hop, no channel's, nothing in it."""
    number = secrets.randbits(32) | 0xF0000000  # sequences begin at 1: far from any that the gateway used
    one = packet.Packet(node, node, number, 0, 0, 0, 0, 0, 0, node & 0xFF, b"\0")
    return number, packet.build_packet(one)


def prove(port: str, file: File, say: Say) -> link.ModemStatus:
    """Radio on, settings taken, one frame on the air; the radio's ModemStatus."""
    with ModemLine(port) as line:
        line.first_word()
        line.ask(
            link.Configure(
                file["node"],
                file["preset"],
                file["freq_hz"],
                file["conducted_dbm"],
                file["gain_dbi"],
                file["loss_db"],
            )
        )
        say(f"Radio menyala: {file['preset']}, {file['freq_hz'] / 1e6:.3f} MHz")
        number, frame = trial_frame(file["node"])
        line.ask(link.Transmit(frame, CLASS_LAST, 0, 0, 0))
        until_s = time.monotonic() + ANSWER_S
        while True:
            done = line.wait_for((link.Transmitted, link.Refused), until_s)
            if done is None or done.id == number:
                break
        if not isinstance(done, link.Transmitted):
            reason = "-" if done is None else link.REASON_NAMES.get(done.reason, done.reason)
            raise ToolError("modem", f"{port}: the test frame did not leave the antenna: {reason}")
        say("Satu bingkai uji dipancarkan")
        line.ask(link.StatusAsk())
        status = line.wait_for(link.ModemStatus, time.monotonic() + ANSWER_S)
        if status is None:
            raise ToolError("no_answer", f"{port}: no status")
        if status.faults & link.FAULT_JAMMED:
            say("  perhatikan: saluran dipakai pihak lain lebih dari setengah waktu")
        if status.faults & link.FAULT_FLASH:
            say("  perhatikan: flash radio ini tidak bisa ditulis: ganti papannya")
        return status


class ModemJob(Job):
    """Job for a gateway's radio, unlike a device's: nothing to register, confirm or withdraw."""

    def run(self, fields: Fields, replaces: int | None = None, old_erased: bool = False) -> Device:
        self._made = self.hub.modem(gateway_of(fields["label"]))  # before anything on the board is touched
        return super().run(fields, replaces, old_erased)

    def _register(self, fields: Fields, replaces: int | None) -> Made:
        file = self._made["file"]
        self.say(f"Radio {file['label']}, nomor gateway {file['node']:08x}")
        return {"node": file["node"], "label": file["label"], "file": file, "state": {}}

    def _note_written(self) -> None:
        """No key goes to the board."""

    def _prove(self, made: Made, role: str) -> None:
        prove(self.port, made["file"], self.say)

    def _confirm(self, made: Made, old_erased: bool) -> Device:
        return {"node": made["node"], "label": made["label"], "id": format(made["node"], "08x")}

    def sticker(self, device: Device) -> Label:
        return self._made["sticker"]

    def _take_back(self, node: int) -> None:
        try:
            self._clear_board()
            self.say("Papan dikosongkan lagi.")
        except (ToolError, OSError, KeyboardInterrupt):
            self.say("Papan belum dapat dikosongkan (tanpa kunci): `kentongan-tool flash`, lalu ulangi.")


class ModemImageJob(ModemJob, ImageJob):
    pass
