"""Chance that does not depend on call order: every draw is a hash of what it is about.

Two engines, or two orders of events at one instant, therefore see the same world.
"""

from hashlib import blake2b, shake_128
from statistics import NormalDist


def draw_u32(*about: int | str) -> int:
    """Draw a number 0..2^32-1: a pure function of `about`."""
    return drawn("/".join(map(str, about)).encode())


def drawn(text: bytes) -> int:
    """Draw as draw_u32 does, of `text`, which is joined by slashes already: for those who draw often."""
    return int.from_bytes(blake2b(text, digest_size=4).digest(), "little")


class Draws:
    """The random numbers of one node's or gateway's calls, each a hash of the call's number.

    It stands for the u32 of the call under way wherever that is mixed, and works it out only then: most calls
    need no chance at all. `int()` of it is that u32.
    """

    __slots__ = ("_about", "_call")

    def __init__(self, seed: int, label: str, first: int = 1):
        self._about = f"{seed}/{label}/call/".encode()
        self._call = first - 1

    def next(self) -> "Draws":
        """Go on to the draw of one more call; the draw of the call before is void."""
        self._call += 1
        return self

    def __int__(self) -> int:
        return drawn(b"%b%d" % (self._about, self._call))

    def __xor__(self, other: int) -> int:
        return int(self) ^ other

    def __add__(self, other: int) -> int:
        return int(self) + other


def threshold(probability: float) -> float:
    """Return the bound below which a share `probability` of all draws lies."""
    return probability * 4294967296


def happens(probability: float, *about: int | str) -> bool:
    """Return True in a share `probability` of all `about`."""
    return draw_u32(*about) < threshold(probability)


def between(low: int, high: int, *about: int | str) -> int:
    """Draw a whole number low..high, both included."""
    return low + draw_u32(*about) % (high - low + 1)


def bytes_for(count: int, *about: int | str) -> bytes:
    """Draw `count` random bytes at once, one for each of `count` receivers; a pure function of `about`."""
    return shake_128("/".join(map(str, about)).encode()).digest(count)


def bell_table(sigma: float) -> list[int]:
    """Make 256 whole numbers, normally distributed: a random byte picks one of them."""
    return [round(NormalDist().inv_cdf((byte + 0.5) / 256) * sigma) for byte in range(256)]


def bell_values(sigma_q: float) -> list[int]:
    """Make roughly normal numbers of deviation `sigma_q`, within 3.4 sigma, by the sum of four bytes.

    Such a sum has mean 510 and standard deviation 147.8.
    """
    return [round((total - 510) * sigma_q / 147.8) for total in range(4 * 255 + 1)]


def bell_q(sigma_q: float, *about: int | str) -> int:
    """Draw one of bell_values, as `about` decides."""
    return bell_values(sigma_q)[sum(draw_u32("bell", *about).to_bytes(4, "little"))]
