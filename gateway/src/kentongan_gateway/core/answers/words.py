"""Announcements of the post, in Indonesian: only what everybody may know."""

from kentongan_wire.base.kinds import may_be_crime
from kentongan_wire.message import messages as m

SPOKEN = {m.KIND_MEDIS: "Orang sakit mendadak"}  # other kinds by their names
CALM = "Amankan, jangan main hakim sendiri."
DRILL = "Ini latihan."


def place(zone: int, house: int) -> str:
    """Return the place as it is spoken; RT is said by its letters."""
    return f"di er te {zone}" + (f", rumah nomor {house}" if house else "")


def spoken(kind: int) -> str:
    """Return a kind as it is said; one that is unknown here as plain danger."""
    name = m.KIND_NAMES.get(kind, m.KIND_NAMES[m.KIND_BAHAYA])
    return SPOKEN.get(kind, name.replace("_", " ").capitalize())


def sentence(kind: int, zone: int, house: int, drill: bool) -> str:
    """Return the words for one alarm; empty for the kinds that nobody may hear of."""
    if kind in m.NEVER_SOUND:
        return ""
    parts = [f"{spoken(kind)} {place(zone, house)}."]
    if may_be_crime(kind) and not drill:
        parts.append(CALM)
    return " ".join([DRILL, *parts, DRILL] if drill else ["Perhatian.", *parts])
