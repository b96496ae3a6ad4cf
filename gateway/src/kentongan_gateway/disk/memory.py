"""Events in memory that no disk has: offered to the hub before the others, until either takes them."""

import secrets

from kentongan_gateway.core.base.bounded import make_room
from kentongan_gateway.core.base.stored import Event, Stored

LIMIT = 500  # events; statuses give way first, alarms last, of whichever device has most


class Held:
    """By id, each with its class; a power cut loses them all, so that nothing in here is ever receipted."""

    def __init__(self, limit: int = LIMIT):
        self._limit = limit
        self._run = secrets.token_hex(3)  # an id is never given twice, not even by another run
        self._count = 0
        self._events: dict[str, tuple[int, Event]] = {}  # id -> (class, event)
        self._ids: dict[str, str] = {}  # key -> id
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, label: str, klass: int, event: Event) -> str | None:
        """Its id, or the one that its key already has; None when only more important ones are here."""
        key = event.get("key")
        if key in self._ids:
            return self._ids[key]
        if len(self._events) >= self._limit and not self._make_room(klass, event):
            return None
        self._count += 1
        event_id = f"{label}/{self._run}-h{self._count}"
        self._events[event_id] = (klass, event)
        if key is not None:
            self._ids[key] = event_id
        return event_id

    def _make_room(self, klass: int, event: Event) -> bool:
        self.evicted += 1
        worst = max(one for one, _ in self._events.values())
        if worst < klass:
            return False
        alike = [event_id for event_id, (one, _) in self._events.items() if one == worst]
        who = event.get("device") if worst == klass else None
        self.remove(make_room(alike, len(alike), who, self._device))
        return True

    def _device(self, event_id: str) -> int | None:
        return self._events[event_id][1].get("device")

    def remove(self, event_id: str | None) -> None:
        held = self._events.pop(event_id, None) if event_id else None
        key = held[1].get("key") if held else None
        if key is not None:
            self._ids.pop(key, None)

    def remove_key(self, key: str | None) -> None:
        """Remove the event held under this key, if there is one."""
        if key is not None:
            self.remove(self._ids.get(key))

    def offers(self) -> list[Stored]:
        """[(id, event)], alarms first, in the order of their coming."""
        ranked = sorted(self._events.items(), key=lambda item: item[1][0])
        return [(event_id, event) for event_id, (_, event) in ranked]
