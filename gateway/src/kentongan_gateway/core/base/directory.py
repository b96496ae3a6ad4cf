"""Directory of the site: the device list that the key file brings and the hub renews."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_gateway.core.base.units import Node

DEVICES_LIMIT = 4096  # devices of one site
HOPS_DEFAULT = 3  # hop limit towards a device whose distance nobody knows yet
HOPS_MAX = 7
PERIOD_S = 140  # of a mains device's STATUS, unless the hub's plan stretches it
HOUSE_MAX = 0xFFFF  # u16 on the air
DIGITS_MAX = 10  # of a number written as text
ZONE_MAX = 255
PAGE_AFTER_MAX_S = 3_600


class Device(NamedTuple):
    """One device of the list, as everybody may know it."""

    node: Node
    role: int
    label: str
    zone: int  # 0: of no RT
    house: int  # its number, 0: none
    hops: int
    pages_silent: bool  # penerima: may be called for confidential alarms
    conflicts: frozenset[Node]  # penerima: buttons about whose confidential alarms it is never called
    period_s: int  # of a mains device's STATUS


ROLE_NUMBERS = {
    "tombol": m.TOMBOL,
    "sirene": m.SIRENE,
    "penerus": m.PENERUS,
    "gateway": m.GATEWAY,
    "penerima": m.PENERIMA,
}
MAINS_ROLES = (m.SIRENE, m.PENERUS, m.PENERIMA)


def _number(value: object, low: int, high: int, default: int) -> int:
    """Return a whole number from JSON, or the default: a house may be named "12A" and still be paged."""
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) <= DIGITS_MAX:
        value = int(value)
    if type(value) is int and low <= value <= high:
        return value
    return default


def read_device(raw: object) -> Device:
    """One entry of a device list; LocalError when it names no node or role."""
    if not isinstance(raw, dict):
        raise LocalError(f"device list: {raw!r} is no object; write node, role, label, zone, house, hops")
    node = raw.get("node")
    if type(node) is not int or not 4 <= node < 0xFFFFFFFF:
        raise LocalError(f"device list: node {node!r} is no node number; use the one from provisioning")
    role = raw.get("role")
    role = ROLE_NUMBERS.get(role) if isinstance(role, str) else role
    if type(role) is not int or role not in ROLE_NUMBERS.values():
        raise LocalError(
            f"device list: role {raw.get('role')!r} of {node} is unknown; "
            f"choose one of {', '.join(sorted(ROLE_NUMBERS))}"
        )
    label = raw.get("label")
    conflicts = raw.get("conflicts") or ()
    return Device(
        node,
        role,
        label[:64] if isinstance(label, str) and label else f"{node:08x}",
        _number(raw.get("zone"), 0, ZONE_MAX, 0),
        _number(raw.get("house"), 0, HOUSE_MAX, 0),
        _number(raw.get("hops"), 0, HOPS_MAX, HOPS_DEFAULT),
        raw.get("silent") is not False,
        frozenset(n for n in conflicts if type(n) is int) if isinstance(conflicts, list) else frozenset(),
        _number(raw.get("status_period_s"), 60, 86_400, PERIOD_S),
    )


def read_paging(raw: Any) -> dict[tuple[int, int], int | None]:
    """{(zone, kind): seconds after the press, or None for never}; LocalError when it is no paging policy."""
    out: dict[tuple[int, int], int | None] = {}
    try:  # JSON from outside: what is wrong with it shows in its use
        for zone, kinds in (raw or {}).items():
            for kind, after_s in kinds.items():
                if after_s is not None and (type(after_s) is not int or not 0 <= after_s <= PAGE_AFTER_MAX_S):
                    raise ValueError(after_s)
                out[int(zone), int(kind)] = after_s
    except (AttributeError, TypeError, ValueError) as error:
        raise LocalError(
            f"device list: paging {error}: write {{RT: {{kind: seconds or null}}}}; send the directory again"
        ) from error
    return out


class Directory:
    """The devices by node number. Unknown ones are named by their hex number and still heard."""

    def __init__(
        self,
        devices: Sequence[object] = (),
        revoked: Iterable[object] = (),
        gateway_counter: int = 0,
        paging: object = None,
    ) -> None:
        if len(devices) > DEVICES_LIMIT:
            raise LocalError(f"device list: {len(devices)} devices, at most {DEVICES_LIMIT}; split the site")
        self._by_node: dict[Node, Device] = {}
        # roles -> devices; a renewed list is a new Directory
        self._of_role: dict[tuple[int, ...], list[Device]] = {}
        for raw in devices:
            device = read_device(raw)
            self._by_node[device.node] = device
        self.revoked = frozenset(n for n in revoked if type(n) is int)
        self.gateway_counter = gateway_counter  # the hub's copy of our own outgoing counter
        self._paging = read_paging(paging)
        self.raw = {
            "paging": paging,
            "devices": list(devices),
            "revoked": sorted(self.revoked),
            "gateway_counter": gateway_counter,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> "Directory":
        """Read a directory order or the key file; LocalError when it is no device list."""
        devices, revoked = raw.get("devices"), raw.get("revoked") or []
        if not isinstance(devices, list) or not isinstance(revoked, list):
            raise LocalError("device list: devices and revoked are lists; send the directory again")
        return cls(devices, revoked, _number(raw.get("gateway_counter"), 0, 0xFFFFFFFF, 0), raw.get("paging"))

    @classmethod
    def load(cls, data: bytes) -> "Directory":
        """Read the bytes of dump(); LocalError when they are not whole."""
        try:
            raw = json.loads(data)
            if not isinstance(raw, dict):
                raise ValueError("no object")
        except (ValueError, RecursionError) as error:
            raise LocalError("device list: the kept one is damaged; the hub sends another") from error
        return cls.from_dict(raw)

    def revoking(self, numbers: Iterable[Node]) -> "Directory":
        """This one, in which these numbers are revoked as well; itself where they are."""
        if self.revoked.issuperset(numbers):
            return self
        return Directory.from_dict({**self.raw, "revoked": sorted(self.revoked.union(numbers))})

    def back(self) -> list[str]:
        """Labels of devices that are listed although their number is revoked: the hub does not know that."""
        return sorted(d.label for d in self._by_node.values() if d.node in self.revoked)

    def dump(self) -> bytes:
        return json.dumps(self.raw, separators=(",", ":")).encode()

    def get(self, node: Node) -> Device | None:
        return self._by_node.get(node)

    def label(self, node: Node) -> str:
        device = self._by_node.get(node)
        return device.label if device else f"{node:08x}"

    def hops(self, node: Node) -> int:
        device = self._by_node.get(node)
        return device.hops if device else HOPS_DEFAULT

    def of_role(self, *roles: int) -> list[Device]:
        """Devices of these roles that are not revoked, by node number."""
        if roles not in self._of_role:  # asked for with every alarm and answer, of a site of thousands
            self._of_role[roles] = [
                d for _, d in sorted(self._by_node.items()) if d.role in roles and d.node not in self.revoked
            ]
        return list(self._of_role[roles])

    def posts(self, zone: int) -> list[Device]:
        """Siren posts of the zone; all posts of the site where the zone has none."""
        posts = self.of_role(m.SIRENE)
        return [d for d in posts if d.zone == zone] or posts

    def page_after_s(self, zone: int, kind: int) -> int | None:
        """Return the seconds from press to pages for this kind; None: never. At once where unknown."""
        for about in ((zone, kind), (zone, m.KIND_BAHAYA)):
            if about in self._paging:
                return self._paging[about]
        return 0

    def relay_bytes(self) -> set[int]:
        """Low bytes of the node numbers of our own relays: any other relay_node is a stock repeater."""
        return {d.node & 0xFF for d in self._by_node.values() if d.role != m.TOMBOL}
