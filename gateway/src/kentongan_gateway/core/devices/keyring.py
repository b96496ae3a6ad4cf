"""The site's keys over a rotation: those of the key file, and newer roots that the hub sends sealed."""

import json
from typing import Protocol

from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import roots
from kentongan_wire.keyring.keys import GENERATION_MAX
from kentongan_wire.keyring.site_keys import SiteKeys


class NewKeys(Protocol):
    """A `keys` order of the hub, its roots as they came."""

    @property
    def send(self) -> int: ...
    @property
    def lowest(self) -> int: ...
    @property
    def roots(self) -> list[object]: ...


class KeyRing:
    """`.ring` is the SiteKeys in use. dump() holds root keys, for the service user's own files."""

    def __init__(self, file_keys: SiteKeys, saved: bytes | None = None) -> None:
        self._alarm, self._control = dict(file_keys.alarm_roots), dict(file_keys.control_roots)
        self._send, self._lowest = file_keys.generation, min(file_keys.generations)
        if saved:
            self._load(saved)
        self.ring = self._made()

    def _load(self, saved: bytes) -> None:
        """Newer roots of a former run; a key file that is newer still wins."""
        try:
            raw = json.loads(saved)
            for g, (alarm, control) in raw["roots"].items():
                self._alarm.setdefault(int(g), bytes.fromhex(alarm))
                self._control.setdefault(int(g), bytes.fromhex(control))
            self._send = max(self._send, int(raw["send"]))
            self._lowest = max(self._lowest, int(raw["lowest"]))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise LocalError("kept keys are damaged; the hub sends them again") from error

    def _made(self) -> SiteKeys:
        return SiteKeys(self._alarm, self._control, self._send, self._lowest)

    def adopt(self, order: NewKeys) -> None:
        """Adopt a `keys` order of the hub: .send, .lowest, .roots [{"generation", "sealed"}]; LocalError."""
        send, lowest, given = order.send, order.lowest, order.roots
        if max(send, lowest) > GENERATION_MAX or lowest > send or len(given) > GENERATION_MAX:
            raise LocalError(f"generations {send}, {lowest} and {len(given)} roots are none")
        alarm, control = dict(self._alarm), dict(self._control)
        for one in given:
            if not isinstance(one, dict):
                continue
            generation = one.get("generation")
            if type(generation) is not int or generation in control:
                continue
            if generation - 1 not in control:
                raise LocalError(f"no roots before those of generation {generation}; renew the key file")
            try:
                sealed = bytes.fromhex(one["sealed"])
            except (KeyError, ValueError, TypeError) as error:
                raise LocalError(f"roots of generation {generation} are no hexadecimal text") from error
            alarm[generation], control[generation] = roots.open_sealed(
                sealed, generation, control[generation - 1]
            )
        # never back: a hub restored from an old backup must not wake keys that a thief may hold
        send, lowest = max(send, self._send), max(lowest, self._lowest)
        if send not in control:
            raise LocalError(f"no roots of generation {send}, the one to send with; renew the key file")
        self._alarm, self._control, self._send, self._lowest = alarm, control, send, lowest
        self.ring = self._made()

    def dump(self) -> bytes:
        return json.dumps(
            {
                "send": self._send,
                "lowest": self._lowest,
                "roots": {str(g): [self._alarm[g].hex(), self._control[g].hex()] for g in self._control},
            }
        ).encode()
