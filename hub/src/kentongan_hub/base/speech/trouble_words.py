"""Troubles that gateways report, in words for people; the names are the gateway's."""

from kentongan_hub.base.language import _

# the first word of a name, or the whole of it, in words for the board
WORDS = {
    "disk": _("penyimpanan gerbang rusak atau penuh, alarm tidak dikonfirmasi ke tombol"),
    "disk_spool": _("data gerbang pernah rusak, sudah dimulai baru"),
    "disk_state": _("catatan gerbang pernah rusak, sudah dimulai baru"),
    "disk_state keys": _("kunci gerbang hilang, bila tekanan tombol ditolak tulis berkas kunci gerbang baru"),
    "disk_state configs": _("pengaturan alat di gerbang hilang, dikirim lagi, periksa halaman Kunci besok"),
    "disk_state codes": _("kode kentongan di gerbang hilang, pilih lagi di halaman Kentongan"),
    "disk_lost": _("data gerbang hilang, tanyakan siapa yang menekan tombol"),
    "radio_deaf": _("radio tidak mendengar apa-apa, periksa antena dan listrik pos"),
    "radio_away": _("radio gerbang pernah mati, alat yang diam waktu itu ditunggu lagi"),
    "radio_flash": _("memori radio gagal, ganti papan radio sebelum listriknya diputus"),
    "radio_role": _("radio gerbang salah peran, jawaban ke tombol terlambat, jalankan kentongan-tool stock"),
    "radio_jammed": _("saluran radio dipakai pihak lain, alarm bisa terlambat"),
    "radio_chip": _("radio tidak memancar, periksa antena, cabut dan pasang lagi"),
    "radio_cable": _("kabel radio tidak baik, periksa kabel dan colokan"),
    "air": _("jatah udara jam ini habis, tombol mungkin tidak mendapat jawaban"),
    "air_low": _("jatah udara jam ini hampir habis, ulangan menunggu, alarm baru tetap dijawab"),
    "pages": _("terlalu banyak penerima dipanggil sekaligus, sebagian tidak lagi, suruh orang melihat"),
    "forged": _(
        "sirene mungkin berbunyi atas alarm yang tidak terbukti, periksa apakah pos atau tombol dicuri"
    ),  # fmt: skip
    "revoked": _("alat yang pernah dicabut tidak lagi tercatat dicabut di sini, cabut lagi di Perangkat"),
    "restart": _("gerbang pernah mati mendadak: listrik padam atau program gagal"),
    "siren": _("sirene gerbang tidak bekerja, bunyikan kentongan dengan tangan"),
    "siren line": _("saluran papan relai buruk, sirene gerbang terputus-putus, periksa kabelnya"),
    "key": _("tombol matikan bunyi di pos tidak bekerja"),
    "voice": _("suara di pos tidak bekerja"),
    "hub": _("pernah tidak terhubung ke pusat data"),
    "results": _("pusat data tidak menerima hasil perintahnya, alarm tetap sampai, lihat catatan pusat data"),
    "clock": _("jam gerbang berubah sendiri"),
    "program": _("kesalahan program gerbang, alarm tetap jalan, laporkan ke teknisi"),
    "inbox": _("gerbang kewalahan, sebagian pesan radio diulang"),
    "settings": _("pengaturan gerbang sebagian rusak, jalankan pemeriksaan"),
    "lamp": _("lampu di pos tidak bekerja"),
    "log": _("catatan harian gerbang tidak tersimpan"),
    "systemd": _("pengawas gerbang tidak menjawab, gerbang bisa dihidupkan ulang"),
    "metrics": _("angka pemantauan gerbang tidak tersedia"),
}


def words(name: str) -> str:
    """Say what `radio_deaf modem` means, with the part that it is about."""
    if name in WORDS:
        return WORDS[name]
    what, _space, which = name.partition(" ")
    said = WORDS.get(what) or WORDS.get(what.partition("_")[0]) or what
    return _("%(part)s: %(words)s", part=which, words=said) if which else said
