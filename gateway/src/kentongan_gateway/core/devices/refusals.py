"""Refusals by reason: always counted, reported to the hub at most once a minute."""

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.units import Ms

REPORT_MS = 60_000
FIRST_REPORT_MS = 2_000  # an attack shows soon; a burst of it is still one event


class Refusals:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._since: dict[str, int] = {}  # reason -> refusals since the last report
        self._due_ms: Ms | None = None
        self._last_ms: Ms | None = None

    def on_refusal(self, reason: str, n: int = 1) -> None:
        """One frame was refused. Names nobody: an unverified sender is a claim, and may be a victim.

        So are an order, a reply and whatever else comes from outside and cannot be read; n of them.
        """
        context = self._context
        context.count(reason, n)
        self._since[reason] = self._since.get(reason, 0) + n
        if self._due_ms is None:
            soonest = context.now_ms + FIRST_REPORT_MS
            self._due_ms = soonest if self._last_ms is None else max(soonest, self._last_ms + REPORT_MS)

    def tick(self) -> None:
        if self._due_ms is None or self._context.now_ms < self._due_ms:
            return
        self._context.store({"type": "refusals", "counters": dict(sorted(self._since.items()))})
        self._context.note(
            "refused",
            self._context.config.label,
            0,
            " ".join(f"{reason}={n}" for reason, n in sorted(self._since.items())),
        )
        self._since, self._due_ms, self._last_ms = {}, None, self._context.now_ms

    def next_deadline(self) -> Ms | None:
        return self._due_ms
