"""Kentongan codes as data, and their times on the siren's output.

A code is written as in the ronda's printed keys: `*` a stroke, `.` a short pause, `-` a long pause;
the group repeats. No code is a single stroke or a group of six: those mean a death in one village
and "all is well" in the next. A kind without a code in the profile sounds as titir (domain.md 3).
Steps are ((on_ms, off_ms), ..), played from the first again until the sounding's time is over.
"""

from kentongan_wire.base import kinds
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Steps = tuple[tuple[int, int], ...]  # (on, off) in ms
    Codes = Iterable[tuple[int, tuple[int, ...]]]  # kind, groups of an RT's own code

# Times are our own choice: slow enough to count by ear, fast enough that a group lasts 1-3 s.
STROKE_MS = 150
GAP_MS = 250  # between two strokes of a group
SHORT_PAUSE_MS = 500
LONG_PAUSE_MS = 950
TITIR_ON_MS = 65  # 130 ms a stroke: 7.7 strokes/s, "as fast as possible, no pause"
TITIR_OFF_MS = 65
MEDIC_ON_MS = 1000  # soft; a siren with two tones plays hi-lo under this pattern name
MEDIC_OFF_MS = 2000
DRILL_TONE_MS = 2000
DRILL_GAP_MS = 1000  # after each of the two steady tones
DRILL_GROUPS = 3  # groups of the code between two pairs of steady tones
DRILL_PAUSE_MS = 2500  # long gap after each group, so that nobody takes it for the real thing
DRILL_TITIR_STROKES = 15
END_TONE_MS = 5000  # one long steady tone: the alarm is over

TITIR = "titir"
MEDIC = "medis"
SILENT = "diam"
END = "selesai"
DRILL = "latihan"

DEFAULT_PROFILE = "jawa_umum"
# kind -> code; a kind that is missing here sounds as titir.
CODES: "dict[str, dict[int, str]]" = {
    "jawa_umum": {
        kinds.KIND_MALING: "** -",
        kinds.KIND_KEBAKARAN: "*** -",
        kinds.KIND_BENCANA: "**** -",
        kinds.KIND_PENCURIAN_TERNAK: "***** -",
    },
    "polri": {
        kinds.KIND_MALING: "** -",
        kinds.KIND_KEBAKARAN: "*** -",
        kinds.KIND_BENCANA: "*** . * -",
        kinds.KIND_KECELAKAAN: "* . *** -",
        kinds.KIND_KERIBUTAN: "** . *** -",
    },
    "tmmd": {
        kinds.KIND_MALING: "** -",
        kinds.KIND_KEBAKARAN: "*** -",
        kinds.KIND_BENCANA: "**** -",
        kinds.KIND_PENCURIAN_TERNAK: "***** -",
    },
    "bali": {},  # bulus, the continuous beat, for everything
}

TITIR_STEPS = ((TITIR_ON_MS, TITIR_OFF_MS),)
MEDIC_STEPS = ((MEDIC_ON_MS, MEDIC_OFF_MS),)
END_STEPS = ((END_TONE_MS, 0),)
DRILL_TONES = ((DRILL_TONE_MS, DRILL_GAP_MS), (DRILL_TONE_MS, DRILL_GAP_MS))

PAUSES_MS = {".": SHORT_PAUSE_MS, "-": LONG_PAUSE_MS}


def parse(code: str) -> "Steps":
    """Steps of one group of a code; any other character than `*`, `.` and `-` only separates."""
    steps: list[tuple[int, int]] = []
    for sign in code:
        if sign == "*":
            steps.append((STROKE_MS, GAP_MS))
        elif sign in PAUSES_MS and steps:
            steps[-1] = (STROKE_MS, PAUSES_MS[sign])
    return tuple(steps)


def _group(profile: str, kind: int, own: "Codes") -> "tuple[str, Steps]":
    if kind == kinds.KIND_MEDIS:
        return MEDIC, MEDIC_STEPS
    code = CODES.get(profile, CODES[DEFAULT_PROFILE]).get(kind)
    for coded, groups in own:
        if coded == kind:
            code = " . ".join(["*" * strokes for strokes in groups]) + " -" if groups else None
    if code is None:
        return TITIR, TITIR_STEPS
    return kinds.KIND_NAMES[kind], parse(code)


def of(settings: "dict[str, Any]", kind: int, drill: bool = False) -> "tuple[str, Steps]":
    """(name, steps) of a kind at a device with these settings: the RT's own code, else its profile's."""
    return steps_for(settings["profile"], kind, drill, settings.get("patterns", ()))


def steps_for(profile: str, kind: int, drill: bool = False, own: "Codes" = ()) -> "tuple[str, Steps]":
    """(name, steps) of a kind in a profile; the steps are empty for the kinds that never sound.

    own: [(kind, groups)] that replace the profile's codes, as CONFIG brings them (settings/config.py).
    """
    if kind in kinds.NEVER_SOUND:
        return SILENT, ()
    name, group = _group(profile, kind, own)
    if not drill:
        return name, group
    if name == TITIR:
        group = group * DRILL_TITIR_STROKES
    slow = group[:-1] + ((group[-1][0], DRILL_PAUSE_MS),)
    return DRILL + "_" + name, DRILL_TONES + slow * DRILL_GROUPS


def cycle_ms(steps: "Steps") -> int:
    """Return the time until the steps begin again."""
    return sum([on + off for on, off in steps])


def edge_at(steps: "Steps", t_ms: int) -> tuple[bool, int | None]:
    """(on, next_ms): the output t_ms after the start, and when it is next to be set; next_ms > t_ms.

    Without steps the output is off for good: (False, None).
    """
    cycle = cycle_ms(steps)
    if cycle <= 0:
        return False, None
    into = t_ms % cycle
    edge = t_ms - into
    for on_ms, off_ms in steps:
        if into < on_ms:
            return True, edge + on_ms
        if into < on_ms + off_ms:
            return False, edge + on_ms + off_ms
        into -= on_ms + off_ms
        edge += on_ms + off_ms
    raise AssertionError("unreachable: t_ms lies in its cycle")
