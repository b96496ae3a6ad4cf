"""Health of the site's parts, for the strip under the board and for Home Assistant."""

from collections.abc import Iterable
from typing import TypedDict

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import Now, local_date_time
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Gateway, Linked, Row
from kentongan_hub.devices import deaf, supervision, troubles
from kentongan_hub.devices.deaf import Unwatched
from kentongan_hub.people import circles, ringing
from kentongan_hub.record import away
from kentongan_hub.storage.store import Db


class Radio(TypedDict):
    """A row of radios."""

    gateway: str
    name: str
    up: int
    changed_wall: int


class Shown(troubles.Trouble):
    since: str


class GatewayHealth(TypedDict):
    label: str
    heard: str
    link: Text
    radios: list[Radio]
    troubles: list[Shown]


class Urgent(TypedDict):
    """The columns of a warning that the board shows."""

    what: str
    subject: str
    said: str
    detail: str
    taken_by: str


class Behind(TypedDict):
    """Devices of which nothing is known, as their gateway is away."""

    gateway: str
    count: int
    since: str


class Health(TypedDict):
    warnings: list[Row]
    silent_to_few: bool
    chimes_waiting: int
    gateways_lost: list[str]
    gateways_awaited: list[str]
    behind: list[Behind]
    was_away: away.Shown | None
    radios_down: list[str]
    troubles: list[Text]
    failed_sirens: list[str]
    taken: dict[str, str]
    jammed: list[str]
    counts: list[tuple[Text, int, int]]  # role, how many are well, how many there are


LINKED = "node, role, heard_ms, heard_by, link, period_s"  # what supervision.device_link() asks


def gateways(db: Db, now: Now) -> list[GatewayHealth]:
    zone = db.setting("time_zone", "WIB")
    rows: list[Gateway] = db.all("SELECT * FROM gateways ORDER BY label")
    told = troubles.lasting(db)
    gone = away.of(db)
    return [
        {
            "label": row["label"],
            "heard": local_date_time(row["heard_wall"], zone),
            "link": supervision.link("gateway", row["heard_ms"], now.ms, gone=gone),
            "radios": db.all("SELECT * FROM radios WHERE gateway = ? ORDER BY name", row["label"]),
            "troubles": [
                {**one, "since": local_date_time(one["since_wall"], zone)}
                for one in told
                if one["gateway"] == row["label"]
            ],
        }
        for row in rows
    ]


def health(db: Db, now: Now) -> Health:
    """Return the strip under the board: what works is said, what does not is said louder."""
    found, gone = gateways(db, now), deaf.of(db, now)
    well = (supervision.TERHUBUNG, supervision.DITUNGGU)
    lost = [one["label"] for one in found if one["link"] not in well]
    radios = [f"{row['gateway']} {row['name']}" for row in db.all("SELECT * FROM radios WHERE up = 0")]
    rows: list[Linked] = db.all(f"SELECT {LINKED} FROM devices WHERE revoked = 0")
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        good, total = counts.get(row["role"], (0, 0))
        link = supervision.device_link(row, now.ms, gone)
        counts[row["role"]] = (good + (link == supervision.TERHUBUNG), total + 1)
    return {
        "warnings": [code_words.warning(row) for row in _urgent(db)],
        "taken": _taken(db),
        "silent_to_few": not circles.enough(db),
        "chimes_waiting": len(ringing.waiting(db)),
        "gateways_lost": lost,
        "gateways_awaited": [one["label"] for one in found if one["link"] == supervision.DITUNGGU],
        "behind": _behind(rows, now, gone, db.setting("time_zone", "WIB")),
        "was_away": away.latest(db, now.ms, away.SHOWN_MS),
        "radios_down": radios,
        "troubles": [
            _("%(gateway)s: %(words)s", gateway=one["gateway"], words=one["words"])
            for one in troubles.lasting(db)
        ],
        "failed_sirens": _failed_sirens(db),
        "jammed": _jammed(db),
        "counts": [
            (words.DEVICE_ROLES[role], *counts[role]) for role in words.DEVICE_ROLES if role in counts
        ],
    }


ON_BOARD = (codes.SIREN_SILENT, codes.SIREN_TOLD_FAILURE, codes.SIREN_LOST, codes.LID_OPEN,
            codes.CHANNEL_FAILING, codes.WATCH_SILENT)  # fmt: skip


def _urgent(db: Db) -> list[Urgent]:
    return db.all(
        "SELECT what, subject, said, detail, coalesce(taken_by, '') AS taken_by FROM warnings "
        "WHERE closed_ms IS NULL AND urgent = 1 "
        f"AND what IN {ON_BOARD} ORDER BY opened_ms DESC LIMIT 500"
    )


def _taken(db: Db) -> dict[str, str]:
    """{what: names} of the kinds of warnings of which a named person sees to every one."""
    rows = db.all(
        "SELECT what, group_concat(DISTINCT taken_by) AS names FROM warnings WHERE closed_ms IS NULL "
        "GROUP BY what HAVING count(taken_by) = count(*)"
    )
    return {row["what"]: ", ".join(row["names"].split(",")) for row in rows}


def _failed_sirens(db: Db) -> list[str]:
    return [row["label"] for row in db.all("SELECT label FROM devices WHERE revoked = 0 AND siren_fault = 1")]


def _jammed(db: Db) -> list[str]:
    """Devices whose last word was that the channel is taken by others; a lost one may have been silenced."""
    return [row["label"] for row in db.all("SELECT label FROM devices WHERE revoked = 0 AND jammed = 1")]


def _behind(rows: Iterable[Linked], now: Now, gone: Unwatched, zone: str) -> list[Behind]:
    """[{"gateway", "count", "since"}] of the devices of which nothing is known as their gateway is away."""
    return [
        {"gateway": label, "count": len(found), "since": since(found[0], now, gone, zone)}
        for label, found in sorted(supervision.behind(rows, now.ms, gone).items())
    ]


def since(row: Linked, now: Now, gone: Unwatched, zone: str) -> str:
    return local_date_time(now.wall - (now.ms - gone.of(row).rows[0]["from_ms"]), zone)
