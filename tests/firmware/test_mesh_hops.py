# runs: cpython micropython
"""A copy played with few hops left, ahead of the true one, ends no frame's way through the mesh."""
from kentongan_wire import messages as m
from meshkit import mesh, offer, send_all
from nodekit import GATEWAY, alarm, frame, packet_of, receipt

OTHER = 0x52000044
TOMBOL = 0x53000007
ALARM, ORDER, EVENT, REST = 0, 1, 2, 4


def hops_left(sent):
    return [packet_of(f).hop_limit for _, f in sent]


def of_every_kind():
    """(name, class, frame with hops left) of all that travels over relays."""
    order = m.SirenOrder(TOMBOL, 10, m.ACTION_START, 0, 60, ((OTHER, bytes(8)),))
    page, config = m.Page(OTHER, TOMBOL, 10, 0, 7, 5, 0), m.Config(OTHER, 4, 0, 1, b"\x03\x04" + bytes(4))
    report = m.SirenReport(TOMBOL, 10, m.STATE_SOUNDING, m.SOURCE_DIRECT)
    gateways = [(m.SIREN_ORDER, ORDER, m.GATEWAY, GATEWAY, order), (m.PAGE, ORDER, m.GATEWAY, GATEWAY, page),
                (m.CONFIG, REST, m.GATEWAY, GATEWAY, config)]
    out = [("alarm", ALARM, lambda hops: alarm(TOMBOL, 10, hop_limit=hops, hop_start=4)),
           ("receipt", ALARM, lambda hops: receipt(TOMBOL, 10, stage=3, hop_limit=hops))]
    for kind, klass, role, src, body in gateways + [(m.SIREN_REPORT, EVENT, m.SIRENE, OTHER, report)]:
        out.append((str(kind), klass, lambda hops, about=(kind, role, src, 70, body): frame(
            *about, hop_limit=hops, hop_start=4)))
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
            assert hops_left(out) == ([0, 2] if wait_ms else [2]), name


def test_what_comes_with_more_hops_left_goes_again_late_so_that_a_receipt_spares_it():
    core = mesh()
    offer(core, alarm(TOMBOL, 10, hop_limit=1, hop_start=4), 0, tag=(TOMBOL, 10))
    send_all(core, 0, 900)
    offer(core, alarm(TOMBOL, 10, hop_limit=2, hop_start=4), 900, tag=(TOMBOL, 10))
    assert [e.base_ms for e in core.queue.entries] == [900 + 500 + 8 * 91]
    core.doubt_alarm(TOMBOL, 10)
    assert len(core.queue) == 0


def purses_of(core, seen, hops, at_ms=0, proved=True):
    """Whose purse pays each copy of a frame that comes with those hops left, one after the other."""
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
