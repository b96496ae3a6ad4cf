"""Feedback of a box to its user: each state has a rhythm of its own, so that colour is never needed.

Show.steps is (lamp, buzzer, motor), each ((on_ms, off_ms), ..). The lamp repeats until the next Show;
buzzer and motor play once. Silent alarms have no row here: for them nothing is ever shown.
"""

from kentongan_node.base.actions import Show

OFF = "off"
PRESSED = "pressed"  # strokes are being counted: the lamp says "now"
SENDING = "sending"
SOUNDING = "sounding"
STORED = "stored"
COMING = "coming"
CLOSED = "closed"
CANCELLED = "cancelled"
NOBODY = "nobody"
PAGE = "page"
PAGE_QUIET = "page_quiet"
ANSWERING = "answering"  # penerima: "saya datang" is on its way
ANSWERED = "answered"  # penerima: the gateway has it on disk
DRILL = "drill"
TECHNICIAN = "technician"  # settings or program do not work: nothing of ours runs but this lamp

_NONE = ()
_STEADY = ((1000, 0),)
_FAST = ((100, 100),)
_ONE = ((150, 1850),)
_TWO = ((150, 200), (150, 1500))
_THREE = ((150, 200), (150, 200), (150, 1150))
_LONG = ((1200, 300),)
_WARNING = ((100, 100), (100, 100), (100, 900))
_TICK = ((60, 0),)
_BEEP_TWO = ((120, 150), (120, 0))
_BEEP_THREE = ((120, 150), (120, 150), (400, 0))
_BEEP_LONG = ((800, 0),)

# state: (lamp, buzzer, motor). What a frightened person must tell apart in the dark: fast flicker = it is
# being sent; one, two, three blinks = a siren, the post, somebody; the bad news is the only uneven one.
STEPS = {
    OFF: (_NONE, _NONE, _NONE),
    PRESSED: (_STEADY, _NONE, _NONE),
    SENDING: (_FAST, _TICK, ((200, 0),)),
    SOUNDING: (_ONE, _TICK, ((200, 0),)),
    STORED: (_TWO, _BEEP_TWO, ((200, 200), (200, 0))),
    COMING: (_THREE, _BEEP_THREE, ((200, 200), (200, 200), (600, 0))),
    CLOSED: (_LONG, _BEEP_LONG, ((1000, 0),)),
    CANCELLED: (((1200, 300), (150, 300)), _BEEP_LONG, ((1000, 0),)),
    NOBODY: (_WARNING, ((80, 80), (80, 80), (80, 80), (80, 0)), ((80, 80), (80, 80), (80, 80), (80, 0))),
    PAGE: (_FAST, _NONE, _NONE),
    PAGE_QUIET: (((60, 2940),), _NONE, _NONE),
    ANSWERING: (_ONE, _NONE, _NONE),
    ANSWERED: (_THREE, _NONE, _NONE),
    DRILL: (_LONG, _NONE, _NONE),
    TECHNICIAN: (((1000, 300), (100, 200), (100, 1300)), _NONE, _NONE),
}


def show(state: str) -> Show:
    """Return the Show action of a state; KeyError for a state that has no row."""
    return Show(state, STEPS[state])
