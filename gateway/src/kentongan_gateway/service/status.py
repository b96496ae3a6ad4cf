"""status.json: what the running gateway knows about itself, for `kentongan-gateway status`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kentongan_wire.base.errors import LocalError

from kentongan_gateway.sections import Settings

Snapshot = dict[str, Any]  # daemon.py makes it; of a former version's any part may be missing

STALE_MS = 20_000  # older than this: the gateway does not run


def path_of(settings: Settings) -> Path:
    return Path(settings.gateway.run_dir or settings.gateway.state_dir) / "status.json"


def write(settings: Settings, snapshot: Snapshot) -> None:
    """Renew the file; a run_dir on tmpfs spares the card. A failure is no reason to stop."""
    path = path_of(settings)
    beside = path.with_suffix(".new")
    try:
        beside.write_text(json.dumps(snapshot), encoding="utf-8")
        os.replace(beside, path)
    except OSError:
        return


def read(settings: Settings, now_ms: int) -> tuple[Snapshot, bool]:
    """(snapshot, whether the gateway runs); LocalError when there is none."""
    path = path_of(settings)
    try:
        snapshot = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(snapshot, dict):
            raise ValueError("no object")
    except (OSError, ValueError, RecursionError) as error:
        remedy = "run `sudo systemctl start kentongan-gateway`"
        raise LocalError(f"{path}: no status ({error}); {remedy}") from error
    return snapshot, 0 <= now_ms - snapshot.get("at_ms", 0) <= STALE_MS


def lines(snapshot: Snapshot, alive: bool) -> Iterator[str]:
    """List facts for people, one a line, Indonesian."""
    yield f"{snapshot.get('label')}: {'berjalan' if alive else 'TIDAK BERJALAN'}"
    for name, up in sorted(snapshot.get("radios", {}).items()):
        yield f"radio {name}: {'terhubung' if up else 'TERPUTUS'}"
    for name, text in sorted(snapshot.get("troubles", {}).items()):
        yield f"BERMASALAH {name}: {text}"
    if snapshot.get("clock") == "unsure":
        yield "jam belum pasti: waktu di catatan bisa salah"
    spool = snapshot.get("spool", {})
    if snapshot.get("store_ms"):
        took = snapshot["store_ms"]
        yield f"menyimpan satu kejadian: {took['p50']} ms, p99 {took['p99']} ms"
    yield f"belum terkirim ke pusat data: {spool.get('unsent')} dari {spool.get('rows')}"
    for klass, count in sorted(spool.get("evicted", {}).items()):
        yield f"terbuang karena penuh ({klass}): {count}"
    for reason, count in sorted(snapshot.get("refused", {}).items()):
        yield f"ditolak atau dihitung ({reason}): {count}"
