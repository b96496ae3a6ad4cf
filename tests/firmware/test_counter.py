# runs: cpython micropython
"""The sequence: no value twice, whatever the power does, and little flash wear."""
from kentongan_node.actions import Persist
from kentongan_node.counter import AFTER_LOSS, LOSS_STEP_BITS, Sequence, pack, unpack
from kentongan_wire import crypto


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
