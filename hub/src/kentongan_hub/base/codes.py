"""Codes of the record, the timeline and the warnings, with the words that people read.

A code is kept in the database for ever: it may get other words, and never another meaning. Typed text
and what varies (a name, a number) stands beside it, never in it. The words of warnings, and sentences of
several texts, are in `code_words`.
"""

from kentongan_hub.base.language import Text, _

WHAT: dict[str, Text] = {}  # what happened, of the timeline and the record
SAID: dict[str, Text] = {}  # sentences beside a `what`, with places for what varies


def _what(code: str, words: Text) -> str:
    WHAT[code] = words
    return code


def _said(code: str, words: Text) -> str:
    SAID[code] = words
    return code


# what happened to an incident: `what` of its timeline, and of the record
PRESSED = _what("pressed", _("tombol ditekan"))
PRESSED_AGAIN = _what("pressed_again", _("tombol ditekan lagi"))
NOT_LATE = _what("not_late", _("tidak terlambat, kata gateway lain"))
NOT_A_DRILL = _what("not_a_drill", _("bukan latihan, kata gateway lain"))
REOPENED = _what("reopened", _("dibuka kembali"))
CANCELLED = _what("cancelled", _("dibatalkan"))
ODD = _what("odd", _("peringatan"))
SIREN_SOUNDING = _what("siren_sounding", _("sirene berbunyi"))
SIREN_STOPPED = _what("siren_stopped", _("sirene berhenti"))
SIREN_SILENCED = _what("siren_silenced", _("sirene dimatikan di pos"))
SIREN_FAILED = _what("siren_failed", _("sirene gagal berbunyi"))
SIREN_DRIVEN = _what("siren_driven", _("sirene digerakkan (tanpa pengindra)"))
SIREN_REFUSED = _what("siren_refused", _("sirene tidak berbunyi sendiri, gerbang memastikan"))
SIREN_REPORTED = _what("siren_reported", _("sirene melapor"))
ORDER_REPLAYED = _what("order_replayed", _("perintah lama diputar ulang, sirene diminta diam"))
SIREN_UNREPORTED = _what("siren_unreported", _("sirene tidak melapor berbunyi"))
SHOWS_COMING = _what("shows_coming", _('menunjukkan "ada yang datang"'))
COMING_NOT_COUNTED = _what("coming_not_counted", _("saya datang?"))
TAKEN = _what("taken", _("diterima"))
COMING = _what("coming", _("saya datang"))
ARRIVED = _what("arrived", _("sudah di lokasi"))
HELP_ASKED = _what("help_asked", _("butuh bantuan lagi"))
COMING_ASKED = _what("coming_asked", _("ditanyakan"))
DECLINED = _what("declined", _("tidak bisa datang"))
MARKED_DRILL = _what("marked_drill", _("ditandai latihan"))
MARKED_REAL = _what("marked_real", _("ditandai sungguhan"))
CLOSED = _what("closed", _("selesai"))
FALSE_ALARM = _what("false_alarm", _("alarm keliru"))
DRILL_CORRECTED = _what("drill_corrected", _("koreksi: ini latihan"))
ALARM_CORRECTED = _what("alarm_corrected", _("koreksi: alarm keliru, keadaan aman"))
NOTED = _what("noted", _("catatan"))
HANDED_OVER = _what("handed_over", _("serah terima"))
HUSHED = _what("hushed", _("matikan bunyi"))
MERGED = _what("merged", _("digabung"))
SPLIT = _what("split", _("dipisah"))
RELEASED = _what("released", _("dilepas"))
EXCLUDED = _what("excluded", _("mengecualikan"))
INCLUDED_AGAIN = _what("included_again", _("menyertakan lagi"))
REPORTED = _what("reported", _("dilaporkan"))
RAISED = _what("raised", _("membunyikan sirene"))
PHOTO_ADDED = _what("photo_added", _("foto ditambah"))
FORWARDED = _what("forwarded", _("diteruskan"))
CALLED_AGAIN = _what("called_again", _("peringatan ulang"))
CALLED = _what("called", _("memanggil"))
NO_NUMBER = _what("no_number", _("belum ada nomor untuk"))
NOT_REACHED = _what("not_reached", _("tidak terpanggil"))
FOLLOWED_UP = _what("followed_up", _("tindak lanjut"))
PART_FAILED = _what("part_failed", _("gagal"))
NOT_SENT = _what("not_sent", _("tidak terkirim"))
NEVER_TRIED = _what("never_tried", _("tidak sempat dikirim"))
HUB_WAS_AWAY = _what("hub_was_away", _("tidak berjalan"))
DATABASE_DAMAGED = _what("database_damaged", _("basis data rusak"))

# what else is on the record
SITE_MADE = _what("site_made", _("tempat dibuat"))
ACCOUNT_MADE = _what("account_made", _("akun dibuat"))
LOGGED_IN = _what("logged_in", _("masuk"))
LOGIN_FAILED = _what("login_failed", _("masuk gagal"))
LOGGED_OUT = _what("logged_out", _("keluar"))
LOGGED_OUT_EVERYWHERE = _what("logged_out_everywhere", _("keluar di mana-mana"))
PASSWORD_CHANGED = _what("password_changed", _("sandi diganti"))
PIN_CHANGED = _what("pin_changed", _("PIN diganti"))
PIN_WRONG = _what("pin_wrong", _("PIN salah"))
INVITED = _what("invited", _("undangan dibuat"))
INVITATION_USED = _what("invitation_used", _("undangan dipakai"))
INVITATION_ENDED = _what("invitation_ended", _("undangan dibatalkan"))
RECOVERY_LINK_MADE = _what("recovery_link_made", _("tautan sandi baru dibuat"))
PASSWORD_RECOVERED = _what("password_recovered", _("sandi baru lewat tautan"))
SCREEN_PAIRED = _what("screen_paired", _("layar dipasangkan"))
SCREEN_REMOVED = _what("screen_removed", _("layar dicabut"))
HOME_CHANGED = _what("home_changed", _("akun: rumah"))
NAMED = _what("named", _("akun: rahasia"))
NOT_NAMED = _what("not_named", _("akun: bukan-rahasia"))
STAND_IN_MADE = _what("stand_in_made", _("akun: pengganti"))
STAND_IN_ENDED = _what("stand_in_ended", _("akun: bukan-pengganti"))
ACCOUNT_OFF = _what("account_off", _("akun: matikan"))
ACCOUNT_ON = _what("account_on", _("akun: hidupkan"))
HOUSE_EXCLUDED = _what("house_excluded", _("kecualikan dari rahasia"))
HOUSE_INCLUDED = _what("house_included", _("pengecualian dicabut"))
ACCOUNT_LINKED = _what("account_linked", _("akun warga diubah"))
SECOND_WAITED = _what("second_waited", _("menunggu orang kedua"))
SECOND_AGREED = _what("second_agreed", _("orang kedua: dibenarkan"))
SECOND_REFUSED = _what("second_refused", _("orang kedua: ditolak"))
ACCESS_CHECKED = _what("access_checked", _("akses diperiksa"))
CONFIDENTIAL_SEEN = _what("confidential_seen", _("lihat kejadian rahasia"))
HOUSE_ADDED = _what("house_added", _("rumah didaftar"))
LIST_TAKEN_IN = _what("list_taken_in", _("daftar dimasukkan"))
PERSON_ADDED = _what("person_added", _("warga didaftar"))
ADDRESS_ADDED = _what("address_added", _("alamat ditambah"))
ADDRESS_REMOVED = _what("address_removed", _("alamat dihapus"))
DUTIES_CHANGED = _what("duties_changed", _("tugas diubah"))
CONSENT_WITHDRAWN = _what("consent_withdrawn", _("persetujuan ditarik"))
MOVED_OUT = _what("moved_out", _("pindah keluar"))
MOVED_IN = _what("moved_in", _("pindah masuk"))
HOUSE_EMPTY = _what("house_empty", _("rumah kosong"))
HOUSE_LOOKED_AT = _what("house_looked_at", _("rumah kosong dilihat"))
CONTACT_ADDED = _what("contact_added", _("kontak ditambah"))
CONTACT_CHANGED = _what("contact_changed", _("kontak diubah"))
CONTACT_CHECKED = _what("contact_checked", _("kontak dicek"))
CONTACT_REMOVED = _what("contact_removed", _("kontak dihapus"))
CHIME_CONFIRMED = _what("chime_confirmed", _("penerima dibenarkan"))
CHIME_REFUSED = _what("chime_refused", _("penerima tidak dibenarkan lagi"))
BACKUP_PASSPHRASE_SET = _what("backup_passphrase_set", _("kata sandi cadangan dipasang"))
BACKUP_MADE = _what("backup_made", _("cadangan dibuat"))
BACKUP_RESTORED = _what("backup_restored", _("cadangan dipulihkan"))
RETENTION_CHANGED = _what("retention_changed", _("masa simpan diubah"))
RETENTION_ENDED = _what("retention_ended", _("masa simpan habis"))
EXPORTED = _what("exported", _("ekspor"))
SETTINGS_CHANGED = _what("settings_changed", _("pengaturan diubah"))
POLICY_CHANGED = _what("policy_changed", _("kebijakan diubah"))
POLICY_RESET = _what("policy_reset", _("kebijakan bawaan"))
CHANNEL_SET = _what("channel_set", _("kanal diatur"))
CHANNEL_TESTED = _what("channel_tested", _("kanal diuji"))
ANSWER_UNKNOWN = _what("answer_unknown", _("jawaban tidak dikenal"))
ANSWER_UNCLEAR = _what("answer_unclear", _("jawaban belum jelas"))
PLAN_CHANGED = _what("plan_changed", _("denah diganti"))
LANE_DRAWN = _what("lane_drawn", _("gang digambar"))
LANE_REMOVED = _what("lane_removed", _("gang dihapus"))
PLACED_ON_PLAN = _what("placed_on_plan", _("ditaruh di denah"))
CODES_CHOSEN = _what("codes_chosen", _("kode kentongan"))
SHIFT_HANDED_OVER = _what("shift_handed_over", _("serah terima malam"))
BUTTON_MUTED = _what("button_muted", _("tombol dibisukan"))
BUTTON_UNMUTED = _what("button_unmuted", _("tombol dihidupkan"))
DEVICE_ADDED = _what("device_added", _("alat ditambahkan"))
DEVICE_INSTALLED = _what("device_installed", _("alat terpasang"))
DEVICE_WITHDRAWN = _what("device_withdrawn", _("pemasangan batal"))
DEVICE_MOVED = _what("device_moved", _("rumah alat diubah"))
DEVICE_REVOKED = _what("device_revoked", _("alat dicabut"))
DEVICE_REVOKED_ON_PAGE = _what("device_revoked_on_page", _("alat dicabut dari halaman"))
KEYS_ROTATED = _what("keys_rotated", _("pergantian kunci"))
ROTATION_STARTED = _what("rotation_started", _("pergantian kunci dimulai"))
ROTATION_ASKED = _what("rotation_asked", _("pergantian kunci diminta"))
ROTATION_WITHOUT = _what("rotation_without", _("pergantian kunci tanpa alat"))
TECHNICIAN_KEY_MADE = _what("technician_key_made", _("kunci teknisi dibuat"))
TECHNICIAN_KEY_ENDED = _what("technician_key_ended", _("kunci teknisi diakhiri"))
GATEWAY_FILE_WRITTEN = _what("gateway_file_written", _("berkas gerbang ditulis"))
GATEWAY_TOKEN_MADE = _what("gateway_token_made", _("token gerbang dibuat"))
DRILL_PLANNED = _what("drill_planned", _("latihan direncanakan"))
DRILL_CALLED_OFF = _what("drill_called_off", _("latihan dibatalkan"))
DRILL_ANNOUNCED = _what("drill_announced", _("latihan diumumkan"))
DRILL_OPENED = _what("drill_opened", _("latihan dibuka"))
DRILL_CLOSED = _what("drill_closed", _("latihan ditutup"))
DRILL_NOTED = _what("drill_noted", _("hasil latihan dicatat"))
ANNOUNCED = _what("announced", _("mengumumkan"))
ANNOUNCEMENT_ENDED = _what("announcement_ended", _("mengakhiri pengumuman"))
ROLLCALL_BEGUN = _what("rollcall_begun", _("memulai absen aman"))
ROLLCALL_ENDED = _what("rollcall_ended", _("mengakhiri absen aman"))
HOUSES_SAFE = _what("houses_safe", _("rumah aman"))
HOUSES_HELP = _what("houses_help", _("rumah butuh bantuan"))
HOUSES_UNKNOWN = _what("houses_unknown", _("rumah belum ditandai lagi"))
WATCH_SQUAD_SET = _what("watch_squad_set", _("regu ronda diatur"))
WATCH_SQUAD_ENDED = _what("watch_squad_ended", _("regu ronda dibubarkan"))
WATCH_SHIFT_ADDED = _what("watch_shift_added", _("giliran ronda ditambah"))
WATCH_SHIFT_ENDED = _what("watch_shift_ended", _("giliran ronda dihapus"))
WATCH_EXCUSED = _what("watch_excused", _("izin ronda"))
WATCH_SWAP_ASKED = _what("watch_swap_asked", _("ganti ronda diminta"))
WATCH_SWAP_AGREED = _what("watch_swap_agreed", _("ganti ronda disetujui"))
WATCH_SWAP_REFUSED = _what("watch_swap_refused", _("ganti ronda ditolak"))
WATCH_PRESENT = _what("watch_present", _("hadir ronda"))
WATCH_WELL = _what("watch_well", _("ronda aman"))
WATCH_HOUSE = _what("watch_house", _("rumah dilewati ronda"))
WATCH_HANDED_OVER = _what("watch_handed_over", _("serah terima ronda"))
WARNING_OPENED = _what("warning_opened", _("peringatan"))
WARNING_ENDED = _what("warning_ended", _("pulih"))
WARNING_TAKEN = _what("warning_taken", _("mengurus peringatan"))
SIREN_CHECKED = _what("siren_checked", _("sirene diperiksa"))
SIREN_TESTED = _what("siren_tested", _("uji sirene"))
HUB_HAD_BEEN_AWAY = _what("hub_had_been_away", _("pernah tidak berjalan"))
DATABASE_SET_ASIDE = _what("database_set_aside", _("basis data rusak disisihkan"))
DATABASE_KEPT = _what("database_kept", _("basis data baru dipakai terus"))
VALUES_REPLACED = _what("values_replaced", _("nilai rusak diganti"))

# who did it, where that is no person with an account
HUB = "hub"
CONCEALED = "concealed"
DEVICE = "device"
CONSOLE = "console"
PROVISION = "provision"

# sentences beside a `what`, see said.py
LATE_NO_SIREN = _said("late_no_siren", _("diterima terlambat, tanpa sirene"))
CAME_LATE = _said("came_late", _("diterima terlambat"))
CONTENT_SPOILT = _said(
    "content_spoilt", _("kartu gerbang merusak isinya: tanyakan siapa yang menekan, ganti kartunya")
)
NUMBER_ONLY_BEFORE = _said(
    "number_only_before",
    _("tadi hanya nomornya yang terbaca, dan itu dibuka sebagai alarm rahasia: ini isinya"),
)
NUMBER_USED_TWICE = _said(
    "number_used_twice", _("nomor ini sudah dipakai alarm lain dengan isi lain: periksa tombolnya")
)
COUNT_NOT_KNOWN = _said(
    "count_not_known",
    _("gateway belum tahu hitungan tombol ini: perintahnya menunggu kepastian bahwa bukan rekaman"),
)
LOOK_ON_THE_SPOT = _said("look_on_the_spot", _("pastikan keadaan di tempat"))
INTO_INCIDENT = _said("into_incident", _("ke %(slug)s"))
WITH_INCIDENT = _said("with_incident", _("dengan %(slug)s"))
FROM_INCIDENT = _said("from_incident", _("dari %(slug)s"))
DOES_NOT_COUNT = _said("does_not_count", _("tidak dihitung: %(why)s"))
NO_SUCH_INCIDENT = _said("no_such_incident", _("tidak ada kejadian itu"))
IS_NO_CHIME = _said("is_no_chime", _("alat ini bukan penerima"))
CHIME_NOT_PAGED = _said("chime_not_paged", _("penerima ini tidak dipanggil untuk kejadian ini"))
CHIME_OF_OTHER_RT = _said("chime_of_other_rt", _("penerima RT lain"))
CHIME_OF_REPORTER = _said("chime_of_reporter", _("penerima di rumah pelapor"))
CHIME_NOT_CONFIRMED = _said(
    "chime_not_confirmed", _("penerima ini tidak dibenarkan oleh orang yang disepakati di rumah itu")
)
FROM_SCREEN = _said("from_screen", _("dari layar %(name)s"))
COME_TOO = _said("come_too", _("%(name)s: datang juga untuk %(slug)s?"))
TO_RECIPIENTS = _said("to_recipients", _("kepada %(told)s penerima"))
TO_PERSON = _said("to_person", _("kepada %(name)s"))
CALL_OTHERWISE = _said("call_otherwise", _("%(what)s; hubungi dengan cara lain"))
PEOPLE_NOT_CALLED = _said("people_not_called", _("%(failed)s orang; hubungi dengan cara lain"))
TO_SIRENS = _said("to_sirens", _("ke sirene RT %(zone)s"))
NTH_CALL = "nth_call"
ASKED_IF_OVER = _said("asked_if_over", _("ditanyakan: sudah selesai?"))
RECIPIENT = "recipient"
NAMES_AND_MORE = _said("names_and_more", _("%(names)s dan %(more)s lain"))
AT_TIME = _said("at_time", _("pukul %(wall)s"))
PEOPLE_AND_HOUSES = _said("people_and_houses", _("%(people)s orang, %(houses)s rumah"))
WORDS_REFUSED = _said(
    "words_refused", _("sejak mulai: %(no_button)s bukan dari tombol, %(not_signed)s tanpa tanda yang benar")
)
CALLS_OF_CHANNEL = _said("calls_of_channel", _("%(channel)s: %(count)s panggilan"))
CHANNEL = "channel"
CHANNEL_SAYS = _said("channel_says", _("%(channel)s: %(problem)s"))
LASTED = "lasted"
HISTORY_IS_IN = _said("history_is_in", _("riwayat sebelumnya ada di %(name)s"))
DRILL_IS_OVER = _said("drill_is_over", _("latihan selesai"))
WORDS_ERASED = _said("words_erased", _("(masa simpan habis)"))

# sentences of the record alone
NONE = _said("none", _("tidak ada"))
YES = _said("yes", _("ya"))
NO = _said("no", _("tidak"))
ON = _said("on", _("hidup"))
OFF = _said("off", _("mati"))
BYTES = _said("bytes", _("%(size)s bita"))
BYTES_FOR_KEEPERS = _said("bytes_for_keepers", _("%(size)s bita, terkunci untuk penjaga"))
BYTES_WITH_PASSWORD = _said("bytes_with_password", _("%(size)s bita, dengan kata sandi pembuatnya"))
HOURS = _said("hours", _("%(hours)s jam"))
DAYS = _said("days", _("%(days)s hari"))
ENDED = _said("ended", _("berakhir"))
BECOMES = _said("becomes", _("%(old)s menjadi %(new)s"))
HOUSE = _said("house", _("rumah %(house)s"))
HOUSE_OF_RT = _said("house_of_rt", _("RT %(zone)s rumah %(house)s"))
OUTSIDE_RT = _said("outside_rt", _("di luar RT"))
HOME_UNKNOWN = _said("home_unknown", _("belum dicatat"))
DEVICE_AT_HOUSE = _said("device_at_house", _("%(device)s, %(home)s"))
PERSON = _said("person", _("warga %(number)s"))
ALL_RT = _said("all_rt", _("semua RT"))
THE_SITE = _said("the_site", _("situs"))
THE_HUB = _said("the_hub", _("pusat data"))
FACT = "fact"
ASKED_BY = _said("asked_by", _("%(fact)s, diminta %(login)s"))
WITHOUT_ACCOUNT = _said("without_account", _("tanpa akun"))
WITH_CONSENT = _said("with_consent", _("dengan persetujuan"))
INVITED_AS = _said("invited_as", _("%(role)s, %(hours)s jam, rumah: %(home)s"))
INVITED_BY = _said("invited_by", _("dari %(made_by)s, peran %(role)s"))
ACCOUNT_AS = _said("account_as", _("%(role)s, rumah: %(home)s"))
LIVES = _said("lives", _("rumah: %(home)s"))
LIVES_AS_STAND_IN = _said("lives_as_stand_in", _("rumah: %(home)s, pengganti"))
LOGGED_OUT_OTHERS = _said("logged_out_others", _("%(count)s perangkat lain dikeluarkan"))
LOGGED_OUT_ALL = _said("logged_out_all", _("%(count)s perangkat"))
DRILL = _said("drill", _("latihan %(number)s"))
ANNOUNCEMENT = _said("announcement", _("pengumuman %(number)s"))
ROLLCALL = _said("rollcall", _("absen aman %(number)s"))
WATCH_SINCE = _said("watch_since", _("sejak %(since)s"))
WATCH_PEOPLE = _said("watch_people", _("%(count)s orang"))
WATCH_SHIFT = _said("watch_shift", _("mulai %(day)s, %(begin)s sampai %(end)s, tiap %(every)s hari"))
WATCH_TURN = _said("watch_turn", _("%(squad)s, %(when)s"))
WATCH_BY = _said("watch_by", _("oleh %(name)s"))
WITH_STICKER = _said("with_sticker", _("dengan stiker"))
DRILL_AT = _said("drill_at", _("%(when)s, %(minutes)s menit, %(area)s"))
DRILL_TOLD = _said("drill_told", _("%(drill)s: kepada %(told)s alamat"))
POLICY_OF = "policy_of"
CODES_ARE = "codes_are"
OFF_THE_PLAN = _said("off_the_plan", _("dilepas"))
AFTER_THE_RUNNING = _said("after_the_running", _("sesudah yang sedang berjalan"))
GENERATION = _said("generation", _("generasi %(number)s"))
FILE_SET_ASIDE = _said("file_set_aside", _("%(why)s; berkas lama: %(file)s; masih terbaca: %(tables)s"))

# what needs care: `what` of the warnings
GATEWAY_LOST = "gateway_lost"
GATEWAY_TROUBLED = "gateway_troubled"
GATEWAY_TO_SEE = "gateway_to_see"
GATEWAY_SIREN_OUT = "gateway_siren_out"
RECORD_ALTERED = "record_altered"
RADIO_DOWN = "radio_down"
SIREN_LOST = "siren_lost"
SIREN_BROKEN = "siren_broken"
SIREN_SILENT = "siren_silent"
SIREN_TOLD_FAILURE = "siren_told_failure"
RADIO_JAMMED = "radio_jammed"
LID_OPEN = "lid_open"
BUTTON_STUCK = "button_stuck"
KEY_WORN = "key_worn"
FLASH_FAILING = "flash_failing"
PART_WORN = "part_worn"
BUTTON_IS_MUTED = "button_is_muted"
MAINS_OUT = "mains_out"
DEVICE_LATE = "device_late"
DEVICE_LOST = "device_lost"
DEVICE_NEVER_HEARD = "device_never_heard"
POST_BATTERY_LOW = "post_battery_low"
BATTERY_LOW = "battery_low"
BATTERY_UNREAD = "battery_unread"
CLOCK_UNSURE = "clock_unsure"
DISK_FILLING = "disk_filling"
BACKUP_OLD = "backup_old"
DATABASE_REPLACED = "database_replaced"
HUB_WAS_DOWN = "hub_was_down"
HUB_FAILED = "hub_failed"
VALUES_WERE_ODD = "values_were_odd"
SITE_FILE_DAMAGED = "site_file_damaged"
POLICY_DAMAGED = "policy_damaged"
CONTACTS_OLD = "contacts_old"
DRILL_NOT_ENDED = "drill_not_ended"
DRILL_MISSED = "drill_missed"
SILENT_ALARMS_UNHEARD = "silent_alarms_unheard"
HOMES_UNKNOWN = "homes_unknown"
ACCESS_TO_CHECK = "access_to_check"
CHIMES_WAITING = "chimes_waiting"
CHANNEL_FAILING = "channel_failing"
WATCH_ABSENT = "watch_absent"
WATCH_SILENT = "watch_silent"

# particulars and subjects of warnings, and what became of a database
RECORD_LINE = _said("record_line", _("%(table)s baris %(row)s"))
PRESSED_OFTEN = _said("pressed_often", _("%(count)s kejadian dalam 30 menit"))
SHARE_LEFT = _said("share_left", _("sisa %(share)s"))
CLOCK_BACK = _said("clock_back", _("mundur %(minutes)s menit"))
NEVER_MADE = _said("never_made", _("belum pernah dibuat"))
ANSWERS_UNREAD = _said("answers_unread", _("jawaban tidak terbaca: %(problem)s"))
STATES_UNKNOWN = _said("states_unknown", _("%(count)s alat di baliknya tidak diketahui keadaannya"))
CLOCK_DIFFERS = _said("clock_differs", _("berbeda %(minutes)s menit dari pusat data"))
CONFIDENTIAL_INCIDENTS = _said("confidential_incidents", _("kejadian rahasia"))
ACCOUNTS = _said("accounts", _("akun"))
CONTACTS = _said("contacts", _("kontak"))
CHIMES = _said("chimes", _("%(count)s penerima"))
NAMES_AND_LEFT = _said("names_and_left", _("%(names)s dan %(more)s lagi"))
DAYS_LEFT = _said("days_left", _("sekitar %(days)s hari lagi"))
PERCENT_LEFT = _said("percent_left", _("tinggal %(percent)s %%"))
WEAK = _said("weak", _("lemah"))
DATABASE_EMPTY = _said("database_empty", _("berkasnya kosong"))
DATABASE_MISSING = _said("database_missing", _("berkasnya tidak ada"))
DATABASE_OF_ANOTHER = _said("database_of_another", _("berkas itu milik program lain"))
DATABASE_BROKEN = _said("database_broken", _("isinya rusak (%(found)s)"))
DATABASE_WITHOUT_SITE = _said("database_without_site", _("tidak ada situs di dalamnya"))
COPY_BROKEN_TOO = _said("copy_broken_too", _("%(why)s; salinannya juga rusak, sebagian hilang"))
UNREADABLE = _said("unreadable", _("tidak terbaca"))
GATEWAY_SAYS = "gateway_says"
WARNING = "warning"
WARNED_OF = "warned_of"

# what failed of this program, and how it is told
WRITING_INCIDENT = _said("writing_incident", _("mencatat kejadian"))
FINDING_INCIDENT = _said("finding_incident", _("mencari kejadian"))
SIREN_REPORT = _said("siren_report", _("laporan sirene"))
WRITING_ALARM = _said("writing_alarm", _("mencatat alarm"))
WRITING_DEVICE = _said("writing_device", _("mencatat alat"))
KNOWING_DEVICE = _said("knowing_device", _("mengenali alat"))
WRITING_COUNTER = _said("writing_counter", _("mencatat nomor terakhir"))
WRITING_TEST = _said("writing_test", _("mencatat uji"))
CHOOSING_WHO_KNOWS = _said("choosing_who_knows", _("menentukan siapa yang boleh tahu"))
CHOOSING_STEP = _said("choosing_step", _("menentukan langkah"))
AWAITING_SIREN = _said("awaiting_siren", _("menunggu laporan sirene"))
SILENT_SIRENS = _said("silent_sirens", _("sirene yang diam"))
REPLAYED_SIREN = _said("replayed_siren", _("sirene yang diputar ulang"))
CALLING = _said("calling", _("memanggil"))
OTHER_SIRENS = _said("other_sirens", _("sirene RT lain"))
SIRENS = _said("sirens", _("sirene"))
NEXT_STEP = _said("next_step", _("langkah berikut"))
FINDING_PEOPLE = _said("finding_people", _("mencari siapa yang dipanggil"))
PAGING_CHIMES = _said("paging_chimes", _("memanggil penerima"))
SENDING_WARNING = _said("sending_warning", _("mengirim peringatan"))
WRITING_GATEWAY = _said("writing_gateway", _("mencatat gerbang"))
WRITING_CHANNEL = _said("writing_channel", _("mencatat kanal"))
SETTINGS_FOR_GATEWAY = _said("settings_for_gateway", _("pengaturan untuk gerbang"))
CUT_SMS = _said("cut_sms", _("SMS yang terpotong"))
CHECKING_VALUES = _said("checking_values", _("memeriksa isi basis data"))
EXPIRED_MESSAGES = _said("expired_messages", _("pesan yang kedaluwarsa"))
OTHER_GATEWAYS = _said("other_gateways", _("perintah ke gerbang lain"))
SETTINGS_OVER_RADIO = _said("settings_over_radio", _("pengaturan lewat radio"))
DRILLS = _said("drills", _("latihan"))
ANNOUNCEMENTS = _said("announcements", _("pengumuman dan absen aman"))
NIGHT_WATCH = _said("night_watch", _("giliran ronda"))
WATCHING = _said("watching", _("peringatan"))
TRIMMING = _said("trimming", _("membersihkan data lama"))
OTHER_PARTS = _said("other_parts", _("bagian lain"))
OF_INCIDENT = _said("of_incident", _("%(what)s, %(name)s"))
CALLS_NEVER_TRIED = _said("calls_never_tried", _("%(count)s panggilan tidak sempat dikirim"))
TIMES = _said("times", _("%(what)s, %(count)s kali atau lebih"))
AND_MORE = _said("and_more", _("dan %(more)s lagi"))
ORDER_DAMAGED = _said("order_damaged", _("perintah %(type)s untuk %(gateway)s rusak"))
SEVERAL = "several"
STORING_REPORT = _said("storing_report", _("menyimpan laporan %(gateway)s"))
WRITING_RESULT = _said("writing_result", _("mencatat hasil perintah"))
