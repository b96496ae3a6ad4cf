"""Statistics of a number of runs, with the standard library only.

Shares carry the one-sided 95 % Clopper-Pearson bound (C. J. Clopper, E. S. Pearson, Biometrika 26, 1934);
with no miss in n it is the rule of three: at most 1 - 0.05^(1/n), about 3/n, are missed. Percentiles are
values that occurred (nearest rank), bounded by order statistics.
"""

import math
from collections.abc import Iterable
from typing import Any

CONFIDENCE = 0.95
FRACTION_STEPS = 300  # of the continued fraction; it settles in far fewer
BISECTIONS = 60  # halvings of 0..1: beyond the precision of a double
NEVER = math.inf  # a latency of what did not happen


def beta_share(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    tiny = 1e-300
    front = (
        math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
        / a
    )
    c, d = 1.0, 1 / max(tiny, 1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, FRACTION_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d, tiny)
            c = _away_from_zero(1 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * value


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def share_at_least(hits: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Lower bound of the true share behind `hits` of `trials`; 0 without trials."""
    if hits == 0 or trials == 0:
        return 0.0
    if hits == trials:
        return (1 - confidence) ** (1 / trials)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        # P(at least `hits` of `trials`) = I_p(hits, trials - hits + 1)
        if beta_share(middle, hits, trials - hits + 1) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def rate_at_most(events: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Upper bound of the true rate behind `events` in `trials`; 1 without trials."""
    return 1 - share_at_least(trials - events, trials, confidence)


def percentile(values: Iterable[float], percent: float) -> Any:
    """Nearest rank; None without values. An event that never happened counts as NEVER."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1] if ordered else None


def percentile_at_most(values: Iterable[float], percent: float, confidence: float = CONFIDENCE) -> Any:
    """Return a value that the true percentile does not exceed, or None when there are too few values to say.

    The r-th smallest of n is one if P(Binomial(n, percent) < r) >= confidence.
    """
    ordered = sorted(values)
    n = len(ordered)
    low, high = 1, n + 1
    while low < high:
        rank = (low + high) // 2
        below = 1 - beta_share(percent / 100, rank, n - rank + 1) if rank <= n else 1.0
        if below >= confidence:
            high = rank
        else:
            low = rank + 1
    return ordered[low - 1] if low <= n else None
