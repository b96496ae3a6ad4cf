# runs: cpython micropython
"""The sequence: no value twice, whatever the power does, and little flash wear."""

from kentongan_node.base.actions import Persist
from kentongan_node.common.counter import (
    AFTER_LOSS,
    DARK_STEP,
    LEAP_PLACES,
    LOSS_STEP_BITS,
    MASK,
    NAMES,
    Sequence,
    after_dark,
    pack,
    unpack,
)
from kentongan_wire.base import crypto
from kits.both import random_bytes


def test_values_begin_at_one_and_the_block_is_durable_before_its_first_value():
    sequence, actions = Sequence({}), []
    assert sequence.take(actions) == 1
    assert actions == [Persist("seq", pack(65))]
    for expected in range(2, 65):
        assert sequence.take(actions) == expected
    assert len(actions) == 1
    assert sequence.take(actions) == 65 and actions[1:] == [Persist("seq2", pack(129))]


def test_two_files_are_written_in_turn_also_over_resets():
    state, names = {}, []
    for _ in range(5):
        actions = []
        Sequence(state, reserve=4).take(actions)
        state[actions[0].name] = actions[0].data
        names.append(actions[0].name)
    assert names == ["seq", "seq2", "seq", "seq2", "seq"]


def test_a_power_cut_after_any_action_never_brings_a_value_back():
    state, used, lost = {}, [], crypto.sha256(b"cuts")
    for cut in range(40):
        sequence = Sequence(state, reserve=4)
        for _ in range(lost[cut % 32] % 11):
            actions = []
            value = sequence.take(actions)
            torn = (lost[(cut + 7) % 32] + value) % 5 == 0
            if actions and torn:
                break  # cut before the write was durable: the value was never used
            if actions:
                state[actions[0].name] = actions[0].data
            used.append(value)
    assert len(used) > 50 and len(set(used)) == len(used)
    assert used == sorted(used)


def test_one_unreadable_file_after_the_other_brings_no_value_back():
    """Worse than a power cut: what was written whole is unreadable later, either file in turn."""
    state, used = {}, []
    for boot in range(40):
        sequence = Sequence(state, boot, reserve=4)
        assert not sequence.lost
        for _ in range(1 + boot % 9):
            actions = []
            used.append(sequence.take(actions))
            for action in actions:
                state[action.name] = action.data
        hurt = ("seq", "seq2")[boot // 2 % 2]
        if all([unpack(state.get(name, b"")) for name in ("seq", "seq2")]):
            state[hurt] = b"\xff" * (boot % 9)
    assert len(set(used)) == len(used) and used == sorted(used)


def test_both_files_unreadable_twice_in_a_row_is_noticed_and_goes_on_higher_each_time():
    used = []
    for starts in (3, 4, 5):
        sequence = Sequence({"seq": b"\x00", "seq2": bytes(8)}, starts)
        assert sequence.lost
        used.append(sequence.take([]))
    assert used == [AFTER_LOSS + (starts << LOSS_STEP_BITS) for starts in (3, 4, 5)]


def test_a_torn_file_is_noticed():
    for bad in (b"", b"\x05\x00\x00\x00", b"\x05\x00\x00\x00\x05\x00\x00\x00", bytes(8), bytes(9)):
        sequence = Sequence({"seq": bad})
        assert sequence.lost and sequence.take([]) == AFTER_LOSS
    assert not Sequence({"seq": pack(7)}).lost


class Life:
    """A node's sequence over starts and power cuts, with homes that fail: files, NVS, RTC memory."""

    def __init__(self, seed):
        self._bytes = random_bytes(seed)
        self.files, self.nvs, self.rtc = {}, b"", None
        self.files_work = self.nvs_works = True
        self.used = []
        self.unsure = 0

    def rnd(self):
        value = 0
        for _ in range(4):
            value = value << 8 | next(self._bytes)
        return value

    def write(self, name, data):
        """To a file, else to NVS; True when one of them took it."""
        if self.files_work:
            self.files[name] = bytes(data)
        elif self.nvs_works:
            self.nvs = bytes(data)
        else:
            return False
        return True

    def start(self, cut):
        state = dict(self.files)
        if cut or self.rtc is None:
            self.unsure += not after_dark(state, 0, self.rnd(), self.write, self.nvs)
            self.rtc = {}
            for name in NAMES:
                if name in state:
                    self.rtc[name] = state[name]
        state.update(self.rtc)
        return Sequence(state)

    def run(self, sequence, values):
        for _ in range(values):
            actions = []
            value = sequence.take(actions)
            for action in actions:
                self.rtc[action.name] = action.data
                self.write(action.name, action.data)
            self.used.append(value)


def test_no_value_twice_whatever_fails_whenever_while_one_home_is_left():
    """300 lives of 40 starts: resets and power cuts at random, files and NVS failing for a while."""
    for seed in range(1, 301):
        life = Life(seed)
        life.run(life.start(True), 1)
        for _ in range(40):
            draw = life.rnd()
            if draw % 5 == 0:
                life.files_work = not life.files_work
            if draw >> 8 & 3 == 0:
                life.nvs_works = not life.nvs_works
            # with no home left there are resets only: the next test has the power cuts
            cut = draw >> 12 & 1 and (life.files_work or life.nvs_works)
            life.run(life.start(cut), draw >> 16 & 127)
        assert life.unsure == 0
        assert life.used == sorted(life.used) and len(set(life.used)) == len(life.used), seed


def test_no_value_twice_with_no_home_left_and_power_cuts_as_many_as_come():
    """1,000 boards, ten power cuts of each after all homes failed: starts that cannot know of each other."""
    for seed in range(1, 1_001):
        life = Life(seed)
        life.run(life.start(True), 100)
        life.files_work = life.nvs_works = False
        for _ in range(10):
            life.run(life.start(True), 30)
        assert life.unsure == 10
        assert len(set(life.used)) == len(life.used) and life.used[-1] < MASK, seed
        first = life.used[:100]
        assert min(life.used[100:]) > max(first)  # whatever it was before the failure


def test_a_flash_that_failed_for_less_than_the_step_and_works_again_brings_no_value_back():
    life = Life(7)
    life.run(life.start(True), 10)
    life.files_work = life.nvs_works = False
    life.run(life.start(False), DARK_STEP - 200)  # no home took any of these
    life.files_work = True
    life.run(life.start(True), 10)
    assert len(set(life.used)) == len(life.used) and life.used == sorted(life.used)


def test_a_dark_start_of_a_board_that_never_sent_begins_at_one():
    life = Life(1)
    life.run(life.start(True), 3)
    assert life.used == [1, 2, 3]


def test_a_leap_goes_up_and_ends_before_the_last_value():
    state = {}
    assert not after_dark(state, 0, 12345, lambda name, data: False, b"")
    sequence, last = Sequence(state), 0
    assert sequence.unsure
    for n in range(200):
        sequence.leap(MASK - n)
        value = sequence.take([])
        assert last < value <= MASK
        last = value
    assert last > MASK - 2 * LEAP_PLACES
