"""Tonight's operator hands over, with what he holds."""

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.incidents.mute import REASON_LIMIT, reason_given
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

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
