"""A technician's registrations: made, then confirmed or withdrawn, so that nothing stays half-registered."""

import base64
from collections.abc import Mapping
from typing import Any, TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import Said
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Account, At, Device, Row
from kentongan_hub.devices.provision import device_files
from kentongan_hub.devices.trust import configs, counters, generations, revocations, status_plan
from kentongan_hub.people import access, circles, residents
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

REQUEST_LENGTHS = (8, 64)  # of a registration's own id, chosen by who registers
BASE = ("role", "label", "zone", "house", "place", "hops")
CHOICES = (  # fields of the device file that a technician may choose
    "hop_limit",
    "one_press",
    "strokes",
    "table",
    "profile",
    "has_sense",
    "conducted_dbm",
    "gain_dbi",
    "loss_db",
)
TYPES = {"role": str, "label": str, "place": str, "zone": int, "house": int, "hops": int}


class PlanWords(TypedDict):
    """The planned status load for people and the tool."""

    load_s_per_hour: float
    limit_s_per_hour: float
    worst: int | None
    mains_period_s: list[int]  # the shortest, the longest
    button_period_s: int
    lost_after_s: int
    stretched: bool
    problem: str


class Registered(TypedDict):
    node: int
    label: str
    role: str
    pending: bool
    replaces: int | None
    file: device_files.DeviceFile
    state: dict[str, str]  # further files of the board, base64
    mark: int
    plan: PlanWords


def register(
    db: Db,
    now: Now,
    secret: Secret,
    asked: Mapping[str, Any],
    who: str,
    replaces: int | None = None,
    account: int | None = None,
) -> Registered:
    """Register a pending device: {"node", "file", "state", "plan", ...}; only now its keys leave the hub.

    `asked` is the caller's JSON object. The same `request` again withdraws the registration whose answer got
    lost, and makes a new one. LocalError names the field and the remedy, and nothing has changed then.
    `account`: of the technician, when the token came from a login: nobody replaces a device of the own house.
    """
    fields = _checked(asked, bool(replaces))
    request = asked.get("request")
    if request is not None:
        _withdraw_lost(db, now, secret, request, who)
    old = None
    if replaces is not None:
        old = in_service(db, replaces)
        known: Row = {**old}
        fields = {**{name: known[name] for name in BASE}, **fields}
        if old["role"] == "tombol" != fields["role"]:
            raise LocalError("role: a button is replaced by a button; revoke it and register another device")
        place: At = {"zone": fields["zone"], "house": fields["house"]}
        not_own_house(db, account, old, place)
        _note_move(db, now, old, place, who, account)
        for row in db.all("SELECT node FROM devices WHERE replaces = ? AND pending = 1", replaces):
            revocations.withdraw(db, now, secret, row["node"], who)
    settings = {name: asked[name] for name in CHOICES if name in asked}
    row = {"pending": 1, "request": request, "replaces": replaces, "registered_by": who}
    base = {"house": 0, "place": "", "hops": 1, **fields}
    file = device_files.add(db, now, secret, settings=settings, row=row, who=who, **base)
    valid = generations.valid_now(db, secret)
    state: dict[str, str] = {}
    if base["role"] == "sirene":
        guard = counters.guard_file(db, valid.lowest, valid.next or valid.send, base["zone"])
        state["guard"] = base64.b64encode(guard).decode()
    return {
        "node": file["node"],
        "label": base["label"],
        "role": base["role"],
        "pending": True,
        "replaces": replaces,
        "file": file,
        "state": state,
        "mark": now.ms,
        "plan": plan_of(db, secret),
    }


def not_own_house(db: Db, account: int | None, *places: At) -> None:
    """Raise LocalError when the account (None: of the console) lives at one of these rows' zone and house.

    Whom a silent alarm may be about takes no button out of service: not by replacing it either.
    """
    own = db.one("SELECT * FROM accounts WHERE id = ?", account, of=Account) if account else None
    if own and circles.homes(db, own) & {(one["zone"], one["house"]) for one in places}:
        raise LocalError("house: this concerns your own house; let a technician of another house do it")


def _note_move(db: Db, now: Now, old: Device, fields: At, who: str, account: int | None) -> None:
    """Note a button's move: its house decides from whom silent alarms are kept; earlier ones keep theirs."""
    places = [(row["zone"], row["house"]) for row in (old, fields)]
    if places[0] == places[1]:
        return
    was, is_now = (residents.house_at(*place) for place in places)
    access.note(db, now, [account], "rumah alat", *(f"{zone}/{house}" for zone, house in places))
    becomes = Said(codes.BECOMES, old=was, new=is_now)
    audit.record(db, now.wall, who, codes.DEVICE_MOVED, old["label"], becomes)


def _checked(asked: Mapping[str, Any], replacing: bool) -> dict[str, Any]:
    unknown = sorted(set(asked) - {*BASE, *CHOICES, "request"})
    if unknown:
        raise LocalError(f"{unknown[0]}: unknown; send {', '.join((*BASE, *CHOICES, 'request'))}")
    fields = {name: asked[name] for name in BASE if name in asked}
    missing = [name for name in ("role", "label", "zone") if name not in fields and not replacing]
    if missing:
        raise LocalError(f"{missing[0]}: missing; send role, label and zone")
    for name, value in fields.items():
        if type(value) is not TYPES[name]:
            raise LocalError(f"{name}: {str(value)[:40]!r} is no {TYPES[name].__name__}; correct it")
    request = asked.get("request")
    if request is not None and not (
        isinstance(request, str) and REQUEST_LENGTHS[0] <= len(request) <= REQUEST_LENGTHS[1]
    ):
        raise LocalError("request: send a text of 8..64 characters, another for every registration")
    return fields


def _withdraw_lost(db: Db, now: Now, secret: Secret, request: str, who: str) -> None:
    row = db.one("SELECT * FROM devices WHERE request = ? AND revoked = 0", request, of=Device)
    if row is None:
        return
    if not row["pending"]:
        raise LocalError(f"request: {row['label']} was confirmed already; choose another id for a new device")
    revocations.withdraw(db, now, secret, row["node"], who)


def in_service(db: Db, node: int) -> Device:
    """Return the row of a device that is in service; LocalError otherwise."""
    row = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
    if row is None:
        raise LocalError(f"device {node:08x}: unknown; look it up on the page Perangkat")
    if row["revoked"] or row["pending"]:
        state = "revoked" if row["revoked"] else "not confirmed yet"
        raise LocalError(f"device {row['label']} ({node:08x}): {state}")
    return row


def confirm(
    db: Db, now: Now, secret: Secret, node: int, who: str, erased: bool = False, account: int | None = None
) -> None:
    """Put a device that works in service and revoke the one that it replaces. Safe to repeat.

    `erased`: of the replaced device, see revocations.revoke; `account`: see register. The new device
    must have been heard: keys that are on no board take no button's place.
    """
    row = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
    if row is None or row["revoked"]:
        raise LocalError(f"device {node:08x}: not registered, or withdrawn; register it again")
    if not row["pending"]:
        return
    in_place = "SELECT * FROM devices WHERE node = ? AND revoked = 0"
    old = db.one(in_place, row["replaces"], of=Device) if row["replaces"] else None
    if old:
        not_own_house(db, account, old, row)
        if row["heard_ms"] is None:
            raise LocalError(f"device {row['label']} ({node:08x}): not heard yet; send its uji first")
        revocations.revoke(db, now, secret, old["node"], "diganti", who, erased)
    db.run("UPDATE devices SET pending = 0 WHERE node = ?", node)
    audit.record(db, now.wall, who, codes.DEVICE_INSTALLED, row["label"], format(node, "08x"))


def withdraw(
    db: Db, now: Now, secret: Secret, node: int, who: str, written: bool = True, account: int | None = None
) -> None:
    """Give a registration up, see revocations.withdraw; that of another technician not at the own house."""
    row = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
    if row and row["registered_by"] != who:
        not_own_house(db, account, row)
    revocations.withdraw(db, now, secret, node, who, written)


def plan_of(db: Db, secret: Secret) -> PlanWords:
    """Return the planned status load for people and the tool."""
    made = configs.site_plan(db, secret["preset"])
    mains = [made.period_s[row["node"]] for row in configs.in_service(db) if row["role"] != "tombol"]
    longest = max(mains, default=status_plan.PERIOD_S)
    return {
        "load_s_per_hour": made.load_s,
        "limit_s_per_hour": status_plan.LOAD_LIMIT_S,
        "worst": made.worst,
        "mains_period_s": [min(mains, default=status_plan.PERIOD_S), longest],
        "button_period_s": status_plan.BUTTON_PERIOD_S,
        "lost_after_s": status_plan.supervision_s(longest),
        "stretched": made.stretched,
        "problem": made.problem,
    }
