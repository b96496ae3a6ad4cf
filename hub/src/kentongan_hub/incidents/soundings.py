"""Posts that should sound: whoever does not report it within 15 s, or reports a failure, needs a person."""

from collections.abc import Sequence

from kentongan_wire.air import flood
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB
from kentongan_hub.base.tables import Event, Incident
from kentongan_hub.devices import supervision
from kentongan_hub.devices.facts import Silent
from kentongan_hub.incidents import orders
from kentongan_hub.incidents.drills import posts
from kentongan_hub.incidents.tables import Sounding
from kentongan_hub.record import away, failures, outbox, timeline
from kentongan_hub.record.timeline import BY_HAND
from kentongan_hub.storage.store import Db

WAITED, SOUNDED, DRIVEN, SILENT, FAILED = "awaited", "sounded", "driven", "silent", "failed"
BESIDE = "beside"  # told of its siren for another alarm since: in a large crowd it does not tell of each
HEARD: dict[int, str] = {m.STATE_SOUNDING: SOUNDED, m.STATE_DRIVEN: DRIVEN, m.STATE_FAILED: FAILED}
WITHOUT_SIREN = 100  # kinds of public reports: no button, no siren (words.py)
# a sounding, a rest after it, and what its report may take
SOUNDING_MS = m.ORDER_SECONDS_MAX * 1_000 + flood.REST_MS + flood.SIREN_TOLD_MS
POSTS = (
    "SELECT node, zone, settings FROM devices "
    "WHERE zone = ? AND role = 'sirene' AND revoked = 0 AND pending = 0"
)
RESTARTS = 4  # of a gateway for which a post has its time again
AGAIN_MS = 10_000  # between two orders to one post to rest
OVER_MS = 10 * 60_000  # gateways order by themselves in an alarm's first minutes only (their SLOW_MS)
ORDERED = (
    "SELECT count(*) FROM outbox WHERE type = 'siren' AND incident = ? AND created_ms > ? "
    "AND json_extract(body, '$.action') = 'start'"
)
RESTED = (
    "SELECT count(*) FROM outbox WHERE type = 'siren' AND incident = ? AND created_ms > ? "
    "AND json_extract(body, '$.action') = 'rest' AND json_extract(body, '$.targets[0]') = ?"
)
PRESSED = "SELECT count(*) FROM alarms WHERE incident = ? AND received_ms > ?"
CROWD_WINDOW_MS, CROWD_BUTTONS = 120_000, 4  # so many alarm: posts wait longer (firmware/sounding/output.py)


def expect(db: Db, now: Now, incident: Incident, zones: Sequence[int], ordered: bool = False) -> None:
    """Expect the posts of these RTs to sound for this incident from now on.

    By themselves they sound what their settings say, by order of ours everything. A report written down
    has no siren.
    """
    if not _has_siren(incident):
        return
    for zone in zones:
        for post in db.all(POSTS, zone):
            if ordered or orders.beats_by_itself(post, incident):
                asked_ms = None if ordered else now.ms
                failures.contained(
                    db, now, codes.AWAITING_SIREN, _await, db, now, incident, post["node"], asked_ms
                )


def _has_siren(incident: Incident) -> bool:
    if incident["confidential"] or incident["drill"] or incident["kind"] in m.NEVER_SOUND:
        return False
    return bool(incident["device"] != BY_HAND and incident["kind"] < WITHOUT_SIREN)


def start_again(db: Db, now: Now, incident: Incident, event: Event) -> bool:
    """Order the posts that beat this by themselves; True when there are any.

    With the end, the cancel or the drill its sirens were stopped, and posts are silent for every further
    press of what was stopped: its button may not have heard of the end.
    """
    if not _has_siren(incident) or incident["muted"]:
        return False
    if not 0 <= event["age_ms"] <= orders.SIREN_EXPIRES_MS:
        return False
    posts = [
        post["node"] for post in db.all(POSTS, incident["zone"]) if orders.beats_by_itself(post, incident)
    ]
    if posts:
        orders.siren(db, now, incident, "start", m.ORDER_SECONDS_MAX, counter=event["counter"], posts=posts)
    return bool(posts)


def _await(db: Db, now: Now, incident: Incident, post: int, asked_ms: int | None) -> None:
    db.run(
        "INSERT INTO soundings (incident, post, asked_ms, due_ms, state, changed_ms) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (incident, post) DO UPDATE SET asked_ms = excluded.asked_ms, "
        "due_ms = excluded.due_ms, state = excluded.state, changed_ms = excluded.changed_ms "
        "WHERE soundings.state IN (?, ?)",
        *(incident["id"], post, asked_ms, now.ms + supervision.SIREN_LIMIT_MS, WAITED, now.ms),
        *(SILENT, FAILED),
    )


def limit_ms(db: Db, row: Sounding) -> int:
    """Give a post's time to report a siren: by itself SIREN_LIMIT_MS, in a crowd,
    where it repeats its first word later, HELD_MS more.

    One that has told of its siren sounding for another alarm holds its further reports back on purpose:
    the street hears it, and the air is for alarms. It reports at once a start by order (no asked_ms).
    """
    asked_ms = row["asked_ms"] or 0
    buttons = db.value(
        "SELECT count(DISTINCT device) FROM alarms WHERE received_ms > ?", asked_ms - CROWD_WINDOW_MS
    )
    crowd = buttons >= CROWD_BUTTONS
    told_ms = db.value("SELECT siren_ms FROM devices WHERE node = ?", row["post"])
    if told_ms is None or asked_ms - told_ms > SOUNDING_MS:
        return supervision.SIREN_LIMIT_MS + (flood.HELD_MS if crowd else 0)
    held_ms = flood.HELD_MS + flood.HELD_SPAN_MS
    return supervision.SIREN_LIMIT_MS + held_ms * (flood.CROWD_TIMES if crowd else 1)


def reported(db: Db, now: Now, incident: Incident, post: int, state: int) -> None:
    """Take a post's word on this incident: it sounds, was driven without a sense of it, or failed."""
    word = HEARD.get(state)
    if state == m.STATE_REFUSED:  # the gateway orders it: its time begins anew, once for each refusal
        db.run(
            "UPDATE soundings SET asked_ms = NULL, due_ms = ? WHERE incident = ? AND post = ? AND state = ?",
            *(now.ms + supervision.SIREN_LIMIT_MS, incident["id"], post, WAITED),
        )
    if word is None:
        return
    db.run(
        "INSERT INTO soundings (incident, post, due_ms, state, changed_ms) VALUES (?, ?, NULL, ?, ?) "
        "ON CONFLICT (incident, post) DO UPDATE SET due_ms = NULL, state = excluded.state, "
        "changed_ms = excluded.changed_ms",
        incident["id"],
        post,
        word,
        now.ms,
    )
    if word != FAILED:
        db.run(
            "UPDATE devices SET senses = ?, siren_checked_ms = ? WHERE node = ?",
            int(word == SOUNDED),
            now.ms,
            post,
        )
        if not (incident["drill"] and posts.knows(db, now, post)):
            db.run("UPDATE devices SET siren_ms = ? WHERE node = ?", now.ms, post)


def stop_recorded(db: Db, now: Now, incident: Incident, gateway: str, event: Event) -> bool:
    """Order a siren to rest that nobody can have ordered to start; True when it was.

    Somebody plays an order that he recorded to a post that did not hear it then. A gateway does not know what
    others order; the hub knows when the alarm came, and when it last had sirens started for it. While it is
    not answered, a gateway may order by itself, as a post that learns late of a drill's end: that goes on.
    So does what a gateway tells late: who knows what was pressed meanwhile? A later press sounds in any case.
    """
    if not 0 <= event["age_ms"] <= m.ORDER_SECONDS_MAX * 1_000:
        return False
    post, since_ms = event.get("device"), now.ms - OVER_MS
    by_order = event["source"] == m.SOURCE_ORDER and event["state"] in (m.STATE_SOUNDING, m.STATE_DRIVEN)
    if not post or not by_order or incident["confidential"] or away.of(db).back_ms > since_ms:
        return False
    answered = incident["answered_ms"] is not None and incident["help_ms"] is None
    if not answered and incident["closed_ms"] is None:
        return False
    about = incident["id"], since_ms
    if db.value(PRESSED, *about) or db.value(ORDERED, *about):
        return False
    if db.value(RESTED, incident["id"], now.ms - AGAIN_MS, post):
        return False
    body = {"action": "rest", "origin": event["origin"], "counter": event["counter"],
            "first": incident["first_counter"], "targets": [post], "kind": incident["kind"],
            "seconds": 0}  # fmt: skip
    outbox.order(db, now.ms, [gateway], "siren", body, orders.SIREN_EXPIRES_MS, incident["id"])
    label = db.value("SELECT label FROM devices WHERE node = ?", post)
    said = "SELECT 1 FROM timeline WHERE incident = ? AND who = ? AND what = ?"
    if not db.value(
        said, incident["id"], label, codes.ORDER_REPLAYED
    ):  # who says so at will fills no timeline
        timeline.tell(db, now, incident, label, codes.ORDER_REPLAYED)
    return True


def reported_unknown(db: Db, now: Now, post: int, state: int) -> None:
    """Note a siren that sounds for a press that reached no gateway yet: the street hears it."""
    if HEARD.get(state) in (SOUNDED, DRIVEN) and not posts.knows(db, now, post):
        db.run("UPDATE devices SET siren_ms = ? WHERE node = ?", now.ms, post)


def heard_anew(db: Db, now: Now, gateway: str) -> None:
    """Give posts their time again: their gateway has started anew, and nobody heard them meanwhile."""
    theirs = (
        "SELECT d.node FROM devices d JOIN gateways g ON g.label = ? "
        "WHERE d.zone = g.zone OR d.heard_by = g.label"
    )
    db.run(
        "UPDATE soundings SET due_ms = max(due_ms, min(?, changed_ms + ?)) "
        f"WHERE due_ms IS NOT NULL AND post IN ({theirs})",
        *(now.ms + supervision.SIREN_LIMIT_MS, RESTARTS * supervision.SIREN_LIMIT_MS, gateway),
    )


def run_due(db: Db, now: Now) -> int:
    """Call posts silent whose time is over: on the incident, and as a warning; the number of posts."""
    late: list[Sounding] = db.all(
        "SELECT * FROM soundings WHERE due_ms <= ? ORDER BY due_ms LIMIT 200", now.ms
    )
    for row in late:
        if failures.contained(db, now, codes.SILENT_SIRENS, _judge, db, now, row) is None:
            db.run(
                "UPDATE soundings SET due_ms = NULL, state = ?, changed_ms = ? WHERE incident IS ? "
                "AND post IS ?",
                *(SILENT, now.ms, row["incident"], row["post"]),
            )
    return len(late)


def _judge(db: Db, now: Now, row: Sounding) -> bool:
    """Settle a post whose time is over; True."""
    until_ms = row["asked_ms"] + limit_ms(db, row) if row["asked_ms"] else now.ms
    where = (row["incident"], row["post"])
    if until_ms > now.ms:
        db.run("UPDATE soundings SET due_ms = ? WHERE incident = ? AND post = ?", until_ms, *where)
        return True
    told_ms = db.value("SELECT siren_ms FROM devices WHERE node = ?", row["post"])
    if row["asked_ms"] and told_ms is not None and told_ms >= row["asked_ms"]:
        db.run(
            "UPDATE soundings SET due_ms = NULL, state = ? WHERE incident = ? AND post = ?", BESIDE, *where
        )
        return True
    db.run(
        "UPDATE soundings SET due_ms = NULL, state = ?, changed_ms = ? WHERE incident = ? AND post = ?",
        *(SILENT, now.ms, *where),
    )
    incident: Incident = db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
    label = db.value("SELECT label FROM devices WHERE node = ?", row["post"])
    timeline.tell(db, now, incident, HUB, codes.SIREN_UNREPORTED, label or "")
    return True


def silent(db: Db) -> list[Silent]:
    """List posts whose last sounding failed and that nobody has checked since."""
    return db.all(
        "SELECT d.label, s.state FROM devices d JOIN soundings s ON s.post = d.node AND s.incident = "
        "(SELECT max(incident) FROM soundings WHERE post = d.node) "
        "WHERE d.role = 'sirene' AND d.revoked = 0 AND s.state IN (?, ?) "
        "AND s.changed_ms > d.siren_checked_ms",
        SILENT,
        FAILED,
    )
