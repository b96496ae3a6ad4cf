"""A sentence of ours as data: its code and what varies in it, in a column beside what people typed.

`code_words` has the sentences. An Actor is who did something and is nobody: a machine, or somebody whose name
must not be kept.
"""

import json
import re

from kentongan_hub.base import codes

FIELD_LIMIT = 300  # characters kept of any text that came from outside
# control characters, line ends of Unicode, what turns the writing direction round, halves of pairs
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
BEGIN = '{"say": "'  # of every packed sentence


def clean(text):
    """One printable line of bounded length: no text from outside forges a second log line."""
    return _CONTROL.sub(" ", str(text))[:FIELD_LIMIT]


class Said:
    """One sentence: values are texts of people, numbers, other sentences, or lists of those."""

    __slots__ = ("code", "values")

    def __init__(self, code, /, **values):
        self.code, self.values = code, values

    def __eq__(self, other):
        return isinstance(other, Said) and (self.code, self.values) == (other.code, other.values)

    def __hash__(self):
        return hash(pack(self))

    def __repr__(self):
        return f"Said({self.code!r}, {self.values!r})"

    def __str__(self):
        return pack(self)


class Actor:
    """Who did something and is no person with an account; `name` where there is one, a label or a node."""

    __slots__ = ("code", "name")

    def __init__(self, code, name=""):
        self.code, self.name = code, name

    def __repr__(self):
        return f"Actor({self.code!r}, {self.name!r})"

    def __str__(self):
        return f"{self.code} {self.name}".strip()


HUB = Actor(codes.HUB)
PROVISIONING = Actor(codes.PROVISION)  # a command of whoever may read the data directory
REPORTER = Actor(codes.CONCEALED)  # of a confidential alarm or report


def unknown_device(node):
    """A device that this hub has no label for."""
    return Actor(codes.DEVICE, format(node, "08x"))


def pack(one):
    """The sentence, or several, as a column holds them; '' for none."""
    return json.dumps(_plain(one), ensure_ascii=False) if one else ""


def _plain(one):
    if isinstance(one, Said):
        values = {name: _plain(value) for name, value in one.values.items()}
        return {"say": one.code, "with": values} if values else {"say": one.code}
    if isinstance(one, list | tuple):
        return [_plain(value) for value in one]
    if isinstance(one, dict):
        return {clean(name): _plain(value) for name, value in one.items()}
    return one if one is None or isinstance(one, int | float) else clean(one)


def unpack(text):
    """What pack() wrote; None for '' and for what was damaged."""
    try:
        return _said(json.loads(text)) if text else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _said(one):
    if isinstance(one, list):
        return [_said(value) for value in one]
    if isinstance(one, dict) and "say" in one:
        return Said(str(one["say"]), **{name: _said(value) for name, value in one.get("with", {}).items()})
    return one


def either(text):
    """Out of a column of names that no person types freely: the sentence that it holds, else the name."""
    return (unpack(text) or text) if text.startswith(BEGIN) else text
