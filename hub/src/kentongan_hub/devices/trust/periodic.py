"""Periodic work of trust; decided here, done by the dispatch thread."""

from kentongan_hub.base.clock import Now
from kentongan_hub.base.site import Secret
from kentongan_hub.devices.trust import configs, counters, directory, generations, revocations, rotation
from kentongan_hub.storage.store import Db

ADVANCES = 4  # phases entered in one round; a site without devices goes through all of them


def due(db: Db, now: Now, secret: Secret, hour: int) -> bool:
    """Tell whether step() would change anything; reads only."""
    row = generations.running(db)
    return bool(
        db.setting(configs.REFRESH)
        or counters.night(db, now, hour)
        or (not rotation.waiting(db, row) if row else db.setting("rotate_again"))
        or revocations.open_and_taken(db)
    )


def step(db: Db, now: Now, secret: Secret, hour: int) -> None:
    """One round in one transaction."""
    if not db.setting(counters.LAST_NIGHT):
        db.set_setting(counters.LAST_NIGHT, now.ms)  # the first table comes a day after the first start
    elif counters.night(db, now, hour):
        counters.nightly(db, now)
        lowest = generations.valid_now(db, secret).lowest
        for label in rotation.gateway_labels(db):
            counters.order(db, now, label, lowest)
    if db.setting(configs.REFRESH):
        configs.refresh(db, now, secret)
    revocations.follow(db, now)
    for _ in range(ADVANCES):
        if not rotation.advance(db, now, secret):
            break


def sync(db: Db, now: Now, secret: Secret, label: str) -> None:
    """Tell a gateway that has started everything it needs to know of the site, whatever it remembers."""
    directory.announce(db, now, secret, label)
    rotation.order_keys(db, now, secret, label)
    counters.order(db, now, label, generations.valid_now(db, secret).lowest)
    nodes = [
        device["node"] for device in configs.in_service(db) if configs.gateway_of(db, device["zone"]) == label
    ]
    configs.send(db, now, nodes)
    configs.send_codes(db, now, label)
