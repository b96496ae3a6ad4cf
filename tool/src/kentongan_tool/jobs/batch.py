"""Many boards, one list: houses.csv, a bar, and going on after an interruption.

A device in service at the hub is done; so a run that was stopped goes on where it was, on any laptop.
"""

import csv
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from kentongan_tool.base import lists, progress
from kentongan_tool.base.answers import Alarm, Device, Fields
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.base.fields import check
from kentongan_tool.board.prompt import Prompt
from kentongan_tool.jobs.provision import Job
from kentongan_tool.site.hub import Hub

Choices = Mapping[str, tuple[str, Callable[[str], Any], str]]  # option: field, how it is read, what it is

COLUMNS: dict[str, Callable[[str], Any]] = {
    "role": str.lower,
    "label": str.lower,  # a spreadsheet begins cells with a capital by itself
    "zone": lists.whole,
    "house": lists.whole,
    "place": str,
    "hops": lists.whole,
}
NEEDED = ("role", "label", "zone")
ROWS_MAX = 1_000
BAR = 24
LOOK_S = 0.5
SETTLE_S = 20  # a port that has just come is not ours yet: udev sets its group, ModemManager looks at it
UNSETTLED = ("port_missing", "port_taken", "port_denied", "port_busy", "cut")
SAME = ("role", "zone", "house")  # what a label stands for
RESULT = ("label", "id", "time", "gateway", "rssi", "snr", "hops")


def read_rows(path: Path, choices: Choices) -> list[Fields]:
    """[{field: value}] of a list, each checked; ToolError names file, line, column. `choices`: options of
    provision.
    """
    rows = lists.read(path, (*COLUMNS, *choices), NEEDED)
    if not rows or len(rows) > ROWS_MAX:
        raise ToolError("list", f"{path}: {len(rows)} rows; give 1..{ROWS_MAX}")
    out = [(line, _read_row(path, line, row, choices)) for line, row in rows]
    if line := lists.twice(out, "label"):
        label = dict(out)[line]["label"]
        raise ToolError("list", f"{path}:{line}: label {label} stands twice")
    return [row for _, row in out]


def _read_row(path: Path, line: int, row: dict[str, str], choices: Choices) -> Fields:
    fields: Fields = {}
    for name, text in row.items():
        if not text and name not in NEEDED:
            continue
        field, read = (name, COLUMNS[name]) if name in COLUMNS else choices[name][:2]
        try:
            fields[field] = read(text)
        except (ValueError, KeyError):
            what = choices[name][2] if name in choices else "angka bulat (a whole number)"
            raise ToolError("list", f"{path}:{line}: column {name}: {text!r} cannot be read; {what}")
    check(fields, f"{path}:{line}")
    return fields


def check_against(rows: Iterable[Fields], there: Mapping[str, Device]) -> None:
    """Raise ToolError when a label of the list is that of another device: it would be called installed."""
    for row in rows:
        device: Mapping[str, Any] = there.get(row["label"], {})
        for name in SAME:
            wanted = row.get(name, 0)
            if name in device and device[name] != wanted:
                raise ToolError(
                    "list",
                    f"label {row['label']}: di pusat data (at the hub) {name} {device[name]}, "
                    f"di daftar (in the list) {wanted}; label lain untuk alat baru (another label)",
                )


def bar(done: int, total: int, text: str) -> str:
    full = BAR * done // total
    return f"[{'#' * full}{'.' * (BAR - full)}] {done}/{total}  {text}"


class Ports:
    """Blank boards as they come to the ports; a port that was used waits until its board is unplugged."""

    def __init__(self, ports: Iterable[str], say: Say, erase: bool):
        self._ports, self._say, self._erase = [str(port) for port in ports], say, erase
        self._used: set[str] = set()

    def next_blank(self, label: str, wait_s: float) -> str:
        """Return the port of a blank board; ToolError("port_missing") when none came in time."""
        with progress.Progress("Menunggu papan") as waiting:
            return self._next_blank(label, wait_s, waiting)

    def _next_blank(self, label: str, wait_s: float, waiting: progress.Progress) -> str:
        until_s, asked = time.monotonic() + wait_s, False
        shown: set[str] = set()
        since: dict[str, float] = {}
        while True:
            for port in self._ports:
                if not os.path.exists(port):
                    if port in self._used:
                        self._used.remove(port)
                        self._say(f"{port}: papan dilepas")
                    shown.discard(port)
                    since.pop(port, None)
                elif port not in self._used and port not in shown:
                    try:
                        prompt = Prompt(port)
                        device = prompt.probe().device
                    except ToolError as error:
                        late = time.monotonic() - since.setdefault(port, time.monotonic()) > SETTLE_S
                        if error.name not in UNSETTLED or late:
                            raise
                        continue
                    if device is None or self._erase:
                        self._used.add(port)
                        return port
                    shown.add(port)
                    prompt.leave()
                    self._say(f"{port}: sudah {device[0]} {device[1]}; lepas, atau beri --erase")
            if time.monotonic() > until_s:
                raise ToolError("port_missing", f"{', '.join(self._ports)}: {label}, {wait_s} s")
            waiting.left(until_s - time.monotonic())
            if not asked:
                self._say(f"Sambungkan papan kosong untuk {label}")
                asked = True
            time.sleep(LOOK_S)


def run(
    rows: list[Fields],
    coming: Ports,
    hub: Hub,
    make_job: Callable[[str], Job],
    result_path: Path,
    wait_s: float,
    say: Say,
) -> list[Device]:
    """Provision every row that is not in service yet; the devices of all rows.

    `coming`: Ports; `make_job(port)` gives a provision.Job. The first failure ends the run, and the rest goes
    on at the next start.
    """
    there = {one["label"]: one for one in hub.devices()}
    check_against(rows, there)
    waiting = [row for row in rows if row["label"] not in there]
    if len(waiting) < len(rows):
        say(f"{len(rows) - len(waiting)} alat sudah terpasang; dilewati")
    began_s = time.monotonic()
    for done, row in enumerate(waiting):
        each_s = (time.monotonic() - began_s) / done if done else 0.0
        left = f", kira-kira {progress.duration(each_s * (len(waiting) - done))} lagi" if done else ""
        say(bar(len(there.keys() & {one["label"] for one in rows}), len(rows), row["label"] + left))
        job = make_job(coming.next_blank(row["label"], wait_s))
        device = job.run(row)
        there[device["label"]] = device
        _note(Path(result_path), device, job.alarm)
    say(bar(len(rows), len(rows), "selesai"))
    return [there[row["label"]] for row in rows]


def _note(path: Path, device: Device, alarm: Alarm | None) -> None:
    """One line for the list that goes into the folder of the RT."""
    new = not path.exists()
    alarm = alarm or {}
    snr = alarm.get("snr_q")
    row = (
        device["label"],
        device["id"],
        time.strftime("%Y-%m-%d %H.%M"),
        alarm.get("gateway", ""),
        alarm.get("rssi", ""),
        "" if snr is None else snr / 4,
        alarm.get("hops", ""),
    )
    try:
        with open(path, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows(([RESULT] if new else []) + [row])
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
