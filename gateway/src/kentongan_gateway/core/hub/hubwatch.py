"""Watch over the hub: while it does not take what is stored, the gateway acts for it."""

from collections.abc import Callable, Iterable

from kentongan_gateway.core.base.bounded import make_room
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Ms

SILENT_MS = 5_000  # an alarm without a 2xx for this long after its commit
STALE_MS = 40_000  # a last good reply older than this: the hub is silent already
WAITING_LIMIT = 256


class HubWatch:
    """Calls on_silent(row_id, record) once for every alarm that the hub has not taken in time."""

    def __init__(self, context: Context, on_silent: Callable[[int, Record], None]) -> None:
        self._context = context
        self._on_silent = on_silent
        self._last_ok_ms: Ms | None = None  # None: never since the start, which counts from the first call
        self._waiting: dict[int, tuple[Ms, Record]] = {}  # row id -> when due, what

    def note_reply(self, now_ms: Ms) -> None:
        self._last_ok_ms = now_ms

    def on_taken(self, row_ids: Iterable[int]) -> None:
        for row_id in row_ids:
            self._waiting.pop(row_id, None)

    def silent(self) -> bool:
        """Tell whether the hub must be taken for dead: its last good reply is too old."""
        return self._last_ok_ms is not None and self._context.now_ms - self._last_ok_ms > STALE_MS

    def begun(self) -> None:
        """Start the clock of the last good reply, with the first call of the core."""
        if self._last_ok_ms is None:
            self._last_ok_ms = self._context.now_ms

    def expect_taking(self, row_id: int, record: Record) -> None:
        due_ms = self._context.now_ms + (0 if self.silent() else SILENT_MS)
        gone = make_room(self._waiting, WAITING_LIMIT, record.src, lambda row: self._waiting[row][1].src)
        if gone is not None:
            del self._waiting[gone]
        self._waiting[row_id] = due_ms, record

    def tick(self) -> None:
        for row_id, (due, record) in list(self._waiting.items()):
            if self._context.now_ms >= due:
                del self._waiting[row_id]
                self._on_silent(row_id, record)

    def next_deadline(self) -> Ms | None:
        return min(due for due, _ in self._waiting.values()) if self._waiting else None
