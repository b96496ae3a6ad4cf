"""Messages about warnings, their times and words: one message a matter, for however many devices. Pure."""

from collections.abc import Iterable

from kentongan_hub.base import codes
from kentongan_hub.base.language import Joined, Text, _
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Warned
from kentongan_hub.devices.supervision import MAINS_PERIOD_S

# a power cut, or the relay of some houses: each device says it in its own way and time
OUTAGE = (codes.MAINS_OUT, codes.DEVICE_LATE, codes.DEVICE_LOST, codes.SIREN_LOST)
# what gets well without the hand of the person who was told of it: its end is told, too
ENDS_BY_ITSELF = (*OUTAGE, codes.GATEWAY_LOST, codes.GATEWAY_TROUBLED, codes.RADIO_DOWN, codes.RADIO_JAMMED)
GATHER_OUTAGE_MS = MAINS_PERIOD_S * 1000 + 40_000  # all devices of a street are missed within one period
GATHER_LATE_MS = 600_000  # of an outage without any siren; many are back by then
JOINS_URGENT_MS = 600_000  # one more of the same urgent kind is told so long after the last message
REMIND_URGENT_MS = 1_800_000  # until a named person takes it
REMIND_MS = 86_400_000
SETTLED_MS = 300_000  # what came back may go again
NAMED = 3  # in a message; the rest is counted
TEXT_LIMIT = 300


def matter(what: str) -> str:
    """Name the group of this kind of warning: a person sees to all of it at once."""
    return "outage" if what in OUTAGE else what


def remind_ms(row: Warned) -> int:
    return REMIND_URGENT_MS if row["urgent"] else REMIND_MS


def first_ms(row: Warned, others: Iterable[Warned], now_ms: int) -> int:
    """Decide when a new warning is told: with the next message of its matter, where one was sent.

    others: open or ending ones of all matters. Worse than what was told is told anew.
    """
    gather_ms = 0
    if row["what"] in OUTAGE:
        gather_ms = GATHER_OUTAGE_MS if row["urgent"] else GATHER_LATE_MS
    told = [one for one in others if matter(one["what"]) == matter(row["what"]) and _is_told(one)]
    if not told or _rank(row) > max(map(_rank, told)):
        return now_ms + gather_ms
    if not row["urgent"] or row["what"] in OUTAGE:
        return min(now_ms + remind_ms(row) if one["closed_ms"] else one["next_ms"] or 0 for one in told)
    sent_ms = [(one["next_ms"] or 0) - remind_ms(one) for one in told if not one["closed_ms"]]
    last_ms = max(sent_ms, default=now_ms)
    return max(now_ms, last_ms + JOINS_URGENT_MS)


def _is_told(row: Warned) -> bool:
    """Recognize one that people were told of and that nobody has taken: its next message comes."""
    return row["told"] > 0 and row["next_ms"] is not None


def _rank(row: Warned) -> int:
    return 2 if row["urgent"] else int(row["what"] != codes.DEVICE_LATE)


def due(rows: Iterable[Warned], now_ms: int, quiet: bool) -> list[list[Warned]]:
    """Group what is told now: all of a matter that nobody has taken, once one of it is due.

    quiet: in the quiet hours what can wait, and may be over by the morning, is not even written.
    """
    found: dict[str, list[Warned]] = {}
    for row in rows:
        if row["next_ms"] is not None and row["closed_ms"] is None:
            found.setdefault(matter(row["what"]), []).append(row)
    return [
        some
        for some in found.values()
        if any(_is_due(row, now_ms) for row in some)
        and not (quiet and all(_may_end_unsaid(row) for row in some))
    ]


def _may_end_unsaid(row: Warned) -> bool:
    return not row["urgent"] and row["what"] in ENDS_BY_ITSELF


def _is_due(row: Warned, now_ms: int) -> bool:
    return row["next_ms"] is not None and row["next_ms"] <= now_ms


def ended(rows: Iterable[Warned], now_ms: int, quiet: bool) -> list[list[Warned]]:
    """Group the closed ones whose matter is over and has settled; some may never have been told."""
    rows = list(rows)
    lasting = {matter(row["what"]) for row in rows if row["closed_ms"] is None}
    found: dict[str, list[Warned]] = {}
    for row in rows:
        if row["closed_ms"] is not None and matter(row["what"]) not in lasting:
            found.setdefault(matter(row["what"]), []).append(row)
    return [
        some
        for some in found.values()
        if all(_is_due(row, now_ms) for row in some) and (not quiet or any(row["urgent"] for row in some))
    ]


def end_ms(row: Warned, now_ms: int) -> int | None:
    """Decide when the end of this warning, which is over, may be told."""
    return now_ms + SETTLED_MS if row["what"] in ENDS_BY_ITSELF else None


def text(rows: list[Warned]) -> str:
    """Say a matter in one message: how many things, the first few of each kind, what to do."""
    kinds = by_kind(rows)
    if len(rows) == 1:
        said = code_words.warning(rows[0])
        return f"Kentongan: {said['subject']} {said['what']}. {said['detail']}"[:TEXT_LIMIT]
    remedy = code_words.remedy(rows[0]["what"])
    return f"Kentongan: {_count(rows)}: {_named(kinds)}. {remedy}"[:TEXT_LIMIT]


def end_text(rows: list[Warned]) -> str:
    count = f"{_count(rows)}: " if len(rows) > 1 else ""
    return f"Kentongan: {_('berakhir')}: {count}{_named(by_kind(rows))}."[:TEXT_LIMIT]


def grouped(rows: Iterable[Warned]) -> list[list[Warned]]:
    """Group open warnings for people: the urgent matters first, then the others, those taken last."""
    found: dict[tuple[str, str | None], list[Warned]] = {}
    for row in rows:
        found.setdefault((matter(row["what"]), row["taken_by"]), []).append(row)
    worst_first = [
        sorted(some, key=lambda row: (-_rank(row), row["opened_ms"], row["id"])) for some in found.values()
    ]
    return sorted(
        worst_first, key=lambda some: (bool(some[0]["taken_by"]), -_rank(some[0]), -some[0]["opened_ms"])
    )


def by_kind(rows: Iterable[Warned]) -> dict[str, list[str]]:
    """{what: subjects}, the urgent kinds first; each subject once, under its worst."""
    out: dict[str, list[str]] = {}
    seen: set[str] = set()
    for row in sorted(rows, key=lambda one: (-_rank(one), one["opened_ms"], one["id"])):
        if row["subject"] not in seen:
            seen.add(row["subject"])
            out.setdefault(row["what"], []).append(row["subject"])
    return out


def _count(rows: list[Warned]) -> Text:
    return _("%(count)s peringatan", count=sum(map(len, by_kind(rows).values())))


def _named(kinds: dict[str, list[str]]) -> Joined:
    parts = []
    for what, subjects in kinds.items():
        names = Joined(", ", map(code_words.name_of, subjects[:NAMED]))
        more = len(subjects) - NAMED
        if more > 0:
            names = Joined(" ", (names, _("dan %(count)s lagi", count=more)))
        parts.append(Joined(" ", (code_words.WARNINGS.get(what, (what, ""))[0], names)))
    return Joined("; ", parts)
