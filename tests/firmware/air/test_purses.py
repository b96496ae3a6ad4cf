# runs: cpython micropython
"""Shares of a relay's air: each pays its own, and no thief can spend all of a house's."""

import struct

from kentongan_wire.message import messages as m
from kits.node.meshkit import mesh, offer, own, send_all
from kits.node.nodekit import alarm, frame, packet_of, receipt

OTHER = 0x52000044
TOMBOL = 0x53000007
GATEWAY = 0x51000001
ALARM, ORDER, EVENT, STATUS, REST = 0, 1, 2, 3, 4
HOUSES = tuple([0x53000100 + n for n in range(8)])
STATE_OF_FULL_HOUR = struct.pack("<I61H", *([0] * 61 + [30_000]))


def relayed_s(preset, attempt, proved=True, n=400, each=1):
    """Seconds of air that a relay spends in 20 minutes on n alarm frames of one house from that attempt on,
    `each` of an alarm, from purses and beyond them."""
    core, paid, beyond = mesh(preset), 0, 0
    for i in range(n):
        now_ms = i * 3_000
        about = {"attempt": attempt + i % each, "packet_id": 1_000 + i, "hop_limit": 1}
        heard = alarm(TOMBOL, 10 + i // each, **about)
        if offer(core, heard, now_ms, proved=proved):
            charged = core.queue.entries[-1].charge is not None
            air_ms = sum([core.airtime_ms(len(f)) for _, f in send_all(core, now_ms, now_ms + 2_900)])
            paid, beyond = (paid + air_ms, beyond) if charged else (paid, beyond + air_ms)
    others = [alarm(OTHER, 500, attempt=i, packet_id=500 + i, hop_limit=1) for i in range(16)]
    assert any(offer(core, others[i], n * 3_000 + i * 4_000) for i in range(16))
    assert offer(core, alarm(TOMBOL, 9_000, packet_id=9_000, hop_limit=1), n * 3_000 + 3_700_000)
    return paid / 1_000, beyond / 1_000


def test_a_tombols_alarms_get_three_seconds_of_a_relays_hour_and_as_many_of_the_common_purse():
    for preset, share_s in (("ShortSlow", 3), ("MediumFast", 6)):
        assert 2 * share_s - 0.5 < relayed_s(preset, 7)[0] <= 2 * share_s
        assert share_s - 0.25 < relayed_s(preset, 7, proved=False)[0] <= share_s


def test_the_first_attempts_get_three_times_as_much():
    assert 17.5 < relayed_s("ShortSlow", 0)[0] <= 18
    assert 8.5 < relayed_s("ShortSlow", 0, proved=False)[0] <= 9


def test_beyond_the_purses_goes_an_alarm_that_goes_on_and_never_what_nobody_proved():
    assert relayed_s("ShortSlow", 0)[1] == 0, "one frame each of many alarms"
    assert relayed_s("ShortSlow", 7, proved=False, each=4)[1] == 0
    paid_s, beyond_s = relayed_s("ShortSlow", 7, each=4)
    assert paid_s <= 6 and beyond_s >= 10, "most of an alarm's frames from the second on"


def test_no_thief_alone_ends_a_relays_hour():
    """36 s of air in anybody's name, in alarms as long as he likes: once 30 s of the relay's were gone."""
    for each in (1, 2, 6, 20):
        core = mesh()
        for i in range(36_000 // core.airtime_ms(45)):
            about = {"attempt": i % each, "packet_id": 1_000 + i, "hop_limit": 1}
            offer(core, alarm(0x53001000 + i // each, 10, **about), i * 2_000)
            send_all(core, i * 2_000, i * 2_000 + 1_900)
        assert core.air_used_ms(i * 2_000) <= (24_100 if each == 1 else 29_800), each


def mute(core, until_ms):
    """Attack TOMBOL as a thief of a relay: the highest counter, then all that the common purse has."""
    offer(core, alarm(TOMBOL, 0xFFFFFFFF, attempt=20, packet_id=1, hop_limit=2), 0)
    for n in range(1, until_ms // 1_000):
        now_ms = n * 1_000
        offer(core, alarm(TOMBOL, 5_000 + n, attempt=n % 3, packet_id=5_000 + n, hop_limit=2), now_ms)
        send_all(core, now_ms, now_ms + 900)


def test_a_house_in_whose_name_a_thief_has_spent_every_purse_is_heard_within_its_first_minutes():
    core, carried = mesh(), 0
    mute(core, 300_000)
    for attempt, second in enumerate((0, 2, 4, 6, 9, 12, 16, 20, 25, 30, 36, 42, 48, 54, 60, 90, 120, 150)):
        now_ms = 300_000 + second * 1_000
        heard = alarm(TOMBOL, 40, attempt=attempt, packet_id=40 + attempt, hop_limit=2)
        carried += offer(core, heard, now_ms)
        send_all(core, now_ms, now_ms + 900)
        for n in range(8):  # and he goes on, a frame a second
            forged_ms = now_ms + 1_000 + n
            about = {"attempt": n % 3, "packet_id": 90_000 + 8 * attempt + n, "hop_limit": 2}
            offer(core, alarm(TOMBOL, 9_000 + 8 * attempt + n, **about), forged_ms)
            send_all(core, forged_ms, forged_ms + 90)
    assert carried >= 9


def test_what_was_carried_before_never_goes_beyond_the_purses():
    core = mesh()
    offer(core, alarm(TOMBOL, 4_000, packet_id=4_000, hop_limit=2), 0)
    send_all(core, 0, 900)
    mute(core, 300_000)
    for n in range(200):
        again = alarm(TOMBOL, 4_000, packet_id=9_000 + n, hop_limit=2)
        assert not offer(core, again, 300_000 + n * 1_000)


def spent(core):
    """Ever new alarms of forty houses, until not one more is carried in a minute; when that was."""
    carried_ms = 0
    for n in range(3_000):
        now_ms = n * 1_000
        offer(core, alarm(0x53000100 + n % 40, 10 + n // 40, hop_limit=1), now_ms)
        if send_all(core, now_ms, now_ms + 900):
            carried_ms = now_ms
        elif now_ms - carried_ms > 60_000:
            return now_ms + 1_000
    raise AssertionError("its air has no end")


def carried_of(core, kind, klass, body, now_ms):
    """Packet ids of ten such messages of the gateway that go out, one a second."""
    gone = []
    for n in range(10):
        heard = frame(kind, m.GATEWAY, GATEWAY, 700 + n, body, hop_limit=2)
        offer(core, heard, now_ms + n * 1_000, klass=klass)
        gone += send_all(core, now_ms + n * 1_000, now_ms + n * 1_000 + 990)
    return [packet_of(sent).id for _, sent in gone]


def test_a_revocation_and_the_end_of_a_drill_never_starve():
    """Nine alarms in eight minutes once spent the air of whatever is not an alarm."""
    end = m.SirenOrder(0, 500, m.ACTION_DRILL_END, 0, 0, ((OTHER, bytes(8)),))
    revoked = m.Config(OTHER, 4, 0, 1, b"\x03\x04" + bytes(4))
    core = mesh()
    now_ms = spent(core)
    assert core.drops["alarm_low_air"] > 0 and core.air_used_ms(now_ms) <= 30_000
    assert len(carried_of(core, m.SIREN_ORDER, ORDER, end, now_ms)) == 10
    assert len(carried_of(core, m.CONFIG, REST, revoked, now_ms + 10_000)) >= 10
    report = m.SirenReport(TOMBOL, 10, m.STATE_SOUNDING, m.SOURCE_DIRECT)
    assert offer(
        core, frame(m.SIREN_REPORT, m.SIRENE, OTHER, 5, report, hop_limit=1), now_ms + 30_000, klass=EVENT
    )
    assert len(send_all(core, now_ms + 30_000, now_ms + 31_000)) == 1


def test_a_report_of_a_sounding_siren_has_air_of_its_own_whatever_status_and_relaying_took():
    core = mesh(air_state=STATE_OF_FULL_HOUR)
    core.submit(own(1), EVENT, 0)
    core.submit(own(2), STATUS, 0)
    assert [packet_of(f).id for _, f in send_all(core, 0, 5_000)] == [1]
    assert core.drops == {"status_air": 1}


def test_what_is_kept_for_a_kind_is_not_more_than_that_and_the_law_holds():
    core, sent_ms = mesh(air_state=STATE_OF_FULL_HOUR), 0
    for n in range(200):
        core.submit(own(n + 1), (ALARM, ORDER, EVENT, REST)[n % 4], n * 1_000)
        sent_ms += sum([core.airtime_ms(len(f)) for _, f in send_all(core, n * 1_000, n * 1_000 + 900)])
    assert 4_000 < sent_ms <= 4_500 and core.air_used_ms(200_000) <= 36_000


def forged(n):
    """Forge a gateway's message with a relay root: fourteen stages, or an order to 15 posts."""
    entries = tuple([m.receipt_entry(GATEWAY, 0x1000 + n, 5 + i, 2, 0, 5, 1, bytes(32)) for i in range(14)])
    targets = tuple([(0x9000 + i, bytes(8)) for i in range(15)])
    return {
        m.RECEIPTS: (ALARM, m.Receipts(entries)),
        m.SIREN_ORDER: (ORDER, m.SirenOrder(0x1000 + n, 5, m.ACTION_START, 1, 60, targets)),
    }


def flooded(kinds, houses=0):
    """A relay in whose ears a thief has spent 36 s of such messages, and of alarms of ever new houses."""
    core, now_ms, spent_ms, n = mesh(), 0, 0, 0
    while True:
        n, now_ms = n + 1, now_ms + 1_200
        heard = alarm(0x53001000 + n, 10, hop_limit=1)
        klass = ALARM
        if kinds and (not houses or n % 2):
            kind = kinds[n % len(kinds)]
            klass, body = forged(n)[kind]
            heard = frame(kind, m.GATEWAY, GATEWAY, 50_000 + n, body, hop_limit=1)
        spent_ms += core.airtime_ms(len(heard))
        if spent_ms > 36_000:
            return core, now_ms
        offer(core, heard, now_ms, klass=klass)
        send_all(core, now_ms, now_ms + 1_100)


def carried_presses(core, now_ms):
    """Count the carried of the first 12 attempts of each of eight houses, and of 12 of their receipts."""
    alarms, receipts = [0] * len(HOUSES), 0
    for attempt in range(12):
        for i in range(len(HOUSES)):
            now_ms += 500
            about = {"attempt": attempt, "packet_id": 10 + attempt, "hop_limit": 1}
            alarms[i] += offer(core, alarm(HOUSES[i], 10, **about), now_ms)
            send_all(core, now_ms, now_ms + 490)
        stored = receipt(HOUSES[0], 10 + attempt, packet_id=900_000 + attempt, hop_limit=1)
        receipts += offer(core, stored, now_ms)
        send_all(core, now_ms, now_ms + 490)
    return alarms, receipts


def test_who_spends_a_whole_hour_in_the_gateways_name_silences_no_house():
    """A relay cannot judge orders and receipts: at nobody's charge they took its 36 s."""
    for kinds, least, told in (
        ((m.SIREN_ORDER,), 12, 12),
        ((m.RECEIPTS,), 12, 1),
        ((m.SIREN_ORDER, m.RECEIPTS), 5, 1),
    ):
        core, now_ms = flooded(kinds)
        assert core.air_used_ms(now_ms) <= 19_500
        alarms, receipts = carried_presses(core, now_ms)
        assert min(alarms) >= least and receipts >= told, (kinds, alarms, receipts)


def test_who_spends_it_in_the_names_of_a_hundred_houses_as_well_silences_none():
    """Once eight houses shared one frame in half a minute."""
    for kinds in ((), (m.RECEIPTS,), (m.SIREN_ORDER, m.RECEIPTS)):
        core, now_ms = flooded(kinds, houses=1)
        alarms, receipts = carried_presses(core, now_ms)
        assert min(alarms) >= 1 and sum(alarms) >= 24 and receipts >= 1, (kinds, alarms, receipts)
        assert core.air_used_ms(now_ms) <= 30_000


def said(kind, klass, src, n):
    """The n-th message of an invented sender with a carry tag that holds, which no relay can judge."""
    body = {
        m.STATUS: m.NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0)),
        m.SIREN_REPORT: m.SirenReport(TOMBOL, n, m.STATE_SOUNDING, m.SOURCE_DIRECT),
        m.CONFIG: m.Config(OTHER, 4, 0, 1, b"\x03\x04" + bytes(4)),
    }[kind]
    role = m.GATEWAY if kind == m.CONFIG else m.SIRENE
    return frame(kind, role, src, 100 + n, body, packet_id=90_000 + n, hop_limit=2)


def test_what_invented_senders_say_leaves_every_house_its_alarms_whatever_kind_they_choose():
    core, spent_ms = mesh(), 0
    for kind, klass in ((m.STATUS, STATUS), (m.SIREN_REPORT, EVENT), (m.CONFIG, REST)):
        for n in range(130):
            heard = said(kind, klass, 0x54000000 + n, n)
            spent_ms += core.airtime_ms(len(heard))
            offer(core, heard, n * 5_000, klass=klass)
            send_all(core, n * 5_000, n * 5_000 + 4_900)
    assert spent_ms > 36_000 and core.air_used_ms(650_000) <= 24_000
    for n, house in enumerate(HOUSES):
        carried = 0
        for attempt in range(12):
            now_ms = 660_000 + n * 30_000 + attempt * 2_000
            heard = alarm(house, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=2)
            carried += offer(core, heard, now_ms)
            send_all(core, now_ms, now_ms + 1_900)
        assert carried >= 3, n
