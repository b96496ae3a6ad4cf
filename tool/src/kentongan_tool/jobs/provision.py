"""From a blank board to a device in service: write, read back, prove by an "uji" that the hub logged.

The order is the promise: a device is pending at the hub until its own radio has brought an alarm there;
whatever fails before that withdraws it and clears the board. Nothing is half-registered.
"""

import base64
import json
import secrets
import time
from collections.abc import Collection
from typing import Any

from kentongan_tool.base import asking, progress
from kentongan_tool.base.answers import Alarm, Device, Fields, Label, Made
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.board import boards, flash, radios
from kentongan_tool.board.bundle import Bundle
from kentongan_tool.board.console import Console
from kentongan_tool.board.prompt import Found, Prompt
from kentongan_tool.site import journal
from kentongan_tool.site.hub import Hub

UJI_S = 120  # an alarm repeats for longer; a board in reach needs seconds
QUIET_S = 4  # a device that presses says so at once
WAKES_MAX = 2
SHOWS_S = 20  # a button shows its last alarm for 10 s, awake but deaf to "uji", and then falls asleep
AWAKE_S = 0.8  # a device that was awake answers sooner; one that was reset or asleep later
TYPE_AGAIN_S = 3  # the word "uji", until the device said that it pressed or the hub has it
PROVED_BY_UJI = ("tombol", "sirene")  # the others say STATUS, and the hub notes when it heard them
BLOCK_BYTES = 4096
PROBE_S, CLEAR_S = 6, 12  # what these usually take


def choose_board(
    found: Found, wanted: str | None, usb: boards.Usb | None = None, answering: Collection[str] = ()
) -> boards.Board:
    """Return the pin file for what was found at the port; ToolError when it does not fit or is not certain.

    `usb`: (vendor, product) of the port, or None; `answering`: names of boards on whose pins a radio answers.
    """
    if found.platform == "linux":
        return boards.BOARDS[wanted or boards.VIRTUAL]
    if found.chip is None:
        raise ToolError("wrong_chip", f"{found.machine or found.platform}: no ESP32 or ESP32-S3")
    if wanted:
        if boards.BOARDS[wanted].chip != found.chip:
            raise ToolError(
                "wrong_chip", f"--board {wanted} has {boards.BOARDS[wanted].chip}, the port has {found.chip}"
            )
        boards.refuse_unfit(found.chip, usb, radios=answering or [wanted])
        if answering and wanted not in answering:
            raise ToolError(
                "wrong_board",
                f"--board {wanted}: a radio answers on the pins of {', '.join(answering)} instead",
            )
        return boards.BOARDS[wanted]
    boards.refuse_unfit(found.chip, usb, radios=answering)
    fitting = boards.candidates(found.chip, usb)
    fitting = [board for board in fitting if board.name in answering] or fitting
    if len(fitting) > 1:
        names = ", ".join(board.name for board in fitting)
        raise ToolError("which_board", f"{found.chip}: --board {names}")
    return fitting[0]


def device_files(made: Made) -> dict[str, bytes]:
    """Return the files that make a board this device, out of the hub's answer to a registration."""
    files = {"device.json": json.dumps(made["file"]).encode()}
    for name, text in made["state"].items():
        files[f"state/{name}"] = base64.b64decode(text)
    return files


class Job:
    """One board to become one device. `say(text)` tells each step; `hub` and `bundle` are opened."""

    def __init__(
        self,
        hub: Hub,
        bundle: Bundle,
        port: str,
        say: Say,
        board: str | None = None,
        erase: bool = False,
        wait_s: float = UJI_S,
        sure: asking.Sure = asking.sure_already,
    ):
        self.sure = sure
        self.hub, self.bundle, self.port, self.say = hub, bundle, str(port), say
        self.wanted_board, self.erase, self.wait_s = board, erase, wait_s
        self.prompt: Prompt  # from look() on
        self.alarm: Alarm | None = None  # the "uji" that proved the last device
        self._going_to_be: tuple[int | None, str | None] = None, None  # (replaces, label)
        self._journal = journal.Journal(hub.url)

    def look(self) -> tuple[Any, boards.Board]:
        """Step 1: what is at the port. ToolError when it already is a device and may not be erased."""
        self.prompt = Prompt(self.port)
        with progress.reckoned("Melihat papan", PROBE_S):
            found = self.prompt.probe()
        if found.device and not self.erase:
            role, label, node, _ = found.device
            number = format(node, "08x") if isinstance(node, int) else "?"
            self.prompt.leave()
            raise ToolError("occupied", f"{self.port}: {role} {label} {number}")
        if found.device:
            self._ask(*found.device[:3])
        usb = flash.usb_of(self.port)
        answering: list[str] = []
        if found.platform != "linux" and found.chip:
            near = boards.candidates(found.chip, usb)
            near += [
                boards.BOARDS[name]
                for name in (self.wanted_board, *boards.RADIO_OF_V4)
                if name and boards.BOARDS[name].chip == found.chip and boards.BOARDS[name] not in near
            ]
            answering = radios.answering(self.prompt, self.bundle, near)
        board = choose_board(found, self.wanted_board, usb, answering)
        name = "papan virtual" if found.platform == "linux" else f"{board.title}, {found.chip}"
        self.say(f"Papan di {self.port}: {name}")
        return found, board

    def run(self, fields: Fields, replaces: int | None = None, old_erased: bool = False) -> Device:
        """All steps; the hub's view of the device in service. Everything is taken back on any failure."""
        with self._journal.alone():
            return self._run(fields, replaces, old_erased)

    def _run(self, fields: Fields, replaces: int | None, old_erased: bool) -> Device:
        journal.settle(self.hub, self.say)
        self._going_to_be = replaces, fields.get("label")
        self._check_hub(fields, replaces)
        found, board = self.look()
        role = fields["role"] if "role" in fields or replaces is None else self.hub.device(replaces)["role"]
        boards.refuse_role(board, role)
        code = self.bundle.device_files(role, board.name, need_driver=self._needs_driver(found))
        self._check_fit(found, board, code)
        made = self._register(fields, replaces)  # before anything is erased: the hub may say no
        try:
            self._prepare(found, board)
            self._write(code, made)
            self.alarm = self._prove(made, role)
            device = self._confirm(made, old_erased)
        except BaseException:
            self._take_back(made["node"])
            raise
        self._journal.clear()
        self.say(f"Terpasang: {device['label']} {device['id']}{heard(self.alarm)}")
        return device

    def _check_hub(self, fields: Fields, replaces: int | None) -> None:
        """Hub, token, certificate and label, before a board is touched."""
        label = fields.get("label")
        for one in self.hub.devices():
            if one["label"] == label and one["node"] != replaces:
                raise ToolError(
                    "field", f"label: {label} in use, {one['id']}; label lain, atau (another, or) `replace`"
                )

    def _ask(self, role: Any, label: Any, node: Any) -> None:
        """Before a device is erased that may be at work; not of the one that a person named for that."""
        if not isinstance(node, int) or node == self._going_to_be[0]:
            return
        if role == "modem" and label == self._going_to_be[1]:
            return
        try:
            state = self.hub.device(node)["state"]
        except ToolError as error:
            if error.name != "hub_refused":
                raise
            state = "tidak dikenal pusat data ini (unknown to this hub)"
        if state == "revoked":
            return
        try:
            self.sure(f"{self.port}: {role} {label} {node:08x}, {state}", str(label))
        except BaseException:
            self.prompt.leave()
            raise

    def _needs_driver(self, found: Any) -> bool:
        return found.platform != "linux"

    def _check_fit(self, found: Any, board: boards.Board, code: dict[str, bytes]) -> None:
        """Tell if all that is written will have its place there."""
        need = sum(-(-len(data) // BLOCK_BYTES) * BLOCK_BYTES for data in code.values())
        if not found.files and need > found.free_bytes:
            raise ToolError("full_board", f"{self.port}: {need} bytes wanted, {found.free_bytes} are free")

    def _prepare(self, found: Any, board: boards.Board) -> None:
        """Old files go."""
        if found.files:
            self.say("Menghapus isi lama papan")
            self.prompt.stop()
            self.prompt.clear()

    def _register(self, fields: Fields, replaces: int | None) -> Made:
        request = secrets.token_hex(16)
        entry: journal.Entry = {
            "request": request,
            "fields": fields,
            "replaces": replaces,
            "node": None,
            "written": False,
        }
        self._journal.write(entry)
        try:
            made = self.hub.register(fields, replaces, request)
        except ToolError as error:
            if error.name == "hub_refused":  # it said no: nothing was made
                self._journal.clear()
            raise
        self._journal.write({**entry, "node": made["node"]})
        self.say(f"Terdaftar sementara: {made['label']} {made['node']:08x}")
        return made

    def _note_written(self) -> None:
        """Note, before a key leaves for the board, that it may be there."""
        self._journal.note(written=True)

    def _write(self, code: dict[str, bytes], made: Made) -> None:
        self._note_written()
        files = {**code, **device_files(made)}
        self.say(f"Menulis {len(files)} berkas, {sum(map(len, files.values())) // 1024} KB")
        with progress.Progress("Menulis") as told:
            self.prompt.write(files, told)
        self.say("Isi papan dibaca kembali: sama")
        self.prompt.reset()

    def _prove(self, made: Made, role: str) -> Alarm | None:
        """Wait until the hub has heard the device itself; its alarm, or None of a STATUS."""
        self.say(
            "Menunggu alarm uji sampai di pusat data"
            if role in PROVED_BY_UJI
            else "Menunggu kabar alat sampai di pusat data"
        )
        return prove(self.hub, self.port, made["node"], made["mark"], role, self.wait_s)

    def _confirm(self, made: Made, old_erased: bool) -> Device:
        return self.hub.confirm(made["node"], old_erased)

    def sticker(self, device: Device) -> Label:
        """Return what labels.sheet prints of the device that run() made."""
        return self.hub.label(device["node"])

    def _clear_board(self) -> None:
        self.prompt.wait_for_prompt()  # it may be in the middle of its start
        self.prompt.stop()
        self.prompt.clear()

    def _take_back(self, node: int) -> None:
        """Withdraw and clear; what cannot be done now is done at the next start (journal)."""
        cleared = False
        try:
            with progress.reckoned("Mengosongkan papan", CLEAR_S):
                self._clear_board()
            cleared = True
        except (ToolError, OSError, KeyboardInterrupt):
            self.say("Papan belum dapat dikosongkan; jangan dipasang. Isinya ditolak pusat data.")
        try:
            self.hub.withdraw(node, written=not cleared)
            self._journal.clear()
            self.say(f"Pendaftaran {node:08x} ditarik kembali.")
        except (ToolError, KeyboardInterrupt):
            self._journal.note(written=not cleared)
            self.say(f"Pendaftaran {node:08x} belum ditarik: jalankan perintah ini lagi nanti.")


def heard(alarm: Alarm | None) -> str:
    """ ", terdengar gateway-1 (-71 dBm, SNR 9.5 dB)" of an alarm row of the hub."""
    if not alarm:
        return ""
    snr = alarm.get("snr_q")
    level = [f"{alarm['rssi']} dBm"] if alarm.get("rssi") is not None else []
    level += [f"SNR {snr / 4:g} dB"] if snr is not None else []
    level += [f"{alarm['hops']} hop"] if alarm.get("hops") is not None else []
    return f", didengar {alarm['gateway']} ({', '.join(level)})"


def prove(
    hub: Hub, port: str, node: int, mark: int, role: str, wait_s: float, say: Say | None = None
) -> Alarm | None:
    """Type "uji" at the device until the hub has logged it; the alarm's row, or None of a STATUS.

    `say`: the device may be asleep; it is woken first. ToolError("no_uji") with the device's own last words
    when the time is over.
    """
    before = hub.device(node).get("heard_wall")
    with Console(port) as console, progress.Progress("Menunggu") as waiting:
        if say:
            console.wake(say)
        heard_s = time.monotonic()
        until_s, wakes, shows_until_s = heard_s + wait_s, WAKES_MAX, heard_s + SHOWS_S
        type_again_s = 0.0
        while time.monotonic() < until_s:
            waiting.left(until_s - time.monotonic())
            if time.monotonic() >= type_again_s:
                console.send("uji")
                type_again_s = time.monotonic() + TYPE_AGAIN_S
            if console.lines():
                heard_s = time.monotonic()
            elif say and wakes and time.monotonic() > heard_s + QUIET_S:
                # it still shows its last alarm, for which it takes no new "uji", or has fallen asleep since
                asked_s = time.monotonic()
                console.wake(say)
                heard_s, type_again_s = time.monotonic(), 0.0
                if heard_s - asked_s > AWAKE_S or heard_s > shows_until_s:
                    wakes -= 1
                until_s = heard_s + wait_s
            if role in PROVED_BY_UJI:
                answer = hub.uji(node, mark, 1)
                if answer["logged"]:
                    return answer["alarm"]
            elif hub.device(node).get("heard_wall") != before:
                return None
        words = " | ".join(console.heard[-3:]) or "-"
    raise ToolError("no_uji", f"{port}: {node:08x}, {wait_s} s; kata alat: {words}")
