"""The device file: one JSON text, checked once, then a plain dict that every core takes."""

import json

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.settings import device_file

if TYPE_CHECKING:
    from kentongan_node.base.actions import Settings


def load(text: str, where: str = "device.json") -> "Settings":
    """Checked settings with defaults filled in; LocalError names the file, the key and the remedy."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise LocalError("{}: no JSON text ({}); write it again with kentongan-tool".format(where, error))
    if not isinstance(raw, dict):
        raise LocalError("{}: holds no JSON object; write it again with kentongan-tool".format(where))
    return device_file.check(raw, where)
