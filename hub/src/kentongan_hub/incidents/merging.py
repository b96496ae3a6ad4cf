"""Several alarms of one event become one incident and come apart again; a person decides, no machine."""

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, states
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB, Said
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.incidents import actions, orders
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.people import circles
from kentongan_hub.policies import policy_store
from kentongan_hub.record import outbox, timeline
from kentongan_hub.storage.store import Db

MEMBERS_LIMIT = 50


def merge(db: Db, now: Now, child: Incident, parent: Incident, account: Account, address: str = "") -> None:
    """Make `child` follow `parent` from now on: answered, closed and corrected with it.

    An answer to `parent` is none to this: no button shows a word that was not given. Unless it is
    that person who merges, calling goes on until somebody says for the event that he comes.
    """
    if parent["merged_into"]:
        parent = incident_of(db, parent["merged_into"])
    if child["id"] == parent["id"] or child["merged_into"] == parent["id"]:
        raise LocalError(_("Kedua kejadian itu sudah satu. Pilih kejadian lain."))
    if child["confidential"] != parent["confidential"] or child["drill"] != parent["drill"]:
        raise LocalError(_("Kejadian rahasia atau latihan hanya bisa digabung dengan sesamanya."))
    if child["closed_ms"] is not None or parent["closed_ms"] is not None:
        raise LocalError(_("Hanya kejadian yang masih terbuka bisa digabung."))
    if circles.members(db, child) != circles.members(db, parent):
        raise LocalError(_("Kejadian rahasia digabung hanya bila orang yang boleh tahu keduanya sama."))
    joining = orders.members(db, child)
    answered = parent["answered_ms"] is not None
    own = answered and actions.came(db, parent, account["name"])
    if len(joining) + len(orders.members(db, parent)) > MEMBERS_LIMIT:
        raise LocalError(_("Satu kejadian paling banyak memuat %(limit)s alarm.", limit=MEMBERS_LIMIT))
    for one in joining:
        db.run(
            "UPDATE incidents SET merged_into = ?, next_alert_ms = NULL, "
            "answered_ms = coalesce(?, answered_ms), answered_wall = coalesce(?, answered_wall), "
            "answered_by = coalesce(?, answered_by) WHERE id = ?",
            parent["id"],
            *(parent[name] if own else None for name in ("answered_ms", "answered_wall", "answered_by")),
            one["id"],
        )
        if own:
            orders.stage(db, now, one, one["last_counter"], m.STAGE_COMING)
    if own:  # who was to be called later may sleep
        outbox.drop_delayed(db, now.ms, [one["id"] for one in joining])
    into = Said(codes.INTO_INCIDENT, slug=parent["slug"])
    other = Said(codes.WITH_INCIDENT, slug=child["slug"])
    timeline.tell(db, now, child, account["name"], codes.MERGED, into, address)
    timeline.tell(db, now, parent, account["name"], codes.MERGED, other, address)
    if answered and not own and child["answered_ms"] is None and not parent["drill"]:
        actions.call_on(db, now, parent, child)


def split(db: Db, now: Now, child: Incident, account: Account, address: str = "") -> None:
    """Take `child` apart again. It is open, whatever became of the other."""
    if not child["merged_into"]:
        raise LocalError(_("Kejadian ini tidak sedang digabung."))
    parent = incident_of(db, child["merged_into"])
    _stand_alone(db, now, child, bool(child["drill"]))
    left = Said(codes.FROM_INCIDENT, slug=parent["slug"])
    timeline.tell(db, now, child, account["name"], codes.SPLIT, left, address)
    timeline.tell(db, now, parent, account["name"], codes.RELEASED, child["slug"], address)


def press_after_end(db: Db, now: Now, child: Incident) -> None:
    """Make a merged button's press an event of its own: the common one was closed or a drill."""
    _stand_alone(db, now, child, drill=False)
    timeline.tell(db, now, child, HUB, codes.SPLIT, Said(codes.PRESSED_AGAIN))


def _stand_alone(db: Db, now: Now, child: Incident, drill: bool) -> None:
    db.run("UPDATE incidents SET merged_into = NULL WHERE id = ?", child["id"])
    actions.open_again(db, now, child)
    db.run(
        "UPDATE incidents SET state = ?, next_alert_ms = ? WHERE id = ?",
        states.LATIHAN if drill else states.BARU,
        policy_store.first_alert_ms(db, now, child, drill),
        child["id"],
    )
