"""Kinds of alarm: number, name, and what is true of each. The one table of devices, gateway and hub.

A number is a half byte on the air and a bit of a post's table. A kind that somebody does not know sounds, is
called and is shown as KIND_BAHAYA.
"""

KIND_BAHAYA, KIND_MALING, KIND_KEBAKARAN, KIND_BENCANA, KIND_PENCURIAN_TERNAK = 0, 1, 2, 3, 4
KIND_KECELAKAAN, KIND_KERIBUTAN, KIND_MEDIS, KIND_KEKERASAN, KIND_UJI = 5, 6, 7, 8, 15
KIND_NAMES = {
    0: "bahaya",
    1: "maling",
    2: "kebakaran",
    3: "bencana",
    4: "pencurian_ternak",
    5: "kecelakaan",
    6: "keributan",
    7: "medis",
    8: "kekerasan",
    15: "uji",
}

NEVER_SOUND = (KIND_KEKERASAN, KIND_UJI)  # each has a key of its own; no stroke asks for it
CONFIDENTIAL = (KIND_KEKERASAN,)  # whatever key was pressed
# In these a crowd could turn on a person; plain 'bahaya' may be one of them.
CRIMES = (KIND_BAHAYA, KIND_MALING, KIND_PENCURIAN_TERNAK, KIND_KERIBUTAN)
# What may have a code of strokes, of a profile (patterns.py) or an RT's own; the rest sounds as titir.
CODED = (KIND_MALING, KIND_KEBAKARAN, KIND_BENCANA, KIND_PENCURIAN_TERNAK, KIND_KECELAKAAN, KIND_KERIBUTAN)


def may_be_crime(kind: int) -> bool:
    """Tell whether people are asked not to take revenge: also for a kind that is unknown here."""
    return kind in CRIMES or kind not in KIND_NAMES


def sounds_by_itself(kind: int, zone: int, table: "list[tuple[int, int]]") -> bool:
    """Tell whether a post with this table ([zone, kinds mask] rows) sounds an alarm of that zone unasked."""
    if zone == 0 or kind in NEVER_SOUND:
        return False
    if kind == KIND_MEDIS:
        return True
    bit = kind if kind in KIND_NAMES else KIND_BAHAYA
    return any(row_zone == zone and mask >> bit & 1 for row_zone, mask in table)
