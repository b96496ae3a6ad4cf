"""Journal of work that this laptop began at a hub: written before, settled at the next start.

It holds no key: the id of a request, what was asked for, and the node number once it is known.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

from kentongan_tool.base import asking
from kentongan_tool.base.answers import Fields
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.site.hub import Hub


class Entry(TypedDict):
    """One registration that was begun."""

    request: str
    fields: Fields
    replaces: int | None
    node: int | None  # None: the hub has not answered yet
    written: bool  # its keys may be on a board


def folder() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "kentongan"


class Journal:
    """At most one registration under way for each hub."""

    def __init__(self, url: str):
        self.url = url
        self.path = folder() / f"pending-{sha256(url.encode()).hexdigest()[:12]}.json"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """ToolError("running") while another process of this laptop registers at this hub.

        Each would take what the other has begun for a run that died. The lock ends with the process.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = open(self.path.with_suffix(".lock"), "w")
        except OSError as error:
            raise ToolError("file", f"{self.path}: {error.strerror}")
        with file:
            asking.check_room(self.path)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ToolError("running", self.url)
            yield

    def read(self) -> Entry | None:
        """Return the entry, or None; a damaged one names its file."""
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ToolError("file", f"{self.path}: {error}; remove it and look at the page Perangkat")

    def write(self, entry: Entry) -> None:
        """Durable before anything is asked of the hub."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = self.path.with_suffix(".new")
            with open(beside, "w", encoding="utf-8") as file:
                json.dump(entry, file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            raise ToolError("file", f"{self.path}: {error.strerror}")

    def note(self, written: bool) -> None:
        """Note whether the keys of the entry under way may be on a board."""
        entry = self.read()
        if entry is None:
            raise ToolError("file", f"{self.path}: is gone; look at the page Perangkat")
        self.write({**entry, "written": written})

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


def settle(hub: Hub, say: Say) -> None:
    """Withdraw what an interrupted run left pending at this hub."""
    journal = Journal(hub.url)
    entry = journal.read()
    if entry is None:
        return
    node, written = entry.get("node"), entry.get("written", False)
    if node is None:  # the answer never came: the same request withdraws what it may have made
        node = hub.register(entry["fields"], entry.get("replaces"), entry["request"])["node"]
        written = False
    if hub.device(node)["state"] == "pending":
        hub.withdraw(node, written)
        say(f"Pendaftaran {node:08x} yang terputus sudah ditarik.")
    journal.clear()
