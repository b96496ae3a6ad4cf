"""Messages about warnings, their times and words: what comes together is one message. Pure.

An urgent kind that nobody was told of is told at once. All else waits until ten minutes after the last
message, and then is one, of however many matters.
"""

from collections.abc import Iterable, Mapping

from kentongan_hub.base import codes
from kentongan_hub.base.language import Joined, Text, _
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Warned
from kentongan_hub.devices.supervision import KINDS, MAINS_PERIOD_S

# a power cut, or the relay of some houses: each device says it in its own way and time
OUTAGE = (codes.MAINS_OUT, codes.DEVICE_LATE, codes.DEVICE_LOST, codes.SIREN_LOST)
# what gets well without the hand of the person who was told of it: its end is told, too
ENDS_BY_ITSELF = (*OUTAGE, codes.GATEWAY_LOST, codes.GATEWAY_TROUBLED, codes.RADIO_DOWN, codes.RADIO_JAMMED)
GATHER_OUTAGE_MS = MAINS_PERIOD_S * 1000 + 40_000  # all devices of a street are missed within one period
GATHER_LATE_MS = 600_000  # of an outage without any siren; many are back by then
JOINS_MS = 600_000  # after a message: what comes then is told together
REMIND_URGENT_MS = 1_800_000  # until a named person takes it
REMIND_MS = 86_400_000
SETTLED_MS = 300_000  # what came back may go again
# names of an urgent kind in a message, and of one that can wait; the rest is counted. The first that fits:
NAMED = ((3, 3), (3, 1), (3, 0), (1, 0), (0, 0))
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
    gather_ms = _gather_ms(row)
    told = [one for one in others if matter(one["what"]) == matter(row["what"]) and _is_told(one, now_ms)]
    if not told or _rank(row) > max(map(_rank, told)):
        return now_ms + gather_ms
    if row["what"] in OUTAGE and not any(map(_has_gathered, told)):
        return now_ms + gather_ms
    if not row["urgent"]:
        return min(now_ms + remind_ms(row) if one["closed_ms"] else one["next_ms"] or 0 for one in told)
    last_ms = max((_sent_ms(one) for one in told if not one["closed_ms"]), default=now_ms)
    return max(now_ms + gather_ms, last_ms + JOINS_MS)


def _gather_ms(row: Warned) -> int:
    if row["what"] not in OUTAGE:
        return 0
    return GATHER_OUTAGE_MS if row["urgent"] else GATHER_LATE_MS


def _sent_ms(row: Warned) -> int:
    """Give the time of the last message about an open one that is told."""
    return (row["next_ms"] or 0) - remind_ms(row)


def _has_gathered(row: Warned) -> bool:
    """Tell whether it had its own time before it was told; else other matters' message took it along."""
    return bool(row["closed_ms"]) or _sent_ms(row) >= row["opened_ms"] + _gather_ms(row)


def _is_told(row: Warned, now_ms: int) -> bool:
    """Recognize one that people were told of, that nobody has taken, and that is not long over."""
    if row["told"] == 0 or row["next_ms"] is None:
        return False
    return row["closed_ms"] is None or row["next_ms"] > now_ms


def _rank(row: Warned) -> int:
    return 2 if row["urgent"] else int(row["what"] != codes.DEVICE_LATE)


def due(rows: Iterable[Warned], now_ms: int, quiet: bool, last_ms: int | None = None) -> list[Warned]:
    """Choose what one message tells now: each matter of which one is due, and what else nobody was told of.

    last_ms: when the last message was sent; soon after it only what is urgent is told, with what else its
    owner has to hear. quiet: in the quiet hours nothing is written that can wait.
    """
    found = _by_matter(row for row in rows if row["next_ms"] is not None and row["closed_ms"] is None)
    ready = {
        name
        for name, some in found.items()
        if any(_is_due(row, now_ms) for row in some)
        and not (quiet and not any(row["urgent"] for row in some))
    }
    told = [row for name in ready for row in found[name]]
    if not told:
        return []
    joins = (
        [] if quiet else [row for name in found.keys() - ready for row in found[name] if _joins(row, now_ms)]
    )
    if last_ms is None or now_ms >= last_ms + JOINS_MS:
        return told + joins
    owners = {row["owner"] for row in told if row["urgent"] and _is_due(row, now_ms)}
    return [row for row in told + joins if row["owner"] in owners]


def _by_matter(rows: Iterable[Warned]) -> dict[str, list[Warned]]:
    found: dict[str, list[Warned]] = {}
    for row in rows:
        found.setdefault(matter(row["what"]), []).append(row)
    return found


def _joins(row: Warned, now_ms: int) -> bool:
    """Tell whether another matter's message takes it along: new, or soon due again.

    Who is merely late is mostly back by then.
    """
    if not row["told"]:
        return row["what"] != codes.DEVICE_LATE
    return _is_due(row, now_ms + JOINS_MS)


def _is_due(row: Warned, now_ms: int) -> bool:
    return row["next_ms"] is not None and row["next_ms"] <= now_ms


def ended(rows: Iterable[Warned], now_ms: int, quiet: bool, last_ms: int | None = None) -> list[Warned]:
    """Choose the closed ones of matters that are over and have settled; some may never have been told.

    They wait, ten minutes at most, for others that are settling, and as long after the last such message.
    """
    rows = list(rows)
    lasting = {matter(row["what"]) for row in rows if row["closed_ms"] is None}
    over = _by_matter(row for row in rows if row["closed_ms"] is not None)
    over = {
        name: some
        for name, some in over.items()
        if name not in lasting and (not quiet or any(row["urgent"] for row in some))
    }
    settled_ms = {name: max(row["next_ms"] or 0 for row in some) for name, some in over.items()}
    ready = [name for name in over if settled_ms[name] <= now_ms]
    if not ready or (last_ms is not None and now_ms < last_ms + JOINS_MS):
        return []
    unsettled = any(row["told"] for name in over if name not in ready for row in over[name])
    if unsettled and now_ms < min(settled_ms[name] for name in ready) + JOINS_MS:
        return []
    return [row for name in ready for row in over[name]]


def ended_told(rows: Iterable[Warned]) -> list[Warned]:
    """Choose those of matters that somebody was told of: only these have an end to tell."""
    return [row for some in _by_matter(rows).values() if any(row["told"] for row in some) for row in some]


def end_ms(row: Warned, now_ms: int) -> int | None:
    """Decide when the end of this warning, which is over, may be told."""
    return now_ms + SETTLED_MS if row["what"] in ENDS_BY_ITSELF else None


def text(rows: list[Warned]) -> str:
    """Say it in one message: how many things, the first few of each kind, what to do about a single matter.

    Every urgent kind is named, whatever the length.
    """
    if len(rows) == 1:
        said = code_words.warning(rows[0])
        return f"Kentongan: {said['subject']} {said['what']}. {said['detail']}"[:TEXT_LIMIT]
    if len(_by_matter(rows)) == 1:
        remedy = code_words.remedy(max(rows, key=_rank)["what"])
        return _fitting(f"Kentongan: {_count(rows)}: ", by_kind(rows), f". {remedy}")
    urgent = sum(map(len, by_kind(row for row in rows if row["urgent"]).values()))
    count = _("%(count)s, %(urgent)s mendesak", count=_count(rows), urgent=urgent) if urgent else _count(rows)
    return _fitting(f"Kentongan: {count}: ", by_kind(rows), f". {_('Lihat halaman Peringatan.')}")


def end_text(rows: list[Warned]) -> str:
    count = f"{_count(rows)}: " if len(rows) > 1 else ""
    return _fitting(f"Kentongan: {_('berakhir')}: {count}", by_kind(rows), ".")


def _fitting(begin: str, kinds: Mapping[str, list[str]], end: str) -> str:
    """Put as many names as there is room for; then what to do is cut, then the kinds that can wait."""
    for many in NAMED:
        said = f"{begin}{_named(kinds, many)}"
        if len(said) + len(end) <= TEXT_LIMIT:
            return said + end
    if len(said) < TEXT_LIMIT:
        return (said + end)[:TEXT_LIMIT]
    urgent = {what: some for what, some in kinds.items() if _is_urgent(what)}
    left = sum(map(len, kinds.values())) - sum(map(len, urgent.values()))
    more = f"; {_('dan %(count)s lagi', count=left)}" if left else ""
    return f"{begin}{_named(urgent, NAMED[-1])}{more}."


def _is_urgent(what: str) -> bool:
    return what not in KINDS or KINDS[what][0]


def grouped(rows: Iterable[Warned]) -> list[list[list[Warned]]]:
    """Group open warnings for people: a card of all that nobody has taken, then one for each who took some.

    A card is a list of matters, the urgent ones first, each with its worst first.
    """
    cards: dict[str, list[Warned]] = {}
    for row in rows:
        cards.setdefault(row["taken_by"] or "", []).append(row)
    return [_matters(cards[who]) for who in sorted(cards)]


def _matters(rows: Iterable[Warned]) -> list[list[Warned]]:
    worst_first = [
        sorted(some, key=lambda row: (-_rank(row), row["opened_ms"], row["id"]))
        for some in _by_matter(rows).values()
    ]
    return sorted(worst_first, key=lambda some: (-_rank(some[0]), -some[0]["opened_ms"]))


def by_kind(rows: Iterable[Warned]) -> dict[str, list[str]]:
    """{what: subjects}, the urgent kinds first, and of them the new ones.

    In a matter each subject once, under its worst; of two matters it is named twice, for each may be the
    one that somebody has to hear of.
    """
    out: dict[str, list[str]] = {}
    seen: set[tuple[str, str]] = set()
    order = sorted(rows, key=lambda one: (-_rank(one), one["told"] > 0, one["opened_ms"], one["id"]))
    for row in order:
        about = (matter(row["what"]), row["subject"])
        if about not in seen:
            seen.add(about)
            out.setdefault(row["what"], []).append(row["subject"])
    return out


def _count(rows: list[Warned]) -> Text:
    return _("%(count)s peringatan", count=sum(map(len, by_kind(rows).values())))


def _named(kinds: Mapping[str, list[str]], many: tuple[int, int]) -> Joined:
    """Name each kind, and of its subjects as many as NAMED says."""
    parts = []
    for what, subjects in kinds.items():
        some = subjects[: many[0] if _is_urgent(what) else many[1]]
        names: Text | str = Joined(", ", map(code_words.name_of, some)) if some else str(len(subjects))
        if some and len(subjects) > len(some):
            names = Joined(" ", (names, _("dan %(count)s lagi", count=len(subjects) - len(some))))
        parts.append(Joined(" ", (code_words.WARNINGS.get(what, (what, ""))[0], names)))
    return Joined("; ", parts)
