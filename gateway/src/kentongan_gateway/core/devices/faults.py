"""A fault of ours stays with the part that has it: the others go on, people are told, and it is counted.

Input from outside is refused by type where it comes in. This is for what nobody thought of: one frame,
order or deadline that meets an error of the program must not take the siren of everybody with it.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kentongan_wire.base.errors import RemoteError

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.troubles import Troubles
from kentongan_gateway.core.base.units import Ms
from kentongan_gateway.core.devices.refusals import Refusals

REST_MS = 1_000  # a part whose deadline fails is called again after this, or it would be called without end
TEXT_LIMIT = 80  # characters of the error's own words
PROGRAM = "program"  # the trouble's name


class Clocked(Protocol):
    """A part of the core with deadlines of its own; next_deadline: None while nothing is due."""

    def next_deadline(self) -> Ms | None: ...


class Timed(Clocked, Protocol):
    """One whose tick() does what is due."""

    def tick(self) -> None: ...


def name(error: BaseException) -> str:
    """Name error and place for a person who reports it: `TypeError at hub_orders.py:95: unhashable type`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}: {str(error)[:TEXT_LIMIT]}"


class Faults:
    """One per core."""

    def __init__(self, context: Context, refusals: Refusals, troubles: Troubles) -> None:
        self._context, self._refusals, self._troubles = context, refusals, troubles
        self._resting: dict[Clocked, Ms] = {}  # part -> until when

    def contain(self, what: str, deed: Callable[..., object], *args: object) -> None:
        """Call it; a refusal is counted under its reason, a fault of ours as met()."""
        try:
            deed(*args)
        except RemoteError as error:
            self._refusals.on_refusal(error.reason)
        except Exception as error:
            self.met(what, error)

    def tick(self, part: Timed) -> None:
        """part.tick(), unless it failed a moment ago."""
        if self._resting.get(part, 0) > self._context.now_ms:
            return
        self._resting.pop(part, None)
        try:
            part.tick()
        except Exception as error:
            self._resting[part] = self._context.now_ms + REST_MS
            if isinstance(error, RemoteError):
                self._refusals.on_refusal(error.reason)
            else:
                self.met(type(part).__name__, error)

    def not_before(self, part: Clocked, due_ms: Ms) -> Ms:
        """Return the time when a part that wants to be called at due_ms may be called."""
        return max(due_ms, self._resting.get(part, due_ms)) if self._resting else due_ms

    def met(self, what: str, error: BaseException) -> None:
        """Counted, told to the hub as a refusal and to people as a trouble that lasts until the restart."""
        text = f"{what}: {name(error)}"
        self._refusals.on_refusal("fault")
        self._troubles.set(PROGRAM, text)
        self._context.note("fault", self._context.config.label, 0, text)
