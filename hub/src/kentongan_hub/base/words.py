"""Every word that people read more than once; Indonesian first, English can join as a second table."""

from collections.abc import Mapping
from typing import TypedDict

from kentongan_wire.message import messages as m

from kentongan_hub.base import services
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import Text, _

KINDS: dict[int, Text] = {
    m.KIND_BAHAYA: _("Bahaya"),
    m.KIND_MALING: _("Maling"),
    m.KIND_KEBAKARAN: _("Kebakaran"),
    m.KIND_BENCANA: _("Bencana"),
    m.KIND_PENCURIAN_TERNAK: _("Pencurian ternak"),
    m.KIND_KECELAKAAN: _("Kecelakaan"),
    m.KIND_KERIBUTAN: _("Keributan"),
    m.KIND_MEDIS: _("Sakit mendadak"),
    m.KIND_KEKERASAN: _("Kekerasan di rumah"),
    m.KIND_UJI: _("Uji coba"),
    # told by people, never sent over the air: no siren knows them
    101: _("Pelecehan"),
    102: _("Perundungan"),
    103: _("Narkoba"),
    110: _("Orang mencurigakan"),
    111: _("Orang hilang"),
    112: _("Konflik sosial"),
}
PELECEHAN, PERUNDUNGAN, NARKOBA, KONFLIK = 101, 102, 103, 112
CONFIDENTIAL_KINDS = (*m.CONFIDENTIAL, PELECEHAN, PERUNDUNGAN, NARKOBA, KONFLIK)
ICONS: dict[int, str] = {
    m.KIND_MALING: "maling",
    m.KIND_KEBAKARAN: "api",
    m.KIND_BENCANA: "ombak",
    m.KIND_PENCURIAN_TERNAK: "maling",
    m.KIND_KECELAKAAN: "tabrak",
    m.KIND_KERIBUTAN: "maling",
    m.KIND_MEDIS: "medis",
    m.KIND_KEKERASAN: "kunci",
}
STATES = {
    "baru": _("Belum dijawab"),
    "diterima": _("Diterima"),
    "menuju_lokasi": _("Menuju lokasi"),
    "ditangani": _("Ditangani"),
    "dibatalkan": _("Dibatalkan, pastikan"),
    "latihan": _("Latihan"),
    "selesai": _("Selesai"),
    "alarm_keliru": _("Alarm keliru"),
}
# what a change of who may see is about: standing.py, and access_changes.fact
FACTS = {
    "rumah": _("rumah akun"),
    "rumah alat": _("rumah alat"),
    "rahasia": _("disepakati untuk kejadian rahasia"),
    "bukan-rahasia": _("tidak disepakati lagi"),
    "pengganti": _("menjadi pengganti"),
    "bukan-pengganti": _("bukan pengganti lagi"),
    "matikan": _("akun dimatikan"),
    "hidupkan": _("akun dihidupkan lagi"),
    "kecualikan": _("dikecualikan"),
    "sertakan": _("disertakan lagi"),
    "akun": _("akun warga"),
    "akun baru": _("akun baru"),
    "alamat": _("alamat baru"),
    "hapus-alamat": _("alamat dihapus"),
    "tarik": _("persetujuan ditarik"),
    "tugas": _("tugas"),
    "keluar": _("pindah keluar"),
    "diperiksa": _("data akses sudah diperiksa"),
    "penerima": _("penerima alarm diam"),
}
ROLES = {
    "admin": _("Admin/teknisi"),
    "ketua_rt": _("Ketua RT"),
    "wakil": _("Wakil ketua RT"),
    "petugas_ronda": _("Petugas ronda"),
    "ketua_rw": _("Ketua RW"),
    "kelurahan": _("Kelurahan"),
    "tamu_layar": _("Layar pos"),
}
# what came in by SMS and was no answer: paging/pdu.py and paging/inbox.py
SMS_REASONS = {
    "nomor asing": _("dari nomor yang tidak terdaftar"),
    "belum jelas": _("tidak jelas menjawab panggilan yang mana"),
    "bagian hilang": _("bagian dari pesan panjang tidak datang"),
    "biner": _("bukan tulisan"),
    "laporan": _("laporan pengiriman"),
    "kiriman": _("kiriman lama yang tersimpan di kartu"),
    "terlalu panjang": _("lebih dari sepuluh bagian"),
    "rusak": _("isinya rusak"),
    "gagal dibaca": _("gagal dibaca oleh pusat data"),
}
DEVICE_ROLES = {
    "tombol": _("Tombol rumah"),
    "sirene": _("Sirene pos"),
    "penerus": _("Alat penerus"),
    "penerima": _("Penerima"),
    "modem": _("Radio gateway"),
}
MISTAKES = (
    *(_("Tidak sengaja tertekan"), _("Anak bermain")),
    *(_("Sudah diperiksa, tidak ada apa-apa"), _("Uji alat")),
)
# why a gateway refused a frame, for people; unknown reasons are shown as they are
REFUSALS = {
    "short": _("pesan terpotong"),
    "long": _("pesan terlalu panjang"),
    "header": _("kepala pesan rusak"),
    "protobuf": _("isi rusak"),
    "channel": _("saluran lain"),
    "port": _("bukan pesan kita"),
    "version": _("versi lain"),
    "type": _("jenis tidak dikenal"),
    "role": _("peran tidak berhak"),
    "length": _("panjang tidak cocok"),
    "revoked": _("alat sudah dicabut"),
    "generation": _("kunci lama"),
    "no_key": _("kunci tidak ada"),
    "tag": _("tanda tangan palsu atau rusak"),
    "replay": _("pesan lama diputar ulang"),
    "altered": _("isi diubah"),
    "stage": _("tahap tidak sah"),
    "not_for_us": _("bukan untuk kita"),
    "unproved": _("alarm tidak terbukti, mungkin dari pos curian"),
    "weak_key": _("alarm diam dengan kunci pos, mungkin dari pos curian"),
    "answer_not_asked": _("saya datang dari yang tidak dipanggil"),
    "silence_not_asked": _("sirene dimatikan di pos yang tidak diminta berbunyi"),
    "hub: bad event": _("kiriman gerbang tidak terbaca"),
    "order_malformed": _("perintah tanpa nomor"),
    "order_odd": _("perintah tidak terbaca oleh gerbang"),
    "inbox_full": _("gerbang kewalahan, pesan diulang"),
    "reply_odd": _("jawaban pusat data tidak terbaca oleh gerbang"),
    "event_refused": _("kiriman gerbang ditolak pusat data"),
    "fault": _("kesalahan program gerbang, laporkan ke teknisi"),
}

# each service becomes its word and number from the page Kontak; no number stands here (contacts.py)
CRIME_LINE = _("Amankan, jangan main hakim sendiri, serahkan ke %(polisi)s.")
ADVICE: dict[int, Text] = {
    m.KIND_KEBAKARAN: _("Hubungi %(pemadam+darurat)s, matikan listrik (%(pln)s). Jangan menunggu kepastian."),
    m.KIND_MEDIS: _("Hubungi %(ambulans+darurat)s. Bawa P3K, siapkan kendaraan."),
    m.KIND_BENCANA: _("Menuju titik kumpul. Hubungi %(bpbd+sar+darurat)s."),
    m.KIND_KECELAKAAN: _("Hubungi %(ambulans+darurat)s dan %(polisi)s. Amankan jalan."),
}
NARKOBA_LINE = _("Jaga kerahasiaan. Teruskan ke %(polsek)s atau BNN, jangan menindak sendiri.")
KONFLIK_LINE = _(
    "Jaga kerahasiaan, jangan mengumpulkan orang. Hubungi %(bhabin)s, %(polisi)s bila bahaya sekarang."
)
CONFIDENTIAL_LINE = _(
    "Jaga kerahasiaan. Jangan mediasi. Hubungi %(ppa)s, %(polisi)s bila bahaya sekarang, %(sapa)s."
)
DRILL_LINE = _("Latihan saja, tidak perlu menghubungi siapa pun di luar RT.")

# what the scripts in web/static say
SCRIPT = (
    _("%(count)s dtk"),
    _("%(count)s menit"),
    _("%(hours)s jam %(minutes)s menit lalu"),
    _("%(minutes)s menit lalu"),
    _("%(what)s: %(state)s"),
    _("%(words)s tidak diterima."),
    _("%(words)s tidak terkirim dalam 10 menit. Tekan lagi."),
    _("%(words)s tidak terkirim: pusat data tidak terjangkau."),
    _("%(words)s tidak terkirim: sesi berakhir. Masuk, lalu tekan lagi."),
    _("Aktifkan suara di layar ini"),
    _("Alarm baru: %(what)s"),
    _("Belum terkirim: %(words)s. Dikirim begitu tersambung."),
    _("Belum terkirim: pusat data tidak terjangkau. Coba lagi."),
    _("Berkas lebih dari 20 MB. Kecilkan dulu, atau potret lagi."),
    _("Ketuk tempat %(name)s"),
    _("Mengerti"),
    _("Papan baru berubah. Periksa rumahnya, lalu tekan lagi."),
    _("Pusat data tidak terjangkau: halaman itu belum bisa dibuka."),
    _("Rupa: malam"),
    _("Rupa: otomatis"),
    _("Rupa: siang"),
    _("Semua sudah ditaruh."),
    _("Suara layar ini: aktif"),
    _("Urungkan"),
    _("baru saja"),
    _("mencoba menyambung…"),
    _("terhubung, langsung"),
    _("terhubung, tiap %(seconds)s dtk"),
    _("terputus"),
    _("tersimpan"),
    _("tidak terbuka lagi"),
    _("tidak tersimpan, coba lagi"),
)


class Advised(TypedDict):
    """The columns of an incident that its advice depends on."""

    kind: int
    confidential: int
    drill: int


def span(seconds: object) -> str:
    """Show '90 dtk', '2 menit', '1 jam': in the largest unit that leaves no rest. Other text stays."""
    if not isinstance(seconds, int):
        return str(seconds)
    for size, word in ((3600, _("%(count)s jam")), (60, _("%(count)s menit"))):
        if seconds and seconds % size == 0:
            return word.of(count=seconds // size)
    return _("%(count)s dtk", count=seconds)


def lasted(gap_ms: int, sure: object) -> str:
    """Show '13 jam 5 menit'; 'kira-kira' where only a clock says so that was perhaps wrong."""
    minutes = gap_ms // 60_000
    days, hours = divmod(minutes // 60, 24)
    said = _("%(minutes)s menit", minutes=minutes)
    if days:
        said = _("%(days)s hari %(hours)s jam", days=days, hours=hours)
    elif hours:
        said = _("%(hours)s jam %(minutes)s menit", hours=hours, minutes=minutes % 60)
    return said if sure else _("kira-kira %(said)s", said=said)


# whom a step of a policy calls, see policies/policy.py: `tugas:` and one of these, or one of those below
DUTIES = {
    "ronda": _("ronda yang bertugas"),
    "ketua_rt": _("ketua RT"),
    "wakil_rt": _("wakil ketua RT"),
    "keamanan": _("seksi keamanan"),
    "linmas": _("Linmas"),
    "bidan": _("bidan"),
    "p3k": _("P3K"),
    "kader": _("kader"),
    "mobil": _("pemilik mobil"),
    "ketua_rw": _("ketua RW"),
    "lurah": _("lurah"),
    "bhabin": _("Bhabinkamtibmas"),
    "babinsa": _("Babinsa"),
    "ppa": _("unit PPA"),
    "teknisi": _("teknisi"),
}
CHIMES, NAMED, ALL, NEAR, DUTY, PERSON = "penerima", "disepakati", "warga", "dekat", "tugas", "orang"
NEAR_MAX = 20


def recipient(to: str) -> str | None:
    """Name a recipient: 'ketua RT' for 'tugas:ketua_rt'; None when it means nothing."""
    word, _colon, value = to.partition(":")
    if to == CHIMES:
        return _("penerima di rumah")
    if to == NAMED:
        return _("orang yang disepakati")
    if to == ALL:
        return _("semua warga RT")
    number = numerals.whole(value)
    if word == NEAR and number is not None and 1 <= number <= NEAR_MAX:
        return _("%(value)s rumah terdekat", value=number)
    if word == DUTY:
        return DUTIES.get(value)
    if word == PERSON and number is not None:
        return _("orang nomor %(value)s", value=number)
    return None


def kind(number: int) -> Text:
    return KINDS.get(number, KINDS[m.KIND_BAHAYA])


class Raised(TypedDict):
    """The columns that say whether and where a person had a siren sounded."""

    raised_by: str
    raised_at: str


def raised(incident: Raised) -> Text:
    """Say who had it sounded; '' of a button's alarm."""
    if not incident["raised_by"]:
        return Text("")
    place = _("pos") if incident["raised_at"] else _("pusat data")
    return _("Disuarakan dari %(place)s oleh %(name)s", place=place, name=incident["raised_by"])


def icon(number: int) -> str:
    return ICONS.get(number, "lonceng")


def advice(incident: Advised, numbers: Mapping[str, str]) -> str:
    """Write the line under an alarm: what to do and not to do; `numbers` as contacts.numbers."""
    return services.fill(_advice(incident), numbers)


def _advice(incident: Advised) -> str:
    if incident["confidential"]:
        lines = {NARKOBA: NARKOBA_LINE, KONFLIK: KONFLIK_LINE}
        return lines.get(incident["kind"], CONFIDENTIAL_LINE)
    if incident["drill"]:
        return DRILL_LINE
    if incident["kind"] in m.CRIMES or incident["kind"] not in KINDS:
        return CRIME_LINE
    return ADVICE.get(incident["kind"], "")
