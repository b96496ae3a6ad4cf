"""A sentence of ours as data: its code and what varies in it, in a column beside what people typed.

`code_words` has the sentences. An Actor is who did something and is nobody: a machine, or somebody whose name
must not be kept.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Union

from kentongan_hub.base import codes

FIELD_LIMIT = 300  # characters kept of any text that came from outside
# control characters, line ends of Unicode, what turns the writing direction round, halves of pairs
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
BEGIN = '{"say": "'  # of every packed sentence


def clean(text: object) -> str:
    """Make one printable line of bounded length: no text from outside forges a second log line."""
    return _CONTROL.sub(" ", str(text))[:FIELD_LIMIT]


Part = Union["Said", str, float, None, "Sequence[Part]", "Mapping[str, Part]"]  # int is among float


class Said:
    """One sentence: values are texts of people, numbers, other sentences, or lists of those."""

    __slots__ = ("code", "values")

    def __init__(self, code: str, /, **values: "Part"):
        self.code, self.values = code, values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Said) and (self.code, self.values) == (other.code, other.values)

    def __hash__(self) -> int:
        return hash(pack(self))

    def __repr__(self) -> str:
        return f"Said({self.code!r}, {self.values!r})"

    def __str__(self) -> str:
        return pack(self)


class Actor:
    """A machine or office that acted, no person with an account; `name`: its label or node, if any."""

    __slots__ = ("code", "name")

    def __init__(self, code: str, name: str = ""):
        self.code, self.name = code, name

    def __repr__(self) -> str:
        return f"Actor({self.code!r}, {self.name!r})"

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


Who = str | Actor  # who did something: a person's name or login, or an Actor

HUB = Actor(codes.HUB)
PROVISIONING = Actor(codes.PROVISION)  # a command of whoever may read the data directory
REPORTER = Actor(codes.CONCEALED)  # of a confidential alarm or report


def unknown_device(node: int) -> Actor:
    """Name a device that this hub has no label for."""
    return Actor(codes.DEVICE, format(node, "08x"))


def pack(one: Part) -> str:
    """Pack a sentence, or several, as a column holds them; '' for none."""
    return json.dumps(_plain(one), ensure_ascii=False) if one else ""


def _plain(one: Part) -> Any:
    if isinstance(one, Said):
        values = {name: _plain(value) for name, value in one.values.items()}
        return {"say": one.code, "with": values} if values else {"say": one.code}
    if isinstance(one, list | tuple):
        return [_plain(value) for value in one]
    if isinstance(one, dict):
        return {clean(name): _plain(value) for name, value in one.items()}
    return one if one is None or isinstance(one, int | float) else clean(one)


def unpack(text: str) -> Part:
    """Read what pack() wrote; None for '' and for what was damaged."""
    try:
        return _said(json.loads(text)) if text else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _said(one: Any) -> Part:
    if isinstance(one, list):
        return [_said(value) for value in one]
    if isinstance(one, dict) and "say" in one:
        return Said(str(one["say"]), **{name: _said(value) for name, value in one.get("with", {}).items()})
    return one


def either(text: str) -> "str | Said":
    """Read a column of names that no person types freely: the sentence that it holds, else the name."""
    found = unpack(text) if text.startswith(BEGIN) else None
    return found if isinstance(found, Said) else text
