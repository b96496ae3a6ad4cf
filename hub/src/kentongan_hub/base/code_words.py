"""The words for each code of record, timeline and warnings: the one place where a code becomes a sentence."""

from kentongan_hub.base import codes, services, words
from kentongan_hub.base.language import Joined, Text, _
from kentongan_hub.base.said import Said, either, unpack

# what happened, of the timeline and the record
WHAT = {
    codes.PRESSED: _("tombol ditekan"),
    codes.PRESSED_AGAIN: _("tombol ditekan lagi"),
    codes.NOT_LATE: _("tidak terlambat, kata gateway lain"),
    codes.NOT_A_DRILL: _("bukan latihan, kata gateway lain"),
    codes.REOPENED: _("dibuka kembali"),
    codes.CANCELLED: _("dibatalkan"),
    codes.ODD: _("peringatan"),
    codes.SIREN_SOUNDING: _("sirene berbunyi"),
    codes.SIREN_STOPPED: _("sirene berhenti"),
    codes.SIREN_SILENCED: _("sirene dimatikan di pos"),
    codes.SIREN_FAILED: _("sirene gagal berbunyi"),
    codes.SIREN_DRIVEN: _("sirene digerakkan (tanpa pengindra)"),
    codes.SIREN_REFUSED: _("sirene tidak berbunyi sendiri, gerbang memastikan"),
    codes.SIREN_REPORTED: _("sirene melapor"),
    codes.ORDER_REPLAYED: _("perintah lama diputar ulang, sirene dihentikan"),
    codes.SIREN_UNREPORTED: _("sirene tidak melapor berbunyi"),
    codes.SHOWS_COMING: _('menunjukkan "ada yang datang"'),
    codes.COMING_NOT_COUNTED: _("saya datang?"),
    codes.TAKEN: _("diterima"),
    codes.COMING: _("saya datang"),
    codes.ARRIVED: _("sudah di lokasi"),
    codes.HELP_ASKED: _("butuh bantuan lagi"),
    codes.COMING_ASKED: _("ditanyakan"),
    codes.DECLINED: _("tidak bisa datang"),
    codes.MARKED_DRILL: _("ditandai latihan"),
    codes.MARKED_REAL: _("ditandai sungguhan"),
    codes.CLOSED: _("selesai"),
    codes.FALSE_ALARM: _("alarm keliru"),
    codes.DRILL_CORRECTED: _("koreksi: ini latihan"),
    codes.ALARM_CORRECTED: _("koreksi: alarm keliru, keadaan aman"),
    codes.NOTED: _("catatan"),
    codes.HANDED_OVER: _("serah terima"),
    codes.HUSHED: _("matikan bunyi"),
    codes.MERGED: _("digabung"),
    codes.SPLIT: _("dipisah"),
    codes.RELEASED: _("dilepas"),
    codes.EXCLUDED: _("mengecualikan"),
    codes.INCLUDED_AGAIN: _("menyertakan lagi"),
    codes.REPORTED: _("dilaporkan"),
    codes.PHOTO_ADDED: _("foto ditambah"),
    codes.FORWARDED: _("diteruskan"),
    codes.CALLED_AGAIN: _("peringatan ulang"),
    codes.CALLED: _("memanggil"),
    codes.NO_NUMBER: _("belum ada nomor untuk"),
    codes.NOT_REACHED: _("tidak terpanggil"),
    codes.FOLLOWED_UP: _("tindak lanjut"),
    codes.PART_FAILED: _("gagal"),
    codes.NOT_SENT: _("tidak terkirim"),
    codes.NEVER_TRIED: _("tidak sempat dikirim"),
    codes.HUB_WAS_AWAY: _("tidak berjalan"),
    codes.DATABASE_DAMAGED: _("basis data rusak"),
    codes.SITE_MADE: _("tempat dibuat"),
    codes.ACCOUNT_MADE: _("akun dibuat"),
    codes.LOGGED_IN: _("masuk"),
    codes.LOGIN_FAILED: _("masuk gagal"),
    codes.LOGGED_OUT: _("keluar"),
    codes.LOGGED_OUT_EVERYWHERE: _("keluar di mana-mana"),
    codes.PASSWORD_CHANGED: _("sandi diganti"),
    codes.PIN_CHANGED: _("PIN diganti"),
    codes.PIN_WRONG: _("PIN salah"),
    codes.INVITED: _("undangan dibuat"),
    codes.INVITATION_USED: _("undangan dipakai"),
    codes.INVITATION_ENDED: _("undangan dibatalkan"),
    codes.RECOVERY_LINK_MADE: _("tautan sandi baru dibuat"),
    codes.PASSWORD_RECOVERED: _("sandi baru lewat tautan"),
    codes.SCREEN_PAIRED: _("layar dipasangkan"),
    codes.SCREEN_REMOVED: _("layar dicabut"),
    codes.HOME_CHANGED: _("akun: rumah"),
    codes.NAMED: _("akun: rahasia"),
    codes.NOT_NAMED: _("akun: bukan-rahasia"),
    codes.STAND_IN_MADE: _("akun: pengganti"),
    codes.STAND_IN_ENDED: _("akun: bukan-pengganti"),
    codes.ACCOUNT_OFF: _("akun: matikan"),
    codes.ACCOUNT_ON: _("akun: hidupkan"),
    codes.HOUSE_EXCLUDED: _("kecualikan dari rahasia"),
    codes.HOUSE_INCLUDED: _("pengecualian dicabut"),
    codes.ACCOUNT_LINKED: _("akun warga diubah"),
    codes.SECOND_WAITED: _("menunggu orang kedua"),
    codes.SECOND_AGREED: _("orang kedua: dibenarkan"),
    codes.SECOND_REFUSED: _("orang kedua: ditolak"),
    codes.ACCESS_CHECKED: _("akses diperiksa"),
    codes.CONFIDENTIAL_SEEN: _("lihat kejadian rahasia"),
    codes.HOUSE_ADDED: _("rumah didaftar"),
    codes.PERSON_ADDED: _("warga didaftar"),
    codes.ADDRESS_ADDED: _("alamat ditambah"),
    codes.ADDRESS_REMOVED: _("alamat dihapus"),
    codes.DUTIES_CHANGED: _("tugas diubah"),
    codes.CONSENT_WITHDRAWN: _("persetujuan ditarik"),
    codes.MOVED_OUT: _("pindah keluar"),
    codes.MOVED_IN: _("pindah masuk"),
    codes.HOUSE_EMPTY: _("rumah kosong"),
    codes.CONTACT_ADDED: _("kontak ditambah"),
    codes.CONTACT_CHANGED: _("kontak diubah"),
    codes.CONTACT_CHECKED: _("kontak dicek"),
    codes.CONTACT_REMOVED: _("kontak dihapus"),
    codes.CHIME_CONFIRMED: _("penerima dibenarkan"),
    codes.CHIME_REFUSED: _("penerima tidak dibenarkan lagi"),
    codes.BACKUP_PASSPHRASE_SET: _("kata sandi cadangan dipasang"),
    codes.BACKUP_MADE: _("cadangan dibuat"),
    codes.BACKUP_RESTORED: _("cadangan dipulihkan"),
    codes.RETENTION_CHANGED: _("masa simpan diubah"),
    codes.RETENTION_ENDED: _("masa simpan habis"),
    codes.EXPORTED: _("ekspor"),
    codes.SETTINGS_CHANGED: _("pengaturan diubah"),
    codes.POLICY_CHANGED: _("kebijakan diubah"),
    codes.POLICY_RESET: _("kebijakan bawaan"),
    codes.CHANNEL_SET: _("kanal diatur"),
    codes.CHANNEL_TESTED: _("kanal diuji"),
    codes.ANSWER_UNKNOWN: _("jawaban tidak dikenal"),
    codes.ANSWER_UNCLEAR: _("jawaban belum jelas"),
    codes.PLAN_CHANGED: _("denah diganti"),
    codes.LANE_DRAWN: _("gang digambar"),
    codes.LANE_REMOVED: _("gang dihapus"),
    codes.PLACED_ON_PLAN: _("ditaruh di denah"),
    codes.CODES_CHOSEN: _("kode kentongan"),
    codes.SHIFT_HANDED_OVER: _("serah terima malam"),
    codes.BUTTON_MUTED: _("tombol dibisukan"),
    codes.BUTTON_UNMUTED: _("tombol dihidupkan"),
    codes.DEVICE_ADDED: _("alat ditambahkan"),
    codes.DEVICE_INSTALLED: _("alat terpasang"),
    codes.DEVICE_WITHDRAWN: _("pemasangan batal"),
    codes.DEVICE_MOVED: _("rumah alat diubah"),
    codes.DEVICE_REVOKED: _("alat dicabut"),
    codes.DEVICE_REVOKED_ON_PAGE: _("alat dicabut dari halaman"),
    codes.KEYS_ROTATED: _("pergantian kunci"),
    codes.ROTATION_STARTED: _("pergantian kunci dimulai"),
    codes.ROTATION_ASKED: _("pergantian kunci diminta"),
    codes.ROTATION_WITHOUT: _("pergantian kunci tanpa alat"),
    codes.TECHNICIAN_KEY_MADE: _("kunci teknisi dibuat"),
    codes.TECHNICIAN_KEY_ENDED: _("kunci teknisi diakhiri"),
    codes.GATEWAY_FILE_WRITTEN: _("berkas gerbang ditulis"),
    codes.GATEWAY_TOKEN_MADE: _("token gerbang dibuat"),
    codes.DRILL_PLANNED: _("latihan direncanakan"),
    codes.DRILL_CALLED_OFF: _("latihan dibatalkan"),
    codes.DRILL_ANNOUNCED: _("latihan diumumkan"),
    codes.DRILL_OPENED: _("latihan dibuka"),
    codes.DRILL_CLOSED: _("latihan ditutup"),
    codes.DRILL_NOTED: _("hasil latihan dicatat"),
    codes.WARNING_OPENED: _("peringatan"),
    codes.WARNING_ENDED: _("pulih"),
    codes.WARNING_TAKEN: _("mengurus peringatan"),
    codes.SIREN_CHECKED: _("sirene diperiksa"),
    codes.SIREN_TESTED: _("uji sirene"),
    codes.HUB_HAD_BEEN_AWAY: _("pernah tidak berjalan"),
    codes.DATABASE_SET_ASIDE: _("basis data rusak disisihkan"),
    codes.DATABASE_KEPT: _("basis data baru dipakai terus"),
    codes.VALUES_REPLACED: _("nilai rusak diganti"),
}
# who it was; with a name where there is one
ACTORS = {
    codes.HUB: (_("pusat data"), ""),
    codes.CONCEALED: (_("pelapor (dirahasiakan)"), ""),
    codes.DEVICE: (_("alat"), _("alat %(name)s")),
    codes.CONSOLE: (_("teknisi"), _("teknisi %(name)s")),
    codes.PROVISION: (_("provision"), ""),
}


def _recipient(to):
    return words.recipient(to) or str(to)


def _nth_call(number, to, card="", numbers=()):
    """The step as its policy had it, with the numbers that Kontak had then."""
    people = Joined(", ", map(_recipient, to))
    card = services.fill(card, dict(numbers))
    return _("ke-%(number)s: %(said)s", number=number, said=Joined("; ", filter(None, (people, card))))


def _policy_of(kind, zone):
    return Joined(", ", (words.kind(kind), f"RT {zone:02d}" if zone else _("semua RT")))


def _codes_are(profile, own):
    return Joined("; ", filter(None, (profile, Joined(", ", (Joined(" ", (words.kind(kind), strokes))
                                                             for kind, strokes in own)))))  # fmt: skip


channel_words = {}  # channel -> its word in a sentence; each channel's class tells it (channels/)


def _channel(name):
    return channel_words.get(name) or name.removeprefix("gateway:")


def _fact(fact):
    return words.FACTS.get(fact, fact)


# sentences beside a `what`: a text with its values, or what makes one of them
SAID = {
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
    codes.CHIME_NOT_CONFIRMED: _(
        "penerima ini tidak dibenarkan oleh orang yang disepakati di rumah itu"
    ),
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
    codes.DRILL_AT: _("%(when)s, %(minutes)s menit, %(area)s"),
    codes.DRILL_TOLD: _("%(drill)s: kepada %(told)s alamat"),
    codes.POLICY_OF: _policy_of,
    codes.CODES_ARE: _codes_are,
    codes.OFF_THE_PLAN: _("dilepas"),
    codes.FILE_SET_ASIDE: _("%(why)s; berkas lama: %(file)s; masih terbaca: %(tables)s"),
}


def say(one):
    """The sentence of a Said, or of several; what is none stays as it is. Nothing here raises."""
    if isinstance(one, list | tuple):
        return Joined(", ", map(say, one))
    if not isinstance(one, Said):
        return one
    sentence = SAID.get(one.code) or WHAT.get(one.code) or one.code
    try:
        if isinstance(sentence, Text):
            return sentence.of(**{name: say(value) for name, value in one.values.items()})
        return sentence(**one.values) if callable(sentence) else sentence
    except (TypeError, ValueError, AttributeError):  # a row that was damaged
        return one.code


def what(code):
    """What happened; a code that no word is known for, as it stands."""
    return WHAT.get(code, code)


def who(row):
    """The name of a person or device; a machine by its own."""
    if not row["actor"]:
        return row["who"]
    alone, named = ACTORS.get(row["actor"], (row["actor"], ""))
    return named.of(name=row["who"]) if named and row["who"] else alone


def name(text):
    """What stands in a column of names, in words where it is a sentence of ours."""
    return say(either(text))


def detail(row):
    """What we say of it, and what people typed."""
    both = [one for one in (say(unpack(row["said"])), row["detail"]) if one]
    return both[0] if len(both) == 1 else Joined(": ", both)


def closed_by(incident):
    """Who ended an incident; null where the hub itself did."""
    if incident["closed_by"] is None and incident["closed_ms"] is not None:
        return ACTORS[codes.HUB][0]
    return incident["closed_by"]


def reason(incident):
    """Why it was ended, as people said it; null where they said nothing and we do."""
    if incident["reason"] is None and incident["closed_ms"] is not None:
        return SAID[codes.WORDS_ERASED if incident["erased_wall"] is not None else codes.DRILL_IS_OVER]
    return incident["reason"]


def line(row):
    """A row of the timeline or the record as people read it."""
    shown = {"who": who(row), "what": what(row["what"]), "detail": detail(row)}
    if row.get("about"):
        shown["subject"] = say(unpack(row["about"]))
    return {**row, **shown}
