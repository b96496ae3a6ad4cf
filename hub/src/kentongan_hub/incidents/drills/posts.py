"""Posts in a drill: told by a gateway, and heard to know of its begin and end."""

from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Event, Row
from kentongan_hub.devices.trust import configs
from kentongan_hub.incidents.tables import Drill
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db

UNENDED_MS = 30_000  # a post that has not said by then that it knows of the end needs a person
QUIET_MS = 45_000  # a gateway that has not asked for orders for so long tells nobody
END_EXPIRES_MS, BEGIN_EXPIRES_MS = 3_600_000, 60_000  # a late begin would open a window nobody announced
MINUTE_MS = 60_000
# of the time since it was opened: what a clock only guesses, at a start, has perhaps not passed at the posts
GUESSED_MS = "(SELECT coalesce(sum(to_ms - from_ms), 0) FROM absences WHERE sure = 0 AND to_ms > opened_ms)"


def told(db: Db, now: Now, row: Drill, minutes: int) -> None:
    """Order every gateway to begin the drill `row` for so many minutes, or with 0 to end it."""
    if minutes:
        for post in _posts(db, row["zone"]):
            db.run("INSERT OR IGNORE INTO drill_posts (drill, post) VALUES (?, ?)", row["id"], post["node"])
    for label in _gateways(db):
        _order(db, now, row, minutes, label, _assign(db, now, row, label))


def _posts(db: Db, zone: int) -> list[Row]:
    return db.all(
        "SELECT node, zone FROM devices WHERE role = 'sirene' AND revoked = 0 AND pending = 0 "
        "AND ? IN (0, zone) ORDER BY node",
        zone,
    )


def _gateways(db: Db) -> list[str]:
    return [
        row["label"] for row in db.all("SELECT label FROM gateways WHERE token IS NOT NULL ORDER BY label")
    ]


def _order(db: Db, now: Now, row: Drill, minutes: int, label: str, posts: list[int]) -> None:
    body = {"minutes": minutes, "zone": row["zone"], "number": row["id"], "posts": posts}
    outbox.order(db, now.ms, [label], "drill", body, BEGIN_EXPIRES_MS if minutes else END_EXPIRES_MS)


def _assign(db: Db, now: Now, row: Drill, label: str) -> list[int]:
    """Give this gateway its posts: those of its RT and of RTs without one that works."""
    mine = []
    for post in db.all(
        "SELECT p.post, d.zone FROM drill_posts p JOIN devices d ON d.node = p.post "
        "WHERE p.drill = ? AND d.role = 'sirene' ORDER BY p.post",
        row["id"],
    ):
        if _teller(db, now, post["zone"]) == label:
            db.run(
                "UPDATE drill_posts SET gateway = ? WHERE drill = ? AND post = ?",
                label,
                row["id"],
                post["post"],
            )
            mine.append(post["post"])
    return mine


def _teller(db: Db, now: Now, zone: int) -> str | None:
    """Find the gateway that tells the posts of an RT: its own, unless only another one works; its label."""
    own = configs.gateway_of(db, zone)
    alive = db.all(
        "SELECT label FROM gateways WHERE token IS NOT NULL AND heard_ms >= ? ORDER BY label",
        now.ms - QUIET_MS,
    )
    labels = [one["label"] for one in alive]
    return own if own in labels or not labels else labels[0]


def known(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Note that a drill is open for a device, or not; a gateway says it only after its restart."""
    where = event["number"], event["device"]
    if event["open"]:
        db.run(
            "UPDATE drill_posts SET begin_wall = ?, end_wall = NULL WHERE drill = ? AND post = ?",
            now.wall,
            *where,
        )
        return
    if db.value("SELECT 1 FROM drills WHERE id = ?", event["number"]):
        db.run(
            "INSERT INTO drill_posts (drill, post, end_wall) VALUES (?, ?, ?) "
            "ON CONFLICT (drill, post) DO UPDATE SET end_wall = excluded.end_wall",
            *where,
            now.wall,
        )


def holders(db: Db, row: Drill, open_now: bool = True) -> list[tuple[str, bool]]:
    """List gateways and posts: [(label, up to date or not)]; open_now: the drill runs."""
    gateways = db.all(
        "SELECT g.label, (SELECT o.state FROM outbox o WHERE o.channel = 'gateway:' || g.label "
        "AND o.type = 'drill' ORDER BY o.id DESC LIMIT 1) AS state, "
        "(SELECT end_wall FROM drill_posts WHERE drill = ? AND post = g.node) AS ended "
        "FROM gateways g WHERE g.token IS NOT NULL ORDER BY g.label",
        row["id"],
    )
    out = [
        (one["label"], one["state"] == outbox.DONE and not (open_now and one["ended"])) for one in gateways
    ]
    for one in _rows(db, row):
        out.append(
            (
                one["label"],
                bool(one["end_wall"] is None and one["begin_wall"] if open_now else one["end_wall"]),
            )
        )
    return out


def _rows(db: Db, row: Drill) -> list[Row]:
    return db.all(
        "SELECT p.*, d.label FROM drill_posts p JOIN devices d ON d.node = p.post "
        "WHERE p.drill = ? AND d.role = 'sirene' AND d.revoked = 0 ORDER BY d.label",
        row["id"],
    )


def knows(db: Db, now: Now, post: int) -> bool:
    """Look up this post's word that it knows of a running drill."""
    return bool(
        db.value(
            "SELECT 1 FROM drill_posts p JOIN drills d ON d.id = p.drill "
            "WHERE p.post = ? AND p.begin_wall IS NOT NULL AND p.end_wall IS NULL AND d.ends_ms > ?",
            post,
            now.ms,
        )
    )


def ending(db: Db, now: Now) -> Drill | None:
    """Find the drill that was ended early and whose window may still be open at a post, or None."""
    found: Drill | None = db.one(
        "SELECT * FROM drills WHERE ends_ms <= ? AND ends_ms < opened_ms + minutes * ? "
        f"AND opened_ms + minutes * ? + {GUESSED_MS} > ? ORDER BY ends_ms DESC LIMIT 1",
        now.ms,
        MINUTE_MS,
        MINUTE_MS,
        now.ms,
    )
    return found


def unended(db: Db, now: Now) -> list[str]:
    """List posts that may beat an alarm in earnest as a drill, half a minute after its end: labels."""
    row = ending(db, now)
    if row is None or now.ms < (row["ends_ms"] or 0) + UNENDED_MS:
        return []
    return [one["label"] for one in _rows(db, row) if one["end_wall"] is None]


def due(db: Db, now: Now) -> list[tuple[int, str]]:
    """List ends that a quiet gateway was to tell, with another one that can: [(post, gateway)]."""
    row = ending(db, now)
    out = []
    for one in _rows(db, row) if row else ():
        zone = db.value("SELECT zone FROM devices WHERE node = ?", one["post"])
        teller = _teller(db, now, zone)
        if one["end_wall"] is None and teller and teller != one["gateway"]:
            out.append((one["post"], teller))
    return out


def reroute(db: Db, now: Now) -> None:
    """Hand the ends that due() finds to gateways that can tell them."""
    row = ending(db, now)
    if row is None:
        return
    by_gateway: dict[str, list[int]] = {}
    for post, label in due(db, now):
        by_gateway.setdefault(label, []).append(post)
        db.run("UPDATE drill_posts SET gateway = ? WHERE drill = ? AND post = ?", label, row["id"], post)
    for label, posts in by_gateway.items():
        _order(db, now, row, 0, label, posts)
