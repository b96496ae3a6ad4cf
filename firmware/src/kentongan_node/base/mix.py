"""Several independent numbers out of the one random u32 that the shell draws for a call."""

_MASK = 0xFFFFFFFF


def mix(rnd: int, i: int) -> int:
    """Return the i-th u32 of a draw: equal arguments give equal numbers on every interpreter."""
    x = (rnd ^ (i * 0x9E3779B1)) & _MASK
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & _MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & _MASK
    return x ^ (x >> 16)


def pick(rnd: int, i: int, n: int) -> int:
    """Return the i-th number of a draw, in 0..n-1; 0 when n < 2."""
    if n < 2:
        return 0
    return (mix(rnd, i) * n) >> 32
