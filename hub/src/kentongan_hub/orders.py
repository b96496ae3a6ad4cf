"""What an incident asks of gateways: stages for buttons, sirens, chimes; outbox rows of its transaction."""

from kentongan_wire.errors import LocalError

from kentongan_hub import outbox

STAGE_EXPIRES_MS = 1_800_000  # the button listens for 30 min after a press
SIREN_EXPIRES_MS = 60_000  # a siren order that comes later would startle, not help
SIREN_SECONDS = 60  # one re-alert
BY_HAND = 0  # the device of an incident that a person wrote down: no button, no gateway


def members(db, incident):
    """The incident and those merged into it: what is done to one event is told to every presser."""
    return [incident, *db.all("SELECT * FROM incidents WHERE merged_into = ? ORDER BY id", incident["id"])]


def stage(db, now, incident, counter, number):
    """Tell one button; `counter` is the press that is answered."""
    if incident["device"] == BY_HAND:
        return
    body = {"device": incident["device"], "counter": counter, "stage": number}
    outbox.order(db, now.ms, [incident["gateway"]], "stage", body, STAGE_EXPIRES_MS, incident["id"])


def stages(db, now, incident, number):
    """Tell every button of the event."""
    for one in members(db, incident):
        stage(db, now, one, one["last_counter"], number)


def siren(db, now, incident, action, seconds=0, zone=None):
    """Start or stop the posts of the incident's zone. A confidential incident never gets here."""
    if incident["confidential"]:
        raise LocalError("kejadian rahasia tidak pernah membunyikan sirene")
    if incident["device"] == BY_HAND:
        return
    zone = incident["zone"] if zone is None else zone
    body = {
        "action": action,
        "origin": incident["device"],
        "counter": incident["last_counter"],
        "targets": "zone",
        "zone": zone,
        "kind": incident["kind"],
        "seconds": seconds,
    }
    outbox.order(db, now.ms, [_gateway(db, incident, zone)], "siren", body, SIREN_EXPIRES_MS, incident["id"])


def _gateway(db, incident, zone):
    """The gateway of that zone, else the one that heard the alarm: it reaches the other posts over relays."""
    if zone == incident["zone"]:
        return incident["gateway"]
    label = db.value("SELECT label FROM gateways WHERE zone = ? AND token IS NOT NULL ORDER BY label", zone)
    return label or incident["gateway"]


def stop_sirens(db, now, incident):
    for one in members(db, incident):
        if not one["confidential"]:
            siren(db, now, one, "stop")


def page(db, now, incident):
    """Call the chimes in the houses of agreed people; which ones the gateway's directory says."""
    if incident["device"] == BY_HAND:
        return
    body = {"device": incident["device"], "counter": incident["last_counter"]}
    outbox.order(db, now.ms, [incident["gateway"]], "page", body, SIREN_EXPIRES_MS, incident["id"])
