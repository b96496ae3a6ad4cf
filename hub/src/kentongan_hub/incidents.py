"""An incident's states and what people do to it; a change, its timeline and its orders commit together."""

from collections import namedtuple

from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError

from kentongan_hub import audit, escalation, outbox

Now = namedtuple("Now", "ms wall")  # steady for decisions, wall for showing

BARU, MENUJU, DIBATALKAN, LATIHAN = "baru", "menuju_lokasi", "dibatalkan", "latihan"
SELESAI, KELIRU = "selesai", "alarm_keliru"
CLOSED = (SELESAI, KELIRU)

# what happens: a press, a drill's press, the presser's cancel; what a person does: the other four
TEKAN, TEKAN_LATIHAN, BATAL = "tekan", "tekan_latihan", "batal"
DATANG, TUTUP, SALAH, TANDAI_LATIHAN = "datang", "selesai", "keliru", "latihan"

TRANSITIONS = {
    (BARU, TEKAN): BARU,
    (MENUJU, TEKAN): MENUJU,
    (DIBATALKAN, TEKAN): BARU,
    (LATIHAN, TEKAN): BARU,
    (SELESAI, TEKAN): BARU,
    (KELIRU, TEKAN): BARU,
    (BARU, TEKAN_LATIHAN): BARU,
    (MENUJU, TEKAN_LATIHAN): MENUJU,
    (DIBATALKAN, TEKAN_LATIHAN): DIBATALKAN,
    (LATIHAN, TEKAN_LATIHAN): LATIHAN,
    (SELESAI, TEKAN_LATIHAN): SELESAI,
    (KELIRU, TEKAN_LATIHAN): KELIRU,
    (BARU, BATAL): DIBATALKAN,
    (MENUJU, BATAL): MENUJU,
    (DIBATALKAN, BATAL): DIBATALKAN,
    (LATIHAN, BATAL): LATIHAN,
    (SELESAI, BATAL): SELESAI,
    (KELIRU, BATAL): KELIRU,
    (BARU, DATANG): MENUJU,
    (MENUJU, DATANG): MENUJU,
    (DIBATALKAN, DATANG): MENUJU,
    (LATIHAN, DATANG): LATIHAN,
    (BARU, TUTUP): SELESAI,
    (MENUJU, TUTUP): SELESAI,
    (DIBATALKAN, TUTUP): SELESAI,
    (LATIHAN, TUTUP): SELESAI,
    (BARU, SALAH): KELIRU,
    (MENUJU, SALAH): KELIRU,
    (DIBATALKAN, SALAH): KELIRU,
    (LATIHAN, SALAH): KELIRU,
    (BARU, TANDAI_LATIHAN): LATIHAN,
    (MENUJU, TANDAI_LATIHAN): LATIHAN,
    (DIBATALKAN, TANDAI_LATIHAN): LATIHAN,
}

STAGE_EXPIRES_MS = 1_800_000  # the button listens for 30 min after a press
SIREN_EXPIRES_MS = 60_000  # a siren order that comes later would startle, not help
SIREN_SECONDS = 60  # one re-alert
REASON_LIMIT = 200  # characters


def identity(db, incident):
    """What logs and people call it: 'tombol-07 #1234', or 'rahasia-3' and nothing more."""
    if incident["confidential"]:
        return incident["slug"]
    label = db.value("SELECT label FROM devices WHERE node = ?", incident["device"])
    return f"{label or format(incident['device'], '08x')} #{incident['first_counter']}"


def tell(db, now, incident, who, what, detail="", address=""):
    """One line for people (timeline) and one for the record (audit)."""
    db.insert(
        "timeline",
        incident=incident["id"],
        at_wall=now.wall,
        who=audit.clean(who),
        what=what,
        detail=audit.clean(detail),
    )
    shown = "" if incident["confidential"] else detail
    audit.record(db, now.wall, who, what, identity(db, incident), shown, address)


def order_stage(db, now, incident, counter, stage):
    body = {"device": incident["device"], "counter": counter, "stage": stage}
    outbox.order(db, now.ms, [incident["gateway"]], "stage", body, STAGE_EXPIRES_MS, incident["id"])


def order_siren(db, now, incident, action, seconds=0):
    """Start or stop the posts of the incident's zone. A confidential incident never gets here."""
    if incident["confidential"]:
        raise LocalError("kejadian rahasia tidak pernah membunyikan sirene")
    body = {
        "action": action,
        "origin": incident["device"],
        "counter": incident["last_counter"],
        "targets": "zone",
        "zone": incident["zone"],
        "kind": incident["kind"],
        "seconds": seconds,
    }
    outbox.order(db, now.ms, [incident["gateway"]], "siren", body, SIREN_EXPIRES_MS, incident["id"])


def order_page(db, now, incident):
    """Call the chimes in the houses of agreed people; which ones the gateway's directory says."""
    body = {"device": incident["device"], "counter": incident["last_counter"]}
    outbox.order(db, now.ms, [incident["gateway"]], "page", body, SIREN_EXPIRES_MS, incident["id"])


def find(db, slug):
    return db.one("SELECT * FROM incidents WHERE slug = ?", slug)


def act(db, now, incident, action, account, address="", reason=""):
    """A named person does something; LocalError with a sentence for the screen when the table forbids it."""
    state = TRANSITIONS.get((incident["state"], action))
    if state is None:
        raise LocalError("Kejadian ini sudah ditutup. Muat ulang halaman untuk melihat keadaan terbaru.")
    reason = audit.clean(reason.strip())[:REASON_LIMIT]
    if action in (SALAH, TANDAI_LATIHAN) and not reason:
        raise LocalError("Alasan belum diisi. Pilih atau tulis satu alasan singkat.")
    name = account["name"]
    if action == DATANG:
        _come(db, now, incident, state, name, address)
    elif action == TANDAI_LATIHAN:
        db.run(
            "UPDATE incidents SET state = ?, drill = 1, next_alert_ms = NULL WHERE id = ?",
            state,
            incident["id"],
        )
        tell(db, now, incident, name, "ditandai latihan", reason, address)
    else:
        db.run(
            "UPDATE incidents SET state = ?, closed_ms = ?, closed_wall = ?, closed_by = ?, reason = ?, "
            "next_alert_ms = NULL WHERE id = ?",
            state,
            now.ms,
            now.wall,
            name,
            reason,
            incident["id"],
        )
        tell(db, now, incident, name, "selesai" if action == TUTUP else "alarm keliru", reason, address)
        order_stage(db, now, incident, incident["last_counter"], m.STAGE_CLOSED)
        if not incident["confidential"]:
            order_siren(db, now, incident, "stop")


def _come(db, now, incident, state, name, address):
    already = db.value(
        "SELECT 1 FROM timeline WHERE incident = ? AND who = ? AND what = 'saya datang' AND id > "
        "coalesce((SELECT max(id) FROM timeline WHERE incident = ? AND what = 'dibuka kembali'), 0)",
        incident["id"],
        name,
        incident["id"],
    )
    if already:
        return  # a second tap
    db.run(
        "UPDATE incidents SET state = ?, answered_ms = coalesce(answered_ms, ?), "
        "answered_wall = coalesce(answered_wall, ?), answered_by = coalesce(answered_by, ?), "
        "next_alert_ms = NULL WHERE id = ?",
        state,
        now.ms,
        now.wall,
        name,
        incident["id"],
    )
    tell(db, now, incident, name, "saya datang", "", address)
    audit.note("answered", identity(db, incident))
    order_stage(db, now, incident, incident["last_counter"], m.STAGE_COMING)


def come_from_device(db, now, incident, label):
    """'Saya datang' pressed on a chime in an agreed person's house; the chime's label names them."""
    state = TRANSITIONS.get((incident["state"], DATANG))
    if state is not None:
        _come(db, now, incident, state, label, "")


def hush(db, now, incident, account, address=""):
    """'Matikan bunyi': the sirens of this incident stop; the incident stays as it is."""
    order_siren(db, now, incident, "stop")
    tell(db, now, incident, account["name"], "matikan bunyi", "", address)


def run_due_alerts(db, now):
    """Re-alert every open incident whose time has come; the number of steps taken."""
    due = db.all("SELECT * FROM incidents WHERE next_alert_ms <= ? ORDER BY next_alert_ms LIMIT 100", now.ms)
    for incident in due:
        step = escalation.next_step(incident, now.ms)
        if step is None:
            db.run("UPDATE incidents SET next_alert_ms = NULL WHERE id = ?", incident["id"])
            tell(db, now, incident, "pusat data", "peringatan ulang berhenti", "belum dijawab, tetap terbuka")
            continue
        db.run(
            "UPDATE incidents SET alerts = alerts + 1, next_alert_ms = ? WHERE id = ? AND alerts = ?",
            now.ms + step.wait_ms,
            incident["id"],
            incident["alerts"],
        )
        if step.siren:
            order_siren(db, now, incident, "start", SIREN_SECONDS)
        if step.page:
            order_page(db, now, incident)
        outbox.add(db, now.ms, outbox.BOARD, "kedip", "{}", SIREN_EXPIRES_MS, incident["id"])
        tell(db, now, incident, "pusat data", "peringatan ulang", f"ke-{incident['alerts'] + 1}: {step.to}")
    return len(due)
