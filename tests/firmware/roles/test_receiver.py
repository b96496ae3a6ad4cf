# runs: cpython micropython
"""Penerima: chimes for its own pages, discreetly for silent ones, and carries "saya datang" back."""

from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_node.roles.receiver import PAGES_LIMIT, Penerima
from kentongan_wire.keyring.site_keys import SiteKeys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kentongan_wire.settings import compose, config
from kits.node.nodekit import (
    ALARM_ROOT,
    CHANNEL,
    CONTROL_ROOT,
    GATEWAY,
    Shell,
    alarm,
    frame,
    key_a,
    key_c,
    of,
    packet_of,
    settings,
)

NODE = 0x54000031
OTHER = 0x54000032
TOMBOL = 0x53000007
SITE = SiteKeys({0: ALARM_ROOT}, {0: CONTROL_ROOT}, 0)
_ids = [9_000]


def next_id():
    _ids[0] += 1
    return _ids[0]


class Chime(Shell):
    def __init__(self, state=None):
        super().__init__(Penerima(settings("penerima", NODE), state or {}))

    def come(self):
        for down in (True, False):
            self.take(self.core.key("come", down, self.now_ms, self.rnd()))

    def patterns(self):
        return [sound.pattern for sound in of(self.all, act.Sound)]

    def shown(self):
        return [show.state for show in of(self.all, act.Show)]

    def events(self):
        out = []
        for f in self.frames():
            packet = packet_of(f)
            if packet.src == NODE:
                message = verify.open_message(CHANNEL.open(packet).payload, NODE, packet.to, SITE)
                if message.type == m.EVENT:
                    out.append(message)
        return out


def page(
    incident=10,
    kind=1,
    house=7,
    zone=5,
    flags=0,
    target=NODE,
    key=None,
    number=None,
    packet_id=None,
    origin=TOMBOL,
):
    number = number or next_id()
    body = m.Page(target, origin, incident, kind, house, zone, flags)
    key = key or key_c(target, m.PENERIMA)
    return frame(m.PAGE, m.GATEWAY, GATEWAY, number, body, key, packet_id or next_id())


def stored(counter, key=None):
    entry = m.receipt_entry(GATEWAY, NODE, counter, 2, 0, 0, 0, key or key_c(NODE, m.PENERIMA))
    return frame(m.RECEIPTS, m.GATEWAY, GATEWAY, next_id(), m.Receipts((entry,)), hop_limit=0)


def test_a_page_chimes_its_kind_and_lights_the_lamp_for_a_while():
    chime = Chime()
    chime.hear(page(kind=2))
    assert chime.patterns() == ["kebakaran"]
    assert chime.shown() == ["page"]
    chime.wait(15_000)
    assert len(of(chime.all, act.Quiet)) == 1
    chime.wait(600_000)
    assert chime.shown() == ["page", "off"]


def test_a_silent_page_makes_no_sound_and_leaves_no_log_line():
    for flags, kind in ((m.FLAG_SILENT, 1), (0, m.KIND_KEKERASAN), (m.FLAG_SILENT, m.KIND_KEKERASAN)):
        chime = Chime()
        chime.hear(page(kind=kind, flags=flags))
        chime.wait(60_000)
        chime.come()
        chime.wait(1_000)
        assert chime.patterns() == []
        assert chime.shown() == ["page_quiet", "answering"]
        assert of(chime.all, act.Note) == []
        assert len(chime.events()) == 1


def test_repeats_of_one_page_change_nothing():
    chime = Chime()
    for _ in range(6):
        chime.hear(page(number=500))
        chime.wait(5_000)
    assert len(chime.patterns()) == 1
    assert len(chime.core.calls) == 1


def test_a_page_that_was_answered_does_not_chime_again_under_a_new_counter():
    chime = Chime()
    chime.hear(page())
    chime.come()
    chime.hear(page())
    assert len(chime.patterns()) == 1
    assert chime.shown() == ["page", "answering"]


def test_pages_for_others_forged_replayed_and_altered_ones_are_silent():
    good = page(number=500)
    chime = Chime()
    for bad in (
        page(target=OTHER),
        page(key=key_a(NODE, m.PENERIMA)),
        page(key=key_c(NODE, m.SIRENE)),
        alarm(TOMBOL, 10),
    ):
        chime.hear(bad)
    assert chime.patterns() == [] and chime.shown() == []
    assert chime.core.counters == {"tag": 2}
    chime.hear(good)
    chime.hear(page(number=499))
    chime.hear(page(number=500, house=8))
    assert len(chime.patterns()) == 1
    assert chime.core.counters == {"tag": 2, "replay": 1, "altered": 1}


def test_a_page_known_before_a_power_cut_does_not_chime_after_it():
    chime = Chime()
    chime.hear(page(number=500))
    again = Chime(chime.state)
    again.hear(page(number=500))
    assert again.patterns() == []


def test_with_the_counters_lost_no_page_from_before_the_last_settings_chimes():
    before, recorded = Chime(), page()
    number = next_id()
    part = config.seal(compose.split({"hop_limit": 2})[0], key_c(NODE, m.PENERIMA), GATEWAY, number)
    body = m.Config(NODE, 1, 0, 1, part)
    before.hear(frame(m.CONFIG, m.GATEWAY, GATEWAY, number, body, key_c(NODE, m.PENERIMA)))
    later = page()
    chime = Chime({"config": before.state["config"]})
    chime.hear(recorded)
    assert chime.patterns() == []
    chime.hear(later)
    assert len(chime.patterns()) == 1


def test_no_flipped_bit_of_a_page_chimes_unless_only_hops_or_the_relay_changed():
    good = page()
    for at in range(len(good)):
        chime = Chime()
        chime.hear(good[:at] + bytes((good[at] ^ 1 << at % 8,)) + good[at + 1 :])
        assert not chime.patterns() or at in (12, 14, 15) or at >= len(good) - 4


def test_saya_datang_stops_the_chime_and_is_repeated_at_3_and_7_seconds():
    chime = Chime()
    chime.hear(page(incident=321))
    chime.wait(2_000)
    chime.come()
    assert len(of(chime.all, act.Quiet)) == 1
    chime.wait(60_000)
    events = chime.events()
    assert len(events) == 3
    assert len({e.counter for e in events}) == 1 and len({e.digest for e in events}) == 1
    assert events[0].body[:1] + events[0].body[2:] == (m.EVENT_COMING, TOMBOL, 321)


def test_the_gateways_stage_two_ends_the_repeats_and_is_shown_and_nothing_else_is():
    chime = Chime()
    chime.hear(page())
    chime.come()
    chime.wait(500)
    counter = chime.events()[0].counter
    chime.hear(stored(counter, key_a(NODE, m.PENERIMA)))
    chime.hear(stored(counter + 1))
    assert chime.shown() == ["page", "answering"]
    chime.hear(stored(counter))
    chime.wait(60_000)
    assert chime.shown() == ["page", "answering", "answered"]
    assert len(chime.events()) == 1


def test_without_a_page_the_key_says_nothing():
    chime = Chime()
    chime.come()
    chime.wait(1_000)
    assert chime.events() == []
    assert chime.core.counters == {"come_without_page": 1}


def test_two_pages_are_answered_one_by_one_the_newest_first():
    chime = Chime()
    chime.hear(page(incident=1))
    chime.hear(page(incident=2))
    for _ in range(3):
        chime.come()
        chime.wait(500)
    assert [e.body.counter for e in chime.events()] == [2, 1]


def test_pages_are_bounded_and_the_oldest_gives_way():
    chime = Chime()
    for n in range(20):
        chime.hear(page(incident=n + 1))
    assert [call.body.counter for call in chime.core.calls] == list(range(1, 21))[-PAGES_LIMIT:]


def test_it_carries_others_frames_on_and_reports_itself():
    chime = Chime()
    chime.hear(alarm(TOMBOL, 10, hop_limit=2))
    chime.wait(1_000)
    assert len([f for f in chime.frames() if packet_of(f).src == TOMBOL]) == 1
    chime.wait(400_000)
    assert len([f for f in chime.frames() if packet_of(f).src == NODE]) >= 2


def test_no_order_of_events_breaks_a_promise():
    for seed in range(8):
        chime = Chime()
        for step in range(100):
            rnd = mix(seed + 31, step)
            what, n = rnd % 8, mix(rnd, 1)
            before = len(chime.patterns())
            if what < 3:
                silent = n & 1
                chime.hear(page(1 + n % 5, (n >> 4) % 16, flags=silent, key=bytes(32) if n & 64 else None))
                assert not (silent or n & 64) or len(chime.patterns()) == before
            elif what == 3:
                chime.come()
            elif what == 4 and chime.events():
                chime.hear(stored(chime.events()[-1].counter, bytes(32) if n & 1 else None))
            elif what == 5:
                chime.hear(bytes([mix(n, i) & 0xFF for i in range(n % 80)]))
            else:
                chime.wait(n % 100_000)
            assert len(chime.patterns()) == before or what < 3
            assert len(chime.core.calls) <= PAGES_LIMIT
            if chime.shown() and chime.shown()[-1] == "answered":
                assert [call for call in chime.core.calls if call.state == 2]
        chime.wait(700_000)
        assert chime.core.calls == []


def told(chime):
    """(origin, counter) of every answer so far."""
    return [(event.body.origin, event.body.counter) for event in chime.events()]


def test_a_button_that_is_pressed_again_and_again_takes_no_other_call_from_the_chime():
    """Four of its presses pushed the other call away, and the key answered it four times."""
    for flags in (0, m.FLAG_SILENT):
        for times in (PAGES_LIMIT, 40):
            chime = Chime()
            chime.hear(page(10, flags=flags))
            chime.wait(61_000)
            for n in range(times):
                chime.hear(page(100 + n, origin=TOMBOL + 1))
            assert [call.about() for call in chime.core.calls if call.body.origin == TOMBOL] == [(TOMBOL, 10)]
            chime.come()
            chime.come()
            chime.wait(30_000)
            assert set(told(chime)) == {(TOMBOL + 1, 99 + times), (TOMBOL, 10)}


def test_of_one_call_of_each_button_the_oldest_gives_way_and_a_silent_one_last():
    chime = Chime()
    for n in range(PAGES_LIMIT + 1):
        chime.hear(page(10, origin=TOMBOL + n, flags=m.FLAG_SILENT if n < 2 else 0))
    assert [call.body.origin - TOMBOL for call in chime.core.calls] == [0, 1, 3, 4]
