"""The hub's copy of last counters: for posts at night, for a new post's files, for a gateway after a loss.

And of who alarmed for every gateway, soon after it: one that heard nothing of it takes no recording for new.
"""

import json
from collections.abc import Collection, Iterable
from typing import TypedDict

from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard

from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Device, Event, OutboxRow
from kentongan_hub.devices.trust import configs, rotation
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db

HOUR_MS = 3_600_000
NIGHT_MS = 24 * HOUR_MS  # posts get the table once a day
LOST_AGAIN_MS = 6 * HOUR_MS  # a post that goes on saying "counters lost" gets it at most this often
TRUSTED_MAX = 0xF000_0000  # a counter above this was never reached by anybody: kept out
TABLE_ROWS = 200  # senders in one table: the 256 that a post keeps, less room for those it meets
LAST_NIGHT = "counters_night_ms"  # a setting: when posts last got the table
TYPES = {"status": m.STATUS, "siren_report": m.SIREN_REPORT, "event": m.EVENT, "alarm": m.ALARM}
ORDER_ROWS = 4_000  # of a gateway, which keeps 4,096 senders
# Gateways learn who alarmed so long after it: who hears the press itself acts as ever, and a recording that
# is played sooner finds the sirens sounding.
TELL_MS = 30_000
OLD_MS = 180_000  # an alarm that some gateway told so long ago is no news: its sirens are over
UNREAD = "?"  # before the digest of an alarm of which a gateway's card has kept its number and no more
CONTROL = (m.RECEIPTS, m.SIREN_ORDER, m.CONFIG)


class Counter(TypedDict):
    """A row of counters, with its device's role and RT."""

    device: int
    generation: int
    type: int
    counter: int
    role: str
    zone: int


def heard(db: Db, now: Now, event: Event) -> None:
    """Keep the counter of an authentic message that a gateway reports; it only ever goes up."""
    counter = event.get("report_counter") or event.get("counter")
    if event["type"] == "siren_report":
        counter = event.get("report_counter")
    role = db.value("SELECT role FROM devices WHERE node = ?", event["device"])
    generation = event.get("generation")
    if not counter or role is None or generation is None or counter >= TRUSTED_MAX:
        return
    if event.get("unread"):
        return  # the alarm itself may still come, and is new then
    about = event["device"], generation, 0 if role == "tombol" else TYPES[event["type"]]
    db.run(
        "INSERT INTO counters (device, generation, type, counter) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (device, generation, type) DO UPDATE SET counter = max(counter, excluded.counter)",
        *about,
        counter,
    )
    if event["type"] == "alarm":
        _tell(db, now, about)


def _tell(db: Db, now: Now, about: tuple[int, int, int]) -> None:
    """Every gateway of the site is told this row soon; one order takes all that waits for a gateway.

    One that is away gets it when it is back, or everything when it starts.
    """
    of_row = "SELECT counter FROM counters WHERE device = ? AND generation = ? AND type = ?"
    row = [*about, db.value(of_row, *about)]
    labels = rotation.gateway_labels(db)
    for label in labels if len(labels) > 1 else ():
        channel = outbox.gateway_channel(label)
        waiting = db.one(
            "SELECT * FROM outbox WHERE channel = ? AND state = ? AND type = 'counters' "
            "AND not_before_ms > ? ORDER BY id DESC LIMIT 1",
            *(channel, outbox.WAITING, now.ms),
            of=OutboxRow,
        )
        rows = json.loads(waiting["body"])["table"] if waiting else []
        body = json.dumps({"table": [one for one in rows if one[:3] != row[:3]] + [row], "part": 1})
        if waiting:
            db.run("UPDATE outbox SET body = ? WHERE id = ?", body, waiting["id"])
        else:
            outbox.add(db, now.ms, channel, "counters", body, NIGHT_MS, delay_ms=TELL_MS)


def is_new(db: Db, now: Now, event: Event) -> bool:
    """Tell whether an alarm is current for all the hub knows: no gateway told it or a later one long ago."""
    about = event["device"], event["counter"]
    told_ms = db.value(
        "SELECT min(received_ms) FROM alarms WHERE device = ? AND (counter > ? OR counter = ? AND "
        "digest NOT LIKE ?)",
        *(*about, event["counter"], UNREAD + "%"),
    )
    return told_ms is None or now.ms - told_ms < OLD_MS


def heard_control(db: Db, gateway: str | None, counter: int | None) -> None:
    """Take the highest counter that a device says it accepted of its gateway."""
    if counter and counter < TRUSTED_MAX:
        db.run("UPDATE gateways SET own_counter = max(own_counter, ?) WHERE label = ?", counter, gateway)


def is_news(db: Db, event: Event) -> bool:
    """Tell whether neither this very message nor a later one of its kind is known; before heard().

    A message played again, to whichever gateway, is no sign of life. Without a number of its own it is news.
    """
    if event["type"] not in TYPES:
        return True
    counter = event.get("report_counter" if event["type"] == "siren_report" else "counter")
    last = db.value(
        "SELECT c.counter FROM counters c JOIN devices d ON d.node = c.device WHERE c.device = ? "
        "AND c.generation = ? AND c.type = CASE d.role WHEN 'tombol' THEN 0 ELSE ? END",
        *(event["device"], event.get("generation"), TYPES[event["type"]]),
    )
    return not (counter and last and counter <= last)


def table(
    db: Db, lowest: int, zones: Collection[int] = (), limit: int = TABLE_ROWS, every: bool = False
) -> list[tuple[int, int, int, int]]:
    """[(node, generation, type, counter)]: buttons first, those of the given zones before others.

    every: of all types. A gateway that has it takes no recorded STATUS for a sign of life.
    """
    rows: list[Counter] = db.all(
        "SELECT c.*, d.role, d.zone FROM counters c JOIN devices d ON d.node = c.device "
        "WHERE d.revoked = 0 AND c.generation >= ? AND (d.role = 'tombol' OR c.type = ? OR ?)",
        *(lowest, m.SIREN_REPORT, int(every)),
    )
    rows.sort(key=lambda row: (row["role"] != "tombol", row["zone"] not in zones, row["device"]))
    return [(r["device"], r["generation"], r["type"], r["counter"]) for r in rows[:limit]]


def guard_file(db: Db, lowest: int, send: int, zone: int) -> bytes:
    """Return a new post's last counters as wire's Guard.dump() writes them, so that it starts trusted."""
    guard = Guard(256)
    for node, generation, type_, counter in table(db, lowest, (zone,)):
        guard.raise_to(node, generation, type_, counter)
    for gateway in db.all("SELECT node, own_counter FROM gateways WHERE own_counter > 0"):
        for generation in range(lowest, send + 1):
            for type_ in CONTROL:
                guard.raise_to(gateway["node"], generation, type_, gateway["own_counter"])
    return guard.dump()


def post_lost(db: Db, now: Now, node: int) -> None:
    """Give a post that says its counters are lost the table at once, and not over and over."""
    device = db.one("SELECT * FROM devices WHERE node = ? AND revoked = 0", node, of=Device)
    if device is None or now.ms - (device["table_ms"] or -LOST_AGAIN_MS) < LOST_AGAIN_MS:
        return
    want(db, now, [node])


def night(db: Db, now: Now, hour: int) -> bool:
    """Tell whether the nightly table is due: at 03.00 by the wall, by steady time where that is wrong."""
    last = db.number(LAST_NIGHT)
    return now.ms - last >= (NIGHT_MS - 4 * HOUR_MS if hour == 3 else NIGHT_MS + 2 * HOUR_MS)


def nightly(db: Db, now: Now) -> None:
    """Every post in service gets the table of last counters."""
    db.set_setting(LAST_NIGHT, now.ms)
    posts = db.all("SELECT node FROM devices WHERE revoked = 0 AND pending = 0 AND role = 'sirene'")
    want(db, now, [row["node"] for row in posts])


def want(db: Db, now: Now, nodes: Iterable[int]) -> None:
    """These posts get the table with the next refresh."""
    for node in nodes:
        db.run(
            "UPDATE devices SET table_wanted = table_wanted + 1, table_ms = ? WHERE node = ?", now.ms, node
        )
    db.set_setting(configs.REFRESH, 1)


def order(db: Db, now: Now, label: str, lowest: int) -> None:
    """Give a gateway the hub's copy, its own counter with it: never below it again after a loss."""
    own = db.value("SELECT own_counter FROM gateways WHERE label = ?", label)
    body = {"table": table(db, lowest, limit=ORDER_ROWS, every=True), "gateway_counter": own}
    outbox.order(db, now.ms, [label], "counters", body, NIGHT_MS)
