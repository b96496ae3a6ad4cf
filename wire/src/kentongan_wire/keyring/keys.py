"""Keys of one device, and the messages that it can judge by them. A whole site's keys are in site_keys.py."""

import struct

from kentongan_wire.base.crypto import hmac_sha256
from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    Held = dict[int, tuple[bytes, ...]]  # of each generation what HELD says

KEY_BYTES = 32
GENERATION_MAX = 15  # four bits on the air
ROLE_SIRENE = 2  # wire-format 4
# What a device of a role holds of each generation, as its device file names them and next_keys orders them.
HELD = {
    1: ("key_a", "key_c", "key_r"),
    2: ("alarm_root", "key_c"),
    3: ("relay_root", "key_c"),
    5: ("relay_root", "key_c"),
}


def check_generation(generation: int) -> None:
    if not 0 <= generation <= GENERATION_MAX:
        raise LocalError("key generation {}: give 0 to {}".format(generation, GENERATION_MAX))


def relay_root(alarm_root: bytes) -> bytes:
    """32-byte root of every R key of a generation; penerus and penerima hold it alone.

    It proves whose frame a relay carries, and nothing that anybody would sound or say: who holds only this
    can burn relays' air in another's name, never raise an alarm.
    """
    return hmac_sha256(alarm_root, b"KTG1 relay")


def node_key(root: bytes, node: int, role: int, generation: int) -> bytes:
    """Return A, C or R of a node: HMAC(root, "KTG1 node" | node u32 | role u8 | generation u8), 32 bytes."""
    return hmac_sha256(root, b"KTG1 node" + struct.pack("<IBB", node, role, generation))


class KeyRing:
    """The keys that one party holds; a key that it does not hold is None, never an error.

    `.generation` is the one to send with; `.generations` those accepted, ascending, the newest last.
    """

    def __init__(self, generations: "Collection[int]", generation: int):
        for each in generations:
            check_generation(each)
        if generation not in generations:
            raise LocalError("no keys of generation {}, the one to send: provision again".format(generation))
        self.generation = generation
        self.generations = tuple(sorted(generations))

    def a(self, node: int, role: int, generation: int) -> bytes | None:
        """Return A(node) or None."""
        return None

    def c(self, node: int, role: int, generation: int) -> bytes | None:
        """C(node) or None."""
        return None

    def r(self, node: int, role: int, generation: int) -> bytes | None:
        """R(node) or None."""
        return None

    def c_of_target(self, node: int, generation: int) -> tuple[bytes, ...]:
        """Every C key that a frame to this target may be under: none, our own, or one per role.

        CONFIG and PAGE name a target's number but not its role, and the role is part of its key.
        """
        return ()


class OwnKeys(KeyRing):
    """Tombol: its own keys only. keys = {generation: (A, C, R)}."""

    def __init__(self, node: int, role: int, keys: "Held", generation: int):
        super().__init__(list(keys), generation)
        self.node = node
        self.role = role
        self._keys = keys

    def _own(self, which: int, node: int, role: int, generation: int) -> bytes | None:
        held = self._keys.get(generation)
        return held[which] if held and node == self.node and role == self.role else None

    def a(self, node: int, role: int, generation: int) -> bytes | None:
        return self._own(0, node, role, generation)

    def c(self, node: int, role: int, generation: int) -> bytes | None:
        return self._own(1, node, role, generation)

    def r(self, node: int, role: int, generation: int) -> bytes | None:
        return self._own(2, node, role, generation)

    def c_of_target(self, node: int, generation: int) -> tuple[bytes, ...]:
        key = self.c(node, self.role, generation)
        return (key,) if key else ()


class RelayKeys(KeyRing):
    """Penerus, penerima: every R through relay_root, the own C; {generation: (relay_root, C)}."""

    def __init__(self, node: int, role: int, keys: "Held", generation: int):
        super().__init__(list(keys), generation)
        self.node = node
        self.role = role
        self._keys = keys

    def c(self, node: int, role: int, generation: int) -> bytes | None:
        held = self._keys.get(generation)
        return held[1] if held and node == self.node and role == self.role else None

    def r(self, node: int, role: int, generation: int) -> bytes | None:
        held = self._keys.get(generation)
        return node_key(held[0], node, role, generation) if held else None

    def c_of_target(self, node: int, generation: int) -> tuple[bytes, ...]:
        key = self.c(node, self.role, generation)
        return (key,) if key else ()


class PostKeys(KeyRing):
    """Siren post: every A and R through alarm_root, its own C; {generation: (alarm_root, C)}."""

    def __init__(self, node: int, keys: "Held", generation: int):
        super().__init__(list(keys), generation)
        self.node = node
        self._keys = keys
        self._relay_roots = dict([(g, relay_root(keys[g][0])) for g in keys])

    def a(self, node: int, role: int, generation: int) -> bytes | None:
        held = self._keys.get(generation)
        return node_key(held[0], node, role, generation) if held else None

    def c(self, node: int, role: int, generation: int) -> bytes | None:
        held = self._keys.get(generation)
        return held[1] if held and node == self.node and role == ROLE_SIRENE else None

    def r(self, node: int, role: int, generation: int) -> bytes | None:
        root = self._relay_roots.get(generation)
        return node_key(root, node, role, generation) if root else None

    def c_of_target(self, node: int, generation: int) -> tuple[bytes, ...]:
        key = self.c(node, ROLE_SIRENE, generation)
        return (key,) if key else ()
