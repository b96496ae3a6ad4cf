"""A core by its role's name. Modules are imported on demand: a device holds only its own role."""
from kentongan_wire.errors import LocalError

ROLES = {  # role in the device file: module, class
    "tombol": ("button", "Tombol"),
    "sirene": ("siren", "Sirene"),
    "penerus": ("repeater", "Penerus"),
    "penerima": ("receiver", "Penerima"),
    "modem": ("modem", "Modem"),
}


def make(settings, state):
    """The core for checked settings (settings.load) and what it persisted before ({name: bytes})."""
    role = settings["role"]
    if role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise LocalError("device file: role {!r} is unknown; write one of {}".format(role, known))
    module, name = ROLES[role]
    package = __import__("kentongan_node." + module, None, None, (name,))
    return getattr(package, name)(settings, state)
