"""Kentongan codes for people: what each profile beats for each kind, and which codes would be misunderstood.

The table is the posts' own (kentongan_wire.base.patterns). `*` is a stroke, `.` a short pause, `-` a long
one; the group repeats. A kind without a code sounds as titir, as fast as possible.
An RT may have codes of its own beside its profile; those that people would misunderstand are refused.
"""

import json
import re
from collections.abc import Mapping, Sequence

from kentongan_wire.base import kinds, patterns
from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings.config import GROUPS_LIMIT, PROFILES, STROKES_LIMIT

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Joined, Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account, Device
from kentongan_hub.devices.trust import configs
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage.store import Db

Own = Sequence[tuple[int, Sequence[int]]]  # (kind, groups) of an RT; as JSON, lists

NAMES = {"jawa_umum": _("Jawa umum"), "polri": _("Polri"), "tmmd": _("TMMD"), "bali": _("Bali")}
TITIR = patterns.TITIR
TITIR_SHOWN = 15  # strokes of it, for pictures and for the ear
_CODE = re.compile(r"\*+(?: ?\. ?\*+)*(?: ?-)?\Z")
_COUNTS = re.compile(r"[0-9]+(?: ?[+-] ?[0-9]+)*\Z")


def steps(code: str) -> list[tuple[int, int]]:
    """[(on_ms, off_ms)] of one group, for pictures and for the ear."""
    return list(patterns.TITIR_STEPS * TITIR_SHOWN if code == TITIR else patterns.parse(code))


def groups(code: str) -> list[int]:
    """[2, 3] for '** . *** -'; nothing for titir."""
    return [] if code == TITIR else [part.count("*") for part in code.rstrip("- ").split(".")]


def spelled(strokes: Sequence[int]) -> str:
    """Return the code of [2, 3]: '** . *** -'; titir of nothing."""
    return " . ".join("*" * number for number in strokes) + " -" if strokes else TITIR


def read(text: str) -> str:
    """Read the code that somebody typed: '** . *** -', '2+3' or 'titir'; LocalError says how to write one."""
    text = " ".join(text.lower().split())
    if text == TITIR:
        return TITIR
    if _COUNTS.match(text):
        strokes = [int(number) for number in re.findall("[0-9]+", text)]
    elif _CODE.match(text):
        strokes = groups(text)
    else:
        raise LocalError(_("%(value)s: tulis seperti '** . *** -', 2+3 atau titir", value=f"{text[:40]!r}"))
    if len(strokes) > GROUPS_LIMIT or max(strokes) > STROKES_LIMIT or min(strokes) < 1:
        raise LocalError(_("%(value)s: paling banyak %(limit)s kelompok dari 1 sampai %(limit2)s",
                           value=text[:40], limit=GROUPS_LIMIT, limit2=STROKES_LIMIT))  # fmt: skip
    return spelled(strokes)


def heard(code: str) -> tuple[int, ...]:
    """Return the group that an ear takes a code for: 2+2 is heard as 2, 2, 2, ..."""
    strokes = groups(code)
    for size in range(1, len(strokes) + 1):
        if len(strokes) % size == 0 and strokes == strokes[:size] * (len(strokes) // size):
            return tuple(strokes[:size])
    return ()


def conflicts(codes: Mapping[int, str]) -> list[Text]:
    """Sentences on what people would misunderstand in {kind: code}; none for a good table."""
    out: list[Text] = []
    known: dict[tuple[int, ...], Text] = {}
    for kind, code in codes.items():
        if code == TITIR:
            continue  # several kinds may be titir: it says 'danger' and no more
        name, ear = words.kind(kind), heard(code)
        if ear == (1,):
            out.append(_("%(name)s (%(code)s): satu pukulan berarti rajapati, lelayu atau 'aman' di kampung "
                         "lain.", name=name, code=code))  # fmt: skip
        if ear == (6,):
            said = _("%(name)s (%(code)s): enam pukulan tidak pernah untuk bahaya.", name=name, code=code)
            out.append(said)
        if ear in known:
            out.append(_("%(name)s dan %(other)s (%(code)s): terdengar sama, orang tidak bisa membedakan.",
                         name=name, other=known[ear], code=code))  # fmt: skip
        known.setdefault(ear, name)
    return out


def table(profile: str, own: Own = ()) -> list[tuple[int, str]]:
    """[(kind, code)] of everything that sounds by a code, titir where there is none."""
    codes = {**patterns.CODES[profile], **{kind: spelled(strokes) for kind, strokes in own}}
    return [(kind, codes.get(kind, TITIR)) for kind in kinds.CODED]


def chosen(db: Db) -> dict[int, tuple[str, Own]]:
    """{zone: (profile, own codes)} of every RT with something that beats.

    One that never chose beats by its posts' device files; where they differ, as most of them do.
    """
    out: dict[int, tuple[str, Own]] = {}
    for row in db.all(
        "SELECT zone, coalesce(nullif(json_field(settings, 'profile'), ''), ?) AS profile, count(*) AS n "
        "FROM devices WHERE role = 'sirene' AND revoked = 0 GROUP BY zone, profile ORDER BY zone, n",
        PROFILES[0],
    ):
        out[row["zone"]] = (row["profile"], [])
    for zone, settings in configs.chosen_codes(db).items():
        out[zone] = (settings["profile"], settings["patterns"])
    return dict(sorted(out.items()))


def check(profile: str, own: Own) -> None:
    """Raise LocalError with everything that is wrong with a choice; own: [(kind, groups)]."""
    if profile not in PROFILES:
        raise LocalError(_("profil %(value)s: pilih %(profiles)s",
                           value=f"{profile[:20]!r}", profiles=", ".join(PROFILES)))  # fmt: skip
    wrong = conflicts(dict(table(profile, own)))
    if wrong:
        raise LocalError(Joined(" ", wrong))


def choose(db: Db, now: Now, by: Account, zone: int, profile: str, own: Own = (), address: str = "") -> None:
    """Choose the codes of an RT's posts, chimes and gateway: sent to each one until it reports them."""
    check(profile, own)
    beats = "SELECT 1 FROM devices WHERE role = 'sirene' AND revoked = 0 AND zone = ?"
    if not db.value(beats, zone) and not db.value("SELECT 1 FROM gateways WHERE zone = ?", zone):
        raise LocalError(_("RT %(zone)s belum punya sirene pos.", zone=f"{zone:02d}"))
    db.run(
        "INSERT OR REPLACE INTO codes (zone, profile, patterns, changed_by, changed_wall) "
        "VALUES (?, ?, ?, ?, ?)",
        zone, profile, json.dumps([[kind, list(strokes)] for kind, strokes in own]), by["login"], now.wall,
    )  # fmt: skip
    db.set_setting(configs.REFRESH, 1)
    configs.send_codes(db, now, zone=zone)
    detail = Said(codes.CODES_ARE, profile=profile, own=[[kind, spelled(strokes)] for kind, strokes in own])
    audit.record(db, now.wall, by["login"], codes.CODES_CHOSEN, f"RT {zone:02d}", detail, address)


def holders(db: Db, zone: int) -> list[tuple[str, bool]]:
    """[(label, whether it has reported what is chosen now)] of what beats in a zone."""
    devices: list[Device] = db.all(
        "SELECT * FROM devices WHERE role IN ('sirene', 'penerima') AND revoked = 0 AND zone = ? "
        "ORDER BY role DESC, label",
        zone,
    )
    stale = bool(db.setting(configs.REFRESH))  # the versions do not tell of a change of this moment yet
    out = [(device["label"], not stale and configs.has(device)) for device in devices]
    gateways = db.all(
        "SELECT g.label, o.state FROM gateways g JOIN outbox o ON o.id = g.codes_order "
        "WHERE g.zone = ? ORDER BY g.label",
        zone,
    )
    return out + [(one["label"], one["state"] == outbox.DONE) for one in gateways]
