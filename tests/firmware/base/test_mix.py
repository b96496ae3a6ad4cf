# runs: cpython micropython
"""Numbers out of one draw: the same on every interpreter, spread evenly, never out of range."""

from kentongan_node.base.mix import mix, pick


def test_a_draw_gives_fixed_numbers_on_every_interpreter():
    assert [mix(0, 0), mix(1, 0), mix(0, 1), mix(0xFFFFFFFF, 7)] == [0, 1364076727, 301794027, 963142964]


def test_picks_stay_in_range_and_reach_every_value():
    for n in (1, 2, 7, 300):
        seen = {}
        for i in range(n * 30):
            value = pick(i * 40503 & 0xFFFFFFFF, i, n)
            assert 0 <= value < n
            seen[value] = seen.get(value, 0) + 1
        assert len(seen) == n
    assert pick(5, 5, 0) == 0


def test_numbers_of_one_draw_differ():
    assert len({mix(12345, i) for i in range(1_000)}) == 1_000
