# runs: cpython micropython
"""A copy played with few hops left, ahead of the true one, ends no frame's way through the mesh."""

from kentongan_wire.message import messages as m
from kits.node.meshkit import hear, mesh, offer, send_all
from kits.node.nodekit import GATEWAY, alarm, frame, packet_of, receipt

OTHER = 0x52000044
TOMBOL = 0x53000007
ALARM, ORDER, EVENT, REST = 0, 1, 2, 4
HELD_MS = 500 + 8 * 91  # an alarm's frame takes 91 ms


def hops_left(sent):
    return [packet_of(f).hop_limit for _, f in sent]


def of_every_kind():
    """(name, class, frame with hops left) of all that travels over relays."""
    order = m.SirenOrder(TOMBOL, 10, m.ACTION_START, 0, 60, ((OTHER, bytes(8)),))
    page, config = m.Page(OTHER, TOMBOL, 10, 0, 7, 5, 0), m.Config(OTHER, 4, 0, 1, b"\x03\x04" + bytes(4))
    report = m.SirenReport(TOMBOL, 10, m.STATE_SOUNDING, m.SOURCE_DIRECT)
    gateways = [
        (m.SIREN_ORDER, ORDER, m.GATEWAY, GATEWAY, order),
        (m.PAGE, ORDER, m.GATEWAY, GATEWAY, page),
        (m.CONFIG, REST, m.GATEWAY, GATEWAY, config),
    ]
    out = [
        ("alarm", ALARM, lambda hops: alarm(TOMBOL, 10, hop_limit=hops, hop_start=4)),
        ("receipt", ALARM, lambda hops: receipt(TOMBOL, 10, stage=3, hop_limit=hops)),
    ]
    for kind, klass, role, src, body in gateways + [(m.SIREN_REPORT, EVENT, m.SIRENE, OTHER, report)]:
        out.append(
            (
                str(kind),
                klass,
                lambda hops, about=(kind, role, src, 70, body): frame(*about, hop_limit=hops, hop_start=4),
            )
        )
    return out


def test_a_copy_with_few_hops_left_that_is_played_ahead_ends_no_frames_way():
    """No key: the header is clear. Five relays in a row lost every press, with the last relay's hop gone."""
    for name, klass, heard in of_every_kind():
        for wait_ms in (0, 900):
            core = mesh()
            assert offer(core, heard(1), 0, klass=klass), name
            out = send_all(core, 0, wait_ms)
            assert offer(core, heard(3), wait_ms, klass=klass), name
            assert not offer(core, heard(3), wait_ms + 1, klass=klass), "as far as before: never again"
            assert not offer(core, heard(2), wait_ms + 1, klass=klass)
            out += send_all(core, wait_ms, 9_000)
            once_more = [2] if name == "alarm" and not wait_ms else []  # nobody is heard to carry it on
            assert hops_left(out) == ([0, 2] if wait_ms else [2] + once_more), name


def test_what_comes_with_more_hops_left_goes_again_late_so_that_a_receipt_spares_it():
    core = mesh()
    offer(core, alarm(TOMBOL, 10, hop_limit=1, hop_start=4), 0, tag=(TOMBOL, 10))
    send_all(core, 0, 900)
    offer(core, alarm(TOMBOL, 10, hop_limit=2, hop_start=4), 900, tag=(TOMBOL, 10))
    assert [e.base_ms for e in core.queue.entries] == [1_400 + 8 * core.airtime_ms(45)]
    core.doubt_alarm(TOMBOL, 10)
    assert len(core.queue) == 0


def carried_on(hops, attempt=0):
    return alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=hops, hop_start=5)


def sent_once(hops=4, attempt=0, core=None, now_ms=0):
    """(core, the frame that a copy of an alarm went as, the time when it was out)."""
    core = core or mesh()
    hear(core, carried_on(hops, attempt), now_ms)
    assert offer(core, carried_on(hops, attempt), now_ms, tag=(TOMBOL, 10))
    sent = send_all(core, now_ms, now_ms + 400)
    assert len(sent) == 1
    return core, sent[0][1], sent[0][0] + core.airtime_ms(45)


def test_a_copy_that_is_not_heard_to_go_on_with_all_its_hops_goes_once_more():
    """Over five relays a stranger's copy met the true one at the second relay, at each of 16 attempts."""
    for heard in ((), (0,), (1, 0), (0, 1, 0)):
        core, frame_sent, end_ms = sent_once()
        for hops in heard:
            hear(core, carried_on(hops), 450)
        again = send_all(core, 450, 60_000)
        assert [f for _, f in again] == [frame_sent], "once, with the hops that it had"
        assert again[0][0] >= end_ms + HELD_MS, "a receipt may come first"


def test_one_that_went_on_or_that_another_relay_says_as_well_or_that_is_stored_goes_once():
    for hops in (3, 2):
        core = sent_once()[0]
        hear(core, carried_on(hops), 450)
        assert not send_all(core, 450, 60_000)
    core = sent_once(hops=1)[0]
    assert not send_all(core, 450, 60_000), "nobody carries it on"
    for attempt in (0, 9):
        core = sent_once(attempt=attempt)[0]
        core.doubt_alarm(TOMBOL, 10)
        assert not send_all(core, 450, 60_000)
    core = mesh()
    offer(core, carried_on(4), 0, tag=(TOMBOL, 10))
    hear(core, carried_on(3), 1)
    assert len(send_all(core, 1, 60_000)) == 1, "another relay had said it before"


def test_what_nobody_proved_keeps_no_copy_from_going_once_more():
    core = sent_once()[0]
    hear(core, carried_on(2), 450, proved=False)
    assert len(send_all(core, 450, 60_000)) == 1


def test_a_newer_attempt_stands_for_the_one_that_would_go_once_more_and_waits_no_longer_for_it():
    core = sent_once()[0]
    out = sent_once(attempt=1, core=core, now_ms=600)
    assert [packet_of(f).id for _, f in send_all(core, 1_000, 60_000)] == [11] and out[2] < 1_200


def test_whoever_makes_a_relay_repeat_for_nothing_gets_3_s_of_its_hour_and_none_of_its_second_half():
    """Nobody is heard to carry on: each copy goes twice, as far as that purse goes."""
    core, extra_ms, now_ms = mesh(), 0, 0
    for house in range(12):
        for attempt in range(12):
            src, packet_id = 0x53000100 + house, 100 * house + attempt + 1
            heard = alarm(src, 10, attempt=attempt, packet_id=packet_id, hop_limit=3)
            offer(core, heard, now_ms, tag=(src, 10))
            went = send_all(core, now_ms, now_ms + 1_990)
            assert len(went) <= 2 and core.air_used_ms(now_ms) <= 36_000
            extra_ms += (len(went) - 1) * core.airtime_ms(45) if went else 0
            now_ms += 2_000
    assert 2_800 <= extra_ms <= 3_000
    core = mesh()
    core.ledger.add(18_100)
    core = sent_once(core=core)[0]
    assert not send_all(core, 450, 60_000)


def test_what_the_common_purse_pays_goes_once():
    core = mesh()
    offer(core, carried_on(4), 0, tag=(TOMBOL, 10), proved=False)
    assert len(send_all(core, 0, 60_000)) == 1


def say(core, houses, now_ms):
    """Tell whether each press of these houses is carried; the relay hears them first."""
    frames = [alarm(0x53000100 + n, 10, packet_id=100 + n, hop_limit=3) for n in houses]
    for said in frames:
        hear(core, said, now_ms)
    return [offer(core, said, now_ms, tag=(packet_of(said).src, 10)) for said in frames]


def test_no_copy_that_has_gone_takes_the_place_of_one_that_has_not():
    core = sent_once()[0]
    assert [e.again for e in core.queue.entries] == [True]
    assert all(say(core, range(15), 450)) and len(core.queue) == 16
    assert say(core, [20], 450) == [True] and not [e for e in core.queue.entries if e.again]
    assert say(core, [21], 450) == [False], "full"
    assert len(send_all(core, 450, 60_000)) == 16


def test_while_several_press_no_copy_goes_once_more_and_a_recording_presses_nothing():
    core = mesh()
    say(core, [1], 0)
    assert len(send_all(core, 0, 60_000)) == 2
    say(core, [2, 3], 60_000)
    assert len(send_all(core, 60_000, 120_000)) == 2
    recorded = alarm(0x53000101, 10, packet_id=777, hop_limit=3)
    hear(core, recorded, 300_000)
    offer(core, recorded, 300_000, tag=(0x53000101, 10))
    send_all(core, 300_000, 300_400)
    assert len(send_all(sent_once(core=core, now_ms=300_500)[0], 300_950, 360_000)) == 1


def purses_of(core, seen, hops, at_ms=0, proved=True):
    """Return the purses that pay the copies of a frame with those hops left, one after the other."""
    out = []
    for n, left in enumerate(hops):
        now_ms = at_ms + n * 3_000
        if offer(core, seen(left), now_ms, proved=proved):
            out.append(core.queue.entries[-1].charge)
            send_all(core, now_ms, now_ms + 2_900)
    return out


def test_what_goes_again_is_at_its_senders_charge_once_and_then_from_the_common_purse():
    def seen(hops, attempt=0):
        return alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=hops, hop_start=7)

    core = mesh()
    assert purses_of(core, seen, (1, 1, 2, 3, 2, 4, 5, 6, 7, 7)) == [TOMBOL, TOMBOL] + [0] * 5
    core = mesh()
    purses_of(core, seen, (1,))
    purses_of(core, lambda hops: seen(hops, 1), (1,), 3_000)
    assert purses_of(core, seen, (2,), 6_000) == [0], "an older attempt is not what it says now"
    assert purses_of(core, lambda hops: seen(hops, 1), (2,), 300_000) == [0], "nor is what it said long ago"
    assert purses_of(mesh(), seen, (1, 2), proved=False) == [0, 0]


def test_the_copy_of_a_newer_attempt_takes_the_place_of_one_that_goes_no_farther():
    core = mesh()
    for attempt, hops in ((0, 3), (1, 1), (2, 3)):
        heard = alarm(TOMBOL, 10, attempt=attempt, packet_id=20 + attempt, hop_limit=hops, hop_start=4)
        assert offer(core, heard, 0, tag=(TOMBOL, 10))
        assert [e.id - 20 for e in core.queue.entries] == ([0], [0, 1], [2])[attempt]


def test_a_frame_of_another_content_under_the_same_id_takes_no_waiting_copys_place():
    core = mesh()
    assert offer(core, alarm(TOMBOL, 10, packet_id=9, hop_limit=1, hop_start=4), 0)
    assert offer(core, alarm(TOMBOL, 11, packet_id=9, hop_limit=3, hop_start=4), 0, proved=False)
    assert [e.hop_limit() for e in core.queue.entries] == [0, 2]


def junk(core, n):
    """Frames that nothing proves, until the common purse is empty."""
    for k in range(n):
        heard = alarm(0x53000099, 5_000 + k, packet_id=0x70000000 + k, hop_limit=1)
        if offer(core, heard, k * 1_500, proved=False):
            send_all(core, k * 1_500, k * 1_500 + 1_400)
    return n * 1_500


def test_reseals_of_an_attempt_ahead_of_it_keep_it_from_no_one_while_the_common_purse_is_empty():
    """A holder of the channel key can give a true content any id and any header, and play it first."""
    for plan in ([(k, 1) for k in range(6)], [(0, 1), (0, 2)], [(0, 1), (1, 1), (0, 2)], []):
        core = mesh()
        now_ms = junk(core, 130)
        carried = []
        for attempt in range(10):
            for k, hops in plan:
                packet_id = ((0x7100 + k) << 16) + 10 + attempt
                offer(core, alarm(TOMBOL, 10, attempt=attempt, packet_id=packet_id, hop_limit=hops), now_ms)
                send_all(core, now_ms, now_ms + 900)
            true = alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=3)
            assert offer(core, true, now_ms + 900)
            carried += hops_left(send_all(core, now_ms + 900, now_ms + 5_900))[-1:]
            now_ms += 6_000
        assert carried == [2] * 10


def test_what_a_button_said_once_is_never_charged_to_it_again_under_another_id():
    core = mesh()
    charges = []
    for packet_id, hops in ((10, 3), (11, 3), (12, 2), (13, 3)):
        charges.append(
            purses_of(
                core,
                lambda left, one=packet_id: alarm(TOMBOL, 10, packet_id=one, hop_limit=left, hop_start=7),
                (hops,),
                packet_id * 3_000,
            )
        )
    assert charges == [[TOMBOL], [0], [0], [0]]
