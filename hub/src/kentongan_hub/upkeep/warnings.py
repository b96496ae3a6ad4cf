"""Keeps the list of warnings true: opened when something needs care, told to its owner, closed when well."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from kentongan_hub.base import codes, quiet_hours, site
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB, Said, either, pack, unpack
from kentongan_hub.base.tables import Account, Warned
from kentongan_hub.devices import deaf, supervision, troubles
from kentongan_hub.devices.facts import Facts
from kentongan_hub.devices.supervision import Finding
from kentongan_hub.incidents import soundings
from kentongan_hub.incidents.calling import recipients
from kentongan_hub.incidents.calling.recipients import Recipient
from kentongan_hub.incidents.drills import posts
from kentongan_hub.people import access, circles, contacts, ringing
from kentongan_hub.people.watch import turns
from kentongan_hub.policies import policy_store
from kentongan_hub.record import audit, away, chain, failures, outbox, rows
from kentongan_hub.record.away import Absences
from kentongan_hub.storage.store import Db
from kentongan_hub.upkeep import mending, tellings

log = logging.getLogger("kentongan.hub")
NEWS_EXPIRES_MS = 86_400_000
LISTED = "closed_ms IS NULL OR next_ms IS NOT NULL"  # the open ones, and the closed whose end is not told yet
STUCK_WINDOW_MS, STUCK_INCIDENTS = 1_800_000, 4  # wire-format.md: posts stop at the fourth by themselves
TOLD_MS, ENDS_TOLD_MS = "warnings_told_ms", "warnings_ended_ms"  # settings: when the last message was sent
NEXT_OWNER_AFTER = 2  # tellings that nobody took, then the ketua RT hears of it too


# what opens, ids of what closes, what is told, whose end is told, what stands there with other words
Changes = tuple[list[Finding], list[int], list[Warned], list[Warned], list[tuple[Warned, Finding]]]


def gather(db: Db, now: Now, path: Path) -> Facts:
    """Collect the facts for supervision.findings."""
    disk, gone = shutil.disk_usage(path), deaf.of(db, now)
    return {
        "gateways": db.all("SELECT label, heard_ms, clock_off_ms FROM gateways WHERE heard_ms IS NOT NULL"),
        "troubles": [
            {"gateway": one["gateway"], "name": one["name"], "urgent": troubles.urgent(one["name"])}
            for one in troubles.lasting(db)
        ],
        "broken_chains": chain.broken(db),
        "radios": db.all("SELECT gateway, name FROM radios WHERE up = 0"),
        "devices": db.all(
            "SELECT node, label, role, heard_ms, heard_by, link, created_ms, siren_fault, lid, jammed, "
            "mains, key_stuck, "
            "flash_failing, part_failing, battery_unread, "
            "days_left, battery_mv, low_battery, period_s, muted_until_ms, muted_reason "
            "FROM devices WHERE revoked = 0 AND pending = 0"
        ),
        "stuck": db.all(
            "SELECT d.label, count(*) AS count FROM incidents i INDEXED BY incidents_opened "
            "JOIN devices d ON d.node = i.device "
            "WHERE i.opened_ms > ? AND i.confidential = 0 AND d.muted_until_ms IS NULL AND d.revoked = 0 "
            "GROUP BY i.device HAVING count(*) >= ?",
            now.ms - STUCK_WINDOW_MS,
            STUCK_INCIDENTS,
        ),
        "silent": soundings.silent(db),
        "damage": mending.damage(db),
        "gone": gone,
        "was_away": away.latest(db, now.ms, away.TOLD_MS),
        "disk_free": disk.free / disk.total,
        "clock_back_ms": max(0, db.number("wall_ms") - now.wall),
        "backed_up": bool(db.setting("backup_ms")),
        "unsaved_ms": _unsaved_ms(db, now, gone.hub),
        "failed": failures.recent(db, now),
        "odd": rows.recent(db, now),
        "keys": site.problem(path) if mending.is_known(path) else "",
        "broken_policies": policy_store.broken(db),
        "old_contacts": contacts.old(db, now.ms),
        "access": {
            "agreed_missing": access.has_people(db) and not circles.enough(db),
            "homeless": access.homeless(db),
            "restored": bool(db.setting(access.RESTORED)),
            "chimes_waiting": len(ringing.waiting(db)),
        },
        "unended": posts.unended(db, now),
        "missed_drills": db.all(
            "SELECT id FROM drills WHERE opened_ms IS NULL AND cancelled_wall IS NULL AND planned_wall < ?",
            now.wall - supervision.DRILL_MISSED_MS,
        ),
        "watch": turns.missed(db, now),
        "channels": db.all("SELECT * FROM channels WHERE enabled = 1"),
    }


def _unsaved_ms(db: Db, now: Now, gone: Absences) -> int:
    """Give the time that has surely passed since the last backup, or since the site was made."""
    since_ms = db.number("backup_ms") or away.made_ms(db)
    return gone.passed_ms(since_ms, now.ms) if since_ms else 0


def changes(db: Db, now: Now, path: Path) -> Changes:
    """Compare the open warnings with the findings of now; see Changes."""
    found = supervision.findings(gather(db, now, path), now.ms)
    rows = _listed(db)
    listed = {(row["what"], row["subject"]): row for row in rows if row["closed_ms"] is None}
    fresh = [one for key, one in found.items() if key not in listed]
    over = [row["id"] for key, row in listed.items() if key not in found]
    other = [
        (row, found[key])
        for key, row in listed.items()
        if key in found and row["what"] == codes.HUB_FAILED and row["said"] != found[key].said
    ]
    return fresh, over, _due(db, now, rows), _ended(db, now, rows), other


def _due(db: Db, now: Now, rows: list[Warned]) -> list[Warned]:
    return tellings.due(rows, now.ms, _is_quiet(db, now), _last_ms(db, now, TOLD_MS))


def _ended(db: Db, now: Now, rows: list[Warned]) -> list[Warned]:
    return tellings.ended(rows, now.ms, _is_quiet(db, now), _last_ms(db, now, ENDS_TOLD_MS))


def _is_quiet(db: Db, now: Now) -> bool:
    return quiet_hours.quiet_left_ms(db, now) > 0


def _last_ms(db: Db, now: Now, setting: str) -> int | None:
    """Read when the last message was sent; one that was damaged holds nothing back."""
    last_ms = db.number(setting)
    return last_ms if 0 < last_ms <= now.ms else None


def open_warnings(db: Db) -> list[Warned]:
    return db.all("SELECT * FROM warnings WHERE closed_ms IS NULL ORDER BY urgent DESC, opened_ms, id")


def _of(db: Db, number: int) -> Warned:
    """Read a warning by its id; LookupError where it is gone."""
    found: Warned | None = db.one("SELECT * FROM warnings WHERE id = ?", number)
    if found is None:
        raise LookupError(f"warning {number}")
    return found


def _listed(db: Db) -> list[Warned]:
    return db.all(f"SELECT * FROM warnings WHERE {LISTED} ORDER BY urgent DESC, opened_ms, id")


def apply(db: Db, now: Now, path: Path) -> None:
    """Make the list as it is now, and tell what is due."""
    fresh, over, _told, _over, other = changes(db, now, path)
    for number in over:
        row = _of(db, number)
        db.run(
            "UPDATE warnings SET closed_ms = ?, closed_wall = ?, next_ms = ? WHERE id = ?",
            now.ms,
            now.wall,
            tellings.end_ms(row, now.ms),
            number,
        )
        audit.record(db, now.wall, HUB, codes.WARNING_ENDED, either(row["subject"]),
                     Said(codes.WARNING, warning=row["what"]))  # fmt: skip
    before = _listed(db)
    for one in fresh:
        _open(db, now, one, before)
    for row, one in other:
        _say_anew(db, now, row, one)
    rows = _listed(db)
    if some := _due(db, now, rows):
        _tell(db, now, some)
    if some := _ended(db, now, rows):
        _tell_end(db, now, some)


def _open(db: Db, now: Now, one: Finding, before: list[Warned]) -> None:
    number = db.insert(
        "warnings",
        what=one.what,
        subject=one.subject,
        said=one.said,
        detail=one.detail,
        urgent=int(one.urgent),
        owner=one.owner,
        opened_ms=now.ms,
        opened_wall=now.wall,
    )
    _opened(db, now, one)
    due_ms = tellings.first_ms(_of(db, number), before, now.ms)
    db.run("UPDATE warnings SET next_ms = ? WHERE id = ?", due_ms, number)


def _say_anew(db: Db, now: Now, row: Warned, one: Finding) -> None:
    """Show the failures of now; who took the warning took those of then, and no more."""
    db.run("UPDATE warnings SET said = ?, detail = '' WHERE id = ?", one.said, row["id"])
    if _things(one.said) <= _things(row["said"]):
        return
    _opened(db, now, one)
    if row["next_ms"] is None:
        db.run(
            "UPDATE warnings SET taken_by = NULL, taken_wall = NULL, next_ms = ? WHERE id = ?",
            now.ms,
            row["id"],
        )


def _opened(db: Db, now: Now, one: Finding) -> None:
    particulars = {"about": unpack(one.said)} if one.said else {}
    about = Said(codes.WARNED_OF, warning=one.what, **particulars)
    audit.record(db, now.wall, HUB, codes.WARNING_OPENED, either(one.subject), one.detail, said=about)


def _things(said: str) -> set[str]:
    """List the failed parts that a warning names."""
    found = unpack(said)
    things = found.values.get("things") if isinstance(found, Said) else None
    return set(map(pack, things)) if isinstance(things, list) else set()


def _tell(db: Db, now: Now, some: list[Warned]) -> None:
    """Message the owners' people; a matter that nobody takes goes on to the ketua RT."""
    _send(db, now, some, tellings.text)
    for row in some:
        due_ms = now.ms + tellings.remind_ms(row)
        db.run("UPDATE warnings SET told = told + 1, next_ms = ? WHERE id = ?", due_ms, row["id"])
    db.set_setting(TOLD_MS, now.ms)


def _tell_end(db: Db, now: Now, some: list[Warned]) -> None:
    """Say to who was told that it is over, once; of what nobody was told there is no end to tell."""
    if told := tellings.ended_told(some):
        _send(db, now, told, tellings.end_text)
        db.set_setting(ENDS_TOLD_MS, now.ms)
    for row in some:
        db.run("UPDATE warnings SET next_ms = NULL WHERE id = ?", row["id"])


def _send(db: Db, now: Now, some: list[Warned], words: Callable[[list[Warned]], str]) -> None:
    """Write one message to each address, with all that its person has to hear of."""
    everyone = recipients.everyone(db.number("rt"))
    try:
        with db.part():
            found: dict[tuple[str, str], tuple[Recipient, list[Warned]]] = {}
            for duty, theirs in _by_duty(some).items():
                for one in recipients.of_duty(db, now, everyone, duty):
                    rows = found.setdefault((one["channel"], one["address"]), (one, []))[1]
                    rows.extend(row for row in theirs if row not in rows)
            for one, rows in found.values():
                to = {"to": one["address"], "name": one["name"], "text": words(rows)}
                body = json.dumps(to, ensure_ascii=False)
                outbox.add(db, now.ms, one["channel"], outbox.NEWS, body, NEWS_EXPIRES_MS, None)
    except Exception:  # a warning that reaches nobody still stands on the page
        log.exception("warning %s of %s could not be sent", some[0]["what"], some[0]["subject"])
        failures.note(db, now, codes.SENDING_WARNING)


def _by_duty(some: list[Warned]) -> dict[str, list[Warned]]:
    """{duty: its warnings}; what is urgent and nobody took is the ketua RT's as well."""
    found: dict[str, list[Warned]] = {}
    for row in some:
        waited = row["told"] >= NEXT_OWNER_AFTER and row["urgent"]
        for duty in sorted({row["owner"], "ketua_rt"} if waited else {row["owner"]}):
            found.setdefault(duty, []).append(row)
    return found


def take(db: Db, now: Now, number: int, account: Account, note: str = "", address: str = "") -> bool:
    """Note the named person who sees to it; the reminders stop."""
    note = audit.clean(note)[:200]
    changed = db.run(
        "UPDATE warnings SET taken_by = ?, taken_wall = ?, note = ?, next_ms = NULL "
        "WHERE id = ? AND closed_ms IS NULL",
        account["name"],
        now.wall,
        note,
        number,
    )
    if changed:
        row = _of(db, number)
        about = either(row["subject"])
        audit.record(db, now.wall, account["name"], codes.WARNING_TAKEN, about, note, address)
    return bool(changed)


def checked(db: Db, now: Now, number: int, account: Account, note: str = "", address: str = "") -> bool:
    """Note that a person has checked a siren that did not sound; the warning ends with it."""
    row = db.one("SELECT * FROM warnings WHERE id = ? AND closed_ms IS NULL", number, of=Warned)
    if row is None or row["what"] not in supervision.SIRENS:
        return False
    db.run("UPDATE devices SET siren_checked_ms = ? WHERE label = ? AND revoked = 0", now.ms, row["subject"])
    audit.record(
        db, now.wall, account["name"], codes.SIREN_CHECKED, row["subject"], audit.clean(note), address
    )
    return True
