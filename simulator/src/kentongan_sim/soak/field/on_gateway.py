"""Faults of the gateway, its files, its relay board, its clock, and of what the hub says to it."""

import errno
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kentongan_hub.record import outbox

from kentongan_sim.soak.field import damage, rows
from kentongan_sim.soak.field.place import LABEL, ZONE, Place
from kentongan_sim.soak.field.told import (
    ANY_TIME,
    DAY_S,
    MEANWHILE,
    RESTARTED,
    UNHEARD,
    Change,
    Fault,
    disk,
    disk_well,
    nothing,
    page,
    warning,
)

Damage = Callable[[Path, random.Random], object]


def _kill_then(deed: Callable[[Place, random.Random], object]) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        place.house.on_dark = lambda: deed(place, rng)
        place.house.kill()

    return begin


def _alter_journal(place: Place, rng: random.Random) -> None:
    path = place.house.directory / "spool.sqlite3-wal"
    damage.altered(path, rng)


def _ruin_states(place: Place, rng: random.Random) -> None:
    files = sorted(place.house.directory.glob("*.state"))
    for file in rng.sample(files, rng.randrange(1, len(files) + 1)):
        damage.unreadable(file, rng)


def _trickle(place: Place, rng: random.Random) -> None:
    """Each reply is given up after ten seconds, as uplink.Connection does."""
    place.links[LABEL].fault, place.links[LABEL].delay_ms = "reply lost", 10_000


def _hub_is_back(place: Place, rng: random.Random) -> None:
    link = place.links[LABEL]
    link.fault, link.delay_ms, link.alter = None, 0, None


def _alter_spool(deed: Damage) -> Change:
    return _kill_then(lambda place, rng: deed(place.house.directory / "spool.sqlite3", rng))


ODD_REPLIES: tuple[object, ...] = (
    5,
    [],
    {},
    {"accepted": 5},
    {"accepted": [[], {}, None]},
    {"orders": {}},
    {"orders": [7]},
    {"orders": [{"id": "x"}, {"id": -1}]},
    {"accepted": [], "rejected": 9},
    {"orders": [{"id": {"a": 1}, "type": []}]},
)


def _odd_replies(place: Place, rng: random.Random) -> None:
    def alter(path: str, reply: Any) -> dict[str, Any]:
        odd = rng.choice(ODD_REPLIES) if rng.random() < 0.6 else reply
        return odd if isinstance(odd, dict) else {"accepted": odd, "orders": odd}

    place.links[LABEL].alter = alter


ODD_VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**70,
    1.5,
    "",
    "x",
    "9" * 500,
    [],
    [[]],
    {},
    {"a": {}},
    "zone",
)


def _odd_orders(place: Place, rng: random.Random) -> None:
    """From the hub itself, as of a newer or a broken version: one after another while the fault lasts."""
    node = place.files["pos-1"]["node"]
    good: list[tuple[str, dict[str, object]]] = [
        (
            "siren",
            {
                "action": "start",
                "origin": node,
                "counter": 1,
                "kind": 1,
                "seconds": 9,
                "targets": "zone",
                "zone": ZONE,
            },
        ),
        ("stage", {"device": node, "counter": 100, "stage": 3}),
        ("page", {"device": node, "counter": 100, "targets": [node]}),
        ("drill", {"minutes": 3, "zone": ZONE}),
        ("codes", {"profile": "polri", "patterns": [[1, [2]]]}),
        ("config", {"devices": [{"node": node, "version": 3}]}),
        ("keys", {"send": 0, "roots": []}),
        ("counters", {"table": [[node, 0, 0, 7]], "gateway_counter": 9}),
    ]
    with place.app.hub.store.write() as db:
        for _ in range(rng.randrange(3, 20)):
            type_, body = rng.choice(good)
            odd = {**body, **{key: rng.choice(ODD_VALUES) for key in rng.sample(sorted(body), 1)}}
            channel = outbox.gateway_channel(LABEL)
            outbox.add(
                db,
                place.app.hub.now().ms,
                channel,
                rng.choice((type_, type_, "x", "")),
                json.dumps(odd),
                600_000,
            )
        outbox.add(db, place.app.hub.now().ms, channel, "siren", json.dumps({"action": []}), 600_000)


def _board(fault: str | None) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        place.house.relay.fault = fault

    return begin


def _gateway_files(place: Place) -> Path:
    return place.house.directory


def _gateway_clock(place: Place, rng: random.Random) -> None:
    place.house.wall_offset_s += rng.choice((-1, 1)) * rng.uniform(400, 12 * 365 * DAY_S)


def _gateway_clock_set(place: Place, rng: random.Random) -> None:
    place.house.wall_offset_s = 0.0


def _unplug(place: Place, rng: random.Random) -> None:
    place.house.radio.unplug()


def _plug(place: Place, rng: random.Random) -> None:
    place.house.radio.plug()


def _alter_alarms(place: Place, rng: random.Random) -> None:
    def deed(place: Place, rng: random.Random) -> None:
        place.memo["altered"] = damage.stored_alarms(place.house.directory / "spool.sqlite3", rng)

    _kill_then(deed)(place, rng)


def _alarms_told(place: Place) -> bool:
    """Tell whether rows that can no longer be read were reported as such, or else the restart was."""
    about = ("disk_state spool", "disk_lost") if place.memo.get("altered") else ("restart",)
    return any(subject == f"{LABEL} {name}" for _, subject in place.warnings() for name in about)


NEW_CARD = _alter_spool(damage.without_altered)

GATEWAY = (
    Fault(
        "odd orders",
        "gateway",
        _odd_orders,
        nothing,
        20,
        40,
        page("/perangkat", "order_odd"),
        "page Perangkat: order_odd",
        (),
    ),
    Fault(
        "odd replies of the hub",
        "gateway",
        _odd_replies,
        _hub_is_back,
        20,
        80,
        page("/perangkat", "reply_odd"),
        "page Perangkat: reply_odd",
        RESTARTED,
    ),
    Fault(
        "replies that trickle without an end",
        "gateway",
        _trickle,
        _hub_is_back,
        80,
        160,
        page("/peringatan", "pernah tidak terhubung"),
        "warning: gerbang perlu dilihat",
        (*RESTARTED, "gerbang terputus"),
    ),
    Fault(
        "journal of the spool altered (WAL)",
        "gateway",
        _kill_then(_alter_journal),
        nothing,
        20,
        40,
        warning("gerbang perlu dilihat", "restart"),
        "warning, words of the loss where there is one",
        (*RESTARTED, "gerbang bermasalah"),
    ),
    Fault(
        "state files unreadable",
        "gateway",
        _kill_then(_ruin_states),
        nothing,
        20,
        40,
        warning("gerbang perlu dilihat", "disk_state"),
        "warning: gerbang perlu dilihat, of its records",
        (*RESTARTED, "gerbang bermasalah"),
    ),
    Fault(
        "relay board gone",
        "gateway",
        _board("gone"),
        _board(None),
        40,
        90,
        warning("gerbang tanpa sirene"),
        "warning: gerbang tanpa sirene",
        ("gerbang tanpa sirene",),
    ),
    Fault(
        "relay board unplugged while it is open",
        "gateway",
        _board("unplugged"),
        _board(None),
        40,
        90,
        warning("gerbang tanpa sirene"),
        "warning: gerbang tanpa sirene",
        ("gerbang tanpa sirene",),
    ),
    Fault(
        "results of orders are not taken",
        "gateway",
        rows.no_done,
        rows.all_routes,
        200,
        400,
        warning("gerbang perlu dilihat", "results"),
        "warning: gerbang perlu dilihat, of results",
        ((RESTARTED[0], f"{LABEL} results"),),
        beside=MEANWHILE,
    ),
    Fault(
        "stored alarms altered",
        "gateway",
        _alter_alarms,
        NEW_CARD,
        70,
        120,
        _alarms_told,
        "warning: gerbang perlu dilihat, of its records",
        (*RESTARTED, "gerbang bermasalah"),
        beside=ANY_TIME,
    ),
    Fault(
        "a letter of stored events altered",
        "gateway",
        _alter_spool(damage.stored_name),
        NEW_CARD,
        70,
        120,
        warning("gerbang perlu dilihat", "restart"),
        "warning: gerbang perlu dilihat, of its restart",
        (*RESTARTED, "gerbang bermasalah"),
        beside=ANY_TIME,
    ),
    Fault(
        "relay board on a bad line",
        "gateway",
        _board("bad line"),
        _board(None),
        60,
        120,
        warning("gerbang tanpa sirene"),
        "warning: gerbang tanpa sirene",
        ("gerbang tanpa sirene",),
    ),
    Fault(
        "its disk full",
        "gateway",
        disk(_gateway_files, "full", errno.ENOSPC),
        disk_well,
        66,
        90,
        page("/peringatan", "penyimpanan gerbang rusak atau penuh"),
        "warning: gerbang bermasalah",
        (*RESTARTED, "gerbang bermasalah"),
    ),
    Fault(
        "clock steps 7 minutes to 12 years",
        "gateway",
        _gateway_clock,
        _gateway_clock_set,
        20,
        60,
        page("/peringatan", "jam gerbang berubah sendiri"),
        "warning: gerbang perlu dilihat",
        (*RESTARTED, "jam tidak pasti"),
    ),
    Fault(
        "radio unplugged",
        "gateway",
        _unplug,
        _plug,
        20,
        60,
        warning("radio mati"),
        "warning: radio mati",
        UNHEARD,
    ),
)
