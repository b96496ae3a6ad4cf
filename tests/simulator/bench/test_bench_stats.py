"""The statistics of the benchmark page against known values."""

import math

import pytest
from kentongan_sim.bench.stats import (
    NEVER,
    beta_share,
    percentile,
    percentile_at_most,
    rate_at_most,
    share_at_least,
)
from kentongan_sim.bench.targets import (
    MET,
    PASS,
    SHORT,
    in_ms,
    none_of,
    per_cent,
    quantile,
    replays,
    share,
    unreported,
)


def binomial_at_least(hits, trials, p):
    return sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits, trials + 1))


@pytest.mark.parametrize(
    ("hits", "trials", "bound"),
    [(9, 10, 0.6058), (10, 10, 0.7411), (50, 100, 0.4136), (0, 20, 0.0), (99, 100, 0.9534), (1, 1, 0.05)],
)
def test_the_bound_of_a_share_is_that_of_clopper_and_pearson(hits, trials, bound):
    assert share_at_least(hits, trials) == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize(("hits", "trials"), [(3, 7), (875, 1000), (29_999, 30_000), (1, 5_000)])
def test_at_the_bound_so_many_hits_have_a_chance_of_one_in_twenty(hits, trials):
    bound = share_at_least(hits, trials)
    tail = (
        binomial_at_least(hits, trials, bound)
        if trials <= 1000
        else beta_share(bound, hits, trials - hits + 1)
    )
    assert tail == pytest.approx(0.05, rel=1e-6)


def test_no_miss_gives_the_rule_of_three():
    assert rate_at_most(0, 30_000) == pytest.approx(3 / 30_000, rel=0.002)
    assert rate_at_most(0, 0) == 1
    assert share_at_least(29_956, 29_956) >= 0.9999 > share_at_least(29_955, 29_955)


def test_the_incomplete_beta_function_is_the_tail_of_the_binomial():
    for hits, trials, p in ((2, 4, 0.5), (5, 9, 0.3), (40, 60, 0.71)):
        assert beta_share(p, hits, trials - hits + 1) == pytest.approx(binomial_at_least(hits, trials, p))
    assert (beta_share(0, 2, 3), beta_share(1, 2, 3)) == (0, 1)


def test_a_percentile_is_a_value_that_occurred_and_its_bound_another():
    assert percentile([], 50) is None and percentile_at_most([], 50) is None
    assert percentile(range(1, 101), 99) == 99
    assert percentile([5, NEVER], 99) == NEVER
    assert percentile_at_most(range(1, 299), 99) is None  # 0.99^298 > 5 %: even the largest says nothing
    assert percentile_at_most(range(1, 300), 99) == 299
    assert percentile_at_most(range(1, 21), 50) == 15  # of a table of the sign test


def test_figures_as_text_are_rounded_to_the_unlucky_side():
    assert [per_cent(part) for part in (1, 0, 0.5, 0.9999, 2999 / 3000)] == [
        "100 %",
        "0 %",
        "50 %",
        "99.99 %",
        "99.966 %",
    ]
    assert per_cent(0.123456) == "12.3 %" and per_cent(0.123456, up=True) == "12.4 %"
    assert in_ms(NEVER) == "never" and in_ms(1234) == "1,234 ms"


def test_a_verdict_needs_the_figure_and_its_bound():
    within = share(lambda record: record, 10, 0.9)
    assert within([[1] * 29]).verdict == PASS
    assert within([[1] * 5]).verdict == MET
    assert within([[1] * 5 + [11]]).verdict == SHORT
    assert within([[1, 2], [NEVER]]).measured == "66 % (1 of 3 presses missed)"
    none_missed = share(lambda record: record, 10, 1.0, enough=30)
    assert [none_missed([[1] * n]).verdict for n in (30, 29)] == [PASS, MET]
    assert none_missed([[1] * 99 + [11]]).verdict == SHORT
    assert [none_of(lambda record: record, "x", 2)([0] * n).verdict for n in (2, 1)] == [PASS, MET]
    assert within([[]]).verdict == "-"
    p99 = quantile(lambda record: record, 99, 1_000)
    assert [p99([[900] * n]).verdict for n in (300, 20)] == [PASS, MET]
    assert p99([[900] * 299 + [NEVER] * 9]) == ("never (308 values)", "≤ never", SHORT)
    assert none_of(lambda record: record, "sirens")([0, 0, 2]).verdict == SHORT


def test_a_replay_or_an_unreported_jammer_counts_whoever_found_it():
    good = {"replayed": 0, "jam_reported": True, "broken": {}}
    found = {"no_accepted_replay": [2, "stored twice"], "jamming_is_reported": [1, "not told"]}
    assert (replays(good), unreported(good)) == (0, 0)
    assert (replays({**good, "broken": found}), unreported({**good, "broken": found})) == (2, 1)
    assert (replays({**good, "replayed": 1}), unreported({**good, "jam_reported": False})) == (1, 1)
