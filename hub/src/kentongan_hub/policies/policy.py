"""Policies: people to call and their times, as data per kind and RT, checked before they are kept. Pure.

A policy is a dict:
  langkah    2-10 steps {"detik": after the press, "sirene": tidak | rt | rw, "kepada": [...], "kartu"};
             a card names services of the page Kontak: "{polisi}, {polsek}"
  ulang      seconds between repeats of the last step while nobody has answered
  ulang_kali repeats at that pace; then one each `pelan` seconds, until a named person answers
  sirene_kali soundings that the hub asks for by itself; a post sounds at most three times per incident
  tindak     seconds after "diterima" until the calling goes on when nobody is on the way
  akhir      seconds after an answer until people are asked whether it is over, again and again until it is
The first step is the press itself: posts in reach sound by themselves, with hub and gateway dead.
"""

from typing import Any

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import services, words
from kentongan_hub.base.language import Joined, _
from kentongan_hub.base.tables import Pace, Policy, PolicyStep
from kentongan_hub.people import residents

NO, RT, RW = "tidak", "rt", "rw"
SIRENS = (NO, RT, RW)
CHIMES, NAMED, ALL = words.CHIMES, words.NAMED, words.ALL
NEAR, DUTY, PERSON = words.NEAR, words.DUTY, words.PERSON
CONFIDENTIAL_TO = (CHIMES, NAMED, f"{DUTY}:ppa")
NARKOBA_TO = (*CONFIDENTIAL_TO, f"{DUTY}:ketua_rw", f"{DUTY}:bhabin")
KONFLIK_TO = (f"{DUTY}:ketua_rw", f"{DUTY}:bhabin")
ALLOWED_TO = {words.NARKOBA: NARKOBA_TO, words.KONFLIK: KONFLIK_TO}  # of other confidential kinds the first
REPORTS_FROM = 100  # kinds above are told by people and never on the air
STEPS = (2, 10)
LIMITS = {  # key -> lowest, highest
    "ulang": (60, 600),
    "ulang_kali": (5, 60),
    "pelan": (300, 3600),
    "sirene_kali": (0, 2),
    "tindak": (60, 900),
    "akhir": (600, 86_400),
}
AFTER_MAX_S = 3_600
CARD_LIMIT = 120  # characters
KEYS = {"langkah", *LIMITS}
STEP_KEYS = {"detik", "sirene", "kepada", "kartu"}
_PACE: Pace = {"ulang": 120, "ulang_kali": 30, "pelan": 900, "sirene_kali": 2, "tindak": 300, "akhir": 3_600}


def _step(after_s: int, siren: str, to: str, card: str = "") -> PolicyStep:
    return {"detik": after_s, "sirene": siren, "kepada": to.split(), "kartu": card}


_CRIME: Policy = {
    **_PACE,
    "langkah": [
        _step(0, NO, "tugas:ronda dekat:4"),
        _step(120, RT, "penerima tugas:ketua_rt tugas:keamanan tugas:ronda"),
        _step(240, RW, "tugas:ketua_rw tugas:bhabin", "{polisi}, {polsek}"),
    ],
}
DEFAULTS: dict[int, Policy] = {
    m.KIND_KEBAKARAN: {
        **_PACE,
        "langkah": [
            _step(0, RW, "warga"),
            _step(120, RW, "penerima tugas:linmas tugas:ketua_rt tugas:ketua_rw"),
            _step(240, NO, "tugas:lurah", "{pemadam+darurat}, {pln}, {ambulans}"),
        ],
    },
    m.KIND_MEDIS: {
        **_PACE,
        "langkah": [
            _step(0, NO, "penerima dekat:5 tugas:bidan tugas:p3k"),
            _step(120, RT, "penerima tugas:ketua_rt tugas:kader tugas:mobil"),
            _step(240, NO, "tugas:ketua_rw", "{ambulans+darurat}"),
        ],
    },
    m.KIND_BENCANA: {
        **_PACE,
        "langkah": [
            _step(0, RW, "warga"),
            _step(120, RW, "penerima tugas:linmas tugas:lurah"),
            _step(240, NO, "tugas:ketua_rw", "{bpbd+darurat}, {sar}; titik kumpul"),
        ],
    },
    m.KIND_KEKERASAN: {
        **_PACE,
        "sirene_kali": 0,
        "langkah": [
            _step(0, NO, "penerima disepakati"),
            _step(120, NO, "penerima disepakati tugas:ppa", "{polisi} bila bahaya sekarang"),
            _step(240, NO, "disepakati tugas:ppa", "{sapa}, UPTD PPA, {ambulans}"),
        ],
    },
    m.KIND_KECELAKAAN: {
        **_PACE,
        "langkah": [
            _step(0, NO, "dekat:4 tugas:bidan"),
            _step(120, RT, "penerima tugas:ketua_rt tugas:mobil"),
            _step(240, NO, "tugas:ketua_rw", "{ambulans}, {polisi}"),
        ],
    },
}


_SILENT = DEFAULTS[m.KIND_KEKERASAN]
_REPORT: Policy = {
    **_PACE,
    "sirene_kali": 0,
    "langkah": [
        _step(0, NO, "tugas:ronda tugas:keamanan"),
        _step(300, NO, "tugas:ketua_rt tugas:ketua_rw"),
        _step(900, NO, "tugas:bhabin", "{polisi}, {polsek}"),
    ],
}
DEFAULTS.update({words.PELECEHAN: _SILENT, words.PERUNDUNGAN: _SILENT})
DEFAULTS[words.NARKOBA] = {
    **_PACE,
    "sirene_kali": 0,
    "langkah": [
        _step(0, NO, "disepakati tugas:ketua_rw tugas:bhabin"),
        _step(300, NO, "disepakati tugas:ketua_rw tugas:bhabin", "{polsek}, BNN"),
    ],
}
DEFAULTS[words.KONFLIK] = {
    **_PACE,
    "sirene_kali": 0,
    "langkah": [
        _step(0, NO, "tugas:ketua_rw tugas:bhabin"),
        _step(300, NO, "tugas:ketua_rw tugas:bhabin", "{bhabin}, {polsek}"),
    ],
}


def default(kind: int) -> Policy:
    """Return the shipped policy; reports are told without a siren, an unknown kind is called like a theft."""
    return DEFAULTS.get(kind, _REPORT if kind in words.KINDS and kind > REPORTS_FROM else _CRIME)


def check(kind: int, body: Any) -> Policy:
    """Return the same policy when it can be kept; LocalError names the place and the remedy otherwise."""
    _object("kebijakan", body, KEYS)
    for key, (low, high) in LIMITS.items():
        if type(body[key]) is not int or not low <= body[key] <= high:
            raise LocalError(_("%(key)s: tulis angka %(low)s sampai %(high)s", key=key, low=low, high=high))
    steps = body["langkah"]
    if not isinstance(steps, list) or not STEPS[0] <= len(steps) <= STEPS[1]:
        raise LocalError(_("langkah: isi %(low)s sampai %(high)s langkah",
                           low=STEPS[0], high=STEPS[1]))  # fmt: skip
    before = -1
    for number, step in enumerate(steps, 1):
        place = f"langkah {number}"
        _object(place, step, STEP_KEYS)
        if type(step["detik"]) is not int or not before < step["detik"] <= AFTER_MAX_S:
            raise LocalError(
                _(
                    "%(place)s: detik harus lebih dari langkah sebelumnya, paling banyak %(after_max_s)s",
                    place=place,
                    after_max_s=AFTER_MAX_S,
                )  # fmt: skip
            )
        if number == 1 and step["detik"] != 0:
            raise LocalError(_("langkah 1: detik harus 0, yaitu saat tombol ditekan"))
        before = step["detik"]
        _check_step(kind, place, step)
    if not any(step["kepada"] for step in steps[1:]):
        raise LocalError(
            _("langkah: sesudah langkah 1 harus ada orang yang dipanggil bila tidak ada yang menjawab")
        )
    if steps[1]["detik"] > 300:
        raise LocalError(_("langkah 2: paling lambat 300 detik sesudah tombol ditekan"))
    if NAMED in confidential_to(kind) and not any(NAMED in step["kepada"] for step in steps[:2]):
        # else who keeps the policy, and may live there, decides alone that nobody hears of it
        raise LocalError(_("langkah 1 atau 2: kejadian rahasia harus memanggil orang yang disepakati"))
    return body


def _object(place: str, value: object, keys: set[str]) -> None:
    if not isinstance(value, dict):
        raise LocalError(_("%(place)s: bentuknya salah; isi ulang di halaman Kebijakan", place=place))
    unknown, missing = sorted(set(value) - keys), sorted(keys - set(value))
    if "jam_tenang" in unknown:
        raise LocalError(
            _(
                "%(place)s: jam tenang tidak pernah membungkam alarm; atur di Pengaturan untuk kabar lain",
                place=place,
            )  # fmt: skip
        )
    if unknown or missing:
        names = ", ".join(unknown or missing)
        lacks = _("%(place)s: kurang %(names)s", place=place, names=names)
        extra = _("%(place)s: tidak dikenal %(names)s", place=place, names=names)
        raise LocalError(extra if unknown else lacks)


def confidential_to(kind: int) -> tuple[str, ...]:
    """Return the recipients allowed for an incident of that kind; empty for one that is not confidential."""
    return ALLOWED_TO.get(kind, CONFIDENTIAL_TO) if kind in words.CONFIDENTIAL_KINDS else ()


def _check_step(kind: int, place: str, step: Any) -> None:
    if step["sirene"] not in SIRENS:
        raise LocalError(
            _(
                "%(place)s: sirene %(sirene)s; pilih %(sirens)s",
                place=place,
                sirene=f"{step['sirene']!r}",
                sirens=", ".join(SIRENS),
            )
        )
    if not isinstance(step["kartu"], str) or len(step["kartu"]) > CARD_LIMIT:
        raise LocalError(_("%(place)s: kartu paling panjang %(limit)s huruf", place=place, limit=CARD_LIMIT))
    unknown = sorted(services.needed(step["kartu"]) - set(services.SERVICES))
    if unknown:
        known = ", ".join(services.SERVICES)
        raise LocalError(_("%(place)s: kartu: %(value)s bukan layanan; pilih %(known)s",
                           place=place, value=f"{unknown[0]!r}", known=known))  # fmt: skip
    if not isinstance(step["kepada"], list) or len(step["kepada"]) > 20:
        raise LocalError(_("%(place)s: kepada paling banyak 20", place=place))
    for to in step["kepada"]:
        if not isinstance(to, str) or words.recipient(to) is None:
            raise LocalError(
                _(
                    "%(place)s: kepada %(value)s tidak dikenal; pilih %(value2)s",
                    place=place,
                    value=f"{str(to)[:40]!r}",
                    value2=", ".join(choices()),
                )
            )
        allowed = confidential_to(kind)
        if allowed and to not in allowed:
            raise LocalError(_("%(place)s: kejadian rahasia hanya kepada %(allowed)s",
                               place=place, allowed=", ".join(allowed)))  # fmt: skip
    if kind in words.CONFIDENTIAL_KINDS and step["sirene"] != NO:
        raise LocalError(_("%(place)s: kejadian rahasia tidak pernah membunyikan sirene; pilih tidak",
                           place=place))  # fmt: skip


def choices() -> list[str]:
    """List the recipients that may stand under 'kepada'."""
    return [CHIMES, NAMED, ALL, f"{NEAR}:4", *(f"{DUTY}:{name}" for name in residents.DUTIES), f"{PERSON}:1"]


def step_words(step: PolicyStep) -> Joined:
    """'ketua RT, seksi keamanan; {polisi}, {polsek}'; contacts.fill puts the numbers in."""
    people = Joined(", ", [words.recipient(to) for to in step["kepada"]])
    return Joined("; ", [part for part in (people, step["kartu"]) if part])
