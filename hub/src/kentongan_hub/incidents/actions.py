"""People's actions on an incident; a change, its timeline and its orders commit together."""

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, states
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB, Actor, Said
from kentongan_hub.base.tables import Account, Incident, OutboxRow, Value
from kentongan_hub.incidents import orders
from kentongan_hub.incidents.calling import steps, texts
from kentongan_hub.incidents.tables import Doer, incident_of, somebody
from kentongan_hub.policies import escalation, policy_store
from kentongan_hub.record import audit, outbox, timeline
from kentongan_hub.storage.store import Db

# codes of the timeline, as SQL lists: who counts as coming, and from which line on
CAME = f"'{codes.COMING}', '{codes.ARRIVED}'"
ANEW = f"'{codes.REOPENED}', '{codes.SPLIT}'"
REASON_LIMIT = 200  # characters
NOTE_LIMIT = 280  # characters
DRILL_SOUND_MS = 120_000  # posts beat a drill for one minute
NEEDS_REASON = (states.SALAH, states.TANDAI_LATIHAN, states.SUNGGUHAN, states.BUKA)


def is_of_confidential(db: Db, row: OutboxRow) -> bool:
    """Recognize a row of the outbox of a confidential incident."""
    return bool(db.value("SELECT confidential FROM incidents WHERE id = ?", row["incident"]))


def find(db: Db, slug: str) -> Incident | None:
    """Read an incident by its name; None for one that does not exist."""
    found: Incident | None = db.one("SELECT * FROM incidents WHERE slug = ?", slug)
    return found


def new_slug(db: Db, prefix: str) -> str:
    """Give the next name; past every one that was given, also where the last number was lost."""
    number = 1 + db.number(f"last_{prefix}")
    if number == 1 or db.value("SELECT 1 FROM incidents WHERE slug = ?", f"{prefix}-{number}"):
        given = "SELECT max(CAST(substr(slug, ?) AS INTEGER)) FROM incidents WHERE slug GLOB ?"
        number = max(number, 1 + (db.value(given, len(prefix) + 2, f"{prefix}-[0-9]*") or 0))
    db.set_setting(f"last_{prefix}", number)
    return f"{prefix}-{number}"


def open_again(db: Db, now: Now, incident: Incident) -> None:
    """Start the escalation from its first step; the answer of before no longer counts."""
    db.run(
        "UPDATE incidents SET closed_ms = NULL, closed_wall = NULL, closed_by = NULL, reason = NULL, "
        "answered_ms = NULL, answered_wall = NULL, answered_by = NULL, holder = NULL, holder_account = NULL, "
        "alerts = 0, help_ms = NULL, next_alert_ms = ? WHERE id = ?",
        policy_store.first_alert_ms(db, now, incident, False),
        incident["id"],
    )


def act(
    db: Db,
    now: Now,
    incident: Incident,
    action: str,
    account: Doer,
    address: str = "",
    reason: str | Said = "",
) -> None:
    """Do what a named person chose; LocalError with a sentence for the screen when the table forbids it.

    `reason`: what the person typed or chose, or a Said where the hub acts by itself.
    """
    if incident["merged_into"]:
        parent = db.value("SELECT slug FROM incidents WHERE id = ?", incident["merged_into"])
        raise LocalError(_("Kejadian ini digabung ke %(parent)s. Buka %(parent)s untuk menjawabnya.",
                           parent=parent))  # fmt: skip
    state = states.after(incident["state"], action)
    if state is None:
        raise LocalError(
            _(
                "Ini tidak bisa dilakukan: keadaan kejadian sekarang '%(value)s'. Muat ulang halaman untuk "
                "melihat keadaan terbaru.",
                value=incident["state"].replace("_", " "),
            )  # fmt: skip
        )
    if action == states.TANDAI_LATIHAN and incident["confidential"]:
        raise LocalError(_("Kejadian rahasia tidak pernah menjadi latihan. Tutup dengan alasannya."))
    if not isinstance(reason, Said):
        reason = audit.clean(reason.strip())[:REASON_LIMIT]
    if action in NEEDS_REASON and not reason:
        raise LocalError(_("Alasan belum diisi. Pilih atau tulis satu alasan singkat."))
    _DEEDS[action](db, now, incident, state, account, address, reason)


def _take(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    """'Diterima': note who sees to it. Calling others waits, and goes on when nobody is on the way."""
    _set(
        db,
        incident,
        state=state,
        holder=str(account["name"]),
        holder_account=account["id"],
        next_alert_ms=now.ms + policy_store.for_incident(db, incident)["tindak"] * 1000,
    )
    timeline.tell(db, now, incident, account["name"], codes.TAKEN, reason, address)


def _come(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    if came(db, incident, str(account["name"])) and incident["help_ms"] is None:
        return  # a second tap
    _answer(db, now, incident, state, account)
    timeline.tell(db, now, incident, account["name"], codes.COMING, reason, address)
    audit.note("answered", timeline.identity(db, incident))
    orders.stages(db, now, incident, m.STAGE_COMING)


def came(db: Db, incident: Incident, name: str) -> bool:
    """Look up this person's word that he comes to the incident as it stands."""
    return db.value(
        f"SELECT 1 FROM timeline WHERE incident = ? AND who = ? AND what IN ({CAME}) AND id > "
        f"coalesce((SELECT max(id) FROM timeline WHERE incident = ? AND what IN ({ANEW})), 0)",
        incident["id"],
        name,
        incident["id"],
    )


def _answer(db: Db, now: Now, incident: Incident, state: str, account: Doer) -> None:
    for one in orders.members(db, incident):
        db.run(
            "UPDATE incidents SET answered_ms = coalesce(answered_ms, ?), "
            "answered_wall = coalesce(answered_wall, ?), answered_by = coalesce(answered_by, ?), "
            "holder = coalesce(holder, ?), holder_account = coalesce(holder_account, ?), "
            "help_ms = NULL, next_alert_ms = NULL WHERE id = ?",  # of the event itself: see below
            now.ms,
            now.wall,
            str(account["name"]),
            str(account["name"]),
            account["id"],
            one["id"],
        )
    _set(db, incident, state=state, next_alert_ms=policy_store.ask_ms(db, now, incident))
    outbox.drop_delayed(db, now.ms, [one["id"] for one in orders.members(db, incident)])


def _arrive(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    first = incident["answered_ms"] is None
    _answer(db, now, incident, state, account)
    timeline.tell(db, now, incident, account["name"], codes.ARRIVED, reason, address)
    if first:
        audit.note("answered", timeline.identity(db, incident))
        orders.stages(db, now, incident, m.STAGE_COMING)


def _help(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    """'Butuh bantuan lagi': take the next step now, and repeat it until another person comes."""
    _set(db, incident, state=state, help_ms=now.ms, next_alert_ms=now.ms)
    timeline.tell(db, now, incident, account["name"], codes.HELP_ASKED, reason, address)


def call_on(db: Db, now: Now, incident: Incident, joined: Incident) -> None:
    """Go on calling as for the alarm that has joined this answered event, until somebody answers it."""
    due_ms = joined["next_alert_ms"] or now.ms
    first = incident["help_ms"] is None
    _set(db, incident, help_ms=incident["help_ms"] or now.ms,
         next_alert_ms=due_ms if first else min(due_ms, incident["next_alert_ms"] or due_ms))  # fmt: skip
    asks = Said(codes.COME_TOO, name=incident["answered_by"], slug=joined["slug"])
    timeline.tell(db, now, incident, HUB, codes.COMING_ASKED, asks)


def _mark_drill(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    """Tell everybody who was called that it is a drill; no post goes on beating the alarm."""
    timeline.tell(db, now, incident, account["name"], codes.MARKED_DRILL, reason, address)
    for one in orders.members(db, incident):
        _set(db, one, state=state, drill=1, help_ms=None, next_alert_ms=None)
    orders.stop_sirens(db, now, incident)
    _take_back(db, now, incident, codes.DRILL_CORRECTED, texts.only_a_drill(db, incident))


def _mark_real(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    """Treat it as pressed in earnest now: its posts sound, and everybody is called from the first step."""
    for one in orders.members(db, incident):
        _set(db, one, state=state, drill=0)
    open_again(db, now, incident)
    timeline.tell(db, now, incident, account["name"], codes.MARKED_REAL, reason, address)
    incident = incident_of(db, incident["id"])
    orders.siren(db, now, incident, "start", orders.SIREN_SECONDS)
    steps.at_once(db, now, incident, pressed_ms=now.ms)


def _reopen(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    """Open what was closed by mistake; whoever does it holds it."""
    open_again(db, now, incident)
    timeline.tell(db, now, incident, account["name"], codes.REOPENED, reason, address)
    _set(
        db,
        incident,
        state=state,
        holder=str(account["name"]),
        holder_account=account["id"],
        next_alert_ms=now.ms + policy_store.for_incident(db, incident)["tindak"] * 1000,
    )


def _close(
    db: Db, now: Now, incident: Incident, state: str, account: Doer, address: str, reason: str | Said
) -> None:
    for one in orders.members(db, incident):
        _set(
            db,
            one,
            state=state,
            closed_ms=now.ms,
            closed_wall=now.wall,
            closed_by=None if isinstance(account["name"], Actor) else account["name"],  # null: the hub did
            reason=None if isinstance(reason, Said) else reason,  # null: see code_words.reason
            help_ms=None,
            next_alert_ms=None,
        )
    mistake = state == states.KELIRU
    timeline.tell(
        db, now, incident, account["name"], codes.FALSE_ALARM if mistake else codes.CLOSED, reason, address
    )
    orders.stages(db, now, incident, m.STAGE_CLOSED)
    if not incident["drill"] or now.ms - incident["opened_ms"] < DRILL_SOUND_MS:  # else the air is spared
        orders.stop_sirens(db, now, incident)
    if mistake:
        _take_back(db, now, incident, codes.ALARM_CORRECTED, texts.correction(db, incident))


def _take_back(db: Db, now: Now, incident: Incident, what: str, text: str) -> None:
    """Tell everybody who was called in vain; messages that wait are not sent."""
    ids = [one["id"] for one in orders.members(db, incident)]
    told = outbox.take_back(db, now.ms, ids, text)
    outbox.add(db, now.ms, outbox.BOARD, outbox.CORRECTION, "{}", orders.SIREN_EXPIRES_MS, incident["id"])
    said = Said(codes.TO_RECIPIENTS, told=told) if told else None
    timeline.tell(db, now, incident, HUB, what, said=said)


_DEEDS = {
    states.TERIMA: _take,
    states.DATANG: _come,
    states.TIBA: _arrive,
    states.BANTUAN: _help,
    states.TUTUP: _close,
    states.SALAH: _close,
    states.TANDAI_LATIHAN: _mark_drill,
    states.SUNGGUHAN: _mark_real,
    states.BUKA: _reopen,
}


def _set(db: Db, incident: Incident, **columns: Value) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)  # names come from code, never from outside
    db.run(f"UPDATE incidents SET {names} WHERE id = ?", *columns.values(), incident["id"])


def come_from_device(db: Db, now: Now, incident: Incident, label: str) -> None:
    """Take 'saya datang' of a chime in an agreed person's house; the chime's label names them."""
    state = states.after(incident["state"], states.DATANG)
    if state is not None and not incident["merged_into"]:
        _come(db, now, incident, state, somebody(label), "", "")


def decline(db: Db, now: Now, incident: Incident, account: Doer, address: str = "") -> None:
    """'Saya tidak bisa': let others know it; nothing waits for this person any more."""
    timeline.tell(db, now, incident, account["name"], codes.DECLINED, "", address)


def add_note(db: Db, now: Now, incident: Incident, account: Doer, text: str, address: str = "") -> None:
    """Add a person's line, also after the closing."""
    text = audit.clean(text.strip())[:NOTE_LIMIT]
    if not text:
        raise LocalError(_("Catatan masih kosong. Tulis satu kalimat."))
    timeline.tell(db, now, incident, account["name"], codes.NOTED, text, address)
    if escalation.left_open(incident):  # somebody is at it: the question whether it is over can wait
        _set(db, incident, next_alert_ms=policy_store.ask_ms(db, now, incident))


def hand_over(
    db: Db, now: Now, incident: Incident, account: Doer, to: Account, address: str = "", reason: str = ""
) -> None:
    """Make another person answer for it from now on; `to` is an account that may see it."""
    if incident["closed_ms"] is not None:
        raise LocalError(_("Kejadian ini sudah ditutup, tidak ada yang diserahkan."))
    _set(db, incident, holder=to["name"], holder_account=to["id"])
    reason, said = audit.clean(reason)[:REASON_LIMIT], Said(codes.TO_PERSON, name=to["name"])
    timeline.tell(db, now, incident, account["name"], codes.HANDED_OVER, reason, address, said)


def hush(db: Db, now: Now, incident: Incident, account: Doer, address: str = "", screen: str = "") -> None:
    """'Matikan bunyi': stop the sirens of this incident, which stays as it is; `screen`: done at the post."""
    orders.stop_sirens(db, now, incident)
    said = Said(codes.FROM_SCREEN, name=screen) if screen else None
    timeline.tell(db, now, incident, account["name"], codes.HUSHED, "", address, said)
