"""Warnings as programs before m027 kept them: what it was called, and its particulars before what follows."""

import json
import re

from kentongan_hub.base.entries import numerals
from kentongan_hub.base.tables import Row

# (what, the words that its detail ended with) -> code
WARNINGS = {
    "gerbang terputus": ("gateway_lost", "alarm tidak sampai ke pusat data; pos tetap berbunyi sendiri"),
    "gerbang bermasalah": ("gateway_troubled", "pos tetap berbunyi sendiri; periksa gerbang di pos"),
    "gerbang perlu dilihat": ("gateway_to_see", "lihat catatan gerbang di halaman Perangkat"),
    "gerbang tanpa sirene": ("gateway_siren_out", "bunyikan kentongan dengan tangan"),
    "catatan diubah": ("record_altered", "bandingkan ujung rantai di buku; teknisi: kentongan-hub check"),
    "radio mati": ("radio_down", "gerbang tidak mendengar alat di lapangan"),
    "sirene terputus": ("siren_lost", "tidak terdengar 5 menit; pos lain tetap melindungi"),
    "sirene rusak": ("siren_broken", "bunyikan kentongan dengan tangan"),
    "sirene diam": ("siren_silent", "diminta berbunyi dan tidak melapor berbunyi dalam 15 detik"),
    "sirene gagal": ("siren_told_failure", "melapor gagal berbunyi"),
    "radio diganggu": ("radio_jammed", "saluran dipakai pihak lain; laporkan ke Balai Monitor"),
    "tutup terbuka": ("lid_open", "periksa apakah alat dibongkar"),
    "tombol macet": ("button_stuck", "menekan terus; bisukan atau cabut di halaman alat"),
    "kontak rusak": ("key_worn", "tertekan terus, atau kabel kontaknya lepas; periksa di rumah itu"),
    "flash gagal": ("flash_failing", "masih bekerja; ganti papannya sebelum listrik atau baterainya diputus"),
    "bagian rusak": (
        "part_worn",
        "lampu, tombol atau sensornya tidak bekerja, alarm tetap jalan; tulis periksa di kabelnya",
    ),
    "tombol dibisukan": ("button_is_muted", "alarmnya tercatat tanpa sirene; hidupkan lagi di halaman alat"),
    "listrik padam": ("mains_out", "bertahan dengan baterai"),
    "terlambat": ("device_late", "belum melapor pada waktunya"),
    "terputus": ("device_lost", "tidak terdengar; periksa alat, baterai dan antena"),
    "belum terdengar": ("device_never_heard", "dibuat sehari lalu dan belum pernah terdengar"),
    "aki lemah": ("post_battery_low", "pos segera mati bila listrik padam; periksa aki dan sekeringnya"),
    "baterai": ("battery_low", "ganti sebelum habis"),
    "baterai tidak terbaca": (
        "battery_unread",
        "dulu terbaca; periksa baterai dan kabelnya, bila tetap begitu ganti papannya",
    ),
    "jam tidak pasti": ("clock_unsure", "cocokkan jam mesin dengan jam yang benar; urutan tetap benar"),
    "disk hampir penuh": ("disk_filling", "kosongkan atau ganti kartu memori"),
    "cadangan lama": ("backup_old", "buat cadangan ke USB di halaman Cadangan"),
    "basis data rusak": ("database_replaced", "pulihkan cadangan atau teruskan di halaman Cadangan"),
    "pusat data pernah mati": ("hub_was_down", "periksa listriknya; tiap alat mendapat waktunya lagi"),
    "pusat data gagal": ("hub_failed", "lihat catatan program; yang lain berjalan terus"),
    "nilai rusak diganti": ("values_were_odd", "periksa isinya di halamannya; kartu memori mungkin rusak"),
    "berkas kunci rusak": (
        "site_file_damaged",
        "perbaiki site.json atau pulihkan dari cadangan; alarm berjalan",
    ),
    "kebijakan rusak": ("policy_damaged", "kebijakan bawaan dipakai; tulis ulang di halaman Kebijakan"),
    "kontak lama": ("contacts_old", "telepon, lalu tandai sudah dicek di halaman Kontak"),
    "latihan belum berakhir": (
        "drill_not_ended",
        "pos ini bisa membunyikan alarm sungguhan sebagai latihan; datangi: cabut lalu pasang dayanya",
    ),
    "latihan terlewat": ("drill_missed", "mulai, atau batalkan dengan alasan, di halaman Latihan"),
    "alarm diam tanpa penerima": (
        "silent_alarms_unheard",
        "sepakati sedikitnya dua orang dari rumah berbeda di halaman Akun; baca halaman Akses",
    ),
    "rumah akun belum dicatat": ("homes_unknown", "tulis di halaman Akses; tanpa itu tidak bisa disepakati"),
    "akses perlu diperiksa": (
        "access_to_check",
        "data akses dari salinan: periksa siapa yang disepakati dan siapa dikecualikan, di halaman Akses",
    ),
    "penerima menunggu": (
        "chimes_waiting",
        "penghuninya membenarkan di Pengaturan; sampai itu tidak berbunyi untuk alarm diam",
    ),
    "kanal gagal": ("channel_failing", "pesan lewat kanal ini tidak terkirim"),
}
SUBJECTS = {"pusat data": "the_hub", "kejadian rahasia": "confidential_incidents", "akun": "accounts",
            "kontak": "contacts"}  # fmt: skip
NUMBERED = {"catatan diubah": (r"(?P<table>audit|timeline) baris (?P<row>\d+)", "record_line"),
            "latihan terlewat": (r"latihan (?P<number>\d+)", "drill")}  # fmt: skip


def carried(row: Row) -> dict[str, str]:
    """Carry a warning into {"what", "subject", "detail"} of today; particulars stay the words they were."""
    if row["what"] not in WARNINGS:
        return {name: row[name] for name in ("what", "subject", "detail")}
    code, follows = WARNINGS[row["what"]]
    detail = "" if row["detail"] == follows else row["detail"].removesuffix(f": {follows}")
    return {"what": code, "subject": _subject(row["what"], row["subject"]), "detail": detail}


def _subject(what: str, subject: str) -> str:
    pattern, sentence = NUMBERED.get(what, ("", ""))
    found = re.fullmatch(pattern, subject) if pattern else None
    if found:
        numbers = {name: numerals.whole(one) for name, one in found.groupdict().items()}
        said = {name: one if numbers[name] is None else numbers[name]
                for name, one in found.groupdict().items()}  # fmt: skip
        return json.dumps({"say": sentence, "with": said})
    return json.dumps({"say": SUBJECTS[subject]}) if subject in SUBJECTS else subject
