"""A whole number as people and machines write it."""

ROW_MAX = (1 << 63) - 1  # SQLite's largest row number


def whole(text: str, low: int = 0, high: int = ROW_MAX) -> int | None:
    """Read the number that the text spells in plain digits; None for anything else, or outside low..high."""
    text = text.strip()
    digits = text.removeprefix("-") if low < 0 else text
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(ROW_MAX))):
        return None
    number = int(text)
    return number if low <= number <= high else None
