"""Number fields of forms: what people type, and what a link, list or button of ours carries."""

from flask import request
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _

ZONES = 1, 255  # RT numbers
HOUSES = 1, 0xFFFF


def whole(field: str, label: str, low: int, high: int, empty: int | None = None) -> int:
    """Read a typed number; LocalError names the field as the page does, and its limits.

    empty: the number of a field that may be left open.
    """
    text = request.values.get(field, "")
    if empty is not None and not text.strip():
        return empty
    number = numerals.whole(text, low, high)
    if number is None:
        raise LocalError(_("%(name)s: tulis angka %(low)s sampai %(high)s",
                           name=label, low=low, high=high))  # fmt: skip
    return number


def picked(field: str, low: int = 0, high: int = numerals.ROW_MAX, otherwise: int = 0) -> int:
    """Read a number that nobody types; `otherwise` where nothing of ours can have sent it."""
    number = numerals.whole(request.values.get(field, ""), low, high)
    return otherwise if number is None else number
