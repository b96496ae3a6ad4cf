"""Sentences that older programs wrote, and the codes that stand for them since m025.

Never changed: the proof of the record's old rows (chain.py) rests on it.

Only what a machine wrote is read. A line that a person's words may have made keeps them as they are.
"""

import json
import re

from kentongan_hub.base.tables import Row

HASHED = {  # the columns that a row's digest covered
    "audit": ("at_wall", "who", "address", "what", "subject", "detail"),
    "timeline": ("incident", "at_wall", "who", "address", "what", "detail"),
}
WHAT = {
    "tombol ditekan": "pressed",
    "tombol ditekan lagi": "pressed_again",
    "tidak terlambat, kata gateway lain": "not_late",
    "bukan latihan, kata gateway lain": "not_a_drill",
    "dibuka kembali": "reopened",
    "dibatalkan": "cancelled",
    "sirene berbunyi": "siren_sounding",
    "sirene berhenti": "siren_stopped",
    "sirene dimatikan di pos": "siren_silenced",
    "sirene gagal berbunyi": "siren_failed",
    "sirene digerakkan (tanpa pengindra)": "siren_driven",
    "sirene tidak berbunyi sendiri, gerbang memastikan": "siren_refused",
    "sirene melapor": "siren_reported",
    "perintah lama diputar ulang, sirene dihentikan": "order_replayed",
    "sirene tidak melapor berbunyi": "siren_unreported",
    'menunjukkan "ada yang datang"': "shows_coming",
    "saya datang?": "coming_not_counted",
    "diterima": "taken",
    "saya datang": "coming",
    "sudah di lokasi": "arrived",
    "butuh bantuan lagi": "help_asked",
    "ditanyakan": "coming_asked",
    "tidak bisa datang": "declined",
    "ditandai latihan": "marked_drill",
    "ditandai sungguhan": "marked_real",
    "selesai": "closed",
    "alarm keliru": "false_alarm",
    "koreksi: ini latihan": "drill_corrected",
    "koreksi: alarm keliru, keadaan aman": "alarm_corrected",
    "catatan": "noted",
    "serah terima": "handed_over",
    "matikan bunyi": "hushed",
    "digabung": "merged",
    "dipisah": "split",
    "dilepas": "released",
    "mengecualikan": "excluded",
    "menyertakan lagi": "included_again",
    "dilaporkan": "reported",
    "foto ditambah": "photo_added",
    "diteruskan": "forwarded",
    "peringatan ulang": "called_again",
    "memanggil": "called",
    "belum ada nomor untuk": "no_number",
    "tidak terpanggil": "not_reached",
    "tindak lanjut": "followed_up",
    "gagal": "part_failed",
    "tidak terkirim": "not_sent",
    "tidak sempat dikirim": "never_tried",
    "tidak berjalan": "hub_was_away",
    "basis data rusak": "database_damaged",
    "tempat dibuat": "site_made",
    "akun dibuat": "account_made",
    "masuk": "logged_in",
    "masuk gagal": "login_failed",
    "keluar": "logged_out",
    "keluar di mana-mana": "logged_out_everywhere",
    "sandi diganti": "password_changed",
    "PIN diganti": "pin_changed",
    "PIN salah": "pin_wrong",
    "undangan dibuat": "invited",
    "undangan dipakai": "invitation_used",
    "undangan dibatalkan": "invitation_ended",
    "tautan sandi baru dibuat": "recovery_link_made",
    "sandi baru lewat tautan": "password_recovered",
    "layar dipasangkan": "screen_paired",
    "layar dicabut": "screen_removed",
    "akun: rumah": "home_changed",
    "akun: rahasia": "named",
    "akun: bukan-rahasia": "not_named",
    "akun: pengganti": "stand_in_made",
    "akun: bukan-pengganti": "stand_in_ended",
    "akun: matikan": "account_off",
    "akun: hidupkan": "account_on",
    "kecualikan dari rahasia": "house_excluded",
    "pengecualian dicabut": "house_included",
    "akun warga diubah": "account_linked",
    "menunggu orang kedua": "second_waited",
    "orang kedua: dibenarkan": "second_agreed",
    "orang kedua: ditolak": "second_refused",
    "akses diperiksa": "access_checked",
    "lihat kejadian rahasia": "confidential_seen",
    "rumah didaftar": "house_added",
    "warga didaftar": "person_added",
    "alamat ditambah": "address_added",
    "alamat dihapus": "address_removed",
    "tugas diubah": "duties_changed",
    "persetujuan ditarik": "consent_withdrawn",
    "pindah keluar": "moved_out",
    "pindah masuk": "moved_in",
    "rumah kosong": "house_empty",
    "kontak ditambah": "contact_added",
    "kontak diubah": "contact_changed",
    "kontak dicek": "contact_checked",
    "kontak dihapus": "contact_removed",
    "penerima dibenarkan": "chime_confirmed",
    "penerima tidak dibenarkan lagi": "chime_refused",
    "kata sandi cadangan dipasang": "backup_passphrase_set",
    "cadangan dibuat": "backup_made",
    "cadangan dipulihkan": "backup_restored",
    "masa simpan diubah": "retention_changed",
    "masa simpan habis": "retention_ended",
    "ekspor": "exported",
    "pengaturan diubah": "settings_changed",
    "kebijakan diubah": "policy_changed",
    "kebijakan bawaan": "policy_reset",
    "kanal diatur": "channel_set",
    "kanal diuji": "channel_tested",
    "jawaban tidak dikenal": "answer_unknown",
    "jawaban belum jelas": "answer_unclear",
    "denah diganti": "plan_changed",
    "gang digambar": "lane_drawn",
    "gang dihapus": "lane_removed",
    "ditaruh di denah": "placed_on_plan",
    "kode kentongan": "codes_chosen",
    "serah terima malam": "shift_handed_over",
    "tombol dibisukan": "button_muted",
    "tombol dihidupkan": "button_unmuted",
    "alat ditambahkan": "device_added",
    "alat terpasang": "device_installed",
    "pemasangan batal": "device_withdrawn",
    "rumah alat diubah": "device_moved",
    "alat dicabut": "device_revoked",
    "alat dicabut dari halaman": "device_revoked_on_page",
    "pergantian kunci": "keys_rotated",
    "pergantian kunci dimulai": "rotation_started",
    "pergantian kunci diminta": "rotation_asked",
    "pergantian kunci tanpa alat": "rotation_without",
    "kunci teknisi dibuat": "technician_key_made",
    "kunci teknisi diakhiri": "technician_key_ended",
    "berkas gerbang ditulis": "gateway_file_written",
    "token gerbang dibuat": "gateway_token_made",
    "latihan direncanakan": "drill_planned",
    "latihan dibatalkan": "drill_called_off",
    "latihan diumumkan": "drill_announced",
    "latihan dibuka": "drill_opened",
    "latihan ditutup": "drill_closed",
    "hasil latihan dicatat": "drill_noted",
    "pulih": "warning_ended",
    "mengurus peringatan": "warning_taken",
    "sirene diperiksa": "siren_checked",
    "uji sirene": "siren_tested",
    "pernah tidak berjalan": "hub_had_been_away",
    "basis data rusak disisihkan": "database_set_aside",
    "basis data baru dipakai terus": "database_kept",
    "nilai rusak diganti": "values_replaced",
}
ODD = {"audit": "warning_opened", "timeline": "odd"}  # "peringatan" meant both
HUB, CONCEALED = "pusat data", "pelapor (dirahasiakan)"  # names that no account could have
_NODE = re.compile(r"alat ([0-9a-f]{8})")
OF_DEVICES = ("pressed", "pressed_again", "not_late", "not_a_drill", "cancelled", "coming_not_counted",
              "shows_coming")  # fmt: skip
OF_PROVISION = ("gateway_file_written", "gateway_token_made", "device_added")
FIXED = {  # details that are one sentence and nothing else
    "pressed": {"diterima terlambat, tanpa sirene": "late_no_siren"},
    "pressed_again": {
        "diterima terlambat": "came_late",
        "tidak terlambat, kata gateway lain": "not_late",
        "bukan latihan, kata gateway lain": "not_a_drill",
    },
    "cancelled": {"pastikan keadaan di tempat": "look_on_the_spot"},
    "split": {"tombol ditekan lagi": "pressed_again"},
    "reopened": {"tombol ditekan lagi": "pressed_again"},
    "followed_up": {"ditanyakan: sudah selesai?": "asked_if_over"},
    "odd": {
        "kartu gerbang merusak isinya: tanyakan siapa yang menekan, ganti kartunya": "content_spoilt",
        "tadi hanya nomornya yang terbaca, dan itu dibuka sebagai alarm rahasia: ini isinya":
            "number_only_before",
        "nomor ini sudah dipakai alarm lain dengan isi lain: periksa tombolnya": "number_used_twice",
        "gateway belum tahu hitungan tombol ini: perintahnya menunggu kepastian bahwa bukan rekaman":
            "count_not_known",
    },
    "coming_not_counted": {
        "tidak dihitung: penerima ini tidak dipanggil untuk kejadian ini": "chime_not_paged",
        "tidak dihitung: alat ini bukan penerima": "is_no_chime",
        "tidak dihitung: penerima RT lain": "chime_of_other_rt",
        "tidak dihitung: penerima di rumah pelapor": "chime_of_reporter",
        "tidak dihitung: penerima ini tidak dibenarkan oleh orang yang disepakati di rumah itu":
            "chime_not_confirmed",
    },
}  # fmt: skip
FILLED = {  # details in which something stands in a sentence
    "merged": (
        (r"ke (?P<slug>[a-z]+-\d+)", "into_incident"),
        (r"dengan (?P<slug>[a-z]+-\d+)", "with_incident"),
    ),
    "split": ((r"dari (?P<slug>[a-z]+-\d+)", "from_incident"),),
    "handed_over": ((r"kepada (?P<name>.+)", "to_person"),),
    "coming": ((r"dari layar (?P<name>.+)", "from_screen"),),
    "coming_asked": ((r"(?P<name>.+): datang juga untuk (?P<slug>[a-z]+-\d+)\?", "come_too"),),
    "drill_corrected": ((r"kepada (?P<told>\d+) penerima", "to_recipients"),),
    "alarm_corrected": ((r"kepada (?P<told>\d+) penerima", "to_recipients"),),
    "forwarded": ((r"ke sirene RT (?P<zone>\d+)", "to_sirens"),),
    "not_reached": ((r"(?P<failed>\d+) orang; hubungi dengan cara lain", "people_not_called"),),
    "shows_coming": ((r"pukul (?P<wall>[\d.: A-Z]+)", "at_time"),),
    "database_damaged": ((r"riwayat sebelumnya ada di (?P<name>.+)", "history_is_in"),),
}


def read(text: str) -> dict[str, str]:
    """Read {"who", "what", "detail"} as they were hashed."""
    who, what, detail = json.loads(text)
    return {"who": who, "what": what, "detail": detail}


def kept(row: Row) -> str:
    """Pack what read() reads."""
    return json.dumps([row["who"], row["what"], row["detail"]], ensure_ascii=False)


def carried(table: str, row: Row) -> dict[str, str]:
    """Carry an old row's words into the columns of today; where nothing is to be read they stay."""
    what: str = row["what"]
    code = ODD[table] if what == "peringatan" else WHAT.get(what, what)
    actor, who = _actor(code, row["who"])
    said = _said(code, row["detail"]) if table == "timeline" else ""
    return {"actor": actor, "who": who, "what": code, "said": said, "detail": "" if said else row["detail"]}


def _actor(code: str, who: str) -> tuple[str, str]:
    if who in (HUB, CONCEALED):
        return ("hub" if who == HUB else "concealed"), ""
    node = _NODE.fullmatch(who) if code in OF_DEVICES else None
    if node:
        return "device", node[1]
    return ("provision", "") if who == "provision" and code in OF_PROVISION else ("", who)


def _said(code: str, detail: str) -> str:
    """Find the packed sentence (said.py) that this detail was; '' where people's words may be all of it."""
    fixed = FIXED.get(code, {}).get(detail)
    if fixed and code == "coming_not_counted":
        return json.dumps({"say": "does_not_count", "with": {"why": {"say": fixed}}})
    if fixed:
        return json.dumps({"say": fixed})
    for pattern, sentence in FILLED.get(code, ()):
        found = re.fullmatch(pattern, detail)
        if found:
            return json.dumps({"say": sentence, "with": found.groupdict()}, ensure_ascii=False)
    return ""
