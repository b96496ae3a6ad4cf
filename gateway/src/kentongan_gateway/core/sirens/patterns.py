"""The gateway's own siren: kentongan codes as steps (domain.md 3), equal to the posts', held by a test."""

from kentongan_wire import messages as m

STROKE_MS, GAP_MS = 150, 250
PAUSE_MS = {".": 500, "-": 950}
TITIR = ((65, 65),)  # as fast as possible, no pause: the fallback of every unknown kind
MEDIC = ((1_000, 2_000),)  # soft, no code of tradition exists
END = ("selesai", ((5_000, 0),))
DRILL_TONES = ((2_000, 1_000), (2_000, 1_000))
DRILL_GROUPS, DRILL_PAUSE_MS, DRILL_TITIR_STROKES = 3, 2_500, 15
NEVER_SOUND = (m.KIND_KEKERASAN, m.KIND_UJI)

# profile -> kind -> strokes per group, groups split by a short pause; what is missing sounds as titir
STROKES = {
    "jawa_umum": {
        m.KIND_MALING: (2,),
        m.KIND_KEBAKARAN: (3,),
        m.KIND_BENCANA: (4,),
        m.KIND_PENCURIAN_TERNAK: (5,),
    },
    "polri": {
        m.KIND_MALING: (2,),
        m.KIND_KEBAKARAN: (3,),
        m.KIND_BENCANA: (3, 1),
        m.KIND_KECELAKAAN: (1, 3),
        m.KIND_KERIBUTAN: (2, 3),
    },
    "tmmd": {
        m.KIND_MALING: (2,),
        m.KIND_KEBAKARAN: (3,),
        m.KIND_BENCANA: (4,),
        m.KIND_PENCURIAN_TERNAK: (5,),
    },
    "bali": {},
}
NAMES = {
    m.KIND_MALING: "maling",
    m.KIND_KEBAKARAN: "kebakaran",
    m.KIND_BENCANA: "bencana",
    m.KIND_PENCURIAN_TERNAK: "pencurian_ternak",
    m.KIND_KECELAKAAN: "kecelakaan",
    m.KIND_KERIBUTAN: "keributan",
}


def _beats(groups):
    steps = []
    for i, strokes in enumerate(groups):
        pause = PAUSE_MS["-" if i == len(groups) - 1 else "."]
        steps += [(STROKE_MS, GAP_MS)] * (strokes - 1) + [(STROKE_MS, pause)]
    return tuple(steps)


def steps_for(profile, kind, drill=False, own=()):
    """(name, ((on_ms, off_ms), ...)) of one round; empty steps for the kinds that never sound.

    own: [(kind, groups)] that replace the profile's codes (kentongan_wire.config).
    """
    if kind in NEVER_SOUND:
        return "diam", ()
    groups = STROKES.get(profile, STROKES["jawa_umum"]).get(kind)
    groups = dict(own).get(kind, groups)
    if kind == m.KIND_MEDIS:
        name, steps = "medis", MEDIC
    elif groups:
        name, steps = NAMES[kind], _beats(groups)
    else:
        name, steps = "titir", TITIR
    if not drill:
        return name, steps
    if name == "titir":
        steps = steps * DRILL_TITIR_STROKES
    slow = steps[:-1] + ((steps[-1][0], DRILL_PAUSE_MS),)
    return "latihan_" + name, DRILL_TONES + slow * DRILL_GROUPS
