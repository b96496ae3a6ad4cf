"""Every key of a site, from its site key: for hub and gateway, never on a device."""

from kentongan_wire.base.crypto import hmac_sha256
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring.keys import HELD, KEY_BYTES, KeyRing, check_generation, node_key, relay_root

ROLES_WITH_CONTROL = (1, 2, 3, 5, 4)  # roles a C key may belong to, the likeliest first


def _root(site_key: bytes, label: bytes, generation: int) -> bytes:
    if len(site_key) != KEY_BYTES:
        raise LocalError("site key has {} bytes: give the site key file's 32".format(len(site_key)))
    check_generation(generation)
    return hmac_sha256(site_key, label + bytes([generation]))


def alarm_root(site_key: bytes, generation: int) -> bytes:
    """32-byte root of every A key of a generation; held by hub, gateways and siren posts."""
    return _root(site_key, b"KTG1 alarm", generation)


def control_root(site_key: bytes, generation: int) -> bytes:
    """32-byte root of every C key of a generation; held by hub and gateways only."""
    return _root(site_key, b"KTG1 control", generation)


def held(alarm_root: bytes, control_root: bytes, node: int, role: int, generation: int) -> tuple[bytes, ...]:
    """Return the keys that a device of this role and number holds, in the order of HELD."""
    about = node, role, generation
    made = {
        "key_a": lambda: node_key(alarm_root, *about),
        "key_c": lambda: node_key(control_root, *about),
        "key_r": lambda: node_key(relay_root(alarm_root), *about),
        "alarm_root": lambda: alarm_root,
        "relay_root": lambda: relay_root(alarm_root),
    }
    return tuple([made[name]() for name in HELD[role]])


class SiteKeys(KeyRing):
    """Hub and gateway: every key of the site through both roots, {generation: root} each.

    Generations below `lowest` are not accepted any more; their keys still end what was begun under them.
    """

    def __init__(
        self, alarm_roots: dict[int, bytes], control_roots: dict[int, bytes], generation: int, lowest: int = 0
    ):
        super().__init__([g for g in alarm_roots if g in control_roots and g >= lowest], generation)
        self.alarm_roots = alarm_roots
        self.control_roots = control_roots
        self.relay_roots = {g: relay_root(root) for g, root in alarm_roots.items()}

    def a(self, node: int, role: int, generation: int) -> bytes | None:
        root = self.alarm_roots.get(generation)
        return node_key(root, node, role, generation) if root else None

    def c(self, node: int, role: int, generation: int) -> bytes | None:
        root = self.control_roots.get(generation)
        return node_key(root, node, role, generation) if root else None

    def r(self, node: int, role: int, generation: int) -> bytes | None:
        root = self.relay_roots.get(generation)
        return node_key(root, node, role, generation) if root else None

    def c_of_target(self, node: int, generation: int) -> tuple[bytes, ...]:
        keys = [self.c(node, role, generation) for role in ROLES_WITH_CONTROL]
        return tuple([key for key in keys if key])
