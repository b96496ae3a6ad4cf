"""The content of pages as plain dicts; decides who sees what of a confidential incident. No Flask."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from kentongan_wire.base import kinds
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, roles, services, states, words
from kentongan_hub.base.clock import Now, hours, local_date_time, local_time
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import Joined, Text, _
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Account, Device, Incident
from kentongan_hub.devices import deaf, health, supervision
from kentongan_hub.devices.deaf import Unwatched
from kentongan_hub.devices.facts import Sought
from kentongan_hub.incidents import actions, confidential, orders, soundings
from kentongan_hub.incidents.alarms import SIREN_WORDS, SOUNDING
from kentongan_hub.incidents.drills import drills
from kentongan_hub.incidents.told import announcements, rollcall
from kentongan_hub.people import contacts
from kentongan_hub.people.houses import left_empty
from kentongan_hub.people.watch import at_post
from kentongan_hub.policies import policy_store
from kentongan_hub.record import timeline as record_timeline
from kentongan_hub.storage.store import Db
from kentongan_hub.web import first_use

OPEN_LIMIT = 60  # cards on a board
RECENT_LIMIT = 5  # closed ones below them
RECENT_MS = 43_200_000  # of the last 12 hours: one night
LIST_LIMIT = 50  # incidents on one page of a list
DEVICES_LIMIT = 80  # devices on one page
TIMELINE_LIMIT = 300

Shown = dict[str, Any]  # what a template shows, by its name there


def board(db: Db, now: Now, account: Account) -> Shown:
    """Collect the papan siaga."""
    zone = db.setting("time_zone", "WIB")
    where = confidential.condition(account) + " AND merged_into IS NULL"
    rows = db.all(
        f"SELECT * FROM incidents WHERE closed_ms IS NULL AND {where} "
        "ORDER BY drill, answered_ms IS NOT NULL, opened_ms DESC LIMIT ?",
        OPEN_LIMIT,
    )
    more = db.value(f"SELECT count(*) FROM incidents WHERE closed_ms IS NULL AND {where}") - len(rows)
    closed = db.all(
        f"SELECT * FROM incidents WHERE closed_ms >= ? AND {where} ORDER BY closed_ms DESC LIMIT ?",
        now.ms - RECENT_MS,
        RECENT_LIMIT,
    )
    open_drill = drills.running(db, now)
    comes = roles.allows(account["role"], roles.COME)
    operator = db.setting("operator")
    return {
        "cards": [card(db, now, row, zone, comes=comes) for row in rows],
        "more": more,
        "recent": [card(db, now, row, zone) for row in closed],
        "health": health.health(db, now),
        "operator": operator,
        "post": at_post.post(db, now),
        "drill_until": local_time(open_drill["ends_wall"], zone) if open_drill else "",
        "drill_area": drills.area(open_drill["zone"]) if open_drill else "",
        "drill_next": _next_drill(db, now, zone),
        **_announced(db, zone),
        "to_do": 0 if rows else len(first_use.left(db)),  # not in the middle of an alarm
    }


def _next_drill(db: Db, now: Now, zone: str) -> str:
    """Give 'RT 05, 26/12/2026 10.00 WIB' of a drill within a day, so that the post knows; or ''."""
    for row in drills.waiting(db):
        if drills.state(row, now) == drills.PLANNED and row["planned_wall"] - now.wall <= drills.DAY_MS:
            when = local_date_time(row["planned_wall"], zone)
            return _("%(area)s, %(when)s", area=drills.area(row["zone"]), when=when)
    return ""


def card(
    db: Db, now: Now, row: Incident, zone: str, to_its_circle: bool = False, comes: bool = False
) -> Shown:
    """Describe one incident for a list. Of a confidential one only its name and state leave this function.

    `to_its_circle`: all of it, on the page that only who may know of it sees. `comes`: to somebody who may
    come, and reads that the house is empty; a wall on which everybody reads does not say it.
    """
    shown = {
        "slug": row["slug"],
        "state": row["state"],
        "state_word": words.STATES[row["state"]],
        "confidential": bool(row["confidential"]),
        "open": row["closed_ms"] is None,
        "opened_ms": row["opened_ms"],
        "time": local_time(row["opened_wall"], zone),
        "date_time": local_date_time(row["opened_wall"], zone),
        "answered": row["answered_ms"] is not None and row["help_ms"] is None,
        "help": row["help_ms"] is not None,
        "holder": row["holder"],
        "merged": bool(row["merged_into"]),
        "alerts": row["alerts"],
        "drill": bool(row["drill"]),
        "sirens": [],
        "siren": None,
        "comers": comers(db, row),
        "closed_by": code_words.closed_by(row),
        "closed_time": local_time(row["closed_wall"], zone),
    }
    if row["confidential"] and not to_its_circle:
        return {
            **shown,
            "title": _("Rahasia %(number)s", number=row["slug"].rpartition("-")[2]),
            "icon": "kunci",
            "place": "",
            "advice": services.fill(words.CONFIDENTIAL_LINE, contacts.numbers(db)),
            "comers": [],
        }
    return {
        **shown,
        **_where(db, row),
        "title": words.kind(row["kind"]),
        "icon": words.icon(row["kind"]),
        "kind": row["kind"],
        "advice": words.advice(row, contacts.numbers(db, row["zone"])),
        "call": call(db, row),
        "told": _told(db, row),
        **_sirens(db, now, row),
        "cancelled": bool(row["cancelled"]),
        "late": bool(row["late"]),
        "lid": bool(row["lid"]),
        "presses": row["presses"],
        "raised": words.raised(row),
        "muted": bool(row["muted"]),
        "empty": left_empty.note(db, row["opened_ms"], row["zone"], row["house"]) if comes else "",
        "with": others_of_event(db, row),
        "into": db.value("SELECT slug FROM incidents WHERE id = ?", row["merged_into"]),
        "reason": code_words.reason(row),
    }


def announced(row: announcements.Announcement, zone: str) -> Shown:
    """Describe an announcement for a list: {"title", "until"}."""
    title = Joined(", ", (announcements.kind_of(row).word, area(row["zone"])))
    return {"title": title, "until": local_date_time(row["ends_wall"], zone)}


def area(zone: int) -> Text | str:
    return f"RT {zone:02d}" if zone else _("semua RT")


def _announced(db: Db, zone: str) -> Shown:
    """Collect what people announced, and the roll-calls that run."""
    return {
        "announced": [
            {"kind": row["kind"], "text": row["text"], "by": row["made_by"], **announced(row, zone)}
            for row in announcements.opened(db)
        ],
        "rollcalls": [
            {"number": row["id"], "area": area(row["zone"]), "counts": rollcall.counts(db, row)}
            for row in rollcall.opened(db)
        ],
    }


def call(db: Db, row: Incident) -> str:
    """Name the people to telephone now, by the card of the step reached while nobody answers; else ''."""
    waits = row["closed_ms"] is None and row["alerts"] and not row["drill"] and not row["merged_into"]
    return policy_store.card(db, row) if waits and (row["answered_ms"] is None or row["help_ms"]) else ""


def _told(db: Db, row: Incident) -> str:
    """Give the sentence of who told it at the post; '' of a button, or where its time to be kept is over."""
    if row["device"] != record_timeline.BY_HAND:
        return ""
    sql = "SELECT detail FROM timeline WHERE incident = ? AND what = ? ORDER BY id LIMIT 1"
    return db.value(sql, row["id"], codes.REPORTED) or ""


def others_of_event(db: Db, row: Incident) -> list[Shown]:
    """List the alarms that a person merged into this incident, with their places."""
    return [{"slug": one["slug"], **_where(db, one)} for one in orders.members(db, row)[1:]]


def joinable(db: Db, now: Now, account: Account, row: Incident, zone: str) -> list[Shown]:
    """List open incidents that this one can be merged into."""
    rows = db.all(
        "SELECT * FROM incidents WHERE closed_ms IS NULL AND merged_into IS NULL AND id != ? "
        f"AND confidential = ? AND drill = ? AND {confidential.condition(account)} "
        "ORDER BY opened_ms DESC LIMIT ?",
        row["id"],
        row["confidential"],
        row["drill"],
        OPEN_LIMIT,
    )
    return [card(db, now, one, zone) for one in rows]


def helpers(db: Db, row: Incident) -> list[Account]:
    """List accounts that may take this incident over, by name."""
    accounts: list[Account] = db.all("SELECT * FROM accounts WHERE active = 1 ORDER BY name")
    return [
        one
        for one in accounts
        if roles.allows(one["role"], roles.COME) and confidential.may_see(db, one, row)
    ]


def _where(db: Db, row: Incident) -> Shown:
    rt = f"RT {row['zone']:02d}" if row["zone"] else ""
    area = f"RT {row['zone']:02d}/RW {db.number('rw'):02d}"
    if row["raised_by"]:
        house: str = _("Dari pos") if row["raised_at"] else _("Dari pusat data")
        return {"house": house, "rt": rt, "label": row["slug"], "place": area}
    if row["device"] == record_timeline.BY_HAND:
        house = _("Rumah %(house)s", house=row["house"]) if row["house"] else _("Dicatat orang")
        known = db.value("SELECT place FROM houses WHERE zone = ? AND number = ?", row["zone"], row["house"])
        place = " · ".join(filter(None, (row["place"] or known, area)))
        return {"house": house, "rt": rt, "label": row["slug"], "place": place}
    device = db.one("SELECT * FROM devices WHERE node = ?", row["device"], of=Device)
    if device is None:
        house, label = _("Alat tidak terdaftar"), format(row["device"], "08x")
        return {"house": house, "rt": rt, "label": label, "place": f"{label} · {area}"}
    house = _("Rumah %(house)s", house=device["house"]) if device["house"] else device["label"]
    place = device["place"] if device["place"] == area else f"{device['place']} · {area}"
    return {"house": house, "rt": rt, "label": device["label"], "place": place}


def comers(db: Db, row: Incident) -> list[str]:
    """List the names of those who come to it, or to one merged into it, since it was opened."""
    names: list[str] = []
    for one in orders.members(db, row):
        rows = db.all(
            f"SELECT DISTINCT who FROM timeline WHERE incident = ? AND what IN ({actions.CAME}) AND id > "
            f"coalesce((SELECT max(id) FROM timeline WHERE incident = ? AND what IN ({actions.ANEW})), 0) "
            "ORDER BY id",
            one["id"],
            one["id"],
        )
        names.extend(row["who"] for row in rows)
    return list(dict.fromkeys(names))


def answered(db: Db, account: Account, slug: str = "", who: str = "") -> list[Shown]:
    """List open incidents that this account comes to: [{"slug", "title", "where", "there", "name"}].

    On a post's screen, which comes to nothing itself: the one that account `who` has answered there.
    """
    where = f"closed_ms IS NULL AND merged_into IS NULL AND {confidential.condition(account)}"
    rows = db.all(f"SELECT * FROM incidents WHERE {where} ORDER BY opened_ms DESC LIMIT ?", OPEN_LIMIT)
    name = account["name"]
    if slug:
        name = db.value("SELECT name FROM accounts WHERE id = ?", numerals.whole(who) or 0)
        rows = [row for row in rows if row["slug"] == slug]
    out = []
    for row in rows:
        if name not in comers(db, row):
            continue
        title = words.kind(row["kind"])
        about = _where(db, row)
        place = ", ".join(filter(None, (str(about["house"]), about["place"] or about["rt"])))
        if row["confidential"]:
            place = title = _("Rahasia %(number)s", number=row["slug"].rpartition("-")[2])
        out.append({"slug": row["slug"], "title": title, "where": place, "name": name if slug else "",
                    "there": row["state"] == states.DITANGANI})  # fmt: skip
    return out


def _sirens(db: Db, now: Now, row: Incident) -> Shown:
    """Give {"sirens": each post's last word, "siren": all in one word; None where none shall sound}."""
    posts = sirens(db, now, row)
    if row["device"] == record_timeline.BY_HAND or (row["kind"] in kinds.NEVER_SOUND and not posts):
        return {"sirens": posts, "siren": None}
    loudest = min(posts, key=lambda post: LOUDEST.index(post["state"]), default=None)
    word = loudest["word"] if loudest else _("belum ada kabar")
    return {"sirens": posts, "siren": {"sounding": bool(loudest and loudest["sounding"]), "word": word}}


def sirens(db: Db, now: Now, row: Incident) -> list[Shown]:
    """Give each post's last word on this incident, and seconds from 'heard' to 'reported' at most.

    A sounding whose end nobody reported lasts no longer than one can.
    """
    rows = db.all(
        "SELECT r.*, a.at_ms AS heard_ms, a.boot_id AS heard_boot, a.gateway AS heard_by, "
        "coalesce(d.label, r.gateway) AS label, s.changed_ms FROM siren_reports r "
        "JOIN alarms a ON a.device = r.origin AND a.counter = r.counter "
        "LEFT JOIN soundings s ON s.incident = a.incident AND s.post = r.post "
        "LEFT JOIN devices d ON d.node = r.post WHERE a.incident = ? ORDER BY r.id",
        row["id"],
    )
    if row["raised_by"]:  # no button's alarm was heard before it
        rows = db.all(
            "SELECT r.*, 0 AS heard_ms, '' AS heard_boot, '' AS heard_by, "
            "coalesce(d.label, r.gateway) AS label, s.changed_ms FROM siren_reports r "
            "LEFT JOIN soundings s ON s.incident = ? AND s.post = r.post "
            "LEFT JOIN devices d ON d.node = r.post WHERE r.origin = ? AND r.counter = ? ORDER BY r.id",
            *(row["id"], row["device"], row["first_counter"]),
        )
    posts: dict[int, Shown] = {}
    for one in rows:
        post = posts.setdefault(one["post"], {"label": one["label"], "below_s": None})
        over = one["changed_ms"] is not None and now.ms - one["changed_ms"] > soundings.SOUNDING_MS
        post["state"] = one["state"] if one["state"] in SIREN_WORDS else None
        post["word"] = SIREN_WORDS.get(one["state"], _("melapor"))
        post["sounding"] = one["state"] in SOUNDING and not over
        if one["state"] in SOUNDING and over:
            post["state"], post["word"] = OVER, _("tidak melapor berhenti")
        same_clock = (one["gateway"], one["boot_id"]) == (one["heard_by"], one["heard_boot"])
        sounded = one["state"] in SOUNDING
        if sounded and post["below_s"] is None and same_clock and one["at_ms"] >= one["heard_ms"]:
            post["below_s"] = (one["at_ms"] - one["heard_ms"]) // 1000 + 1
    return sorted(posts.values(), key=lambda post: post["label"])


OVER = "over"
# of several posts this one's word is shown on the board
LOUDEST = (
    *(m.STATE_SOUNDING, m.STATE_DRIVEN, m.STATE_FAILED, m.STATE_REFUSED, OVER, m.STATE_SILENCED),
    *(m.STATE_STOPPED, None),
)
LINK_ORDER = (
    *(supervision.TERPUTUS, supervision.TERLAMBAT, supervision.BELUM, supervision.DITUNGGU),
    supervision.TERHUBUNG,
)


def device_order(db: Db, now: Now, fits: Callable[[Sought, str], bool] | None = None) -> list[int]:
    """List the devices in service, lost ones first; light: a page then reads only its own.

    `fits` is asked with a device's row (PLACED) and its link, where a list is narrowed.
    """
    rows: list[Sought] = db.all(f"SELECT {PLACED}, {health.LINKED} FROM devices WHERE revoked = 0")
    gone = deaf.of(db, now)
    links = {row["node"]: supervision.device_link(row, now.ms, gone) for row in rows}
    if fits:
        rows = [row for row in rows if fits(row, links[row["node"]])]

    def place(row: Sought) -> tuple[int, str, str]:
        return (LINK_ORDER.index(links[row["node"]]), row["role"], row["label"])

    return [row["node"] for row in sorted(rows, key=place)]


PLACED = "label, zone, house, place, lid, low_battery, muted_until_ms, siren_fault"


def devices(db: Db, now: Now, nodes: Iterable[int]) -> list[Shown]:
    """Describe these devices, in this order."""
    zone, gone = db.setting("time_zone", "WIB"), deaf.of(db, now)
    return [_device(db, now, row, zone, gone) for row in (_device_row(db, node) for node in nodes) if row]


def _device_row(db: Db, node: int) -> Device | None:
    return db.one("SELECT * FROM devices WHERE node = ? AND revoked = 0", node)


def _device(db: Db, now: Now, row: Device, zone: str, gone: Unwatched) -> Shown:
    by_snr = "SELECT gateway, rssi, snr_q FROM hearings WHERE device = ? ORDER BY snr_q DESC"
    heard = db.all(by_snr, row["node"])
    state = supervision.device_link(row, now.ms, gone)
    unknown = state == supervision.DITUNGGU and gone.of(row).lasts
    return {
        **row,
        "state": state,
        "unknown_since": health.since(row, now, gone, zone) if unknown else "",
        "unknown_behind": ", ".join(sorted(gone.hearers(row))) if unknown else "",
        "muted": row["muted_until_ms"] is not None and row["muted_until_ms"] > now.ms,
        "role_word": words.DEVICE_ROLES[row["role"]],
        "id": format(row["node"], "08x"),
        "heard": local_date_time(row["heard_wall"], zone),
        "signal": supervision.signal(row["rssi"], row["snr_q"]),
        "percent": supervision.battery_percent(row["battery_mv"]) if row["role"] == "tombol" else None,
        "volts": f"{row['battery_mv'] / 1000:.2f}".replace(".", ",") if row["battery_mv"] else "",
        "heard_everywhere": [
            _(
                "%(gateway)s %(signal)s (%(rssi)s dBm)",
                gateway=one["gateway"],
                rssi=one["rssi"],
                signal=supervision.signal(one["rssi"], one["snr_q"]),
            )  # fmt: skip
            for one in heard
        ],
        "senses_word": SENSES.get(row["senses"], "") if row["role"] == "sirene" else "",
        "tested": local_date_time(row["tested_wall"], zone),
        "test_waits": local_time(row["test_wall"], zone)
        if row["test_ms"] and (row["tested_ms"] or 0) < row["test_ms"]
        else "",
    }


# devices.senses: whether a post can tell that its own siren sounds
SENSES = {
    1: _("merasakan bunyinya sendiri"),
    0: _("tidak bisa merasakan bunyinya: dengarkan sendiri"),
    None: "",
}


def refusals(db: Db) -> list[Shown]:
    zone = db.setting("time_zone", "WIB")
    rows = db.all("SELECT * FROM refusals WHERE count > 0 ORDER BY count DESC LIMIT ?", LIST_LIMIT)
    return [
        {
            **row,
            "words": words.REFUSALS.get(row["reason"], ""),
            "time": local_date_time(row["changed_wall"], zone),
        }
        for row in rows
    ]


def timeline(db: Db, incident_id: int) -> list[Shown]:
    zone = db.setting("time_zone", "WIB")
    rows = db.all(
        "SELECT * FROM timeline WHERE incident = ? ORDER BY id DESC LIMIT ?", incident_id, TIMELINE_LIMIT
    )
    return [{**code_words.line(row), "time": local_date_time(row["at_wall"], zone)} for row in rows]


def site_words(db: Db) -> Shown:
    """Give name and time zone for the page's head."""
    zone = db.setting("time_zone", "WIB")
    return {"name": db.setting("name", "Kentongan"), "zone": zone, "hours": hours(zone)}


def version(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:16]
