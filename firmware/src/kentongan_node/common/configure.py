"""Settings and keys that came over the air: one small file, applied over the device file at every start.

State "config": 4 bytes of SHA-256, then JSON [version, settings, keys, send, lowest, floor]. It is written
whole when the last part of a version is in, so that after a power cut all of it holds or none of it.
  keys    [[generation, first, second, third], ..] beside those of the device file, in hexadecimal
  send    generation to send with; None: the device file's
  lowest  oldest generation that is accepted
  floor   [source, generation, counter] of the last CONFIG: older ones stay refused without the guard's file,
          and so do that gateway's older orders and pages, for it counts them all in one sequence
"""

import json
from binascii import hexlify, unhexlify

from kentongan_wire.base.crypto import sha256
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.keyring.keys import OwnKeys, PostKeys, RelayKeys
from kentongan_wire.message.messages import SIRENE, TOMBOL

from kentongan_node.base.actions import Persist

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kentongan_wire.base.shapes import Bytes
    from kentongan_wire.keyring.keys import Held, KeyRing
    from kentongan_wire.message.replay import Guard

    from kentongan_node.base.actions import Settings


NAME = "config"
KEPT = ("hop_limit", "patterns", "profile", "revoked", "status_period_s", "table")
VERSION_LIMIT = 0xFFFF
CHECK_BYTES = 4
KEYS_LIMIT = 2  # generations beside the device file's: the one in use and the one that replaces it


class Kept:
    """Settings that CONFIG left on this device, and the key ring made from them and the device file."""

    def __init__(self, state: "Bytes") -> None:
        self._clear()
        try:
            self._load(bytes(state))
        except (ValueError, TypeError, IndexError, KeyError):
            self._clear()  # torn: the gateway sees version 0 and sends it again

    def _clear(self) -> None:
        self.version = 0
        self.settings: Settings = {}
        self.keys: list[tuple[Any, ...]] = []
        self.send: int | None = None
        self.lowest = 0
        self.floor: list[int] | None = None

    def _load(self, state: bytes) -> None:
        if not state:
            return
        if sha256(state[CHECK_BYTES:])[:CHECK_BYTES] != state[:CHECK_BYTES]:
            raise ValueError
        version, kept, keys, send, lowest, floor = json.loads(state[CHECK_BYTES:].decode())
        self.version = version & VERSION_LIMIT
        for name, value in kept:
            if name in KEPT:
                self.settings[name] = value
        self.keys = [(row[0],) + tuple([unhexlify(key) for key in row[1:]]) for row in keys]
        self.send, self.lowest, self.floor = send, lowest, floor

    def persist(self, settings: "Settings") -> "Persist":
        kept = [[name, settings[name]] for name in KEPT if name in settings]
        keys = [[row[0]] + [hexlify(key).decode() for key in row[1:]] for row in self.keys]
        text = json.dumps([self.version, kept, keys, self.send, self.lowest, self.floor]).encode()
        return Persist(NAME, sha256(text)[:CHECK_BYTES] + text)

    def rings(self, base: int, held: tuple[bytes, ...]) -> "Held":
        """{generation: its keys} that are accepted; those of the device file are the base's."""
        out = {base: held}
        for row in self.keys:
            out[row[0]] = row[1 : 1 + len(held)]
        accepted = {}
        for g in out:
            if g >= self.lowest:
                accepted[g] = out[g]
        return accepted or out

    def take_keys(self, next_keys: "tuple[Any, ...]") -> None:
        """Keys of one more generation; the oldest beside it gives way."""
        self.keys = [row for row in self.keys if row[0] != next_keys[0]] + [tuple(next_keys)]
        self.keys = sorted(self.keys)[-KEYS_LIMIT:]

    def take_generations(self, send: int, lowest: int, base: int) -> bool:
        """Send with one generation and refuse those below another; False when we hold no key to send with.

        Nor ever back: a hub restored from an old backup must not wake keys that a thief may hold.
        """
        held = [base] + [row[0] for row in self.keys]
        if send not in held or send < (self.send or 0) or lowest < self.lowest:
            return False
        self.send, self.lowest = send, lowest
        self.keys = [row for row in self.keys if row[0] >= lowest]
        return True

    def guard(self, guard: "Guard", types: "Iterable[int]") -> None:
        """Raise the guard to the last CONFIG that was applied, whatever its own file knows."""
        for kind in types if self.floor else ():
            guard.raise_to(self.floor[0], self.floor[1], kind, self.floor[2])


def make_keys(role: int, node: int, rings: "Held", send: int | None) -> "KeyRing":
    """Return the key ring over rings = {generation: keys in the order of keys.HELD}."""
    generation = send if send in rings else max(rings)
    if role == SIRENE:
        return PostKeys(node, rings, generation)
    kind = OwnKeys if role == TOMBOL else RelayKeys
    return kind(node, role, rings, generation)
