"""Last messages of devices, gateways and radios: proof of life, signal, battery by day, refusals."""

from collections.abc import Sequence

from kentongan_wire.message import messages as m

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now, local_time, parse_wall
from kentongan_hub.base.said import REPORTER, Said, unknown_device
from kentongan_hub.base.tables import Event, Incident, Sent
from kentongan_hub.devices import deaf
from kentongan_hub.devices.supervision import BATTERY_EMPTY_MV, BATTERY_UNREAD_MIN, TREND_DAYS, days_left
from kentongan_hub.record import away, timeline
from kentongan_hub.storage.store import Db

GATEWAY_AGE_LIMIT_MS = 30 * 86_400_000  # an event older than this comes from a clock that is wrong
BATTERY_STEP_MV = 20  # wire-format.md: battery u8 in steps of 20 mV
DAY_MS = 86_400_000
TEST_ANSWER_MS = 120_000  # after its order a quiet test is answered within this, or not at all
ECHO_MS = 60_000  # two gateways hear one STATUS within this of each other
COUNTED_FROM = "statuses_from_ms"
STATUSES_KEEP_MS = 400 * DAY_MS  # a year and a month: batteries are compared over the seasons


def happened(now: Now, event: Sent) -> int:
    """Return the wall time a gateway gave, when it can be true; else the hub's own."""
    wall = parse_wall(event["wall"])
    return wall if wall is not None and 0 <= now.wall - wall <= GATEWAY_AGE_LIMIT_MS else now.wall


def happened_ms(now: Now, event: Sent) -> int:
    """Return its steady time: by its age, which no step of a clock changes, while that is known."""
    if event["age_ms"] >= 0:
        return now.ms - event["age_ms"]
    return now.ms - (now.wall - happened(now, event))


def clock_off_ms(now: Now, events: Sequence[Sent]) -> int | None:
    """Return the lead of the sender's wall clock over ours, by the last event that can tell; or None.

    An event's wall time and its age by a steady clock make the sender's time of sending, however late it is.
    """
    for event in reversed(events):
        wall = parse_wall(event["wall"])
        if wall is not None and event["age_ms"] >= 0:
            return wall + event["age_ms"] - now.wall
    return None


def heard(
    db: Db, now: Now, gateway: str, event: Event, battery_mv: int | None = None, news: bool = True
) -> bool:
    """Note a device that was heard: when, by whom, how well. False while it cries silently: no trace then.

    Not `news`: something later of it is known, so this changes nothing but which gateways hear it.
    """
    device = event["device"]
    crying = "SELECT 1 FROM incidents WHERE closed_ms IS NULL AND confidential = 1 AND device = ?"
    if db.value(crying, device):
        return False
    wall, at_ms = happened(now, event), happened_ms(now, event)
    if news:
        db.run(
            "UPDATE devices SET heard_ms = ?, heard_wall = ?, heard_by = ?, link = '', "
            "rssi = coalesce(?, rssi), snr_q = coalesce(?, snr_q), battery_mv = coalesce(?, battery_mv) "
            "WHERE node = ? AND coalesce(heard_ms, 0) <= ?",
            *(at_ms, wall, gateway, event.get("rssi"), event.get("snr_q"), battery_mv, device, at_ms),
        )
    if event.get("rssi") is not None:
        db.run(
            "INSERT INTO hearings (device, gateway, heard_wall, rssi, snr_q, hops) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (device, gateway) DO UPDATE SET heard_wall = excluded.heard_wall, "
            "rssi = excluded.rssi, snr_q = excluded.snr_q, hops = excluded.hops",
            device,
            gateway,
            wall,
            event["rssi"],
            event.get("snr_q"),
            event.get("hops"),
        )
    if battery_mv and news:
        _battery(db, device, at_ms // DAY_MS, battery_mv)
    return True


def _battery(db: Db, device: int, day: int, battery_mv: int) -> None:
    """Keep the day's lowest voltage and, on a new day, the days left by the trend of the last weeks."""
    known = db.value("SELECT low_mv FROM battery_days WHERE device = ? AND day = ?", device, day)
    if known is not None and known <= battery_mv:
        return
    db.run(
        "INSERT OR REPLACE INTO battery_days (device, day, low_mv) VALUES (?, ?, ?)", device, day, battery_mv
    )
    if known is None:
        days = db.all(
            "SELECT day, low_mv FROM battery_days WHERE device = ? AND day BETWEEN ? AND ? ORDER BY day",
            device,
            day - TREND_DAYS,
            day - 1,  # whole days only: the first word of a day is its highest
        )
        left = days_left([(row["day"], row["low_mv"]) for row in days])
        db.run("UPDATE devices SET days_left = ? WHERE node = ?", left, device)


def is_old(db: Db, now: Now, event: Event) -> bool:
    """Tell whether a STATUS is no news: gateways report late, in any order and by other clocks.

    By the device's own counter, so that a STATUS which is played to another gateway makes nobody heard anew;
    where a word has none, by when it was heard.
    """
    row = db.one("SELECT status_counter, heard_ms FROM devices WHERE node = ?", event["device"])
    if row is None:
        return False
    if event["counter"] is not None and row["status_counter"] is not None:
        return event["counter"] <= row["status_counter"]
    return event["counter"] is None and happened_ms(now, event) < (row["heard_ms"] or 0)


def status(db: Db, now: Now, gateway: str, event: Event) -> None:
    body = event["body"] or {}
    role = db.value("SELECT role FROM devices WHERE node = ?", event["device"])
    flags = whole(body.get("flags")) or 0
    if role == "tombol":
        battery_mv = (whole(body.get("battery")) or 0) * BATTERY_STEP_MV or None  # 0: not known
        lid, low, fault = flags & m.TOMBOL_STATUS_LID, flags & m.TOMBOL_STATUS_LOW_BATTERY, 0
        jammed, mains, key_stuck = 0, None, flags & m.TOMBOL_STATUS_KEY_STUCK
        flash_failing = flags & m.TOMBOL_STATUS_FLASH_FAILING
        part_failing = flags & m.TOMBOL_STATUS_PART_FAILING
    else:
        battery_mv = whole(body.get("battery_mv")) or None
        lid, low, fault = flags & m.STATUS_LID, 0, flags & m.STATUS_SIREN_FAULT
        jammed, mains, key_stuck = flags & m.STATUS_JAMMING, int(bool(flags & m.STATUS_MAINS)), 0
        flash_failing = flags & m.STATUS_FLASH_FAILING
        part_failing = flags & m.STATUS_PART_FAILING
    old = is_old(db, now, event)
    if not heard(db, now, gateway, event, battery_mv, news=not old):
        return
    if not (old and _played_again(db, now, event)):
        _in_history(db, now, gateway, event, battery_mv, flags)
    if old:
        return
    db.run(
        "UPDATE devices SET lid = ?, low_battery = ?, siren_fault = ?, jammed = ?, key_stuck = ?, "
        "flash_failing = ?, part_failing = ?, status_counter = coalesce(?, status_counter), "
        "battery_unread = CASE WHEN ? THEN 0 "
        "ELSE min(?, battery_unread + (coalesce(battery_mv, 0) >= ?)) END, "
        "mains_wall = CASE WHEN mains IS ? THEN mains_wall ELSE ? END, mains = ? WHERE node = ?",
        int(bool(lid)),
        int(bool(low)),
        int(bool(fault)),
        int(bool(jammed)),
        int(bool(key_stuck)),
        int(bool(flash_failing)),
        int(bool(part_failing)),
        *(event["counter"], battery_mv is not None, BATTERY_UNREAD_MIN, BATTERY_EMPTY_MV),
        mains,
        happened(now, event),
        mains,
        event["device"],
    )
    at_ms = happened_ms(now, event)
    if role == "sirene":  # a quiet test is answered by a STATUS within seconds
        db.run(
            "UPDATE devices SET tested_wall = ?, tested_ms = ? WHERE node = ? "
            "AND test_ms <= ? AND test_ms > ? AND coalesce(tested_ms, -1) < test_ms",
            *(happened(now, event), at_ms, event["device"], at_ms, at_ms - TEST_ANSWER_MS),
        )


def _played_again(db: Db, now: Now, event: Event) -> bool:
    """Tell whether an old word comes long after the newest one: no sign of life, nor for a bar of them."""
    heard_ms = db.value("SELECT heard_ms FROM devices WHERE node = ?", event["device"])
    return heard_ms is not None and happened_ms(now, event) > heard_ms + ECHO_MS


def _in_history(db: Db, now: Now, gateway: str, event: Event, battery_mv: int | None, flags: int) -> None:
    db.run(
        "INSERT OR IGNORE INTO statuses (device, at_wall, gateway, battery_mv, rssi, snr_q, flags, "
        "received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        event["device"],
        happened(now, event),
        gateway,
        battery_mv,
        event["rssi"],
        event["snr_q"],
        flags,
        now.ms,
    )


def whole(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= 0xFFFF else None


def stage_seen(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Note the stage that the presser's button shows; "somebody is coming" is told once for each press."""
    row = db.one(
        "SELECT a.stage_seen, a.incident FROM alarms a LEFT JOIN incidents i ON i.id = a.incident "
        "WHERE a.device = ? AND a.counter = ? ORDER BY i.confidential",
        event["device"],
        event["counter"],
    )
    if row is None:
        return
    if event["stage"] == m.STAGE_COMING and row["stage_seen"] < m.STAGE_COMING and row["incident"]:
        _presser_knows(db, now, row["incident"], event)
    db.run(
        "UPDATE alarms SET stage_seen = max(stage_seen, ?) WHERE device = ? AND counter = ?",
        event["stage"],
        event["device"],
        event["counter"],
    )


def _presser_knows(db: Db, now: Now, number: int, event: Event) -> None:
    incident: Incident = db.one("SELECT * FROM incidents WHERE id = ?", number)
    label = db.value("SELECT label FROM devices WHERE node = ?", event["device"])
    who = REPORTER if incident["confidential"] else label or unknown_device(event["device"])
    wall = local_time(happened(now, event), db.setting("time_zone", "WIB"))
    timeline.tell(db, now, incident, who, codes.SHOWS_COMING, Said(codes.AT_TIME, wall=wall))


def refusals(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Add up what a gateway refused since it last told; the sum is kept."""
    for reason, count in event["counters"].items():
        count_refusal(db, now, gateway, reason, count)


def count_refusal(db: Db, now: Now, gateway: str, reason: str, count: int) -> None:
    db.run(
        "INSERT INTO refusals (gateway, reason, count, changed_wall) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (gateway, reason) DO UPDATE SET count = count + excluded.count, "
        "changed_wall = excluded.changed_wall",
        gateway,
        reason,
        count,
        now.wall,
    )


def radio(db: Db, now: Now, gateway: str, event: Event) -> None:
    db.run(
        "INSERT INTO radios (gateway, name, up, changed_wall) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (gateway, name) DO UPDATE SET up = excluded.up, changed_wall = excluded.changed_wall",
        gateway,
        event["name"] or "radio",
        int(event["up"]),
        happened(now, event),
    )
    deaf.note(db, gateway, min(now.ms, happened_ms(now, event)))


def supervision(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Note a gateway's state of a device, unless the device was heard since."""
    link = "" if event["state"] == "terhubung" else event["state"]
    db.run(
        "UPDATE devices SET link = ? WHERE node = ? AND coalesce(heard_ms, 0) <= ?",
        *(link, event["device"], happened_ms(now, event)),
    )


def trim(db: Db, now: Now) -> None:
    """Old status rows leave, a bounded number at a time; the day's lowest voltage stays."""
    if not db.setting(COUNTED_FROM):  # rows of a program that did not note the steady time are as old as this
        db.set_setting(COUNTED_FROM, now.ms)
    device = db.setting("statuses_trimmed", "0")
    row = db.one("SELECT node FROM devices WHERE node > ? ORDER BY node LIMIT 1", int(device))
    db.set_setting("statuses_trimmed", row["node"] if row else 0)
    if row:
        db.run(
            "DELETE FROM statuses WHERE (device, at_wall, gateway) IN (SELECT device, at_wall, gateway "
            "FROM statuses WHERE device = ? AND at_wall < ? AND coalesce(received_ms, ?) < ? LIMIT 1000)",
            row["node"],
            now.wall - STATUSES_KEEP_MS,
            db.number(COUNTED_FROM),
            away.cutoff(db, now.ms, STATUSES_KEEP_MS),
        )
