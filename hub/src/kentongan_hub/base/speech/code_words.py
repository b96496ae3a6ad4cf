"""The words for each code of record, timeline and warnings: the one place where a code becomes a sentence."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kentongan_hub.base import codes, services, words
from kentongan_hub.base.language import Joined, Text, _, known
from kentongan_hub.base.said import Said, either, unpack
from kentongan_hub.base.speech import trouble_words
from kentongan_hub.base.speech.code_texts import ACTORS, PARTS, WARNINGS, WHAT
from kentongan_hub.base.tables import Row


def _recipient(to: str) -> str:
    return words.recipient(to) or str(to)


def _nth_call(number: int, to: str, card: str = "", numbers: Iterable[tuple[str, str]] = ()) -> Text:
    """Say the step as its policy had it, with the numbers that Kontak had then."""
    people = Joined(", ", map(_recipient, to))
    card = services.fill(card, dict(numbers))
    return _("ke-%(number)s: %(said)s", number=number, said=Joined("; ", filter(None, (people, card))))


def _policy_of(kind: int, zone: int) -> Joined:
    return Joined(", ", (words.kind(kind), f"RT {zone:02d}" if zone else _("semua RT")))


def _codes_are(profile: str, own: Iterable[tuple[int, str]]) -> Joined:
    return Joined("; ", filter(None, (profile, Joined(", ", (Joined(" ", (words.kind(kind), strokes))
                                                             for kind, strokes in own)))))  # fmt: skip


channel_words: dict[
    str, str
] = {}  # channel -> its word in a sentence; each channel's class tells it (channels/)


def _channel(name: str) -> str:
    return channel_words.get(name) or name.removeprefix("gateway:")


def _fact(fact: str) -> str:
    return words.FACTS.get(fact, fact)


# sentences beside a `what`: a text with its values, or what makes one of them
SAID: dict[str, Text | Callable[..., Any]] = {
    codes.LATE_NO_SIREN: _("diterima terlambat, tanpa sirene"),
    codes.CAME_LATE: _("diterima terlambat"),
    codes.CONTENT_SPOILT: _("kartu gerbang merusak isinya: tanyakan siapa yang menekan, ganti kartunya"),
    codes.NUMBER_ONLY_BEFORE: _(
        "tadi hanya nomornya yang terbaca, dan itu dibuka sebagai alarm rahasia: ini isinya"
    ),
    codes.NUMBER_USED_TWICE: _("nomor ini sudah dipakai alarm lain dengan isi lain: periksa tombolnya"),
    codes.COUNT_NOT_KNOWN: _(
        "gateway belum tahu hitungan tombol ini: perintahnya menunggu kepastian bahwa bukan rekaman"
    ),
    codes.LOOK_ON_THE_SPOT: _("pastikan keadaan di tempat"),
    codes.INTO_INCIDENT: _("ke %(slug)s"),
    codes.WITH_INCIDENT: _("dengan %(slug)s"),
    codes.FROM_INCIDENT: _("dari %(slug)s"),
    codes.DOES_NOT_COUNT: _("tidak dihitung: %(why)s"),
    codes.NO_SUCH_INCIDENT: _("tidak ada kejadian itu"),
    codes.IS_NO_CHIME: _("alat ini bukan penerima"),
    codes.CHIME_NOT_PAGED: _("penerima ini tidak dipanggil untuk kejadian ini"),
    codes.CHIME_OF_OTHER_RT: _("penerima RT lain"),
    codes.CHIME_OF_REPORTER: _("penerima di rumah pelapor"),
    codes.CHIME_NOT_CONFIRMED: _("penerima ini tidak dibenarkan oleh orang yang disepakati di rumah itu"),
    codes.FROM_SCREEN: _("dari layar %(name)s"),
    codes.COME_TOO: _("%(name)s: datang juga untuk %(slug)s?"),
    codes.TO_RECIPIENTS: _("kepada %(told)s penerima"),
    codes.TO_PERSON: _("kepada %(name)s"),
    codes.CALL_OTHERWISE: _("%(what)s; hubungi dengan cara lain"),
    codes.PEOPLE_NOT_CALLED: _("%(failed)s orang; hubungi dengan cara lain"),
    codes.TO_SIRENS: _("ke sirene RT %(zone)s"),
    codes.NTH_CALL: _nth_call,
    codes.ASKED_IF_OVER: _("ditanyakan: sudah selesai?"),
    codes.RECIPIENT: _recipient,
    codes.NAMES_AND_MORE: _("%(names)s dan %(more)s lain"),
    codes.AT_TIME: _("pukul %(wall)s"),
    codes.CALLS_OF_CHANNEL: _("%(channel)s: %(count)s panggilan"),
    codes.CHANNEL: _channel,
    codes.CHANNEL_SAYS: _("%(channel)s: %(problem)s"),
    codes.LASTED: words.lasted,
    codes.HISTORY_IS_IN: _("riwayat sebelumnya ada di %(name)s"),
    codes.DRILL_IS_OVER: _("latihan selesai"),
    codes.WORDS_ERASED: _("(masa simpan habis)"),
    codes.NONE: _("tidak ada"),
    codes.YES: _("ya"),
    codes.NO: _("tidak"),
    codes.ON: _("hidup"),
    codes.OFF: _("mati"),
    codes.BYTES: _("%(size)s bita"),
    codes.BYTES_FOR_KEEPERS: _("%(size)s bita, terkunci untuk penjaga"),
    codes.BYTES_WITH_PASSWORD: _("%(size)s bita, dengan kata sandi pembuatnya"),
    codes.HOURS: _("%(hours)s jam"),
    codes.DAYS: _("%(days)s hari"),
    codes.ENDED: _("berakhir"),
    codes.BECOMES: _("%(old)s menjadi %(new)s"),
    codes.HOUSE: _("rumah %(house)s"),
    codes.HOUSE_OF_RT: _("RT %(zone)s rumah %(house)s"),
    codes.OUTSIDE_RT: _("di luar RT"),
    codes.HOME_UNKNOWN: _("belum dicatat"),
    codes.DEVICE_AT_HOUSE: _("%(device)s, %(home)s"),
    codes.PERSON: _("warga %(number)s"),
    codes.ALL_RT: _("semua RT"),
    codes.THE_SITE: _("situs"),
    codes.THE_HUB: _("pusat data"),
    codes.FACT: _fact,
    codes.ASKED_BY: _("%(fact)s, diminta %(login)s"),
    codes.WITHOUT_ACCOUNT: _("tanpa akun"),
    codes.WITH_CONSENT: _("dengan persetujuan"),
    codes.INVITED_AS: _("%(role)s, %(hours)s jam, rumah: %(home)s"),
    codes.INVITED_BY: _("dari %(made_by)s, peran %(role)s"),
    codes.ACCOUNT_AS: _("%(role)s, rumah: %(home)s"),
    codes.LIVES: _("rumah: %(home)s"),
    codes.LIVES_AS_STAND_IN: _("rumah: %(home)s, pengganti"),
    codes.LOGGED_OUT_OTHERS: _("%(count)s perangkat lain dikeluarkan"),
    codes.LOGGED_OUT_ALL: _("%(count)s perangkat"),
    codes.DRILL: _("latihan %(number)s"),
    codes.ANNOUNCEMENT: _("pengumuman %(number)s"),
    codes.ROLLCALL: _("absen aman %(number)s"),
    codes.DRILL_AT: _("%(when)s, %(minutes)s menit, %(area)s"),
    codes.DRILL_TOLD: _("%(drill)s: kepada %(told)s alamat"),
    codes.POLICY_OF: _policy_of,
    codes.CODES_ARE: _codes_are,
    codes.OFF_THE_PLAN: _("dilepas"),
    codes.RECORD_LINE: _("%(table)s baris %(row)s"),
    codes.PRESSED_OFTEN: _("%(count)s kejadian dalam 30 menit"),
    codes.SHARE_LEFT: _("sisa %(share)s"),
    codes.CLOCK_BACK: _("mundur %(minutes)s menit"),
    codes.NEVER_MADE: _("belum pernah dibuat"),
    codes.ANSWERS_UNREAD: _("jawaban tidak terbaca: %(problem)s"),
    codes.STATES_UNKNOWN: _("%(count)s alat di baliknya tidak diketahui keadaannya"),
    codes.CLOCK_DIFFERS: _("berbeda %(minutes)s menit dari pusat data"),
    codes.CONFIDENTIAL_INCIDENTS: _("kejadian rahasia"),
    codes.ACCOUNTS: _("akun"),
    codes.CONTACTS: _("kontak"),
    codes.CHIMES: _("%(count)s penerima"),
    codes.NAMES_AND_LEFT: _("%(names)s dan %(more)s lagi"),
    codes.DAYS_LEFT: _("sekitar %(days)s hari lagi"),
    codes.PERCENT_LEFT: _("tinggal %(percent)s %%"),
    codes.WEAK: _("lemah"),
    codes.DATABASE_EMPTY: _("berkasnya kosong"),
    codes.DATABASE_MISSING: _("berkasnya tidak ada"),
    codes.DATABASE_OF_ANOTHER: _("berkas itu milik program lain"),
    codes.DATABASE_BROKEN: _("isinya rusak (%(found)s)"),
    codes.DATABASE_WITHOUT_SITE: _("tidak ada situs di dalamnya"),
    codes.COPY_BROKEN_TOO: _("%(why)s; salinannya juga rusak, sebagian hilang"),
    codes.UNREADABLE: _("tidak terbaca"),
    codes.GATEWAY_SAYS: trouble_words.words,
    codes.WARNING: lambda warning: WARNINGS[warning][0],
    codes.WARNED_OF: lambda warning, about=None: Joined(
        ": ", (one for one in (WARNINGS[warning][0], say(about), WARNINGS[warning][1]) if one)
    ),
    codes.SEVERAL: lambda things: Joined("; ", map(say, things)),
    codes.AFTER_THE_RUNNING: _("sesudah yang sedang berjalan"),
    codes.GENERATION: _("generasi %(number)s"),
    codes.FILE_SET_ASIDE: _("%(why)s; berkas lama: %(file)s; masih terbaca: %(tables)s"),
}


def say(one: Any) -> Any:
    """Make the sentence of a Said, or of several; anything else stays as it is. Nothing here raises."""
    if isinstance(one, list | tuple):
        return Joined(", ", map(say, one))
    if not isinstance(one, Said):
        return one
    sentence = next((table[one.code] for table in (SAID, WHAT, PARTS) if one.code in table), one.code)
    try:
        if isinstance(sentence, Text):
            return sentence.of(**{name: say(value) for name, value in one.values.items()})
        return sentence(**one.values) if callable(sentence) else sentence
    except (TypeError, ValueError, AttributeError, LookupError):  # a row that was damaged
        return one.code


def what(code: str) -> str:
    """Say what happened; a code without a word as it stands."""
    return WHAT.get(code, code)


def who(row: Mapping[str, Any]) -> str:
    """Name who did it: a person or device, a machine by its own word."""
    if not row["actor"]:
        return row["who"]
    alone, named = ACTORS.get(row["actor"], (row["actor"], ""))
    return named.of(name=row["who"]) if named and row["who"] else alone


def name_of(text: str) -> Any:
    """Say a column of names, in words where it is a sentence of ours."""
    return say(either(text))


def detail(row: Mapping[str, Any]) -> str:
    """Join the particulars: a sentence of ours, and what people typed."""
    both = [one for one in (say(unpack(row["said"])), row["detail"]) if one]
    return both[0] if len(both) == 1 else Joined(": ", both)


def warning(row: Mapping[str, Any]) -> Row:
    """Say a row of the warnings as people read it; `about`: its particulars, `detail`: and what to do."""
    name, follows = WARNINGS.get(row["what"], (row["what"], ""))
    typed = row["detail"]
    if row["what"] == codes.CHANNEL_FAILING:
        typed = known(typed)  # a channel keeps what it failed at as a sentence still
    about = [one for one in (say(unpack(row["said"])), typed) if one]
    parts = [*about, follows] if follows else about
    subject = name_of(row["subject"])
    return {**row, "what": name, "subject": subject, "about": _in_a_row(about), "detail": _in_a_row(parts)}


def _in_a_row(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else Joined(": ", parts)


def remedy(kind: str) -> Any:
    """Say what is to be done about a kind of warning, or what follows from it."""
    return WARNINGS.get(kind, (kind, ""))[1]


def closed_by(incident: Mapping[str, Any]) -> str | None:
    """Name who ended an incident; the column is null where the hub itself did."""
    if incident["closed_by"] is None and incident["closed_ms"] is not None:
        return ACTORS[codes.HUB][0]
    return incident["closed_by"]


def reason(incident: Mapping[str, Any]) -> str | None:
    """Say why it was ended, as people said it; the column is null where we do."""
    if incident["reason"] is None and incident["closed_ms"] is not None:
        return say(Said(codes.WORDS_ERASED if incident["erased_wall"] is not None else codes.DRILL_IS_OVER))
    return incident["reason"]


def line(row: Mapping[str, Any]) -> Row:
    """Say a row of the timeline or the record as people read it."""
    shown = {"who": who(row), "what": what(row["what"]), "detail": detail(row)}
    if row.get("about"):
        shown["subject"] = say(unpack(row["about"]))
    return {**row, **shown}
