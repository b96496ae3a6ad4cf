"""Tables with a limit in which nobody's entries push out somebody else's: who fills one makes the room."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")


def make_room(table: Collection[K], limit: int, who: Hashable, owner_of: Callable[[K], Hashable]) -> K | None:
    """Return the key that has to leave before an entry of `who` comes, or None while there is a place.

    Of whoever has most the oldest leaves: one device that fills a table loses its own. A newcomer counts
    with the entry that it brings, so that of equals the newcomer gives.
    """
    if len(table) < limit:
        return None
    counts = Counter(map(owner_of, table))
    counts[who] += 1
    most = max(counts.values())
    greedy = who if counts[who] == most else next(one for one, n in counts.items() if n == most)
    return next((key for key in table if owner_of(key) == greedy), next(iter(table)))


def owner(key: tuple[T, *tuple[object, ...]]) -> T:
    """Return the owner in tables whose keys begin with the device that they are about."""
    return key[0]


def put(table: dict[K, V], key: K, value: V, limit: int, owner_of: Callable[[K], Hashable]) -> K | None:
    """Put it in as the newest; what had to leave for it, or None."""
    table.pop(key, None)
    gone = make_room(table, limit, owner_of(key), owner_of)
    if gone is not None:
        del table[gone]
    table[key] = value
    return gone
