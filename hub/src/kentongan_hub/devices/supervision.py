"""Findings that need a person's care: late before lost, and never green without proof. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from kentongan_wire.air import flood

from kentongan_hub.base import codes
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said, pack
from kentongan_hub.base.tables import Linked
from kentongan_hub.devices.deaf import Unwatched
from kentongan_hub.devices.facts import AccessFacts, DeviceFacts, Facts, GatewayFacts, TroubleFacts
from kentongan_hub.record.away import Absences

TERHUBUNG, TERLAMBAT = _("terhubung"), _("terlambat")
TERPUTUS, BELUM = _("terputus"), _("belum terdengar")
# nobody could hear it for a while, and it was not heard since: neither lost nor green
DITUNGGU = _("ditunggu")

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
# role -> (late after, lost after); mains nodes report every 140 s, buttons every 6 h
LIMITS_MS = {"tombol": (13 * HOUR_MS, 26 * HOUR_MS), "gateway": (40_000, 5 * MINUTE_MS)}
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

# what is wrong -> (urgent: at any hour, owner: a duty)
KINDS = {
    codes.GATEWAY_LOST: (True, "ketua_rt"),
    codes.GATEWAY_TROUBLED: (True, "teknisi"),
    codes.GATEWAY_TO_SEE: (False, "teknisi"),
    codes.GATEWAY_SIREN_OUT: (True, "ronda"),
    codes.RECORD_ALTERED: (True, "ketua_rt"),
    codes.RADIO_DOWN: (True, "teknisi"),
    codes.SIREN_LOST: (True, "teknisi"),
    codes.SIREN_BROKEN: (True, "teknisi"),
    codes.SIREN_SILENT: (True, "ronda"),
    codes.SIREN_TOLD_FAILURE: (True, "ronda"),
    codes.RADIO_JAMMED: (True, "teknisi"),
    codes.LID_OPEN: (True, "ronda"),
    codes.BUTTON_STUCK: (True, "ronda"),
    codes.KEY_WORN: (True, "teknisi"),
    codes.FLASH_FAILING: (True, "teknisi"),
    codes.PART_WORN: (False, "teknisi"),
    codes.BUTTON_IS_MUTED: (False, "ketua_rt"),
    codes.MAINS_OUT: (False, "teknisi"),
    codes.DEVICE_LATE: (False, "teknisi"),
    codes.DEVICE_LOST: (False, "teknisi"),
    codes.DEVICE_NEVER_HEARD: (False, "teknisi"),
    codes.POST_BATTERY_LOW: (True, "teknisi"),
    codes.BATTERY_LOW: (False, "ketua_rt"),
    codes.BATTERY_UNREAD: (False, "teknisi"),
    codes.CLOCK_UNSURE: (False, "teknisi"),
    codes.DISK_FILLING: (True, "teknisi"),
    codes.BACKUP_OLD: (False, "ketua_rt"),
    codes.DATABASE_REPLACED: (True, "teknisi"),
    codes.HUB_WAS_DOWN: (False, "teknisi"),
    codes.HUB_FAILED: (True, "teknisi"),
    codes.VALUES_WERE_ODD: (True, "teknisi"),
    codes.SITE_FILE_DAMAGED: (True, "teknisi"),
    codes.POLICY_DAMAGED: (True, "ketua_rt"),
    codes.CONTACTS_OLD: (False, "ketua_rt"),
    codes.DRILL_NOT_ENDED: (True, "ronda"),
    codes.DRILL_MISSED: (False, "ketua_rt"),
    codes.SILENT_ALARMS_UNHEARD: (True, "ketua_rt"),
    codes.HOMES_UNKNOWN: (False, "ketua_rt"),
    codes.ACCESS_TO_CHECK: (True, "ketua_rt"),
    codes.CHIMES_WAITING: (False, "ketua_rt"),
    codes.CHANNEL_FAILING: (True, "teknisi"),
    codes.WATCH_ABSENT: (False, "ketua_rt"),
    codes.WATCH_SILENT: (True, "ketua_rt"),  # who was there and falls silent may need help
}

HUB = Said(codes.THE_HUB)
SIRENS = (codes.SIREN_LOST, codes.SIREN_BROKEN, codes.SIREN_SILENT, codes.SIREN_TOLD_FAILURE)


class Finding(NamedTuple):
    """One thing that needs care now."""

    what: str  # a code
    subject: str  # a name of the site's, or a packed Said, with which no such name begins
    urgent: bool
    owner: str  # a duty
    said: str  # particulars of ours, packed
    detail: str  # particulars that people typed


L = TypeVar("L", bound=Linked)


def link(
    role: str,
    heard_ms: int | None,
    now_ms: int,
    reported: str = "",
    period_s: int = MAINS_PERIOD_S,
    gone: Absences = NEVER.hub,
) -> Text:
    """Return the state of a device last heard at `heard_ms`; a gateway's report can only make it worse.

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


def battery_percent(battery_mv: int | None) -> int | None:
    """0..100 for a button's cells, None when unknown; a rough guide, 'low' comes from the device."""
    if not battery_mv:
        return None
    share = (battery_mv - BATTERY_EMPTY_MV) * 100 // (BATTERY_FULL_MV - BATTERY_EMPTY_MV)
    return max(0, min(100, share))


def days_left(days: Sequence[tuple[int, int]]) -> int | None:
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


def signal(rssi: int | None, snr_q: int | None) -> str:
    """'kuat', 'cukup' or 'lemah' for people; '' when unknown. LoRa decodes below the noise: SNR decides."""
    if snr_q is None:
        return ""
    if snr_q >= 20:  # 5 dB and more
        return _("kuat")
    return _("cukup") if snr_q >= -20 else _("lemah")


def findings(facts: Facts, now_ms: int) -> dict[tuple[str, str], Finding]:
    """{(what, subject): Finding} of everything that needs care; `facts` see facts.py."""
    unwatched = facts.get("gone", NEVER)
    out: list[Finding] = []
    unknown = behind(facts["devices"], now_ms, unwatched)
    for gateway in facts["gateways"]:
        out.extend(_gateway(gateway, now_ms, unwatched.hub, unknown.get(gateway["label"], ())))
    for radio in facts["radios"]:
        out.append(_found(codes.RADIO_DOWN, f"{radio['gateway']} {radio['name']}"))
    out.extend(_trouble(trouble) for trouble in facts["troubles"])
    for table, row in facts["broken_chains"]:
        out.append(_found(codes.RECORD_ALTERED, Said(codes.RECORD_LINE, table=table, row=row)))
    for device in facts["devices"]:
        out.extend(_device(device, now_ms, unwatched))
    for stuck in facts["stuck"]:
        often = Said(codes.PRESSED_OFTEN, count=stuck["count"])
        out.append(_found(codes.BUTTON_STUCK, stuck["label"], often))
    for post in facts["silent"]:
        what = codes.SIREN_TOLD_FAILURE if post["state"] == "failed" else codes.SIREN_SILENT
        out.append(_found(what, post["label"]))
    if facts["disk_free"] is not None and facts["disk_free"] < DISK_FREE_MIN:
        left = Said(codes.SHARE_LEFT, share=f"{facts['disk_free']:.0%}")
        out.append(_found(codes.DISK_FILLING, HUB, left))
    if facts["clock_back_ms"] > MINUTE_MS:
        back = Said(codes.CLOCK_BACK, minutes=facts["clock_back_ms"] // MINUTE_MS)
        out.append(_found(codes.CLOCK_UNSURE, HUB, back))
    if facts["unsaved_ms"] > BACKUP_AGE_MS:
        age = Said(codes.DAYS, days=facts["unsaved_ms"] // DAY_MS)
        age = age if facts["backed_up"] else Said(codes.NEVER_MADE)
        out.append(_found(codes.BACKUP_OLD, HUB, age))
    out.extend(_of_the_hub(facts))
    for subject in facts["broken_policies"]:
        out.append(_found(codes.POLICY_DAMAGED, subject))
    out.extend(_contacts(facts["old_contacts"]))
    out.extend(_access(facts.get("access", {})))
    out.extend(_found(codes.DRILL_NOT_ENDED, label) for label in facts.get("unended", ()))
    missed = (Said(codes.DRILL, number=drill["id"]) for drill in facts["missed_drills"])
    out.extend(_found(codes.DRILL_MISSED, one) for one in missed)
    for channel in facts["channels"]:
        if channel["fails"] >= CHANNEL_FAILS:
            out.append(_found(codes.CHANNEL_FAILING, channel["name"], channel["problem"]))
        elif channel.get("inbox_fails", 0) >= CHANNEL_FAILS:
            unread = Said(codes.ANSWERS_UNREAD, problem=channel["inbox_problem"])
            out.append(_found(codes.CHANNEL_FAILING, channel["name"], unread))
    return {(one.what, one.subject): one for one in out}


def _of_the_hub(facts: Facts) -> Iterator[Finding]:
    for one in facts.get("watch", ()):
        yield _found(one["what"], one["squad"], Said(codes.WATCH_SINCE, since=one["since"]))
    if damage := facts.get("damage"):
        yield _found(codes.DATABASE_REPLACED, HUB, damage["why"])
    if row := facts.get("was_away"):
        lasted = Said(codes.LASTED, gap_ms=row["to_ms"] - row["from_ms"], sure=int(row["sure"]))
        yield _found(codes.HUB_WAS_DOWN, HUB, lasted)
    for what, columns in facts.get("odd", ()):
        yield _found(codes.VALUES_WERE_ODD, what, columns)
    if facts.get("keys"):
        yield _found(codes.SITE_FILE_DAMAGED, HUB, facts["keys"])
    if facts["failed"]:
        yield _found(codes.HUB_FAILED, HUB, facts["failed"])


def behind(devices: Iterable[L], now_ms: int, unwatched: Unwatched) -> dict[str, list[L]]:
    """{gateway: rows of the devices of which nothing is known while it, and every other hearer, is away}."""
    out: dict[str, list[L]] = {}
    for row in devices:
        if unwatched.of(row).lasts and device_link(row, now_ms, unwatched) == DITUNGGU:
            for label in unwatched.hearers(row):
                out.setdefault(label, []).append(row)
    return out


def device_link(row: Linked, now_ms: int, unwatched: Unwatched) -> Text:
    """Return link() of a device's row."""
    about = row["role"], row["heard_ms"], now_ms, row["link"], row.get("period_s", MAINS_PERIOD_S)
    return link(*about, unwatched.of(row))


def _gateway(row: GatewayFacts, now_ms: int, gone: Absences, unknown: Sequence[Linked]) -> Iterator[Finding]:
    if link("gateway", row["heard_ms"], now_ms, gone=gone) == TERPUTUS:
        behind_it = Said(codes.STATES_UNKNOWN, count=len(unknown)) if unknown else ""
        yield _found(codes.GATEWAY_LOST, row["label"], behind_it)
    off_ms = row.get("clock_off_ms") or 0
    if abs(off_ms) > CLOCK_OFF_MS:
        differs = Said(codes.CLOCK_DIFFERS, minutes=abs(off_ms) // MINUTE_MS)
        yield _found(codes.CLOCK_UNSURE, row["label"], differs)


def _trouble(row: TroubleFacts) -> Finding:
    """Return the finding of a trouble that a gateway reports."""
    what = codes.GATEWAY_TROUBLED if row["urgent"] else codes.GATEWAY_TO_SEE
    siren = row["name"].partition(" ")[0] == "siren"
    return _found(codes.GATEWAY_SIREN_OUT if siren else what, f"{row['gateway']} {row['name']}",
                  Said(codes.GATEWAY_SAYS, name=row["name"]))  # fmt: skip


def _access(facts: AccessFacts) -> Iterator[Finding]:
    """Does a silent alarm reach enough people, and is known who lives where; names nobody who is agreed."""
    if facts.get("agreed_missing"):
        yield _found(codes.SILENT_ALARMS_UNHEARD, Said(codes.CONFIDENTIAL_INCIDENTS))
    names = facts.get("homeless", ())
    if names:
        yield _found(codes.HOMES_UNKNOWN, Said(codes.ACCOUNTS), _some(names))
    if facts.get("chimes_waiting"):
        chimes = Said(codes.CHIMES, count=facts["chimes_waiting"])
        yield _found(codes.CHIMES_WAITING, Said(codes.CONFIDENTIAL_INCIDENTS), chimes)
    if facts.get("restored"):
        yield _found(codes.ACCESS_TO_CHECK, HUB)


def _contacts(names: Sequence[str]) -> Iterator[Finding]:
    if names:
        yield _found(codes.CONTACTS_OLD, Said(codes.CONTACTS), _some(names))


def _some(names: Sequence[str]) -> str | Said:
    """Three of them, and how many more."""
    some = ", ".join(names[:3])
    return Said(codes.NAMES_AND_LEFT, names=some, more=len(names) - 3) if len(names) > 3 else some


def _found(what: str, subject: str | Said, detail: str | Said | list[Said] | None = "") -> Finding:
    urgent, owner = KINDS[what]
    said, typed = (pack(detail), "") if isinstance(detail, Said | list) else ("", detail or "")
    subject = pack(subject) if isinstance(subject, Said) else subject
    return Finding(what, subject, urgent, owner, said, typed)


WORN = {"key_stuck": codes.KEY_WORN, "flash_failing": codes.FLASH_FAILING, "part_failing": codes.PART_WORN}


def _worn(row: DeviceFacts) -> Iterator[Finding]:
    """List the findings of the parts that a device reports as worn."""
    for flag, what in WORN.items():
        if row.get(flag):
            yield _found(what, row["label"])
    if (row.get("battery_unread") or 0) >= BATTERY_UNREAD_MIN:
        yield _found(codes.BATTERY_UNREAD, row["label"])


def _device(row: DeviceFacts, now_ms: int, unwatched: Unwatched) -> Iterator[Finding]:
    label, role = row["label"], row["role"]
    state = device_link(row, now_ms, unwatched)
    if state == TERPUTUS:
        yield _found(codes.SIREN_LOST if role == "sirene" else codes.DEVICE_LOST, label)
    elif state == TERLAMBAT:
        yield _found(codes.DEVICE_LATE, label)
    elif state == BELUM and unwatched.of(row).listened_ms(row["created_ms"], now_ms) > NEVER_HEARD_MS:
        yield _found(codes.DEVICE_NEVER_HEARD, label)
    if row["siren_fault"]:
        yield _found(codes.SIREN_BROKEN, label)
    if row["lid"]:
        yield _found(codes.LID_OPEN, label)
    if row["jammed"]:
        yield _found(codes.RADIO_JAMMED, label)
    if row["mains"] == 0:
        yield _found(codes.MAINS_OUT, label)
    yield from _worn(row)
    battery_mv = row["battery_mv"] or 0
    if role != "tombol" and POST_BATTERY_MV <= battery_mv < POST_BATTERY_LOW_MV:
        yield _found(codes.POST_BATTERY_LOW, label, f"{battery_mv / 1000:.1f} V".replace(".", ","))
    if row["muted_until_ms"] is not None and row["muted_until_ms"] > now_ms:
        yield _found(codes.BUTTON_IS_MUTED, label, row["muted_reason"])
    if role == "tombol":
        left, percent = row["days_left"], battery_percent(row["battery_mv"])
        if left is not None and left <= BATTERY_DAYS:
            yield _found(codes.BATTERY_LOW, label, Said(codes.DAYS_LEFT, days=left))
        elif row["low_battery"] or (percent is not None and percent <= BATTERY_LOW_PERCENT):
            rest = Said(codes.PERCENT_LEFT, percent=percent)
            yield _found(codes.BATTERY_LOW, label, Said(codes.WEAK) if percent is None else rest)
