"""The air keeps its laws: reach, half duplex, collisions, capture, the blind spots of the channel check."""

import pytest
from kentongan_sim.physics.air import CAD_FLAG_US, Air, AirFault, Cad, Radio, path_loss_db
from kentongan_sim.physics.air import URBAN as PLACE
from kentongan_sim.physics.chance import bell_q, happens
from kentongan_sim.physics.clock import Clock
from kentongan_wire.air import phy

PRESET = phy.preset("ShortSlow")
SYMBOL_US = phy.symbol_us(PRESET)
SURE = Cad(phy.CAD_SYMBOLS, 1.0, 1.0, 0)  # a check that misses nothing it can hear, and no turnaround
STRONG_DB, WEAK_DB, BELOW_FLOOR_DB = 100, 110, 148
FRAME = bytes(range(45))


class Box:
    """A radio's client that only writes down what it was told."""

    def __init__(self):
        self.got, self.unread, self.sent_ok, self.busy = [], [], 0, []

    def received(self, frame, rssi, snr_q):
        self.got.append(frame)

    def garbled(self, n_bytes):
        self.unread.append(n_bytes)

    def sent(self, ok):
        self.sent_ok += 1

    def channel(self, busy):
        self.busy.append(busy)


class Field:
    """Radios by name; links are losses in dB, both ways."""

    def __init__(self, names, links, cad=SURE, loss=0.0, seed=1):
        self.clock = Clock()
        self.events = []
        self.air = Air(self.clock, seed, PRESET, self.report, loss, cad, fade_db=0)
        self.box = {name: Box() for name in names}
        self.radio = {name: self.air.add(name, self.box[name]) for name in names}
        for (one, other), loss_db in links.items():
            self.air.link(self.radio[one], self.radio[other], 23, loss_db)
            self.air.link(self.radio[other], self.radio[one], 23, loss_db)
        for radio in self.radio.values():
            self.air.power(radio, True)
            self.air.listen(radio, True)

    def report(self, t_us, label, what, detail):
        self.events.append((label, what, detail))

    def send(self, name, t_us=0, frame=FRAME):
        self.clock.at(t_us, self.air.transmit, self.radio[name], frame)

    def check(self, name, t_us):
        self.clock.at(t_us, self.air.check_channel, self.radio[name])

    def run(self):
        self.clock.run_until(10_000_000)
        return self

    def missed(self, name):
        return [detail["why"] for label, what, detail in self.events if label == name and what == "miss"]


def test_a_frame_arrives_when_its_last_symbol_does():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.send("a")
    airtime_us = phy.airtime_us(PRESET, len(FRAME))
    field.clock.run_until(airtime_us - 1)
    assert not field.box["b"].got
    field.clock.run_until(airtime_us)
    assert field.box["b"].got == [FRAME]
    assert field.box["a"].sent_ok == 1


def test_below_the_floor_nothing_arrives_and_far_below_it_no_link_is_kept():
    field = Field("abc", {("a", "b"): BELOW_FLOOR_DB, ("a", "c"): 200})
    field.send("a")
    assert not field.run().box["b"].got
    assert [receiver.label for receiver in field.radio["a"].links] == ["b"]


def test_who_sends_hears_nothing():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.send("a")
    field.send("b", 10_000)
    field.run()
    assert not field.box["a"].got and not field.box["b"].got


def test_who_does_not_listen_hears_nothing_even_if_it_starts_before_the_end():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.air.listen(field.radio["b"], False)
    field.send("a")
    field.clock.at(14 * SYMBOL_US, field.air.listen, field.radio["b"], True)
    assert not field.run().box["b"].got


def test_who_starts_to_listen_early_in_the_preamble_still_gets_the_frame():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.air.listen(field.radio["b"], False)
    field.send("a")
    field.clock.at(5 * SYMBOL_US, field.air.listen, field.radio["b"], True)
    assert field.run().box["b"].got == [FRAME]


def test_two_frames_of_like_strength_destroy_each_other():
    field = Field("abc", {("a", "c"): STRONG_DB, ("b", "c"): STRONG_DB + 3})
    field.send("a")
    field.send("b", 1_000)
    field.run()
    assert not field.box["c"].got
    assert field.missed("c") == ["collision", "collision"]


def test_the_stronger_frame_captures_when_both_begin_together():
    field = Field("abc", {("a", "c"): WEAK_DB, ("b", "c"): STRONG_DB})
    field.send("a", 0, b"weak" * 9)
    field.send("b", 1_000, b"loud" * 9)
    assert field.run().box["c"].got == [b"loud" * 9]


def test_a_stronger_frame_that_begins_in_the_payload_destroys_and_is_not_received():
    field = Field("abc", {("a", "c"): WEAK_DB, ("b", "c"): STRONG_DB})
    field.send("a", 0)
    field.send("b", 40 * SYMBOL_US)
    field.run()
    assert not field.box["c"].got
    assert sorted(field.missed("c")) == ["collision", "occupied"]


def test_a_weaker_frame_by_six_decibels_does_no_harm():
    field = Field("abc", {("a", "c"): STRONG_DB, ("b", "c"): STRONG_DB + 6})
    field.send("a", 0)
    field.send("b", 20_000, b"quiet" * 9)
    assert field.run().box["c"].got == [FRAME]


def test_a_disturbance_in_the_first_preamble_symbols_does_no_harm():
    field = Field("abc", {("a", "c"): STRONG_DB, ("b", "c"): STRONG_DB})
    field.send("b", 0, b"tiny")
    tail_us = phy.airtime_us(PRESET, 4) - 2 * SYMBOL_US
    field.send("a", tail_us)
    assert field.run().box["c"].got == [b"tiny", FRAME] or field.missed("c") == ["collision"]
    assert FRAME in field.box["c"].got


def test_a_power_cut_in_the_middle_of_a_frame_leaves_no_frame():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.send("a")
    field.clock.at(50_000, field.air.power, field.radio["a"], False)
    field.run()
    assert not field.box["b"].got and field.box["a"].sent_ok == 0
    assert field.missed("b") == ["cut"]


def test_the_channel_check_notices_a_frame_and_answers_after_its_symbols():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.air.listen(field.radio["b"], False)
    field.send("a")
    field.check("b", 20_000)
    field.clock.run_until(20_000 + phy.CAD_SYMBOLS * SYMBOL_US)
    assert field.box["b"].busy == [True]


def test_a_receiver_in_the_middle_of_a_frame_says_busy_and_keeps_the_frame():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.send("a")
    field.check("b", 40_000)
    field.clock.run_until(40_000 + CAD_FLAG_US)
    assert field.box["b"].busy == [True]
    assert field.run().box["b"].got == [FRAME]


def test_the_channel_check_cannot_hear_below_the_floor():
    field = Field("ab", {("a", "b"): BELOW_FLOOR_DB})
    field.send("a")
    field.check("b", 20_000)
    assert field.run().box["b"].busy == [False]


def test_a_frame_destroyed_in_the_middle_is_told_by_its_length_and_one_never_found_is_not():
    field = Field("abc", {("a", "c"): STRONG_DB + 10, ("b", "c"): STRONG_DB})
    field.send("a")
    field.send("b", 30_000)  # in a's payload, so that c is not looking for a preamble
    field.run()
    assert field.box["c"].unread == [len(FRAME)] and not field.box["c"].got


def test_what_begins_after_the_check_is_not_noticed_and_collides():
    slow = SURE._replace(turnaround_us=3_000)
    field = Field("abc", {("a", "b"): STRONG_DB, ("a", "c"): STRONG_DB, ("b", "c"): STRONG_DB}, slow)
    for name in "ab":
        field.check(name, 0)
        field.send(name, phy.CAD_SYMBOLS * SYMBOL_US + 1)
    field.run()
    assert field.box["a"].busy == field.box["b"].busy == [False]
    assert not field.box["c"].got


def test_the_channel_check_misses_as_many_payloads_as_its_parameter_says():
    busy = 0
    for seed in range(200):
        field = Field("ab", {("a", "b"): STRONG_DB}, SURE._replace(payload=0.7), seed=seed)
        field.air.listen(field.radio["b"], False)
        field.send("a")
        field.check("b", 60_000)
        busy += field.run().box["b"].busy == [True]
    assert 120 < busy < 160


def test_a_radio_is_never_asked_for_two_things_at_once():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.air.transmit(field.radio["a"], FRAME)
    with pytest.raises(AirFault, match="a asked for a channel check"):
        field.air.check_channel(field.radio["a"])


def test_extra_loss_takes_its_share_and_the_same_frames_for_the_same_seed():
    def lost(seed):
        field = Field("ab", {("a", "b"): STRONG_DB}, loss=0.25, seed=seed)
        for k in range(200):
            field.send("a", k * 200_000, bytes([k]) * 20)
        field.clock.run_until(60_000_000)
        assert len(field.box["b"].got) + len(field.box["b"].unread) == 200
        return [frame[0] for frame in field.box["b"].got]

    assert 130 < len(lost(1)) < 170
    assert lost(1) == lost(1) != lost(2)


def test_chance_is_a_function_of_what_it_is_about():
    share = sum(happens(0.3, 1, k) for k in range(2_000)) / 2_000
    assert 0.27 < share < 0.33
    spread = [bell_q(10, "x", k) for k in range(2_000)]
    assert abs(sum(spread)) / 2_000 < 1 and 80 < sum(v * v for v in spread) / 2_000 < 120


def test_a_radio_that_wakes_in_the_middle_of_a_frame_notices_it():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.air.power(field.radio["b"], False)
    field.send("a")
    field.clock.at(30_000, field.air.power, field.radio["b"], True)
    field.check("b", 31_000)
    assert field.run().box["b"].busy == [True]
    assert not field.box["b"].got and not field.radio["b"].heard


def test_path_loss_is_the_same_both_ways_and_grows_with_distance():
    assert path_loss_db(PLACE, 100, "a", "b") == path_loss_db(PLACE, 100, "b", "a")
    flat = PLACE._replace(shadow_db=0)
    assert path_loss_db(flat, 300, "a", "b") == pytest.approx(143, abs=0.2)  # the edge: 300 m in town


def test_off_means_off():
    field = Field("ab", {("a", "b"): STRONG_DB})
    field.air.power(field.radio["b"], False)
    field.send("a")
    assert not field.run().box["b"].got
    assert field.radio["b"].mode == Radio.OFF
