"""What gateways say is wrong with them, until they say that it is over; never about an incident."""

from kentongan_hub import deaf, field

ALL = "*"  # over with every trouble of this gateway: it has started anew
LIMIT = 64  # troubles kept for one gateway; a name has a radio's or a board's in it, so they are few
# the first word of a name, or the whole of it, in words for the board
WORDS = {
    "disk": "penyimpanan gerbang rusak atau penuh, alarm tidak dikonfirmasi ke tombol",
    "disk_spool": "data gerbang pernah rusak, sudah dimulai baru",
    "disk_state": "catatan gerbang pernah rusak, sudah dimulai baru",
    "disk_state keys": "kunci gerbang hilang, bila tekanan tombol ditolak tulis berkas kunci gerbang baru",
    "disk_state configs": "pengaturan alat di gerbang hilang, dikirim lagi, periksa halaman Kunci besok",
    "disk_state codes": "kode kentongan di gerbang hilang, pilih lagi di halaman Kentongan",
    "disk_lost": "data gerbang hilang, tanyakan siapa yang menekan tombol",
    "radio_deaf": "radio tidak mendengar apa-apa, periksa antena dan listrik pos",
    "radio_away": "radio gerbang pernah mati, alat yang diam waktu itu ditunggu lagi",
    "radio_flash": "memori radio gagal, ganti papan radio sebelum listriknya diputus",
    "radio_jammed": "saluran radio dipakai pihak lain, alarm bisa terlambat",
    "radio_chip": "radio tidak memancar, periksa antena, cabut dan pasang lagi",
    "radio_cable": "kabel radio tidak baik, periksa kabel dan colokan",
    "air": "jatah udara jam ini habis, tombol mungkin tidak mendapat jawaban",
    "air_low": "jatah udara jam ini hampir habis, ulangan menunggu, alarm baru tetap dijawab",
    "pages": "terlalu banyak penerima dipanggil sekaligus, sebagian tidak lagi, suruh orang melihat",
    "forged": "sirene mungkin berbunyi atas alarm yang tidak terbukti, periksa apakah pos atau tombol dicuri",
    "revoked": "alat yang pernah dicabut tidak lagi tercatat dicabut di sini, cabut lagi di Perangkat",
    "restart": "gerbang pernah mati mendadak: listrik padam atau program gagal",
    "siren": "sirene gerbang tidak bekerja, bunyikan kentongan dengan tangan",
    "key": "tombol matikan bunyi di pos tidak bekerja",
    "voice": "suara di pos tidak bekerja",
    "hub": "pernah tidak terhubung ke pusat data",
    "results": "pusat data tidak menerima hasil perintahnya, alarm tetap sampai, lihat catatan pusat data",
    "clock": "jam gerbang berubah sendiri",
    "program": "kesalahan program gerbang, alarm tetap jalan, laporkan ke teknisi",
    "inbox": "gerbang kewalahan, sebagian pesan radio diulang",
    "settings": "pengaturan gerbang sebagian rusak, jalankan pemeriksaan",
    "lamp": "lampu di pos tidak bekerja",
    "log": "catatan harian gerbang tidak tersimpan",
    "systemd": "pengawas gerbang tidak menjawab, gerbang bisa dihidupkan ulang",
    "metrics": "angka pemantauan gerbang tidak tersedia",
}


def take(db, now, gateway, event):
    """One event of type trouble: it lasts from now on, or is over."""
    _keep(db, now, gateway, event)
    deaf.note(db, gateway, min(now.ms, field.happened_ms(now, event)))


def _keep(db, now, gateway, event):
    name = event["name"]
    if not event["active"] and name == ALL:
        db.run("DELETE FROM troubles WHERE gateway = ?", gateway)
        return
    if not event["active"]:
        db.run("DELETE FROM troubles WHERE gateway = ? AND name = ?", gateway, name)
        return
    if db.value("SELECT count(*) FROM troubles WHERE gateway = ?", gateway) >= LIMIT:
        db.run(
            "DELETE FROM troubles WHERE gateway = ? AND name = "
            "(SELECT name FROM troubles WHERE gateway = ? ORDER BY since_ms LIMIT 1)",
            gateway,
            gateway,
        )
    db.run(
        "INSERT INTO troubles (gateway, name, detail, since_wall, since_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (gateway, name) DO UPDATE SET detail = excluded.detail",
        gateway,
        name,
        event["detail"],
        field.happened(now, event),
        now.ms,
    )


# what costs alarms, receipts or sound now; the rest can be looked at by day
URGENT = ("disk", "disk_lost", "siren", "radio_deaf", "radio_jammed", "radio_chip", "radio_cable", "key",
          "air", "pages", "forged",
          "revoked")


def urgent(name):
    return name.partition(" ")[0] in URGENT


def lasting(db):
    """[{"gateway", "name", "words", "detail", "since_wall"}] of all gateways."""
    rows = db.all("SELECT * FROM troubles ORDER BY gateway, name")
    return [{**row, "words": words(row["name"])} for row in rows]


def words(name):
    """`radio_deaf modem` -> what it means, with the part that it is about."""
    if name in WORDS:
        return WORDS[name]
    what, _, which = name.partition(" ")
    said = WORDS.get(what) or WORDS.get(what.partition("_")[0]) or what
    return f"{which}: {said}" if which else said
