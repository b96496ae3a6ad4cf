"""Profile that a technician types once: the hub's address, and the paths of token, certificate and bundle.

Paths only: the token stays in its own file. A profile's token goes to its own hub and to no other.
"""

import json
import os
from pathlib import Path

from kentongan_tool.base.failures import ToolError

Profile = dict[str, str]

FIELDS = ("hub", "token_file", "ca_file", "bundle")


def path() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kentongan/tool.json"


def read() -> Profile:
    """Return the saved profile; empty when there is none."""
    try:
        saved = json.loads(path().read_text(encoding="utf-8"))
        if not isinstance(saved, dict) or not all(isinstance(value, str) for value in saved.values()):
            raise ValueError("not a profile")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ToolError(
            "file", f"{path()}: {error}; buang dengan (remove it by) `kentongan-tool profile --clear`"
        )
    return {name: saved[name] for name in FIELDS if name in saved}


def write(saved: Profile) -> None:
    try:
        path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = path().with_suffix(".new")
        beside.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
        beside.replace(path())
    except OSError as error:
        raise ToolError("file", f"{path()}: {error.strerror}")


def clear() -> None:
    try:
        path().unlink(missing_ok=True)
    except OSError as error:
        raise ToolError("file", f"{path()}: {error.strerror}")


def of_hub(
    hub: str | None, token_file: Path | None, ca_file: Path | None, login: bool
) -> tuple[str, Path | None, Path | None]:
    """(address, token's file, certificate's file), what was typed before what was saved."""
    saved = read()
    if hub is not None and hub.rstrip("/") != saved.get("hub"):
        saved = {}  # another hub than the profile's shall not see its token
    url = hub or saved.get("hub")
    if url is None and hub is None:
        raise ToolError(
            "argument", "give --hub, or save it once: `kentongan-tool profile --hub URL --token-file FILE`"
        )
    token = token_file or (None if login else _path(saved, "token_file"))
    return url or "", token, ca_file or _path(saved, "ca_file")


def _path(saved: Profile, name: str) -> Path | None:
    return Path(saved[name]) if name in saved else None
