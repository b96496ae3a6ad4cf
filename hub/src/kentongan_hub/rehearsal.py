"""What would happen: a policy played through for one house; and the queue of what will happen."""

import json

from kentongan_hub import calling, contacts, drills, escalation, outbox, policies, recipients, words
from kentongan_hub import policy as p
from kentongan_hub.clock import local_date_time, local_time
from kentongan_hub.trust import calls

QUEUE_LIMIT = 200
DAY_MS = 86_400_000


def play(db, zone, house, kind, confidential=False):
    """[{"after", "lines", "missing"}]: 'if house 7 presses fire, this happens'. Writes nothing."""
    imagined = {
        **dict.fromkeys(("answered_ms", "closed_ms", "merged_into", "help_ms", "gateway"), None),
        **{"id": 0, "device": 1, "zone": zone, "house": house, "kind": kind, "drill": 0, "cancelled": 0},
        **{"late": 0, "muted": 0, "alerts": 0, "opened_ms": 0},
        **{"confidential": int(confidential), "slug": "rahasia-0"},
    }
    policy = policies.for_incident(db, imagined)
    first = escalation.at_once(policy, imagined)
    steps = [_shown(db, imagined, 0, first, policy)]
    imagined["next_alert_ms"] = escalation.first_alert_ms(policy, 0, False)
    for due_ms, step in escalation.outlook(policy, imagined, len(policy["langkah"]) - 1):
        steps.append(_shown(db, imagined, due_ms, step, policy))
    return steps


def _shown(db, imagined, due_ms, step, policy):
    lines = []
    if due_ms == 0:
        own = (
            "tidak ada bunyi dan lampu di mana pun"
            if imagined["confidential"]
            else (
                f"sirene pos RT {imagined['zone']:02d} yang mendengar berbunyi sendiri, juga tanpa pusat data"
            )
        )
        lines.append(own)
    zones = calling.siren_zones(db)
    if step.siren == p.RW:
        others = [f"RT {zone:02d}" for zone in zones if due_ms or zone != imagined["zone"]]
        lines.append(
            f"sirene {', '.join(others)} diminta berbunyi" if others else "RW ini belum punya sirene lain"
        )
    elif step.siren == p.RT:
        lines.append(f"sirene RT {imagined['zone']:02d} diminta berbunyi lagi")
    if p.CHIMES in step.to:
        lines.append(_chimes(db, imagined))
    found, missing, _ = recipients.reach(db, None, imagined, step.to)
    for one in found:
        later = f" sesudah {words.span(one['delay_s'])}" if one["delay_s"] else ""
        lines.append(f"{one['name']} lewat {words.channel(one['channel'])}{later}")
    card = policies.card(db, {**imagined, "alerts": step.number})
    if card:
        silent = imagined["confidential"]
        lines.append(
            f"halaman kejadian menyuruh menelepon {card}" if silent else f"papan menyuruh menelepon {card}"
        )
    return {
        "after": words.span(due_ms // 1000),
        "lines": lines,
        "missing": missing,
    }


def _chimes(db, imagined):
    if not imagined["confidential"]:
        return "penerima di rumah yang disepakati berbunyi"
    if any(chime["silent"] for chime in calls.chimes(db).values()):
        return "penerima di rumah orang yang disepakati untuk kejadian rahasia berbunyi pelan"
    return "tidak ada penerima di rumah orang yang disepakati untuk kejadian rahasia"


def queue(db, now, condition):
    """What happens next by itself, soonest first; `condition`: which incidents this person may know of."""
    zone = db.setting("time_zone", "WIB")
    out = []
    for row in db.all(
        f"SELECT * FROM incidents WHERE next_alert_ms IS NOT NULL AND {condition} "
        "ORDER BY next_alert_ms LIMIT ?",
        QUEUE_LIMIT,
    ):
        if escalation.left_open(row):
            out.append((row["next_alert_ms"], row["slug"], "ditanyakan apakah sudah selesai", row))
        for due_ms, step in escalation.outlook(policies.for_incident(db, row), row, 2):
            siren = "" if step.siren == p.NO else f"sirene {step.siren.upper()}; "
            said = contacts.fill(step.words, contacts.numbers(db, row["zone"]))
            out.append((due_ms, row["slug"], f"panggilan ke-{step.number}: {siren}{said}", row))
    for work in db.all(
        # counters that wait for their time tell that somebody alarmed, perhaps silently
        "SELECT o.* FROM outbox o INDEXED BY outbox_waiting WHERE o.state = 'menunggu' "
        "AND (o.type != 'counters' OR o.not_before_ms = 0) "
        "AND (o.incident IS NULL OR EXISTS (SELECT 1 FROM incidents WHERE incidents.id = o.incident "
        f"AND {condition})) ORDER BY o.id LIMIT ?",
        QUEUE_LIMIT,
    ):
        row = work["incident"] and db.one("SELECT * FROM incidents WHERE id = ?", work["incident"])
        out.append((max(work["not_before_ms"], work["created_ms"]), row and row["slug"], _work(work), row))
    for row in drills.waiting(db):
        left_ms = row["planned_wall"] - now.wall
        if row["told_wall"] is None and left_ms > 0:
            due_ms = now.ms + max(0, left_ms - drills.DAY_MS)
            out.append((due_ms, None, f"latihan {drills.area(row['zone'])} diumumkan", None))
    for one in db.all("SELECT * FROM warnings WHERE closed_ms IS NULL AND next_ms IS NOT NULL"):
        owner = p.DUTIES.get(one["owner"], one["owner"])
        said = f"peringatan {one['subject']}: {one['what']}, lagi ke {owner}"
        out.append((one["next_ms"], None, said, None))
    out.sort(key=lambda one: one[0])
    return [
        {
            "in_s": max(0, (due_ms - now.ms) // 1000),
            "time": _when(now.wall, now.wall + due_ms - now.ms, zone),
            "slug": slug,
            "title": "" if row is None else slug if row["confidential"] else words.kind(row["kind"]),
            "what": what,
        }
        for due_ms, slug, what, row in out[:QUEUE_LIMIT]
    ]


def _when(now_wall, wall, zone):
    return (local_time if wall - now_wall < DAY_MS else local_date_time)(wall, zone)


TYPES = {
    "stage": "kabar ke tombol",
    "siren": "perintah sirene",
    "page": "memanggil penerima",
    "drill": "waktu latihan",
    "directory": "daftar alat untuk gerbang",
    "config": "pengaturan alat",
    "codes": "kode kentongan untuk sirene gerbang",
    "keys": "kunci baru untuk gerbang",
    "counters": "hitungan terakhir untuk gerbang",
    outbox.NEWS: "kabar untuk",
    outbox.MESSAGE: "memanggil",
    outbox.CORRECTION: "koreksi untuk",
}


NAMED_TYPES = (outbox.MESSAGE, outbox.CORRECTION, outbox.NEWS)


def _work(row):
    name = json.loads(row["body"]).get("name", "") if row["type"] in NAMED_TYPES else ""
    tries = f", sudah dicoba {row['attempts']} kali" if row["attempts"] else ""
    way = words.channel(row["channel"])
    return f"{TYPES.get(row['type'], row['type'])} {name} lewat {way}{tries}".replace("  ", " ")
