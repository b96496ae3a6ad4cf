"""Every word that people read more than once; Indonesian first, English can join as a second table."""

from kentongan_wire import messages as m

from kentongan_hub import contacts

KINDS = {
    m.KIND_BAHAYA: "Bahaya",
    m.KIND_MALING: "Maling",
    m.KIND_KEBAKARAN: "Kebakaran",
    m.KIND_BENCANA: "Bencana",
    m.KIND_PENCURIAN_TERNAK: "Pencurian ternak",
    m.KIND_KECELAKAAN: "Kecelakaan",
    m.KIND_KERIBUTAN: "Keributan",
    m.KIND_MEDIS: "Sakit mendadak",
    m.KIND_KEKERASAN: "Kekerasan di rumah",
    m.KIND_UJI: "Uji coba",
    # told by people, never sent over the air: no siren knows them
    101: "Pelecehan",
    102: "Perundungan",
    103: "Narkoba",
    110: "Orang mencurigakan",
    111: "Orang hilang",
    112: "Konflik sosial",
}
PELECEHAN, PERUNDUNGAN, NARKOBA, KONFLIK = 101, 102, 103, 112
CONFIDENTIAL_KINDS = (m.KIND_KEKERASAN, PELECEHAN, PERUNDUNGAN, NARKOBA, KONFLIK)
ICONS = {
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
    "baru": "Belum dijawab",
    "diterima": "Diterima",
    "menuju_lokasi": "Menuju lokasi",
    "ditangani": "Ditangani",
    "dibatalkan": "Dibatalkan, pastikan",
    "latihan": "Latihan",
    "selesai": "Selesai",
    "alarm_keliru": "Alarm keliru",
}
# as people call the ways of calling them; a gateway's is its label
CHANNELS = {"sms": "SMS", "apprise": "internet", "mqtt": "Home Assistant"}
ROLES = {
    "admin": "Admin/teknisi",
    "ketua_rt": "Ketua RT",
    "wakil": "Wakil ketua RT",
    "petugas_ronda": "Petugas ronda",
    "ketua_rw": "Ketua RW",
    "kelurahan": "Kelurahan",
    "tamu_layar": "Layar pos",
}
# what came in by SMS and was no answer: paging/pdu.py and paging/inbox.py
SMS_REASONS = {
    "nomor asing": "dari nomor yang tidak terdaftar",
    "belum jelas": "tidak jelas menjawab panggilan yang mana",
    "bagian hilang": "bagian dari pesan panjang tidak datang",
    "biner": "bukan tulisan",
    "laporan": "laporan pengiriman",
    "kiriman": "kiriman lama yang tersimpan di kartu",
    "terlalu panjang": "lebih dari sepuluh bagian",
    "rusak": "isinya rusak",
    "gagal dibaca": "gagal dibaca oleh pusat data",
}
DEVICE_ROLES = {
    "tombol": "Tombol rumah",
    "sirene": "Sirene pos",
    "penerus": "Alat penerus",
    "penerima": "Penerima",
    "modem": "Radio gateway",
}
MISTAKES = ("Tidak sengaja tertekan", "Anak bermain", "Sudah diperiksa, tidak ada apa-apa", "Uji alat")
# why a gateway refused a frame, for people; unknown reasons are shown as they are
REFUSALS = {
    "short": "pesan terpotong",
    "long": "pesan terlalu panjang",
    "header": "kepala pesan rusak",
    "protobuf": "isi rusak",
    "channel": "saluran lain",
    "port": "bukan pesan kita",
    "version": "versi lain",
    "type": "jenis tidak dikenal",
    "role": "peran tidak berhak",
    "length": "panjang tidak cocok",
    "revoked": "alat sudah dicabut",
    "generation": "kunci lama",
    "no_key": "kunci tidak ada",
    "tag": "tanda tangan palsu atau rusak",
    "replay": "pesan lama diputar ulang",
    "altered": "isi diubah",
    "stage": "tahap tidak sah",
    "not_for_us": "bukan untuk kita",
    "unproved": "alarm tidak terbukti, mungkin dari pos curian",
    "weak_key": "alarm diam dengan kunci pos, mungkin dari pos curian",
    "answer_not_asked": "saya datang dari yang tidak dipanggil",
    "silence_not_asked": "sirene dimatikan di pos yang tidak diminta berbunyi",
    "hub: bad event": "kiriman gerbang tidak terbaca",
    "order_malformed": "perintah tanpa nomor",
    "order_odd": "perintah tidak terbaca oleh gerbang",
    "inbox_full": "gerbang kewalahan, pesan diulang",
    "reply_odd": "jawaban pusat data tidak terbaca oleh gerbang",
    "event_refused": "kiriman gerbang ditolak pusat data",
    "fault": "kesalahan program gerbang, laporkan ke teknisi",
}

# kinds in which a crowd could turn on a person; plain 'bahaya' may be one of them
CRIMES = (m.KIND_BAHAYA, m.KIND_MALING, m.KIND_PENCURIAN_TERNAK, m.KIND_KERIBUTAN)
# {service} becomes its word and number from the page Kontak; no number stands here (contacts.py)
CRIME_LINE = "Amankan, jangan main hakim sendiri, serahkan ke {polisi}."
ADVICE = {
    m.KIND_KEBAKARAN: "Hubungi {pemadam+darurat}, matikan listrik ({pln}). Jangan menunggu kepastian.",
    m.KIND_MEDIS: "Hubungi {ambulans+darurat}. Bawa P3K, siapkan kendaraan.",
    m.KIND_BENCANA: "Menuju titik kumpul. Hubungi {bpbd+sar+darurat}.",
    m.KIND_KECELAKAAN: "Hubungi {ambulans+darurat} dan {polisi}. Amankan jalan.",
}
NARKOBA_LINE = "Jaga kerahasiaan. Teruskan ke {polsek} atau BNN, jangan menindak sendiri."
KONFLIK_LINE = "Jaga kerahasiaan, jangan mengumpulkan orang. Hubungi {bhabin}, {polisi} bila bahaya sekarang."
CONFIDENTIAL_LINE = "Jaga kerahasiaan. Jangan mediasi. Hubungi {ppa}, {polisi} bila bahaya sekarang, {sapa}."
DRILL_LINE = "Latihan saja, tidak perlu menghubungi siapa pun di luar RT."


def span(seconds):
    """'90 dtk', '2 menit', '1 jam': figures, in the largest unit that leaves no rest. No number: as it is."""
    if not isinstance(seconds, int):
        return str(seconds)
    for size, word in ((3600, "jam"), (60, "menit")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {word}"
    return f"{seconds} dtk"


def kind(number):
    return KINDS.get(number, KINDS[m.KIND_BAHAYA])


def icon(number):
    return ICONS.get(number, "lonceng")


def advice(incident, numbers):
    """The line under an alarm: what to do, and for a crime what not to do; `numbers` as contacts.numbers."""
    return contacts.fill(_advice(incident), numbers)


def _advice(incident):
    if incident["confidential"]:
        lines = {NARKOBA: NARKOBA_LINE, KONFLIK: KONFLIK_LINE}
        return lines.get(incident["kind"], CONFIDENTIAL_LINE)
    if incident["drill"]:
        return DRILL_LINE
    if incident["kind"] in CRIMES or incident["kind"] not in KINDS:
        return CRIME_LINE
    return ADVICE.get(incident["kind"], "")


def channel(name):
    """A channel of the outbox in people's words."""
    return CHANNELS.get(name, name.removeprefix("gateway:"))
