"""Kentongan codes for people: what each profile beats for each kind, and which codes would be misunderstood.

The posts carry the same table (firmware patterns.py); a test holds the two together. `*` is a stroke, `.` a
short pause, `-` a long one; the group repeats. A kind without a code sounds as titir, as fast as possible.
"""

import json
import re

from kentongan_wire import messages as m
from kentongan_wire.config import PROFILES
from kentongan_wire.errors import LocalError

from kentongan_hub import audit
from kentongan_hub.trust import configs

CODES = {
    "jawa_umum": {
        m.KIND_MALING: "** -",
        m.KIND_KEBAKARAN: "*** -",
        m.KIND_BENCANA: "**** -",
        m.KIND_PENCURIAN_TERNAK: "***** -",
    },
    "polri": {
        m.KIND_MALING: "** -",
        m.KIND_KEBAKARAN: "*** -",
        m.KIND_BENCANA: "*** . * -",
        m.KIND_KECELAKAAN: "* . *** -",
        m.KIND_KERIBUTAN: "** . *** -",
    },
    "tmmd": {
        m.KIND_MALING: "** -",
        m.KIND_KEBAKARAN: "*** -",
        m.KIND_BENCANA: "**** -",
        m.KIND_PENCURIAN_TERNAK: "***** -",
    },
    "bali": {},
}
NAMES = {"jawa_umum": "Jawa umum", "polri": "Polri", "tmmd": "TMMD", "bali": "Bali"}
CODED = (
    *(m.KIND_MALING, m.KIND_KEBAKARAN, m.KIND_BENCANA, m.KIND_PENCURIAN_TERNAK),
    *(m.KIND_KECELAKAAN, m.KIND_KERIBUTAN),
)
TITIR = "titir"
# ms: stroke, gap between strokes, short and long pause; titir; as in firmware patterns.py
STROKE_MS, GAP_MS, SHORT_MS, LONG_MS, TITIR_MS = 150, 250, 500, 950, 65
_CODE = re.compile(r"\*+(?: ?\. ?\*+)* -\Z")


def steps(code):
    """[(on_ms, off_ms)] of one group, for pictures and for the ear."""
    if code == TITIR:
        return [(TITIR_MS, TITIR_MS)] * 15
    out = []
    for sign in code:
        if sign == "*":
            out.append((STROKE_MS, GAP_MS))
        elif sign in ".-" and out:
            out[-1] = (STROKE_MS, SHORT_MS if sign == "." else LONG_MS)
    return out


def groups(code):
    """[2, 3] for '** . *** -'."""
    return [part.count("*") for part in code.rstrip("- ").split(".")]


def conflicts(codes):
    """Sentences on what people would misunderstand in {kind: code}; none for a good table."""
    out, seen = [], {}
    for kind, code in codes.items():
        if code == TITIR:
            continue  # several kinds may be titir: it says 'danger' and no more
        if not _CODE.match(code):
            out.append(f"{code!r}: tulis seperti '** -' atau '** . *** -'")
            continue
        if groups(code) == [1]:
            out.append(f"{code}: satu pukulan berarti rajapati, lelayu atau 'aman' di kampung lain")
        if groups(code) == [6]:
            out.append(f"{code}: enam pukulan tidak pernah untuk bahaya")
        if tuple(groups(code)) in seen:
            out.append(f"{code}: sama dengan jenis lain, orang tidak bisa membedakan")
        seen[tuple(groups(code))] = kind
    return out


def table(profile):
    """[(kind, code)] of everything that sounds by a code, titir where there is none."""
    return [(kind, CODES[profile].get(kind, TITIR)) for kind in CODED]


def chosen(db):
    """{zone: profile} of the posts; a zone whose posts differ has the one most of them beat."""
    out = {}
    for row in db.all(
        "SELECT zone, coalesce(json_extract(settings, '$.profile'), ?) AS profile, count(*) AS n "
        "FROM devices WHERE role = 'sirene' AND revoked = 0 GROUP BY zone, profile ORDER BY zone, n",
        PROFILES[0],
    ):
        out[row["zone"]] = row["profile"]
    return out


def choose(db, now, by, zone, profile, address=""):
    """The posts of one RT are to beat this profile: CONFIG goes to them until each one reports it."""
    if profile not in PROFILES:
        raise LocalError(f"profil {profile!r}: pilih {', '.join(PROFILES)}")
    rows = db.all(
        "SELECT node, settings FROM devices WHERE role = 'sirene' AND revoked = 0 AND zone = ?", zone
    )
    if not rows:
        raise LocalError(f"RT {zone:02d} belum punya sirene pos.")
    for row in rows:
        settings = {**json.loads(row["settings"]), "profile": profile}
        db.run("UPDATE devices SET settings = ? WHERE node = ?", json.dumps(settings), row["node"])
    db.set_setting(configs.REFRESH, 1)
    audit.record(db, now.wall, by["login"], "profil kentongan", f"RT {zone:02d}", profile, address)


def pending(db, zone):
    """Labels of posts that have not reported the version that carries the chosen profile."""
    return [
        row["label"]
        for row in db.all(
            "SELECT label FROM devices WHERE role = 'sirene' AND revoked = 0 AND zone = ? "
            "AND reported_version IS NOT config_version ORDER BY label",
            zone,
        )
    ]
