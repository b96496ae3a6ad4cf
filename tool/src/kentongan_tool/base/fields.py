"""Fields of a device, checked before any board is touched: the hub refuses the same, but later."""

import re

from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings import device_file

from kentongan_tool.base.answers import Fields
from kentongan_tool.base.failures import ToolError

PLACE_MAX = 80  # characters, as the hub's
LABEL_MAX = 32
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
PLAIN = {  # of a device that holds no key: only the values are checked
    "format": device_file.FORMAT,
    "site": "-",
    "role": "modem",
    "node": device_file.NODE_MIN,
}
OTHER_NAMES = {"hops": "gateway_hops"}
OWN = ("role", "label", "place")


def check(fields: Fields, where: str, replacing: bool = False) -> None:
    """ToolError names the field, what is wrong and what to write."""
    problem = _own_problem(fields, replacing)
    if problem:
        raise ToolError("field", f"{where}: {problem}")
    rest = {OTHER_NAMES.get(name, name): value for name, value in fields.items() if name not in OWN}
    try:
        device_file.check({**PLAIN, **rest}, where)
    except LocalError as error:
        raise ToolError("field", str(error).replace("gateway_hops", "hops"))


def _own_problem(fields: Fields, replacing: bool) -> str | None:
    role, label, place = (fields.get(name) or "" for name in OWN)
    if role not in device_file.ROLES and not (replacing and not role):
        return f"role: {role!r}; tulis salah satu (write one of) {', '.join(device_file.ROLES)}"
    if not (replacing and not label) and (not LABEL.fullmatch(label) or len(label) > LABEL_MAX):
        return (
            f"label: {label!r}; huruf a-z, angka, - dan titik, tanpa spasi, paling panjang {LABEL_MAX} "
            "(letters, digits, - and dots, no blank)"
        )
    if len(place) > PLACE_MAX or not place.isprintable():
        return f"place: {len(place)} huruf; satu baris, paling panjang {PLACE_MAX} (one line, no longer)"
    if role != "modem" and not replacing and not fields.get("zone"):
        return f"zone: {fields.get('zone')!r}; tulis nomor RT 1..255 (write the RT's number)"
    return None
