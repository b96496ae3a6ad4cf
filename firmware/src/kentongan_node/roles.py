"""A core by its role's name. Modules are imported on demand: a device holds only its own role."""
import gc

from kentongan_wire.errors import LocalError

from kentongan_node import settings as device_settings

# Held while modules are imported and given back before the core's tables are made: importing leaves no
# other room in one piece for them on a small heap.
BALLAST_BYTES = 14_000
# Between two collections while modules load: garbage among them leaves holes in which nothing finds room.
LOADING_BYTES = 8_192
ROLES = {  # role in the device file: module, class
    "tombol": ("button", "Tombol"),
    "sirene": ("siren", "Sirene"),
    "penerus": ("repeater", "Penerus"),
    "penerima": ("receiver", "Penerima"),
    "modem": ("modem", "Modem"),
}


def core_class(role):
    """The class of that role; imports it. LocalError for a role that is none."""
    if role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise LocalError("device file: role {!r} is unknown; write one of {}".format(role, known))
    module, name = ROLES[role]
    return getattr(__import__("kentongan_node." + module, None, None, (name,)), name)


def make(settings, state):
    """The core for checked settings (settings.load) and what it persisted before ({name: bytes})."""
    return core_class(settings["role"])(settings, state)


def _collect_every(n_bytes):
    """Collect garbage after so many bytes, -1: only when the heap is full. CPython has no such thing."""
    if hasattr(gc, "threshold"):
        gc.threshold(n_bytes)


def start(text, read_state, own=None):
    """(checked settings, core) of a device file's text; large tables are made last, see BALLAST_BYTES.

    `own`: told the checked settings before the state is read.
    """
    checked = device_settings.load(text)
    device_settings.unload()
    if own is not None:
        own(checked)
    _collect_every(LOADING_BYTES)
    ballast = bytearray(BALLAST_BYTES)
    kind = core_class(checked["role"])
    ballast = None  # noqa: F841 - given back
    gc.collect()
    core = kind(checked, read_state())
    _collect_every(-1)
    return checked, core
