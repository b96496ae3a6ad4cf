# runs: cpython micropython
"""The sequence: no value twice, whatever the power does, and little flash wear."""
from kentongan_node.actions import Persist
from kentongan_node.counter import AFTER_LOSS, Sequence, pack
from kentongan_wire import crypto


def test_values_begin_at_one_and_the_block_is_durable_before_its_first_value():
    sequence, actions = Sequence(None), []
    assert sequence.take(actions) == 1
    assert actions == [Persist("seq", pack(65))]
    for expected in range(2, 65):
        assert sequence.take(actions) == expected
    assert len(actions) == 1
    assert sequence.take(actions) == 65 and len(actions) == 2


def test_a_power_cut_after_any_action_never_brings_a_value_back():
    state, used, lost = None, [], crypto.sha256(b"cuts")
    for cut in range(40):
        sequence = Sequence(state, reserve=4)
        for _ in range(lost[cut % 32] % 11):
            actions = []
            value = sequence.take(actions)
            torn = (lost[(cut + 7) % 32] + value) % 5 == 0
            if actions and torn:
                break  # cut before the write was durable: the value was never used
            if actions:
                state = actions[0].data
            used.append(value)
    assert len(used) > 50 and len(set(used)) == len(used)
    assert used == sorted(used)


def test_a_torn_file_is_noticed_and_goes_on_far_above():
    for bad in (b"", b"\x05\x00\x00\x00", b"\x05\x00\x00\x00\x05\x00\x00\x00", bytes(8), bytes(9)):
        sequence = Sequence(bad)
        assert sequence.lost and sequence.take([]) == AFTER_LOSS
    assert not Sequence(pack(7)).lost
