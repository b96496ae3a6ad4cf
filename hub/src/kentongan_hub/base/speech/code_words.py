"""The words for each code of record, timeline and warnings: the one place where a code becomes a sentence."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kentongan_hub.base import codes, services, words
from kentongan_hub.base.codes import SAID, WHAT
from kentongan_hub.base.language import Joined, Text, _, known
from kentongan_hub.base.said import Said, either, unpack
from kentongan_hub.base.speech import trouble_words
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


# channel -> its word in a sentence; each channel's class tells it (channels/)
channel_words: dict[str, str] = {}


def _channel(name: str) -> str:
    return channel_words.get(name) or name.removeprefix("gateway:")


def _fact(fact: str) -> str:
    return words.FACTS.get(fact, fact)


# who it was; with a name where there is one
ACTORS = {
    codes.HUB: (_("pusat data"), ""),
    codes.CONCEALED: (_("pelapor (dirahasiakan)"), ""),
    codes.DEVICE: (_("alat"), _("alat %(name)s")),
    codes.CONSOLE: (_("teknisi"), _("teknisi %(name)s")),
    codes.PROVISION: (_("provision"), ""),
}

# what needs care: (what it is called, what follows from it or is to be done)
WARNINGS = {
    codes.GATEWAY_LOST: (
        _("gerbang terputus"),
        _("alarm tidak sampai ke pusat data; pos tetap berbunyi sendiri"),
    ),
    codes.GATEWAY_TROUBLED: (
        _("gerbang bermasalah"),
        _("pos tetap berbunyi sendiri; periksa gerbang di pos"),
    ),
    codes.GATEWAY_TO_SEE: (_("gerbang perlu dilihat"), _("lihat catatan gerbang di halaman Perangkat")),
    codes.GATEWAY_SIREN_OUT: (_("gerbang tanpa sirene"), _("bunyikan kentongan dengan tangan")),
    codes.RECORD_ALTERED: (
        _("catatan diubah"),
        _("bandingkan ujung rantai di buku; teknisi: kentongan-hub check"),
    ),
    codes.RADIO_DOWN: (_("radio mati"), _("gerbang tidak mendengar alat di lapangan")),
    codes.SIREN_LOST: (_("sirene terputus"), _("tidak terdengar 5 menit; pos lain tetap melindungi")),
    codes.SIREN_BROKEN: (_("sirene rusak"), _("bunyikan kentongan dengan tangan")),
    codes.SIREN_SILENT: (_("sirene diam"), _("diminta berbunyi dan tidak melapor berbunyi dalam 15 detik")),
    codes.SIREN_TOLD_FAILURE: (_("sirene gagal"), _("melapor gagal berbunyi")),
    codes.RADIO_JAMMED: (_("radio diganggu"), _("saluran dipakai pihak lain; laporkan ke Balai Monitor")),
    codes.LID_OPEN: (_("tutup terbuka"), _("periksa apakah alat dibongkar")),
    codes.BUTTON_STUCK: (_("tombol macet"), _("menekan terus; bisukan atau cabut di halaman alat")),
    codes.KEY_WORN: (
        _("kontak rusak"),
        _("tertekan terus, atau kabel kontaknya lepas; periksa di rumah itu"),
    ),
    codes.FLASH_FAILING: (
        _("flash gagal"),
        _("masih bekerja; ganti papannya sebelum listrik atau baterainya diputus"),
    ),
    codes.PART_WORN: (
        _("bagian rusak"),
        _("lampu, tombol atau sensornya tidak bekerja, alarm tetap jalan; tulis periksa di kabelnya"),
    ),
    codes.BUTTON_IS_MUTED: (
        _("tombol dibisukan"),
        _("alarmnya tercatat tanpa sirene; hidupkan lagi di halaman alat"),
    ),
    codes.MAINS_OUT: (_("listrik padam"), _("bertahan dengan baterai")),
    codes.DEVICE_LATE: (_("terlambat"), _("belum melapor pada waktunya")),
    codes.DEVICE_LOST: (_("terputus"), _("tidak terdengar; periksa alat, baterai dan antena")),
    codes.DEVICE_NEVER_HEARD: (_("belum terdengar"), _("dibuat sehari lalu dan belum pernah terdengar")),
    codes.POST_BATTERY_LOW: (
        _("aki lemah"),
        _("pos segera mati bila listrik padam; periksa aki dan sekeringnya"),
    ),
    codes.BATTERY_LOW: (_("baterai"), _("ganti sebelum habis")),
    codes.BATTERY_UNREAD: (
        _("baterai tidak terbaca"),
        _("dulu terbaca; periksa baterai dan kabelnya, bila tetap begitu ganti papannya"),
    ),
    codes.CLOCK_UNSURE: (
        _("jam tidak pasti"),
        _("cocokkan jam mesin dengan jam yang benar; urutan tetap benar"),
    ),
    codes.DISK_FILLING: (_("disk hampir penuh"), _("kosongkan atau ganti kartu memori")),
    codes.BACKUP_OLD: (_("cadangan lama"), _("buat cadangan ke USB di halaman Cadangan")),
    codes.DATABASE_REPLACED: (
        _("basis data rusak"),
        _("pulihkan cadangan atau teruskan di halaman Cadangan"),
    ),
    codes.HUB_WAS_DOWN: (
        _("pusat data pernah mati"),
        _("periksa listriknya; tiap alat mendapat waktunya lagi"),
    ),
    codes.HUB_FAILED: (_("pusat data gagal"), _("lihat catatan program; yang lain berjalan terus")),
    codes.VALUES_WERE_ODD: (
        _("nilai rusak diganti"),
        _("periksa isinya di halamannya; kartu memori mungkin rusak"),
    ),
    codes.SITE_FILE_DAMAGED: (
        _("berkas kunci rusak"),
        _("perbaiki site.json atau pulihkan dari cadangan; alarm berjalan"),
    ),
    codes.POLICY_DAMAGED: (
        _("kebijakan rusak"),
        _("kebijakan bawaan dipakai; tulis ulang di halaman Kebijakan"),
    ),
    codes.CONTACTS_OLD: (_("kontak lama"), _("telepon, lalu tandai sudah dicek di halaman Kontak")),
    codes.DRILL_NOT_ENDED: (
        _("latihan belum berakhir"),
        _("pos ini bisa membunyikan alarm sungguhan sebagai latihan; datangi: cabut lalu pasang dayanya"),
    ),
    codes.DRILL_MISSED: (_("latihan terlewat"), _("mulai, atau batalkan dengan alasan, di halaman Latihan")),
    codes.SILENT_ALARMS_UNHEARD: (
        _("alarm diam tanpa penerima"),
        _("sepakati sedikitnya dua orang dari rumah berbeda di halaman Akun; baca halaman Akses"),
    ),
    codes.HOMES_UNKNOWN: (
        _("rumah akun belum dicatat"),
        _("tulis di halaman Akses; tanpa itu tidak bisa disepakati"),
    ),
    codes.ACCESS_TO_CHECK: (
        _("akses perlu diperiksa"),
        _("data akses dari salinan: periksa siapa yang disepakati dan siapa dikecualikan, di halaman Akses"),
    ),
    codes.CHIMES_WAITING: (
        _("penerima menunggu"),
        _("penghuninya membenarkan di Pengaturan; sampai itu tidak berbunyi untuk alarm diam"),
    ),
    codes.WATCH_ABSENT: (
        _("pos belum dijaga"),
        _("belum ada yang hadir setengah jam sesudah mulai; telepon anggotanya, atau cari pengganti"),
    ),
    codes.WATCH_SILENT: (
        _("ronda belum memberi kabar"),
        _("tidak ada kabar aman lebih dari satu jam; telepon, lalu datangi"),
    ),
    codes.CHANNEL_FAILING: (_("kanal gagal"), _("pesan lewat kanal ini tidak terkirim")),
}

# sentences beside a `what` that take more than values in a text
MADE: dict[str, Callable[..., Any]] = {
    codes.NTH_CALL: _nth_call,
    codes.RECIPIENT: _recipient,
    codes.CHANNEL: _channel,
    codes.LASTED: words.lasted,
    codes.FACT: _fact,
    codes.POLICY_OF: _policy_of,
    codes.CODES_ARE: _codes_are,
    codes.GATEWAY_SAYS: trouble_words.words,
    codes.WARNING: lambda warning: WARNINGS[warning][0],
    codes.WARNED_OF: lambda warning, about=None: Joined(
        ": ", (one for one in (WARNINGS[warning][0], say(about), WARNINGS[warning][1]) if one)
    ),
    codes.SEVERAL: lambda things: Joined("; ", map(say, things)),
}


def say(one: Any) -> Any:
    """Make the sentence of a Said, or of several; anything else stays as it is. Nothing here raises."""
    if isinstance(one, list | tuple):
        return Joined(", ", map(say, one))
    if not isinstance(one, Said):
        return one
    try:
        if one.code in MADE:
            return MADE[one.code](**one.values)
        sentence = SAID.get(one.code) or WHAT[one.code]
        return sentence.of(**{name: say(value) for name, value in one.values.items()})
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
