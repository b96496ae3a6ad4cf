# runs: cpython micropython
"""What somebody without a key can do to a relay with recorded frames, or under another number."""
from kentongan_node import actions as act
from kentongan_node.carried import FILE, REPEAT_MINUTES
from kentongan_node.mesh import BROADCAST, PURSES
from meshkit import hear, mesh, offer, send_all
from nodekit import alarm, of, receipt

TOMBOL = 0x53000007
HOUSES = tuple([0x53000100 + n for n in range(40)])
HOUR_MS = 3_600_000
LATER_MS = HOUR_MS + 60_000  # after an hour whose air no longer counts


def said(core, house, counter, now_ms, attempt=0, hops=3):
    """Whether the relay carries that alarm of a house."""
    heard = alarm(house, counter, attempt=attempt, packet_id=counter * 100 + attempt, hop_limit=hops)
    offer(core, heard, now_ms)
    return bool(send_all(core, now_ms, now_ms + 2_400))


def play(core, now_ms, air_ms=34_000):
    """Every house's alarm of before, 20 attempts, for so much air; (when it ends, how many were carried)."""
    carried = 0
    for house in HOUSES[:20]:
        for attempt in range(20):
            air_ms -= core.airtime_ms(45)
            if air_ms > 0:
                carried += said(core, house, 500, now_ms, attempt)
                now_ms += 2_500
    return now_ms, carried


def honest(core, now_ms):
    """Of 96 frames of eight houses that press at once, as many as are carried."""
    carried = 0
    for attempt in range(12):
        for house in HOUSES[30:38]:
            heard = alarm(house, 1_000, attempt=attempt, packet_id=100_000 + attempt, hop_limit=3)
            offer(core, heard, now_ms)
            carried += len(send_all(core, now_ms, now_ms + 650))
            now_ms += 700
    return carried


def test_no_sender_s_number_makes_an_unproved_frame_pass_for_a_proved_one():
    """A row was marked as unproved in its sender's number: whoever chose that came first."""
    for flip in [1 << bit for bit in range(32)]:
        core = mesh()
        for attempt in range(5):
            about = {"attempt": attempt, "packet_id": 10 + attempt}
            ahead = alarm(TOMBOL ^ flip, 10, hop_limit=7, hop_start=7, **about)
            offer(core, ahead, attempt * 6_000, proved=False)
            true = alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=3)
            assert offer(core, true, attempt * 6_000 + 500), flip
            send_all(core, attempt * 6_000, attempt * 6_000 + 5_900)


def test_alarms_that_were_recorded_leave_most_of_a_relays_air():
    core, now_ms = mesh(), 0
    for house in HOUSES[:20]:
        assert said(core, house, 900, now_ms)
        now_ms += 3_000
    now_ms, carried = play(core, now_ms + LATER_MS)
    assert carried < 230 and core.air_used_ms(now_ms) < 21_000
    assert honest(core, now_ms) > 60


def test_a_relay_that_starts_anew_knows_how_far_its_senders_had_counted():
    core, now_ms = mesh(), 0
    for house in HOUSES[:20]:
        assert said(core, house, 900, now_ms)
        now_ms += 3_000
    actions = []
    core.keep(actions)
    (kept,) = of(actions, act.Persist)
    assert kept.name == FILE
    core.keep(actions)
    assert len(actions) == 1, "nothing changed since"
    now_ms, carried = play(mesh(counted=kept.data), 0)
    assert carried < 230
    assert play(mesh(counted=kept.data[:-1]), 0)[1] > 270, "a torn file says nothing"


def test_a_house_is_carried_in_the_hour_of_recordings_of_its_own_alarm():
    core = mesh()
    assert said(core, TOMBOL, 900, 0)
    now_ms = LATER_MS
    for attempt in range(20):
        said(core, TOMBOL, 500, now_ms, attempt)
        now_ms += 2_500
    assert all([said(core, TOMBOL, 901, now_ms + 2_500 * n, n) for n in range(10)])


def test_recordings_make_no_crowd():
    """Copies of a lone press wait for nothing when somebody plays what others said before."""
    for counter in (500, 900):
        core = mesh()
        for n in range(5):
            assert said(core, HOUSES[n], 900, n * 3_000)
        now_ms = LATER_MS
        for n in range(10):
            heard = alarm(HOUSES[n % 5], counter, packet_id=counter * 100, hop_limit=3)
            hear(core, heard, now_ms + n * 300)
            offer(core, heard, now_ms + n * 300)
        send_all(core, now_ms + 3_000, now_ms + 6_000)
        assert core.active_origins(now_ms + 6_000) == 0
        true = alarm(TOMBOL, 10, packet_id=10, hop_limit=3)
        hear(core, true, now_ms + 6_000)
        offer(core, true, now_ms + 6_000)
        assert core.active_origins(now_ms + 6_000) == 1
        assert send_all(core, now_ms + 6_000, now_ms + 6_500)


def test_who_presses_now_is_active_for_every_copy_of_its_attempts():
    core = mesh()
    for n in range(4):
        now_ms = n * 2_000
        heard = alarm(TOMBOL, 10, attempt=n, packet_id=10 + n, hop_limit=3)
        for _ in range(3):
            hear(core, heard, now_ms)
            assert core.active_origins(now_ms) == 1
            offer(core, heard, now_ms)
        send_all(core, now_ms, now_ms + 1_900)
    late_ms = (REPEAT_MINUTES + 2) * 60_000
    hear(core, heard, late_ms)
    assert core.active_origins(late_ms) == 0


def test_a_sender_with_a_purse_s_number_spends_no_purse():
    for src in (4, 5, PURSES, BROADCAST - 1, BROADCAST - PURSES):
        core = mesh()
        offer(core, alarm(src, 10, packet_id=10, hop_limit=3), 0)
        assert [entry.charge for entry in core.queue.entries] == [0]


def test_recordings_of_answered_alarms_leave_a_new_alarm_its_answers():
    core = mesh()
    for n, house in enumerate(HOUSES[:6]):
        core.answers.keep(receipt(house, 50, packet_id=900 + n), [(house, 50)])
    now_ms = 0
    for _ in range(30):
        for house in HOUSES[1:6]:
            core.answer(house, 50, 20, now_ms)
            now_ms += 500
            send_all(core, now_ms, now_ms + 400)
    assert 8_000 < core.air_used_ms(now_ms) < 10_500, "their purse, and two beyond it for each"
    core.answers.keep(receipt(TOMBOL, 10, packet_id=950), [(TOMBOL, 10)])
    said = []
    for _ in range(6):
        core.answer(TOMBOL, 10, 20, now_ms)
        said.append(len(send_all(core, now_ms, now_ms + 2_400)))
        now_ms += 2_500
    assert said == [1, 1, 0, 0, 0, 0]


def test_whoever_is_heard_after_a_restart_takes_no_kept_senders_place():
    for counters in ((7, 256, 65_536), (0x01000000,) * 5, (1,) * 72):
        core = mesh()
        for n, counter in enumerate(counters):
            assert said(core, 0x53001000 + n, counter, n * 40_000)
        actions = []
        core.keep(actions)
        again = mesh(counted=actions[0].data)
        assert said(again, 0x53009000, 9, 0)
        kept = [n for n in range(len(counters)) if again._carried._last(0x53001000 + n) != (0, 0)]
        assert len(kept) == min(len(counters), 71)
