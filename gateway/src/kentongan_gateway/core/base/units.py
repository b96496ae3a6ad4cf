"""Names of the plain values that cross between the parts of the core."""

from collections.abc import Callable

Node = int  # u32 on the air
Ms = int  # of the clock that the core is given: it goes steadily, and begins anywhere
Incident = tuple[Node, int]  # its button, the first counter of it
OnDone = Callable[[int | None, str], None]  # (order id of the hub or None, "ok" or "failed: why")
