"""Search in long lists: a word, a choice, days. Plain GET forms: an address keeps it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import request
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.clock import wall_of
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Value

WORD_LIMIT = 60  # characters
WORDS_LIMIT = 6
COUNTED = 1_000  # rows of a list are counted up to here: nobody waits for a number
DAY_MS = 86_400_000
LAST = 1 << 60  # above every row's number: a list that is read from its end


class Where(NamedTuple):
    """A condition of SQL and its values."""

    sql: str
    values: tuple[Value, ...]


NOTHING = Where("1", ())  # narrows nothing


def words(field: str = "cari") -> list[str]:
    """Read the words that are looked for."""
    return request.args.get(field, "").strip()[:WORD_LIMIT].lower().split()[:WORDS_LIMIT]


def asked(fields: Iterable[str]) -> dict[str, str]:
    """Give what this list was narrowed by, for its form and for the address of the next page."""
    chosen = {name: request.args.get(name, "").strip()[:WORD_LIMIT] for name in fields}
    return {name: value for name, value in chosen.items() if value}


def has(found: Sequence[str], texts: Iterable[object]) -> bool:
    """Tell if every word stands in these texts; a number only as a whole one, for 7 is not 17."""
    text = f" {_plain(' '.join(str(one) for one in texts if one is not None))} "
    return all(_wanted(word) in text for word in found)


def condition(found: Sequence[str], text: str) -> Where:
    """Make has() of an SQL expression `text`."""
    plain = f"(' ' || replace(replace(lower({text}), '-', ' '), ',', ' ') || ' ')"
    return both(Where(f"instr({plain}, ?) > 0", (_wanted(word),)) for word in found)


def _plain(text: str) -> str:
    return re.sub("[-,]", " ", text.lower())


def _wanted(word: str) -> str:
    """Spell what must stand in a plain text for this word."""
    text = _plain(word)
    return re.sub("^(?=[0-9])|(?<=[0-9])$", " ", text)


def both(parts: Iterable[Where]) -> Where:
    """Join conditions of which each must hold."""
    known = list(parts)
    return Where(
        " AND ".join(one.sql for one in known) or "1", tuple(value for one in known for value in one.values)
    )


def days(zone: str, column: str) -> Where:
    """Read the days `dari` and `sampai`, both inside, by a zone's calendar; LocalError where unreadable."""
    parts = []
    for field, sign, more_ms in (("dari", ">=", 0), ("sampai", "<", DAY_MS)):
        day = request.args.get(field, "").strip()
        if not day:
            continue
        wall = wall_of(day, "00.00", zone)
        if wall is None:
            raise LocalError(_("Tanggal: tulis seperti 2026-12-26"))
        parts.append(Where(f"{column} {sign} ?", (wall + more_ms,)))
    return both(parts)


def counted(number: int) -> str:
    """Say how many; `number` was counted up to COUNTED + 1."""
    return _("lebih dari %(limit)s", limit=COUNTED) if number > COUNTED else str(number)


def picked(field: str, choices: Mapping[str, Any]) -> Any:
    """Give what a list's choice stands for; None where nothing of ours was chosen."""
    return choices.get(request.args.get(field, ""))
