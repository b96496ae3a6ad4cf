# runs: cpython micropython
"""Attacks on a relay without a key: recorded frames, and frames under another number."""

from kentongan_node.air.carried import FILE, REPEAT_MINUTES
from kentongan_node.air.shares import NEWCOMERS, PURSES
from kentongan_node.base import actions as act
from kentongan_wire.air.flood import CLASS_STATUS
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kits.node.meshkit import ask, hear, mesh, offer, own, send_all
from kits.node.nodekit import GATEWAY, alarm, frame, key_c, of, packet_of

TOMBOL = 0x53000007
HOUSES = tuple([0x53000100 + n for n in range(40)])
HOUR_MS = 3_600_000
RAISED = 40_000_000  # a counter that no button reaches
LATER_MS = HOUR_MS + 60_000  # after an hour whose air no longer counts


def said(core, house, counter, now_ms, attempt=0, hops=3):
    """Tell whether the relay carries that alarm of a house."""
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
    garbage = bytes(len(kept.data) - 1) + b"\1"
    for torn in (kept.data[:-1], kept.data[:9] + bytes([kept.data[9] ^ 1]) + kept.data[10:], garbage, b""):
        assert not mesh(counted=torn).carried.is_known(HOUSES[0]), "a torn file says nothing"
    now_ms, carried = play(mesh(counted=b""), 0)
    assert carried < 230, "nor does it cost more: whom a relay does not know has no share of its own"


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


def test_recordings_of_houses_that_nobody_knows_here_hold_no_known_house_s_copy():
    """Six of them every nine seconds kept each copy back at each of five relays: 20 s instead of 3."""
    core = mesh(known=HOUSES)
    for n in range(20):
        heard = alarm(0x54000000 + n, 500, packet_id=500, hop_limit=3)
        hear(core, heard, n * 300)
        offer(core, heard, n * 300)
    send_all(core, 6_000, 9_000)
    for house, others in ((HOUSES[0], 0), (HOUSES[1], 1)):
        true = alarm(house, 10, packet_id=10, hop_limit=3)
        hear(core, true, 9_000)
        offer(core, true, 9_000)
        copies = [1 for _, sent in send_all(core, 9_000, 9_500) if packet_of(sent).src == house]
        assert len(copies) == 1 - others, "several that are known press: each waits for one receipt"


def test_recordings_of_houses_that_nobody_knows_here_do_not_keep_a_copy_from_going_once_more():
    core = mesh(known=HOUSES)
    hear(core, alarm(0x54000000, 500, packet_id=500, hop_limit=3), 0)
    true = alarm(HOUSES[0], 10, packet_id=10, hop_limit=3)
    hear(core, true, 100)
    offer(core, true, 100)
    assert len(send_all(core, 100, 9_000)) == 2, "no relay was heard to carry it on"


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
    for src in (4, 5, NEWCOMERS, PURSES, BROADCAST - 1, BROADCAST - PURSES):
        core = mesh()
        offer(core, alarm(src, 10, packet_id=10, hop_limit=3), 0)
        assert [entry.charge for entry in core.queue.entries] == [NEWCOMERS]


def kept_of(core):
    actions = []
    core.keep(actions)
    return of(actions, act.Persist)[0].data


def test_whoever_is_heard_after_a_restart_takes_no_kept_senders_place():
    for counters in ((7, 256, 65_536), (0x01000000,) * 5, (1,) * 96):
        core = mesh(counted=b"")
        for n, counter in enumerate(counters):
            assert said(core, 0x53001000 + n, counter, n * 150_000)
        again = mesh(counted=kept_of(core))
        assert said(again, 0x53009000, 9, 0)
        kept = [n for n in range(len(counters)) if again.carried.row(0x53001000 + n)[1]]
        assert len(kept) == len(counters)


def test_recordings_take_half_of_a_relays_hour_at_most_however_many_houses_it_hears():
    """A relay remembered 72: playing the 73rd's pushed out another's, a chain in which all stayed new."""
    for houses in (20, 60, 72, 80, 150):
        for by_house in (True, False):
            core, now_ms = mesh(known=HOUSES[30:38]), 0
            heard = tuple([0x53002000 + n for n in range(houses)]) + HOUSES[30:38]
            for house in heard:
                said(core, house, 900, now_ms)
                now_ms += 3_000
            now_ms = plays(core, heard[:houses], by_house, now_ms + LATER_MS)
            assert core.air_used_ms(now_ms) < 20_000, (houses, by_house)
            assert honest(core, now_ms) > 60, (houses, by_house)


def plays(core, houses, by_house, now_ms, air_ms=34_000):
    """34 s of the recordings of those houses, twenty attempts each; when it ends."""
    count = min(air_ms // core.airtime_ms(45), 20 * len(houses))
    for n in range(count):
        house, attempt = (n // 20, n % 20) if by_house else (n % len(houses), n // len(houses))
        said(core, houses[house], 500, now_ms, attempt)
        now_ms += 2_500
    return now_ms


def test_recordings_leave_a_relay_its_own_word_that_it_is_there():
    """Once 16 s of them had gone no STATUS did: posts and relays of an RT were called lost for an hour."""
    core, now_ms, sent = mesh(), 0, 0
    for house in HOUSES[:20]:
        said(core, house, 900, now_ms)
        now_ms += 3_000
    now_ms += LATER_MS
    for n in range(1_000):
        if n < 374:
            said(core, HOUSES[n // 20], 500, now_ms, n % 20)
        if n % 56 == 0:
            for k in range(4):  # its own, and of three whose frames it carries
                core.submit(own(n * 10 + k, 60 + k), CLASS_STATUS, now_ms, relay=k > 0)
        sent += len([1 for _, frame in send_all(core, now_ms, now_ms + 2_450) if len(frame) == 60])
        now_ms += 2_500
    assert sent == 18


STRANGE = tuple([0x53002000 + n for n in range(80)])


def receipts_for(houses):
    """A gateway's recorded receipt of their alarms."""
    entries = [
        m.receipt_entry(GATEWAY, house, 500, m.STAGE_STORED, 0, 5, 0, key_c(house, m.TOMBOL))
        for house in houses
    ]
    return frame(m.RECEIPTS, m.GATEWAY, GATEWAY, houses[0], m.Receipts(tuple(entries)))


def test_recordings_of_every_kind_at_once_leave_a_relay_its_own_word():
    """Of houses known and unknown here, and what was answered: 23 s of them silenced it for 53 min."""
    core, now_ms, at = mesh(), 0, []
    for house in HOUSES:
        said(core, house, 900, now_ms)
        now_ms += 3_000
    now_ms += LATER_MS
    plan = [(house, n) for house in STRANGE[40:73] + HOUSES[:33] for n in range(3)]
    plan += [(house, None) for house in STRANGE[:40]]
    for n in range(1_440):
        house, attempt = plan[n] if n < len(plan) else (None, None)
        if attempt is not None:
            said(core, house, 500, now_ms, attempt)
        elif house is not None:
            group = STRANGE[STRANGE.index(house) // 14 * 14 :][:14]
            core.answers.keep(receipts_for(group), [(one, 500) for one in group])
            ask(core, house, 500, now_ms, attempt=0)
        if n % 56 == 0:
            core.submit(own(n, 60), CLASS_STATUS, now_ms)
        at += [sent_ms for sent_ms, one in send_all(core, now_ms, now_ms + 2_450) if len(one) == 60]
        now_ms += 2_500
    at.append(now_ms)
    assert max([at[n + 1] - at[n] for n in range(len(at) - 1)]) < 13 * 60_000
    assert honest(core, now_ms) > 25


def test_recordings_of_houses_that_nobody_heard_here_take_half_of_the_hour_at_most():
    """With the common purse behind that of the newcomers they took two thirds: 9 of 20 presses were lost."""
    for houses in (20, 150):
        for by_house in (True, False):
            core = mesh(known=HOUSES[30:38])
            now_ms = plays(core, [0x53002000 + n for n in range(houses)], by_house, LATER_MS)
            assert core.air_used_ms(now_ms) < 16_500, (houses, by_house)
            assert honest(core, now_ms) > 100, (houses, by_house)


def test_who_comes_new_is_carried_at_once_and_known_after_a_day():
    core = mesh(known=())
    assert all([said(core, TOMBOL, 10, n * 2_500, n) for n in range(6)])
    assert not core.carried.is_known(TOMBOL)
    for hours, known in ((1, False), (13, False), (25, True)):  # each time a later word
        assert said(core, TOMBOL, 100 + hours, hours * HOUR_MS)
        assert core.carried.is_known(TOMBOL) == known, hours


def test_what_comes_new_takes_no_known_house_s_place():
    core = mesh(known=HOUSES)
    for n in range(300):
        for house in HOUSES if n % 24 == 0 else ():  # its daily STATUS
            core.carried.add(house, True, n + 1, 1, n + 1, 0, n * HOUR_MS, 2)
        said(core, 0x53002000 + n % 150, 10 + n, n * HOUR_MS)
    assert all([core.carried.is_known(house) for house in HOUSES])
    assert sum([core.carried.is_known(0x53002000 + n) for n in range(150)]) <= 80 - len(HOUSES)


def days(core, senders, hours, restart_h=1_000):
    """Each says something every day at a time of its own; the relay as it is then, begun anew so often."""
    begun = 0
    for hour in range(hours):
        if hour - begun == restart_h:
            core, begun = mesh(counted=kept_of(core)), hour
        for n, sender in enumerate(senders):
            if hour % 24 == n * 7 % 24:
                core.carried.add(sender, True, 1 + hour, 1, 1 + hour, 0, (hour - begun) * HOUR_MS, 2)
    return core


def test_a_relay_that_hears_more_than_it_remembers_knows_as_many_as_it_can():
    """Each newcomer took the place of one who had not spoken again yet: of 97 and more it never knew one."""
    for many in (60, 97, 150, 300):
        senders = [0x53002000 + n for n in range(many)]
        core = days(mesh(known=()), senders, 96)
        assert sum([core.carried.is_known(one) for one in senders]) == min(many, 80), many


def test_a_relay_whose_power_fails_every_night_gets_to_know_its_houses():
    core = days(mesh(known=()), HOUSES, 96, restart_h=10)
    assert sum([core.carried.is_known(house) for house in HOUSES]) == len(HOUSES)


def test_who_is_silent_for_four_days_gives_its_place_to_others():
    core = days(mesh(known=HOUSES + tuple([0x53000200 + n for n in range(40)])), HOUSES, 200)
    assert sum([core.carried.is_known(0x53000200 + n) for n in range(40)]) == 0
    core = days(core, [0x53002000 + n for n in range(40)], 296)
    assert sum([core.carried.is_known(0x53002000 + n) for n in range(40)]) > 30


def test_those_who_are_new_share_a_purse_that_nothing_unproved_can_spend():
    core = mesh(known=())
    for n in range(400):  # by whoever has the channel key alone
        offer(core, alarm(0x53002000 + n % 40, 500 + n, packet_id=500 + n), n * 1_000, proved=False)
        send_all(core, n * 1_000, n * 1_000 + 900)
    now_ms, attempts = 400_000, 0
    for house in HOUSES[:8]:
        for attempt in range(1, 7):
            attempts += said(core, house, 10, now_ms, attempt)
            now_ms += 2_500
    assert attempts >= 36, "of 48: it stood in line with what nobody had proved"


def test_a_count_raised_by_who_stole_a_relay_leaves_the_house_a_lot():
    """Once 7 s of recordings had gone no frame of that house was drawn for at all."""
    core = mesh()
    assert said(core, HOUSES[0], RAISED, 0)
    now_ms = LATER_MS
    for house in HOUSES[1:21]:
        said(core, house, 900, now_ms)
        now_ms += 3_000
    now_ms = plays(core, HOUSES[1:21], True, now_ms)
    tries = [said(core, HOUSES[0], 1_000 + n // 20, now_ms + 2_500 * n, n % 20) for n in range(200)]
    assert 8 <= sum(tries) <= 50


def test_a_recording_without_hops_of_whom_the_relay_does_not_know_makes_no_crowd_again_and_again():
    core = mesh(known=())
    for now_ms in (0, HOUR_MS):
        for n in range(5):
            hear(core, alarm(HOUSES[n], 700, packet_id=7, hop_limit=0, hop_start=0), now_ms + 100 * n)
        assert core.active_origins(now_ms + 500) == 0


def test_when_the_oldest_keys_are_refused_counts_made_under_them_are_forgotten():
    core = mesh()
    assert said(core, TOMBOL, RAISED, 0)
    core.carried.forget()
    again = mesh(counted=kept_of(core))
    assert again.carried.row(TOMBOL)[1:3] == (0, 0)
    assert said(again, TOMBOL, 10, 0)
    assert again.carried.is_known(TOMBOL), "by its next word"


def test_whom_a_thief_invented_keeps_no_house_s_place_once_his_keys_are_refused():
    """He had raised the counts of all houses, so that they lapsed, and his eighty stayed known for days."""
    core = mesh(known=tuple([0x54000000 + n for n in range(80)]))
    core.carried.forget()
    core = days(mesh(counted=kept_of(core)), HOUSES, 73)
    assert all([core.carried.is_known(house) for house in HOUSES])
