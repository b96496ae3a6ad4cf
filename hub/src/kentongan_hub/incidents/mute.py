"""The operator's work at two in the morning: mute or revoke a button, hand over; each with a reason."""

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Account, Device, Incident
from kentongan_hub.devices.trust import revocations
from kentongan_hub.incidents import orders
from kentongan_hub.people import access, circles
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

HOURS = (1, 4, 8, 24)  # a mute ends by itself: a forgotten one would cost somebody's alarm
REASON_LIMIT = 100  # characters


def reason_given(text: str) -> str:
    text = audit.clean(text).strip()[:REASON_LIMIT]
    if not text:
        raise LocalError(_("Alasan belum diisi. Pilih atau tulis satu alasan singkat."))
    return text


def device(db: Db, label: str) -> Device | None:
    found: Device | None = db.one(
        "SELECT * FROM devices WHERE label = ? AND revoked = 0 AND pending = 0", label
    )
    return found


def mute(db: Db, now: Now, by: Account, label: str, hours: int, reason: str, at: str = "") -> None:
    """Mute a button: its alarms are stored and shown, but order no siren and call nobody at once.

    The posts that hear it sound by themselves until their own limit; its open incidents are silenced now.
    """
    row, reason = device(db, label), reason_given(reason)
    if row is None or row["role"] != "tombol":
        raise LocalError(_("Hanya tombol yang bisa dibisukan."))
    not_ones_own(db, by, row)
    if hours not in HOURS:
        raise LocalError(_("Lama: pilih %(str)s jam.", str=", ".join(map(str, HOURS))))
    db.run(
        "UPDATE devices SET muted_until_ms = ?, muted_reason = ? WHERE node = ?",
        now.ms + hours * 3_600_000,
        f"{reason} ({by['name']})",
        row["node"],
    )
    silenced: list[Incident] = db.all(
        "SELECT * FROM incidents WHERE device = ? AND closed_ms IS NULL AND confidential = 0", row["node"]
    )
    for incident in silenced:
        db.run("UPDATE incidents SET muted = 1 WHERE id = ?", incident["id"])
        orders.stop(db, now, incident)
    audit.record(db, now.wall, by["login"], codes.BUTTON_MUTED, label, reason, at,
                 Said(codes.HOURS, hours=hours))  # fmt: skip


def unmute(db: Db, now: Now, by: Account, label: str, at: str = "") -> None:
    if db.run(
        "UPDATE devices SET muted_until_ms = NULL, muted_reason = NULL WHERE label = ? AND revoked = 0", label
    ):
        audit.record(db, now.wall, by["login"], codes.BUTTON_UNMUTED, label, address=at)


def muted(db: Db, now_ms: int, node: int) -> bool:
    until = db.value("SELECT muted_until_ms FROM devices WHERE node = ?", node)
    # a damaged row silences nobody: no mute is longer than the longest that a person can choose
    return type(until) is int and now_ms < until <= now_ms + HOURS[-1] * 3_600_000


def revoke(db: Db, now: Now, by: Account, secret: Secret, label: str, reason: str, at: str = "") -> None:
    """Refuse a device for good, by hub and gateways at once, by each post once it reports it (trust/)."""
    row, reason = device(db, label), reason_given(reason)
    if row is None:
        raise LocalError(_("Alat ini tidak ada, atau sudah dicabut."))
    not_ones_own(db, by, row)
    revocations.revoke(db, now, secret, row["node"], reason, by["name"])
    audit.record(db, now.wall, by["login"], codes.DEVICE_REVOKED_ON_PAGE, label, reason, at)


def not_ones_own(db: Db, by: Account, row: Device) -> None:
    """Raise LocalError where `by` lives at this device: whom an alarm may concern takes no button away."""
    if (row["zone"], row["house"]) in circles.homes(db, by):
        raise LocalError(access.OWN_HOUSE)


HAND_OVER = (_("Pulang"), _("Ganti giliran"), _("Sakit"))  # reasons, one tap each


def hand_over(
    db: Db, now: Now, by: Account, to: Account, reason: str, message: str = "", at: str = ""
) -> list[Incident]:
    """Make `to` tonight's operator; the incidents that `by` holds, to be handed over as well."""
    parts = (reason_given(reason), audit.clean(message).strip()[:REASON_LIMIT])
    message = ": ".join(part for part in parts if part)
    db.set_setting("operator", to["name"])
    db.set_setting("operator_wall", now.wall)
    held: list[Incident] = db.all(
        "SELECT * FROM incidents WHERE closed_ms IS NULL AND holder_account = ?", by["id"]
    )
    audit.record(db, now.wall, by["login"], codes.SHIFT_HANDED_OVER, to["login"], message, at)
    return held
