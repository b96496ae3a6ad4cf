"""Faults inside a hub that otherwise runs: rows that nobody can read, a route that fails."""

import json
import random
from typing import Any

from kentongan_gateway.hub_client.uplink import HubError
from kentongan_hub.base.tables import Value
from kentongan_hub.record import outbox

from kentongan_sim.soak.field.place import LABEL, Damaged, Place
from kentongan_sim.soak.field.told import Change
from kentongan_sim.world.gateways.real_hub import Link

ROWS = (  # what each is, where it stands, and what the warning calls it
    ("a post's settings", "devices", "settings", '{"table":', "label = 'pos-1'", "devices pos-1"),
    ("when a person is called", "addresses", "delay_s", "x", "1", "addresses 1"),
    ("a person's name", "people", "name", b"\xff", "1", "people 1"),
)
REPLACED = "nilai rusak diganti"


def row(table: str, column: str, odd: Value, where: str) -> tuple[Change, Change]:
    """One column of one row that nobody can read any more, until somebody puts it right."""

    def begin(place: Place, rng: random.Random) -> None:
        with place.app.hub.store.write() as db:
            row: Damaged = db.one(f"SELECT rowid AS at, {column} AS was FROM {table} WHERE {where}")
            place.memo["row"] = row
            db.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", odd, row["at"])

    def end(place: Place, rng: random.Random) -> None:
        row = place.memo["row"]
        with place.app.hub.store.write() as db:
            db.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", row["was"], row["at"])

    return begin, end


def torn_order(place: Place, rng: random.Random) -> None:
    with place.app.hub.store.write() as db:
        channel = outbox.gateway_channel(LABEL)
        place.memo["order"] = outbox.add(db, place.app.hub.now().ms, channel, "stage", '{"device":', 600_000)


def no_torn_order(place: Place, rng: random.Random) -> None:
    with place.app.hub.store.write() as db:
        db.run("DELETE FROM outbox WHERE body = ?", '{"device":')


def no_done(place: Place, rng: random.Random) -> None:
    """Fail the hub's route for results of orders, and no other."""
    link, order = place.links[LABEL], {"device": place.files["pos-1"]["node"], "counter": 100, "stage": 3}
    with place.app.hub.store.write() as db:  # of no alarm that there is: its result is to be told
        channel = outbox.gateway_channel(LABEL)
        outbox.add(db, place.app.hub.now().ms, channel, "stage", json.dumps(order), 600_000)

    def call(method: str, path: str, body: object = None) -> Any:
        if path.endswith("/done"):
            raise HubError(500, "internal error")
        return Link.call(link, method, path, body)

    link.over = call


def all_routes(place: Place, rng: random.Random) -> None:
    place.links[LABEL].over = None
