"""Health of the site's parts, for the strip under the board and for Home Assistant."""

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.speech import code_words
from kentongan_hub.devices import deaf, supervision, troubles
from kentongan_hub.people import circles, ringing
from kentongan_hub.record import away

LINKED = "node, role, heard_ms, heard_by, link, period_s"  # what supervision.device_link() asks


def gateways(db, now):
    zone = db.setting("time_zone", "WIB")
    rows, told = db.all("SELECT * FROM gateways ORDER BY label"), troubles.lasting(db)
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


def health(db, now):
    """The strip under the board: what works is said, what does not is said louder."""
    found, gone = gateways(db, now), deaf.of(db, now)
    well = (supervision.TERHUBUNG, supervision.DITUNGGU)
    lost = [one["label"] for one in found if one["link"] not in well]
    radios = [f"{row['gateway']} {row['name']}" for row in db.all("SELECT * FROM radios WHERE up = 0")]
    rows, counts = db.all(f"SELECT {LINKED} FROM devices WHERE revoked = 0"), {}
    for row in rows:
        good, total = counts.get(row["role"], (0, 0))
        link = supervision.device_link(row, now.ms, gone)
        counts[row["role"]] = (good + (link == supervision.TERHUBUNG), total + 1)
    return {
        "warnings": [code_words.warning(row) for row in _urgent(db)],
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
            codes.CHANNEL_FAILING)  # fmt: skip


def _urgent(db):
    return db.all(
        "SELECT what, subject, said, detail, coalesce(taken_by, '') AS taken_by FROM warnings "
        "WHERE closed_ms IS NULL AND urgent = 1 "
        f"AND what IN {ON_BOARD} ORDER BY opened_ms DESC LIMIT 24"
    )


def _failed_sirens(db):
    return [row["label"] for row in db.all("SELECT label FROM devices WHERE revoked = 0 AND siren_fault = 1")]


def _jammed(db):
    """Devices whose last word was that the channel is taken by others; a lost one may have been silenced."""
    return [row["label"] for row in db.all("SELECT label FROM devices WHERE revoked = 0 AND jammed = 1")]


def _behind(rows, now, gone, zone):
    """[{"gateway", "count", "since"}] of the devices of which nothing is known as their gateway is away."""
    return [
        {"gateway": label, "count": len(found), "since": since(found[0], now, gone, zone)}
        for label, found in sorted(supervision.behind(rows, now.ms, gone).items())
    ]


def since(row, now, gone, zone):
    return local_date_time(now.wall - (now.ms - gone.of(row).rows[0]["from_ms"]), zone)
