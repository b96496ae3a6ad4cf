"""Chimes (penerima): who was paged about which incident, and whose "saya datang" counts.

An answer ends the calling and tells a frightened person that somebody is coming. So it is taken only
    from a chime that the site knows as one, not revoked, not still being installed
    that a gateway has paged about this very incident, named by node and first counter
    of the incident's own RT, unless that RT has no chime
    outside the presser's house
    and of a confidential incident only where somebody of its circle lives who has confirmed that chime
Everything else is counted, and said on the incident's timeline.
"""

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import Said, unknown_device
from kentongan_hub.base.tables import Device, Event, Incident
from kentongan_hub.devices import last_heard
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.people import ringing
from kentongan_hub.record import timeline
from kentongan_hub.storage.store import Db

NOT_ASKED = "answer_not_asked"  # the gateway counts its own refusals under the same name


def paged(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Note that a gateway is about to call this chime about that incident."""
    db.run(
        "INSERT OR IGNORE INTO pages (chime, origin, counter, gateway, at_wall) VALUES (?, ?, ?, ?, ?)",
        event["device"],
        event["origin"],
        event["counter"],
        gateway,
        last_heard.happened(now, event),
    )
    about = (event["device"], event["origin"], event["counter"])
    early = "DELETE FROM early_answers WHERE chime = ? AND origin = ? AND counter = ?"
    if db.run(early, *about):  # another gateway heard its answer, and told it before this one spoke
        answered(db, now, gateway, event)


def answered(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Take 'saya datang' of a device about the incident that it names."""
    incident: Incident | None = db.one(
        "SELECT * FROM incidents WHERE closed_ms IS NULL AND device = ? AND first_counter = ?",
        event["origin"],
        event["counter"],
    )
    chime: Device | None = db.one("SELECT * FROM devices WHERE node = ?", event["device"])
    why = refusal(db, incident, chime)
    if why or incident is None or chime is None:
        last_heard.count_refusal(db, now, gateway, NOT_ASKED, 1)
        if why == codes.CHIME_NOT_PAGED:
            _keep_early(db, event)
        if incident:
            who = chime["label"] if chime else unknown_device(event["device"])
            said = Said(codes.DOES_NOT_COUNT, why=Said(why or codes.NO_SUCH_INCIDENT))
            timeline.tell(db, now, incident, who, codes.COMING_NOT_COUNTED, said)
        return
    if incident["merged_into"]:
        incident = incident_of(db, incident["merged_into"])
    actions.come_from_device(db, now, incident, chime["label"])


def _keep_early(db: Db, event: Event) -> None:
    db.run("DELETE FROM early_answers WHERE (origin, counter) NOT IN "
           "(SELECT device, first_counter FROM incidents WHERE closed_ms IS NULL)")  # fmt: skip
    db.run(
        "INSERT OR IGNORE INTO early_answers (chime, origin, counter) VALUES (?, ?, ?)",
        *(event["device"], event["origin"], event["counter"]),
    )


def refusal(db: Db, incident: Incident | None, chime: Device | None) -> str | None:
    """Give the code of the reason to refuse this chime's answer to this incident, or None."""
    if incident is None:
        return codes.NO_SUCH_INCIDENT
    if chime is None or chime["role"] != "penerima" or chime["revoked"] or chime["pending"]:
        return codes.IS_NO_CHIME
    asked = "SELECT 1 FROM pages WHERE chime = ? AND origin = ? AND counter = ?"
    if not db.value(asked, chime["node"], incident["device"], incident["first_counter"]):
        return codes.CHIME_NOT_PAGED  # or the gateway that paged it has not said so yet
    if chime["zone"] != incident["zone"] and _chimes_of(db, incident["zone"]):
        return codes.CHIME_OF_OTHER_RT
    if incident["house"] and (chime["zone"], chime["house"]) == (incident["zone"], incident["house"]):
        return codes.CHIME_OF_REPORTER
    if incident["confidential"] and chime["node"] not in ringing.ring(db, incident):
        return codes.CHIME_NOT_CONFIRMED
    return None


def _chimes_of(db: Db, zone: int) -> bool:
    return db.value(
        "SELECT 1 FROM devices WHERE role = 'penerima' AND revoked = 0 AND pending = 0 AND zone = ?", zone
    )
