# runs: cpython micropython
"""What a relay pays of whose share, and that no thief can spend all of a house's."""
from meshkit import mesh, offer, send_all
from nodekit import alarm

OTHER = 0x52000044
TOMBOL = 0x53000007


def relayed_s(preset, attempt, proved=True, n=400):
    """Seconds of air that a relay spends in 20 minutes on n alarms of one house at that attempt, from purses
    and beyond them."""
    core, paid, beyond = mesh(preset), 0, 0
    for i in range(n):
        now_ms = i * 3_000
        heard = alarm(TOMBOL, 10 + i, attempt=attempt, packet_id=1_000 + i, hop_limit=1)
        if offer(core, heard, now_ms, proved=proved):
            charged = core.queue.entries[-1].charge is not None
            air_ms = sum([core.airtime_ms(len(f)) for _, f in send_all(core, now_ms, now_ms + 2_900)])
            paid, beyond = (paid + air_ms, beyond) if charged else (paid, beyond + air_ms)
    assert offer(core, alarm(OTHER, 500, hop_limit=1), n * 3_000)
    assert offer(core, alarm(TOMBOL, 9_000, packet_id=9_000, hop_limit=1), n * 3_000 + 3_700_000)
    return paid / 1_000, beyond / 1_000


def test_a_tombols_alarms_get_three_seconds_of_a_relays_hour_and_as_many_of_the_common_purse():
    for preset, share_s in (("ShortSlow", 3), ("MediumFast", 6)):
        assert 2 * share_s - 0.5 < relayed_s(preset, 7)[0] <= 2 * share_s
        assert share_s - 0.25 < relayed_s(preset, 7, proved=False)[0] <= share_s


def test_the_first_attempts_get_three_times_as_much():
    assert 17.5 < relayed_s("ShortSlow", 0)[0] <= 18
    assert 8.5 < relayed_s("ShortSlow", 0, proved=False)[0] <= 9


def test_beyond_the_purses_an_alarm_of_its_sender_goes_twice_a_minute_and_what_nobody_proved_never():
    frames = 1 + relayed_s("ShortSlow", 7)[1] * 1_000 // mesh().airtime_ms(45)
    assert 20 <= frames <= 45, frames  # of the 14 minutes or so that are left
    assert relayed_s("ShortSlow", 7, proved=False)[1] == 0
    assert relayed_s("MediumFast", 0)[1] <= 24 - 2 * 9  # the last third of the hour's air is everybody's


def mute(core, until_ms):
    """What a thief of a relay does to TOMBOL: the highest counter, then all that the common purse has."""
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
    assert carried >= 2


def test_what_was_carried_before_never_goes_beyond_the_purses():
    core = mesh()
    offer(core, alarm(TOMBOL, 4_000, packet_id=4_000, hop_limit=2), 0)
    send_all(core, 0, 900)
    mute(core, 300_000)
    for n in range(200):
        again = alarm(TOMBOL, 4_000, packet_id=9_000 + n, hop_limit=2)
        assert not offer(core, again, 300_000 + n * 1_000)
