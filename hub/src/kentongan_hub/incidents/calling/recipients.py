"""The people that a policy's words mean tonight: with an address, never of a silent alarm's house."""

import math
from collections.abc import Callable, Iterable
from typing import TypedDict, TypeVar

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Concerns, Person, Row
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.people import circles, ways
from kentongan_hub.people.houses import left_empty
from kentongan_hub.policies import policy as p
from kentongan_hub.record import failures
from kentongan_hub.storage.store import Db

PEOPLE_LIMIT = 500  # of one step
IN_LINE = ("ketua_rt", "wakil_rt", "ketua_rw")  # who answers for a site beside those on duty
NEVER_MS = (1 << 62) - 1
T = TypeVar("T")
W = TypeVar("W")


class Recipient(TypedDict):
    """One address that is called; `delay_s`: so long after the step."""

    person: int
    name: str
    channel: str
    address: str
    delay_s: int


def called(db: Db, incident: Concerns, words: Iterable[str]) -> list[str]:
    """Give a step's recipients, and who holds the key of a house that stands empty."""
    holder = left_empty.key_person(db, incident)
    return [*words, f"{p.PERSON}:{holder}"] if holder else list(words)


def on_duty(db: Db, incident: Concerns, person: int) -> bool:
    """Tell whether a called person may read that the house is empty: one with a duty, or with its key."""
    duty = db.value("SELECT 1 FROM duties WHERE person = ? LIMIT 1", person)
    return bool(duty) or left_empty.key_person(db, incident) == person


def everyone(zone: int) -> Concerns:
    """Imagine an incident of that RT that everybody may know and that concerns no house."""
    return {
        "id": 0,
        "confidential": 0,
        "device": 0,
        "kind": 0,
        "zone": zone,
        "house": 0,
        "opened_ms": 0,
        "facts_ms": None,
    }


def resolve(db: Db, now: Now, incident: Concerns, words: Iterable[str]) -> list[Recipient]:
    """Give the recipients of one step, each address once."""
    return reach(db, now, incident, words)[0]


def of_duty(db: Db, now: Now, incident: Concerns, duty: str) -> list[Recipient]:
    """Give who hears of what that duty sees to: where it has nobody with an address, the next in line."""
    found: list[Recipient] = []
    for one in dict.fromkeys((duty, *IN_LINE)):
        found = found or resolve(db, now, incident, [f"{p.DUTY}:{one}"])
    return found


def reach(
    db: Db, now: Now | None, incident: Concerns, words: Iterable[str]
) -> tuple[list[Recipient], list[Said], int]:
    """Give (recipients, a Said for each whom no message can reach, number of failed look-ups).

    Nobody is left uncalled for the row of another: each word and each person is looked up by itself, where
    somebody is called; `now` None: this is a rehearsal, which writes nothing.
    """
    out: list[Recipient] = []
    missing: list[Said] = []
    seen: set[tuple[str, str]] = set()
    left, failed = PEOPLE_LIMIT, 0
    for word in words:
        people = _tried(db, now, _people, incident, word)
        failed += people is None
        people = (people or [])[:left]
        left -= len(people)
        found: list[Recipient] = []
        for person in people:
            some = _tried(db, now, _addresses, incident, person)
            failed += some is None
            found.extend(some or ())
        if word != p.CHIMES and not found:
            missing.append(Said(codes.RECIPIENT, to=word))
        for one in found:
            if (one["channel"], one["address"]) not in seen:
                seen.add((one["channel"], one["address"]))
                out.append(one)
    return out, missing, failed


def _tried(
    db: Db, now: Now | None, look: Callable[[Db, Concerns, W], list[T]], incident: Concerns, whom: W
) -> list[T] | None:
    if now is None:
        return look(db, incident, whom)
    return failures.contained(db, now, codes.FINDING_PEOPLE, look, db, incident, whom)


def _addresses(db: Db, incident: Concerns, person: Person) -> list[Recipient]:
    if incident["confidential"] and not _may_know(db, incident, person):
        return []
    # a number that somebody added after a silent alarm learns nothing of it
    before_ms = circles.facts_ms(incident) if incident["confidential"] and incident["id"] else NEVER_MS
    sql = (
        "SELECT channel, address, delay_s FROM addresses WHERE person = ? AND active = 1 "
        "AND created_ms <= ? ORDER BY id"
    )
    rows = db.all(sql, person["id"], before_ms)
    if incident["confidential"]:
        rows = [one for one in rows if ways.of(one["channel"]).discreet]
    return [
        {
            "person": person["id"],
            "name": person["name"],
            "channel": one["channel"],
            "address": one["address"],
            "delay_s": one["delay_s"],
        }
        for one in rows
    ]


def _may_know(db: Db, incident: Concerns, person: Person) -> bool:
    """Refuse a silent alarm to people of its house and to accounts that may not open it."""
    if incident["house"] and (person["zone"], person["house"]) == (incident["zone"], incident["house"]):
        return False
    if person["account"] is None:
        return True
    active = db.value("SELECT 1 FROM accounts WHERE id = ? AND active = 1", person["account"])
    return bool(active) and circles.knows(db, person["account"], incident)


def may_answer(db: Db, incident_id: int, person: Person) -> bool:
    """Let a called person answer only while it may know of the incident: exclusions count at once."""
    incident = incident_of(db, incident_id)
    return not incident["confidential"] or _may_know(db, incident, person)


def _people(db: Db, incident: Concerns, word: str) -> list[Person]:
    kind, _, value = word.partition(":")
    zone = incident["zone"]
    if word == p.ALL:
        return db.all(f"SELECT * FROM people p WHERE zone = ? AND {ways.CALLED} ORDER BY id", zone)
    if word == p.NAMED and incident["confidential"]:  # the stand-in too, where agreed people are too few
        known = circles.members(db, incident) if incident["id"] else circles.eligible(db, incident)
        marks = ", ".join("?" * len(known))
        return db.all(
            f"SELECT * FROM people p WHERE account IN ({marks}) AND {ways.CALLED} ORDER BY id", *known
        )
    if word == p.NAMED:
        return db.all(
            "SELECT p.* FROM people p JOIN accounts a ON a.id = p.account "
            f"WHERE a.named_for_confidential = 1 AND a.active = 1 AND {ways.CALLED} ORDER BY p.id"
        )
    if kind == p.PERSON:
        return db.all(f"SELECT * FROM people p WHERE id = ? AND {ways.CALLED}", int(value))
    if kind == p.DUTY:
        return db.all(
            "SELECT p.* FROM duties d JOIN people p ON p.id = d.person "
            f"WHERE d.duty = ? AND d.zone IN (0, ?) AND {ways.CALLED} ORDER BY p.id",
            value,
            zone,
        )
    if kind == p.NEAR:
        near = nearest(db, zone, incident["house"], int(value))
        living: list[Person] = []
        for house in near:
            living += db.all(
                "SELECT * FROM people p WHERE zone = ? AND house = ? "
                f"AND {ways.CALLED} ORDER BY head DESC, id",
                zone,
                house,
            )
        return living
    return []  # chimes are called by the gateway, not here


def nearest(db: Db, zone: int, house: int, count: int) -> list[int]:
    """Give the nearest inhabited houses: by the plan where they stand on it, else by house number."""
    rows = db.all("SELECT number, x, y FROM houses WHERE zone = ? AND occupied = 1", zone)
    here = next((row for row in rows if row["number"] == house), None) or db.one(
        "SELECT number, x, y FROM houses WHERE zone = ? AND number = ?", zone, house
    )

    def far(row: Row) -> tuple[int, float, int]:
        if here and here["x"] is not None and row["x"] is not None:
            return (0, math.hypot(row["x"] - here["x"], row["y"] - here["y"]), row["number"])
        return (1, abs(row["number"] - house), row["number"])

    return [row["number"] for row in sorted(rows, key=far) if row["number"] != house][:count]
