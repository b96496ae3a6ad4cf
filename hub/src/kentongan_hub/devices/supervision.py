"""What needs a person's care: late before lost, and never green without proof. Pure."""

from collections import namedtuple

from kentongan_wire import flood

from kentongan_hub.base.language import _, known
from kentongan_hub.devices.deaf import Unwatched
from kentongan_hub.record.away import Absences

TERHUBUNG, TERLAMBAT = _("terhubung"), _("terlambat")
TERPUTUS, BELUM = _("terputus"), _("belum terdengar")
# nobody could hear it for a while, and it was not heard since: neither lost nor green
DITUNGGU = _("ditunggu")

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
# role -> (late after, lost after); mains nodes report every 140 s, buttons every 6 h
LIMITS_MS = {
    "tombol": (13 * HOUR_MS, 26 * HOUR_MS),
    "gateway": (40_000, 5 * MINUTE_MS),
}
MAINS_LIMITS_MS = (flood.STATUS_LATE_MS, 5 * MINUTE_MS)
MAINS_PERIOD_S = 140
# one lithium-ion cell, the only kind that these boards charge; empty is the mark at which a button says "low"
BATTERY_FULL_MV, BATTERY_EMPTY_MV = 4_100, 3_300
TREND_DAYS, TREND_DAYS_MIN = 60, 7  # days that the trend looks back, and needs at least
DAYS_LEFT_MAX = 3_650
BATTERY_DAYS = 30  # EN 54-25: a warning 30 days ahead
BATTERY_LOW_PERCENT = 15
BATTERY_UNREAD_MIN = 2  # statuses in a row: the first after an opened lid may go before the reading
# a post's 12 V lead-acid battery; a mains device with one cell never reads so high
POST_BATTERY_MV, POST_BATTERY_LOW_MV = 6_000, 11_800
DISK_FREE_MIN = 0.10  # share of the disk
BACKUP_AGE_MS = 8 * DAY_MS  # a week, and a day to notice
NEVER_HEARD_MS = DAY_MS  # since it was made
CLOCK_OFF_MS = 120_000  # a gateway's clock against the hub's, also when it is steady
DRILL_MISSED_MS = HOUR_MS  # after its time a drill that nobody has begun was missed
NEVER = Unwatched(Absences())  # of a hub that was always there
SIREN_LIMIT_MS = flood.SIREN_TOLD_MS  # a post that was meant to sound reports within this, see soundings.py
CHANNEL_FAILS = 3  # in a row

# what is wrong -> (urgent: at any hour, owner: a duty, words for people)
KINDS = {
    _("gerbang terputus"): (
        True, "ketua_rt", _("alarm tidak sampai ke pusat data; pos tetap berbunyi sendiri")
    ),
    _("gerbang bermasalah"): (True, "teknisi", _("pos tetap berbunyi sendiri; periksa gerbang di pos")),
    _("gerbang perlu dilihat"): (False, "teknisi", _("lihat catatan gerbang di halaman Perangkat")),
    _("gerbang tanpa sirene"): (True, "ronda", _("bunyikan kentongan dengan tangan")),
    _("catatan diubah"): (
        True, "ketua_rt", _("bandingkan ujung rantai di buku; teknisi: kentongan-hub check")
    ),
    _("radio mati"): (True, "teknisi", _("gerbang tidak mendengar alat di lapangan")),
    _("sirene terputus"): (True, "teknisi", _("tidak terdengar 5 menit; pos lain tetap melindungi")),
    _("sirene rusak"): (True, "teknisi", _("bunyikan kentongan dengan tangan")),
    _("sirene diam"): (True, "ronda", _("diminta berbunyi dan tidak melapor berbunyi dalam 15 detik")),
    _("sirene gagal"): (True, "ronda", _("melapor gagal berbunyi")),
    _("radio diganggu"): (True, "teknisi", _("saluran dipakai pihak lain; laporkan ke Balai Monitor")),
    _("tutup terbuka"): (True, "ronda", _("periksa apakah alat dibongkar")),
    _("tombol macet"): (True, "ronda", _("menekan terus; bisukan atau cabut di halaman alat")),
    _("kontak rusak"): (
        True, "teknisi", _("tertekan terus, atau kabel kontaknya lepas; periksa di rumah itu")
    ),
    _("flash gagal"): (True, "teknisi", _("masih bekerja; ganti papannya sebelum listrik atau baterainya "
                                       "diputus")),  # fmt: skip
    _("bagian rusak"): (False, "teknisi", _("lampu, tombol atau sensornya tidak bekerja, alarm tetap jalan; "
                                        "tulis periksa di kabelnya")),  # fmt: skip
    _("tombol dibisukan"): (False, "ketua_rt", _("alarmnya tercatat tanpa sirene; hidupkan lagi di halaman "
                                              "alat")),  # fmt: skip
    _("listrik padam"): (False, "teknisi", _("bertahan dengan baterai")),
    _("terlambat"): (False, "teknisi", _("belum melapor pada waktunya")),
    _("terputus"): (False, "teknisi", _("tidak terdengar; periksa alat, baterai dan antena")),
    _("belum terdengar"): (False, "teknisi", _("dibuat sehari lalu dan belum pernah terdengar")),
    _("aki lemah"): (True, "teknisi", _("pos segera mati bila listrik padam; periksa aki dan sekeringnya")),
    _("baterai"): (False, "ketua_rt", _("ganti sebelum habis")),
    _("baterai tidak terbaca"): (
        False, "teknisi", _("dulu terbaca; periksa baterai dan kabelnya, bila tetap begitu ganti papannya")
    ),
    _("jam tidak pasti"): (
        False, "teknisi", _("cocokkan jam mesin dengan jam yang benar; urutan tetap benar")
    ),
    _("disk hampir penuh"): (True, "teknisi", _("kosongkan atau ganti kartu memori")),
    _("cadangan lama"): (False, "ketua_rt", _("buat cadangan ke USB di halaman Cadangan")),
    _("basis data rusak"): (True, "teknisi", _("pulihkan cadangan atau teruskan di halaman Cadangan")),
    _("pusat data pernah mati"): (
        False, "teknisi", _("periksa listriknya; tiap alat mendapat waktunya lagi")
    ),
    _("pusat data gagal"): (True, "teknisi", _("lihat catatan program; yang lain berjalan terus")),
    _("nilai rusak diganti"): (
        True, "teknisi", _("periksa isinya di halamannya; kartu memori mungkin rusak")
    ),
    _("berkas kunci rusak"): (True, "teknisi", _("perbaiki site.json atau pulihkan dari cadangan; alarm "
                                              "berjalan")),  # fmt: skip
    _("kebijakan rusak"): (True, "ketua_rt", _("kebijakan bawaan dipakai; tulis ulang di halaman Kebijakan")),
    _("kontak lama"): (False, "ketua_rt", _("telepon, lalu tandai sudah dicek di halaman Kontak")),
    _("latihan belum berakhir"): (
        True,
        "ronda",
        _("pos ini bisa membunyikan alarm sungguhan sebagai latihan; datangi: cabut lalu pasang dayanya"),
    ),
    _("latihan terlewat"): (False, "ketua_rt", _("mulai, atau batalkan dengan alasan, di halaman Latihan")),
    _("alarm diam tanpa penerima"): (
        True,
        "ketua_rt",
        _("sepakati sedikitnya dua orang dari rumah berbeda di halaman Akun; baca halaman Akses"),
    ),
    _("rumah akun belum dicatat"): (
        False, "ketua_rt", _("tulis di halaman Akses; tanpa itu tidak bisa disepakati")
    ),
    _("akses perlu diperiksa"): (
        True,
        "ketua_rt",
        _("data akses dari salinan: periksa siapa yang disepakati dan siapa dikecualikan, di halaman Akses"),
    ),
    _("penerima menunggu"): (
        False, "ketua_rt", _("penghuninya membenarkan di Pengaturan; sampai itu tidak berbunyi untuk alarm "
                             "diam")  # fmt: skip
    ),
    _("kanal gagal"): (True, "teknisi", _("pesan lewat kanal ini tidak terkirim")),
}

UNKNOWN = _("%(count)s alat di baliknya tidak diketahui keadaannya")
HUB = _("pusat data")  # no label of a gateway, which has no space
LINE, DRILL = _("%(table)s baris %(row)s"), _("latihan %(number)s")

# whose particulars no person types: the name of no contact, no reason for a muted button
OF_MACHINES = (
    *("tombol macet", "disk hampir penuh", "jam tidak pasti", "cadangan lama", "basis data rusak", "baterai"),
    *("pusat data pernah mati", "berkas kunci rusak", "gerbang bermasalah", "gerbang perlu dilihat"),
    *("gerbang tanpa sirene", "kanal gagal", "penerima menunggu", "gerbang terputus"),
)
# which are about the hub, a drill or people without a name, and no device
OF_NO_DEVICE = (
    *("disk hampir penuh", "cadangan lama", "basis data rusak", "pusat data pernah mati"),
    *("pusat data gagal", "berkas kunci rusak", "akses perlu diperiksa", "alarm diam tanpa penerima"),
    *("penerima menunggu", "rumah akun belum dicatat", "kontak lama", "latihan terlewat", "catatan diubah"),
)

# what, whose, urgent, owner, detail: one thing that needs care now
Finding = namedtuple("Finding", "what subject urgent owner detail")


def link(role, heard_ms, now_ms, reported="", period_s=MAINS_PERIOD_S, gone=NEVER.hub):
    """The state of a device last heard at `heard_ms`; a gateway's report may make it worse, never better.

    `period_s`: how often it reports; where the site's plan stretches that, it is late and lost later.
    `gone`: when nobody could hear it; what was not listened to is nobody's silence, and who was lost or late
    before stays so until heard.
    """
    if heard_ms is None:
        return BELUM
    late_ms, lost_ms = LIMITS_MS.get(role, MAINS_LIMITS_MS)
    more_ms = 0 if role in LIMITS_MS else max(0, period_s - MAINS_PERIOD_S) * 1000
    late_ms, lost_ms = late_ms + more_ms, lost_ms + more_ms
    silent_ms, before_ms = gone.silence(role, heard_ms, now_ms, lost_ms)
    awaited = gone.awaited(role, heard_ms)
    if max(silent_ms, before_ms) >= lost_ms or reported == TERPUTUS:
        return TERPUTUS
    if silent_ms >= late_ms or reported == TERLAMBAT or (before_ms >= late_ms and role != "gateway"):
        return TERLAMBAT
    return DITUNGGU if awaited else TERHUBUNG


def battery_percent(battery_mv):
    """0..100 for a button's cells, None when unknown; a rough guide, 'low' comes from the device."""
    if not battery_mv:
        return None
    share = (battery_mv - BATTERY_EMPTY_MV) * 100 // (BATTERY_FULL_MV - BATTERY_EMPTY_MV)
    return max(0, min(100, share))


def days_left(days):
    """Days until empty by the least-squares line through [(day, lowest mV)]; None when there is no fall."""
    if len(days) < TREND_DAYS_MIN:
        return None
    mean_day = sum(day for day, _ in days) / len(days)
    mean_mv = sum(mv for _, mv in days) / len(days)
    spread = sum((day - mean_day) ** 2 for day, _ in days)
    slope = sum((day - mean_day) * (mv - mean_mv) for day, mv in days) / spread
    if slope >= -0.1:  # mV a day; flatter than this is noise
        return None
    now_mv = mean_mv + slope * (days[-1][0] - mean_day)
    return max(0, min(DAYS_LEFT_MAX, int((now_mv - BATTERY_EMPTY_MV) / -slope)))


def signal(rssi, snr_q):
    """'kuat', 'cukup' or 'lemah' for people; '' when unknown. LoRa decodes below the noise: SNR decides."""
    if snr_q is None:
        return ""
    if snr_q >= 20:  # 5 dB and more
        return _("kuat")
    return _("cukup") if snr_q >= -20 else _("lemah")


def findings(facts, now_ms):
    """{(what, subject): Finding} of everything that needs care; `facts` as watch.gather makes them."""
    unwatched = facts.get("gone", NEVER)
    out, unknown = [], behind(facts["devices"], now_ms, unwatched)
    for row in facts["gateways"]:
        out.extend(_gateway(row, now_ms, unwatched.hub, unknown.get(row["label"], ())))
    for row in facts["radios"]:
        out.append(_found("radio mati", f"{row['gateway']} {row['name']}"))
    out.extend(_trouble(row) for row in facts["troubles"])
    out.extend(_found("catatan diubah", LINE.of(table=one, row=row)) for one, row in facts["broken_chains"])
    for row in facts["devices"]:
        out.extend(_device(row, now_ms, unwatched))
    for row in facts["stuck"]:
        often = _("%(count)s kejadian dalam 30 menit", count=row["count"])
        out.append(_found("tombol macet", row["label"], often))
    for row in facts["silent"]:
        what = "sirene gagal" if row["state"] == "failed" else "sirene diam"
        out.append(_found(what, row["label"]))
    if facts["disk_free"] is not None and facts["disk_free"] < DISK_FREE_MIN:
        left = _("sisa %(share)s", share=f"{facts['disk_free']:.0%}")
        out.append(_found("disk hampir penuh", "pusat data", left))
    if facts["clock_back_ms"] > MINUTE_MS:
        back = _("mundur %(minutes)s menit", minutes=facts["clock_back_ms"] // MINUTE_MS)
        out.append(_found("jam tidak pasti", "pusat data", back))
    if facts["unsaved_ms"] > BACKUP_AGE_MS:
        age = _("%(days)s hari", days=facts["unsaved_ms"] // DAY_MS)
        age = age if facts["backed_up"] else _("belum pernah dibuat")
        out.append(_found("cadangan lama", _("pusat data"), age))
    out.extend(_of_the_hub(facts))
    for subject in facts["broken_policies"]:
        out.append(_found("kebijakan rusak", subject))
    out.extend(_contacts(facts["old_contacts"]))
    out.extend(_access(facts.get("access", {})))
    out.extend(_found("latihan belum berakhir", label) for label in facts.get("unended", ()))
    out.extend(_found("latihan terlewat", DRILL.of(number=row["id"])) for row in facts["missed_drills"])
    for row in facts["channels"]:
        if row["fails"] >= CHANNEL_FAILS:
            out.append(_found("kanal gagal", row["name"], row["problem"]))
        elif row.get("inbox_fails", 0) >= CHANNEL_FAILS:
            unread = _("jawaban tidak terbaca: %(problem)s", problem=row["inbox_problem"])
            out.append(_found("kanal gagal", row["name"], unread))
    return {(one.what, one.subject): one for one in out}


def _of_the_hub(facts):
    if facts.get("damage"):
        yield _found("basis data rusak", "pusat data", facts["damage"]["why"])
    if facts.get("was_away"):
        yield _found("pusat data pernah mati", "pusat data", facts["was_away"]["words"])
    for what, columns in facts.get("odd", ()):
        yield _found("nilai rusak diganti", what, columns)
    if facts.get("keys"):
        yield _found("berkas kunci rusak", "pusat data", facts["keys"])
    if facts["failed"]:
        yield _found("pusat data gagal", "pusat data", facts["failed"])


def behind(devices, now_ms, unwatched):
    """{gateway: rows of the devices of which nothing is known while it, and every other hearer, is away}."""
    out = {}
    for row in devices:
        if unwatched.of(row).lasts and device_link(row, now_ms, unwatched) == DITUNGGU:
            for label in unwatched.hearers(row):
                out.setdefault(label, []).append(row)
    return out


def device_link(row, now_ms, unwatched):
    """As link(), of a device's row."""
    about = row["role"], row["heard_ms"], now_ms, row["link"], row.get("period_s", MAINS_PERIOD_S)
    return link(*about, unwatched.of(row))


def _gateway(row, now_ms, gone, unknown):
    if link("gateway", row["heard_ms"], now_ms, gone=gone) == TERPUTUS:
        yield _found("gerbang terputus", row["label"], UNKNOWN.of(count=len(unknown)) if unknown else "")
    off_ms = row.get("clock_off_ms") or 0
    if abs(off_ms) > CLOCK_OFF_MS:
        differs = _("berbeda %(minutes)s menit dari pusat data", minutes=abs(off_ms) // MINUTE_MS)
        yield _found("jam tidak pasti", row["label"], differs)


def _trouble(row):
    """What a gateway says is wrong with it."""
    what = "gerbang bermasalah" if row["urgent"] else "gerbang perlu dilihat"
    siren = row["name"].partition(" ")[0] == "siren"
    return _found("gerbang tanpa sirene" if siren else what, f"{row['gateway']} {row['name']}", row["words"])


def _access(facts):
    """Does a silent alarm reach enough people, and is known who lives where; names nobody who is agreed."""
    if facts.get("agreed_missing"):
        yield _found("alarm diam tanpa penerima", _("kejadian rahasia"))
    names = facts.get("homeless", ())
    if names:
        more = f" dan {len(names) - 3} lagi" if len(names) > 3 else ""
        yield _found("rumah akun belum dicatat", _("akun"), f"{', '.join(names[:3])}{more}")
    if facts.get("chimes_waiting"):
        chimes = _("%(count)s penerima", count=facts["chimes_waiting"])
        yield _found("penerima menunggu", _("kejadian rahasia"), chimes)
    if facts.get("restored"):
        yield _found("akses perlu diperiksa", "pusat data")


def _contacts(names):
    if names:
        more = f" dan {len(names) - 3} lagi" if len(names) > 3 else ""
        yield _found("kontak lama", _("kontak"), f"{', '.join(names[:3])}{more}")


def _found(what, subject, detail=""):
    urgent, owner, words = KINDS[what]
    return Finding(what, subject, urgent, owner, f"{detail}: {words}" if detail else words)


def said(what, detail):
    """A kept warning's detail, for who reads it in whatever language."""
    words = KINDS[what][2] if what in KINDS else ""
    about = detail.removesuffix(f": {words}")
    if not words or about == detail:
        return words if words == detail else detail
    return _("%(about)s: %(words)s", about=known(about) if what in OF_MACHINES else about, words=words)


def whose(what, subject):
    """A kept warning's subject; the name of a device, a channel or a part of a gateway is as it is."""
    return known(subject) if what in OF_NO_DEVICE or subject == HUB else subject


WORN = {"key_stuck": "kontak rusak", "flash_failing": "flash gagal", "part_failing": "bagian rusak"}


def _worn(row):
    """What a device says of its own parts."""
    for flag, what in WORN.items():
        if row.get(flag):
            yield _found(what, row["label"])
    if (row.get("battery_unread") or 0) >= BATTERY_UNREAD_MIN:
        yield _found("baterai tidak terbaca", row["label"])


def _device(row, now_ms, unwatched):
    label, role = row["label"], row["role"]
    state = device_link(row, now_ms, unwatched)
    if state == TERPUTUS:
        yield _found("sirene terputus" if role == "sirene" else "terputus", label)
    elif state == TERLAMBAT:
        yield _found("terlambat", label)
    elif state == BELUM and unwatched.of(row).listened_ms(row["created_ms"], now_ms) > NEVER_HEARD_MS:
        yield _found("belum terdengar", label)
    if row["siren_fault"]:
        yield _found("sirene rusak", label)
    if row["lid"]:
        yield _found("tutup terbuka", label)
    if row["jammed"]:
        yield _found("radio diganggu", label)
    if row["mains"] == 0:
        yield _found("listrik padam", label)
    yield from _worn(row)
    if role != "tombol" and POST_BATTERY_MV <= (row["battery_mv"] or 0) < POST_BATTERY_LOW_MV:
        yield _found("aki lemah", label, f"{row['battery_mv'] / 1000:.1f} V".replace(".", ","))
    if row["muted_until_ms"] is not None and row["muted_until_ms"] > now_ms:
        yield _found("tombol dibisukan", label, row["muted_reason"])
    if role == "tombol":
        left, percent = row["days_left"], battery_percent(row["battery_mv"])
        if left is not None and left <= BATTERY_DAYS:
            yield _found("baterai", label, _("sekitar %(days)s hari lagi", days=left))
        elif row["low_battery"] or (percent is not None and percent <= BATTERY_LOW_PERCENT):
            rest = _("tinggal %(percent)s %%", percent=percent)
            yield _found("baterai", label, _("lemah") if percent is None else rest)
