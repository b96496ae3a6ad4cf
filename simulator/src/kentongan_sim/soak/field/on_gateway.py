"""Faults of the gateway, its files, its relay board, its clock, and of what the hub says to it."""

import errno
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kentongan_hub.record import outbox

from kentongan_sim.soak.campaign_gateway import FaultyLink
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
    Told,
    disk,
    disk_well,
    doing,
    nothing,
    page,
    setting,
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


def _link(place: Place) -> FaultyLink:
    return place.links[LABEL]


# each reply is given up after ten seconds, as uplink.Connection does
_trickle = setting(_link, fault="reply lost", delay_ms=10_000)
_hub_is_back = setting(_link, fault=None, delay_ms=0, alter=None)


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


NUMBERS = (-1, 0, 2**31, 2**70, 1.5)
ODD_VALUES: tuple[object, ...] = (None, True, *NUMBERS, "", "x", "9" * 500, [], [[]], {}, {"a": {}}, "zone")


SIREN: dict[str, object] = {"seconds": 9, "targets": "zone", "zone": ZONE}


def _odd_orders(place: Place, rng: random.Random) -> None:
    """From the hub itself, as of a newer or a broken version: one after another while the fault lasts."""
    node = place.files["pos-1"]["node"]
    good: list[tuple[str, dict[str, object]]] = [
        ("siren", {"action": "start", "origin": node, "counter": 1, "kind": 1, **SIREN}),
        ("stage", {"device": node, "counter": 100, "stage": 3}),
        ("page", {"device": node, "counter": 100, "targets": [node]}),
        ("drill", {"minutes": 3, "zone": ZONE}),
        ("codes", {"profile": "polri", "patterns": [[1, [2]]]}),
        ("config", {"devices": [{"node": node, "version": 3}]}),
        ("keys", {"send": 0, "roots": []}),
        ("counters", {"table": [[node, 0, 0, 7]], "gateway_counter": 9}),
    ]
    now_ms, channel = place.app.hub.now().ms, outbox.gateway_channel(LABEL)
    with place.app.hub.store.write() as db:
        for _ in range(rng.randrange(3, 20)):
            type_, body = rng.choice(good)
            odd = {**body, **{key: rng.choice(ODD_VALUES) for key in rng.sample(sorted(body), 1)}}
            sent_as = rng.choice((type_, type_, "x", ""))
            outbox.add(db, now_ms, channel, sent_as, json.dumps(odd), 600_000)
        outbox.add(db, now_ms, channel, "siren", json.dumps({"action": []}), 600_000)


def _board(fault: str | None) -> Change:
    return setting(lambda place: place.house.relay, fault=fault)


def _gateway_files(place: Place) -> Path:
    return place.house.directory


def _gateway_clock(place: Place, rng: random.Random) -> None:
    place.house.wall_offset_s += rng.choice((-1, 1)) * rng.uniform(400, 12 * 365 * DAY_S)


def _alter_alarms(place: Place, rng: random.Random) -> None:
    def deed(place: Place, rng: random.Random) -> None:
        place.memo["altered"] = damage.stored_alarms(place.house.directory / "spool.sqlite3", rng)

    _kill_then(deed)(place, rng)


def _alarms_told(place: Place) -> bool:
    """Tell whether rows that can no longer be read were reported as such, or else the restart was."""
    about = ("disk_state spool", "disk_lost") if place.memo.get("altered") else ("restart",)
    return any(subject == f"{LABEL} {name}" for _, subject in place.warnings() for name in about)


CLOCK_SET = setting(lambda place: place.house, wall_offset_s=0.0)
UNPLUGGED, PLUGGED = (
    doing(lambda place: place.house.radio.unplug()),
    doing(lambda place: place.house.radio.plug()),
)
NEW_CARD = _alter_spool(damage.without_altered)
TO_SEE, TROUBLED = (*RESTARTED, "gerbang bermasalah"), "gerbang perlu dilihat"
NO_SIREN, NO_SIREN_TOO = warning("gerbang tanpa sirene"), ("gerbang tanpa sirene",)
TRICKLED = page("/peringatan", "pernah tidak terhubung", f"warning: {TROUBLED}")
LOSS = warning(TROUBLED, "restart", "warning, words of the loss where there is one")
OF_STATES = warning(TROUBLED, "disk_state", f"warning: {TROUBLED}, of its records")
OF_RESULTS = warning(TROUBLED, "results", f"warning: {TROUBLED}, of results")
OF_ALARMS = Told(f"warning: {TROUBLED}, of its records", _alarms_told)
OF_RESTART = warning(TROUBLED, "restart", f"warning: {TROUBLED}, of its restart")
FULL = page("/peringatan", "penyimpanan gerbang rusak atau penuh", "warning: gerbang bermasalah")
CLOCK = page("/peringatan", "jam gerbang berubah sendiri", f"warning: {TROUBLED}")
NO_RESULTS = ((TROUBLED, f"{LABEL} results"),)
CUT_OFF, UNSURE = (*RESTARTED, "gerbang terputus"), (*RESTARTED, "jam tidak pasti")

GATEWAY = (
    Fault("odd orders", _odd_orders, nothing, 20, 40, page("/perangkat", "order_odd")),
    Fault(
        "odd replies of the hub",
        _odd_replies,
        _hub_is_back,
        20,
        80,
        page("/perangkat", "reply_odd"),
        RESTARTED,
    ),
    Fault("replies that trickle without an end", _trickle, _hub_is_back, 80, 160, TRICKLED, CUT_OFF),
    Fault("journal of the spool altered (WAL)", _kill_then(_alter_journal), nothing, 20, 40, LOSS, TO_SEE),
    Fault("state files unreadable", _kill_then(_ruin_states), nothing, 20, 40, OF_STATES, TO_SEE),
    Fault("relay board gone", _board("gone"), _board(None), 40, 90, NO_SIREN, NO_SIREN_TOO),
    Fault(
        "relay board unplugged while it is open",
        _board("unplugged"),
        _board(None),
        40,
        90,
        NO_SIREN,
        NO_SIREN_TOO,
    ),
    Fault(
        "results of orders are not taken",
        rows.no_done,
        rows.all_routes,
        200,
        400,
        OF_RESULTS,
        NO_RESULTS,
        beside=MEANWHILE,
    ),
    Fault("stored alarms altered", _alter_alarms, NEW_CARD, 70, 120, OF_ALARMS, TO_SEE, beside=ANY_TIME),
    Fault(
        "a letter of stored events altered",
        _alter_spool(damage.stored_name),
        NEW_CARD,
        70,
        120,
        OF_RESTART,
        TO_SEE,
        beside=ANY_TIME,
    ),
    Fault("relay board on a bad line", _board("bad line"), _board(None), 60, 120, NO_SIREN, NO_SIREN_TOO),
    Fault("its disk full", disk(_gateway_files, "full", errno.ENOSPC), disk_well, 66, 90, FULL, TO_SEE),
    Fault("clock steps 7 minutes to 12 years", _gateway_clock, CLOCK_SET, 20, 60, CLOCK, UNSURE),
    Fault("radio unplugged", UNPLUGGED, PLUGGED, 20, 60, warning("radio mati"), UNHEARD),
)
