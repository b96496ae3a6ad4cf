"""Commands as they can be typed on this machine: the path of this installation, its data directory."""

import re
import shlex
import sys
from pathlib import Path

COMMAND = re.compile(r"(?<![\w/.-])kentongan-hub ([a-z][a-z-]*)(?! --data)")
WITH_DATA = re.compile(r"(?<![\w/.-])kentongan-hub(?= [a-z][a-z-]* --data)")


def typed(text, data_dir):
    """The text with each `kentongan-hub COMMAND` by its path, on `data_dir` unless it says where."""
    path = shlex.quote(str(Path(sys.executable).parent / "kentongan-hub"))
    text = WITH_DATA.sub(lambda _: path, text)
    return COMMAND.sub(lambda found: f"{path} {found[1]} --data {shlex.quote(str(data_dir))}", text)
