"""Commands as they can be typed on this machine: as whom, the path of this installation, its data."""

import os
import pwd
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

COMMAND = re.compile(r"(?<![\w/.-])kentongan-hub ([a-z][a-z-]*)(?! --data)")
WITH_DATA = re.compile(r"(?<![\w/.-])kentongan-hub(?= [a-z][a-z-]* --data)")
PEOPLE_FROM = 1_000  # Debian's first uid of a person; below are services, as whom nobody logs in
KEYS = Path("/etc/kentongan")  # where the guide has the gateway's key file, writable for the service


def typed(text: str, data_dir: str | Path, shown: Callable[[str], object] = str) -> str:
    """Write the text with each `kentongan-hub COMMAND` by its path, on `data_dir` unless it says where.

    Data of a service's account are opened as that account. `shown`: escapes what is put in.
    """
    program = shlex.quote(str(Path(sys.executable).parent / "kentongan-hub"))
    path = str(shown(_as_owner(data_dir) + program))
    data = str(shown(shlex.quote(str(data_dir))))
    text = WITH_DATA.sub(lambda _: path, text)
    return COMMAND.sub(lambda found: f"{path} {found[1]} --data {data}", text)


def _as_owner(data_dir: str | Path) -> str:
    uid = owner_of(data_dir)
    if uid is None or not 0 < uid < PEOPLE_FROM or _in_a_shell_of(uid):
        return ""
    try:
        return f"sudo -u {shlex.quote(pwd.getpwuid(uid).pw_name)} "
    except KeyError:
        return f"sudo -u '#{uid}' "


def owner_of(data_dir: str | Path) -> int | None:
    """Read the uid whose the data are; None before there are any."""
    try:
        return os.stat(data_dir).st_uid
    except OSError:
        return None


def _in_a_shell_of(uid: int) -> bool:
    """Tell if this command was typed after `sudo -u kentongan -s`: the next one will be as well."""
    command = os.environ.get("SUDO_COMMAND", "")
    return os.geteuid() == uid and command != "" and "kentongan-hub" not in command


def gateway_key_file() -> str:
    """Choose where `gateway-file` can put the gateway's key file: in the guide's folder, else in this one."""
    name = "gateway-1.json"
    return str(KEYS / name) if KEYS.is_dir() else name
