# runs: cpython micropython
"""Mesh: whatever waits for frames waits as many of them on every preset, for whom this relay knows."""

from kits.node.meshkit import ALARM, hear, mesh, offer, own
from kits.node.nodekit import alarm

OTHER = 0x52000044
TOMBOL = 0x53000007
STATUS = 3
# an alarm's frame takes 91 ms
HELD_MS, TWO_MS = 500 + 8 * 91, 500 + 12 * 91


def test_where_frames_take_longer_a_frame_waits_as_many_of_them_but_a_status_no_longer():
    for name, alarm_ms, status_ms in (("ShortFast", 400, 60_000), ("MediumFast", 752, 60_000)):
        core = mesh(preset=name)
        for klass, wait_ms in ((ALARM, alarm_ms), (STATUS, status_ms)):
            core.submit(own(klass), klass, 1_000, first=True)
            assert core.queue.entries[-1].due_ms == 1_000 + wait_ms
        core.channel_used(45, 1_100)
        assert core.queue.entries[0].due_ms == 1_000 + alarm_ms * 5  # a whole frame was heard


def test_where_frames_take_longer_an_origin_counts_as_active_for_longer():
    core = mesh(preset="MediumFast")
    hear(core, alarm(TOMBOL, 10, hop_limit=1), 1_000)
    assert core.active_origins(19_000) == 1
    assert core.active_origins(20_000) == 0


def test_strangers_hold_no_copy_longer_that_another_relay_seems_to_have_carried():
    for known, held_ms in (([TOMBOL], HELD_MS), ([TOMBOL, OTHER], TWO_MS)):
        core = mesh(known=known)
        hear(core, alarm(OTHER, 10, hop_limit=2, packet_id=1), 0)
        heard = alarm(TOMBOL, 10, hop_limit=2)
        hear(core, heard, 0)
        offer(core, heard, 0, tag=(TOMBOL, 10))
        before_ms = core.queue.entries[0].base_ms
        hear(core, alarm(TOMBOL, 10, hop_limit=1, hop_start=2, relay_node=0x44), 5)
        assert core.queue.entries[0].base_ms - before_ms == held_ms


def test_where_frames_take_longer_copies_are_held_longer_for_the_receipt_takes_longer_to_come():
    for name, receipt_ms, frame_ms in (("ShortSlow", 500, 91), ("MediumFast", 940, 171)):
        for others, frames in ((1, 12), (4, 32)):
            core = mesh(preset=name, known=[TOMBOL] + [OTHER + n for n in range(others)])
            for n in range(others):
                hear(core, alarm(OTHER + n, 10, packet_id=1), 0)
            heard = alarm(TOMBOL, 10, hop_limit=2)
            hear(core, heard, 0)
            offer(core, heard, 0, tag=(TOMBOL, 10))
            assert core.queue.entries[0].base_ms == receipt_ms + frames * frame_ms
            hear(core, alarm(TOMBOL, 10, hop_limit=1, hop_start=2, relay_node=0x44), 5)
            assert core.queue.entries[0].base_ms == 2 * receipt_ms + (frames + 12) * frame_ms
