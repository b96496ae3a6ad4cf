"""A policy as a form of choices, and back: nobody spells a recipient, a second or a service. Pure.

What the form cannot offer, because somebody kept it before, is offered as one more choice.
"""

import re

from kentongan_hub.base import services, words
from kentongan_hub.base.language import Joined, Text, _
from kentongan_hub.policies import policy

SECONDS = (0, 30, 60, 90, 120, 180, 240, 300, 600, 900, 1_800, 2_700, 3_600)  # after the press
PACES = {  # choices within policy.LIMITS
    "ulang": (60, 120, 180, 300, 600),
    "ulang_kali": (5, 10, 20, 30, 60),
    "pelan": (300, 600, 900, 1_800, 3_600),
    "sirene_kali": (0, 1, 2),
    "tindak": (60, 120, 180, 300, 600, 900),
    "akhir": (600, 1_800, 3_600, 7_200, 14_400, 86_400),
}
COUNTS = ("ulang_kali", "sirene_kali")  # how often; the others are seconds
SIREN_WORDS = {policy.NO: _("tidak"), policy.RT: _("pos di RT itu"), policy.RW: _("pos di seluruh RW")}
NUMBERS = 3  # services that a card begins with, chosen one by one
NEAR_CHOICES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20)
_LEADING = re.compile(r"\{([a-z+]+)\}(?:, (?=\{)|)")
_ATTACHED = (",", ";", ".", ":")  # words after the numbers that begin so follow without a space


def with_current(choices: tuple[int, ...], now: object) -> list[int]:
    """Give the choices, with what stands there now."""
    return sorted({*choices, *([now] if type(now) is int else [])})


def seconds_word(seconds: int) -> Text | str:
    return words.span(seconds) if seconds else _("saat ditekan")


def people(kind: int) -> list[str]:
    """List whom a step may call with one tick: not the nearest, nor a person by name."""
    allowed = policy.confidential_to(kind)
    ticks = [one for one in policy.choices() if one.partition(":")[0] not in (words.NEAR, words.PERSON)]
    return [one for one in ticks if not allowed or one in allowed]


def sirens(kind: int) -> list[str]:
    return [policy.NO] if kind in words.CONFIDENTIAL_KINDS else list(policy.SIRENS)


def by_name(kind: int) -> bool:
    """Tell if the nearest houses and people by name may be called at all."""
    return kind not in words.CONFIDENTIAL_KINDS


def split(to: list[str], kind: int) -> tuple[list[str], str, list[str]]:
    """Split a step's recipients into (ticks, the nearest, others: people by name, and what is unknown)."""
    known = people(kind)
    near = next((one for one in to if one.partition(":")[0] == words.NEAR), "")
    return [one for one in to if one in known], near, [one for one in to if one not in known and one != near]


def card_parts(card: str) -> tuple[list[str], str]:
    """Split '{polisi}, {sar}; titik kumpul' into (['polisi', 'sar'], '; titik kumpul')."""
    chosen: list[str] = []
    at = 0
    while len(chosen) < NUMBERS:
        found = _LEADING.match(card, at)
        if not found or services.needed(found[0]) - set(services.SERVICES):
            break
        chosen.append(found[1])
        at = found.end()
        if not found[0].endswith(", "):
            break
    return chosen, card[at:].strip()


def card_of(chosen: list[str], rest: str) -> str:
    """Join what card_parts() split."""
    numbers = ", ".join(f"{{{one}}}" for one in chosen if one)
    rest = rest.strip()
    if not numbers or not rest:
        return numbers or rest
    if rest.startswith("{"):
        return f"{numbers}, {rest}"
    return numbers + ("" if rest.startswith(_ATTACHED) else " ") + rest


def services_offered(cards: list[str]) -> dict[str, Text | str]:
    """Name each service, and each pair of them that a shipped or a kept card names."""
    pairs = {
        one
        for body in policy.DEFAULTS.values()
        for step in body["langkah"]
        for one in card_parts(step["kartu"])[0]
    }
    pairs.update(one for card in cards for one in card_parts(card)[0])
    names: dict[str, Text | str] = {name: words_of[0] for name, words_of in services.SERVICES.items()}
    for one in sorted(pairs - set(names)):
        names[one] = Joined(" / ", [services.SERVICES[part][0] for part in one.split("+")])
    return names


def in_order(steps: list[dict]) -> list[dict]:
    """Put steps where their time says, so that one can be added between two others."""
    if all(type(step["detik"]) is int for step in steps):
        return sorted(steps, key=lambda step: step["detik"])
    return steps
