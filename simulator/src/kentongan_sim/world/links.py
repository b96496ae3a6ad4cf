"""Links: loudness between the places of a scenario, the same for every seed of the simulation."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from math import hypot, log10
from typing import Protocol

from kentongan_sim.physics.air import Air, Propagation, path_loss_db
from kentongan_sim.physics.chance import bell_values
from kentongan_sim.scenarios.catalogue import CONDUCTED_DBM, GAIN_DBI
from kentongan_sim.scenarios.parts import Place, Scenario
from kentongan_sim.world.node_host import NodeHost

POWER_DBM = CONDUCTED_DBM + GAIN_DBI + GAIN_DBI  # at a receiver that loses nothing on the way
CACHED_PLACES = 4  # scenarios; a campaign runs one at a time


class Laid(Protocol):
    """A world whose devices are being linked."""

    scene: Scenario
    air: Air
    nodes: dict[str, NodeHost]


def lay_all(world: Laid) -> None:
    """Lay the links between all devices of the world's scenario."""
    hosts = list(world.nodes.values())
    scene, air = world.scene, world.air
    if scene.links is not None:
        for i, host in enumerate(hosts):
            lay(world, host, hosts[i + 1 :])
        return
    radios = [host.radio for host in hosts]
    budget_db = POWER_DBM - air.noise_dbm
    for i, j, snr_q in audible(scene.places, scene.propagation, budget_db, air.least_q):
        one, other = radios[i], radios[j]
        one.links[other] = other.links[one] = snr_q


def lay(world: Laid, host: NodeHost, others: Iterable[NodeHost]) -> None:
    """Lay the links of one device, both ways."""
    for other in others:
        loss_db = loss_between(world.scene, host.place, other.place)
        if loss_db is not None:
            link_both(world.air, host, other, loss_db)


def link_both(air: Air, host: NodeHost, other: NodeHost, loss_db: float) -> None:
    air.link(host.radio, other.radio, POWER_DBM, loss_db)
    air.link(other.radio, host.radio, POWER_DBM, loss_db)


def loss_between(scene: Scenario, one: Place, other: Place) -> float | None:
    """Return the loss between two places with their walls, or None where a link table says nothing."""
    if scene.links is not None:
        return scene.links.get((one.label, other.label), scene.links.get((other.label, one.label)))
    distance_m = hypot(one.x_m - other.x_m, one.y_m - other.y_m)
    return path_loss_db(scene.propagation, distance_m, one.label, other.label) + one.wall_db + other.wall_db


@lru_cache(maxsize=CACHED_PLACES)
def audible(
    places: tuple[Place, ...], spec: Propagation, budget_db: float, least_q: int
) -> list[tuple[int, int, int]]:
    """List (i, j, snr_q) with i < j for every two places that are not quite out of each other's reach.

    `budget_db`: power over noise without any loss. Links below `least_q` are left out. Agrees with
    air.path_loss_db; written out, because a city has half a million pairs.
    """
    out: list[tuple[int, int, int]] = []
    shadows_db = [value / 4 for value in bell_values(spec.shadow_db * 4)]
    slope_db = 10 * spec.exponent
    prefix = f"bell/{spec.layout}/"
    sites = [(p.label, p.x_m, p.y_m, p.wall_db) for p in places]
    for i, (one, x_m, y_m, wall_db) in enumerate(sites):
        for j in range(i + 1, len(sites)):
            other, x2_m, y2_m, wall2_db = sites[j]
            pair = one + "/" + other if one < other else other + "/" + one
            shadow_db = shadows_db[sum(blake2b((prefix + pair).encode(), digest_size=4).digest())]
            distance_m = hypot(x_m - x2_m, y_m - y2_m)
            distance_db = slope_db * log10(distance_m) if distance_m > 1 else 0
            loss_db = spec.reference_db + distance_db + shadow_db + wall_db + wall2_db
            snr_q = round((budget_db - loss_db) * 4)
            if snr_q >= least_q:
                out.append((i, j, snr_q))
    return out
