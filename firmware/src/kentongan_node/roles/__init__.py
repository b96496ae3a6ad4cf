"""A core by its role's name, where all five are at hand: the simulator and tests. A board holds one."""

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from kentongan_node.base.actions import Settings, State
    from kentongan_node.common.node import Node

ROLES = {  # role in the device file: module, class
    "tombol": ("button", "Tombol"),
    "sirene": ("siren", "Sirene"),
    "penerus": ("repeater", "Penerus"),
    "penerima": ("receiver", "Penerima"),
    "modem": ("modem", "Modem"),
}


def core_class(role: str) -> "type[Node]":
    """Return the class of that role; imports it. LocalError for a role that is none."""
    if role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise LocalError("device file: role {!r} is unknown; write one of {}".format(role, known))
    module, name = ROLES[role]
    return getattr(__import__("kentongan_node.roles." + module, None, None, (name,)), name)


def make(settings: "Settings", state: "State") -> "Node":
    """Return the core for checked settings (settings.load) and what it persisted before ({name: bytes})."""
    return core_class(settings["role"])(settings, state)
