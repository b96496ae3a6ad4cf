"""Texts of a package: control file, changelog, copyright; plain functions of what is inside."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_string
from email.message import Message
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

from kentongan_deb.plans import DEBIANS, PACKAGES, Target

MAINTAINER = "kentongan <kentongan@invalid.invalid>"  # the project has a page for issues and no mailbox
GLIBC = "2.36"


class Library(NamedTuple):
    """A library that is inside: its name, version, and licence as its own metadata say."""

    name: str
    version: str
    licence: str


def libraries(site: Path) -> list[Library]:
    """Read which libraries were unpacked into a folder, by name; our own parts are left out."""
    found = []
    for path in sorted(site.glob("*.dist-info/METADATA")):
        about = message_from_string(path.read_text(encoding="utf-8"))
        if not about["Name"].startswith("kentongan"):
            found.append(Library(about["Name"], about["Version"], _licence(about)))
    return sorted(found, key=lambda one: one.name.lower())


def _licence(about: Message) -> str:
    """Return the licence in one line: an expression, a classifier, or the first line of a free text."""
    if expression := about["License-Expression"]:
        return str(expression)
    classes = [one for one in about.get_all("Classifier", []) if one.startswith("License :: ")]
    if classes:
        return ", ".join(one.rpartition(" :: ")[2] for one in classes)
    lines = str(about["License"] or "").strip().splitlines()
    return lines[0].strip() if lines else "see its dist-info"


def control(target: Target, version: str, installed_kb: int) -> str:
    """Return the control file. The wheels are for one minor version of Python: apt refuses any other."""
    package, debian = PACKAGES[target.package], DEBIANS[target.debian]
    depends = (
        f"python3 (>= {debian.python})",
        f"python3 (<< {debian.next_python})",
        f"libc6 (>= {GLIBC})",
        "libstdc++6",
        *package.depends,
    )
    lines = [
        f"Package: {target.package}",
        f"Version: {version}",
        f"Architecture: {target.arch}",
        f"Maintainer: {MAINTAINER}",
        f"Installed-Size: {installed_kb}",
        f"Depends: {', '.join(depends)}",
        *([f"Suggests: {', '.join(package.suggests)}"] if package.suggests else []),
        "Section: misc",
        "Priority: optional",
        f"Description: {package.summary}",
        *(f" {line}" for line in package.text.splitlines()),
        " .",
        " Its Python libraries are inside, in a folder of their own, so that it",
        " installs from a stick.",
    ]
    return "\n".join(lines) + "\n"


def changelog(target: Target, version: str, epoch: int) -> str:
    """Return the changelog in Debian's form; what changed stands in CHANGELOG.md beside it."""
    when = format_datetime(datetime.fromtimestamp(epoch, UTC))
    codename = DEBIANS[target.debian].codename
    return (
        f"{target.package} ({version}) {codename}; urgency=medium\n\n"
        f"  * See /usr/share/doc/{target.package}/NEWS.md.gz.\n\n"
        f" -- {MAINTAINER}  {when}\n"
    )


def copyright_text(target: Target, inside: Iterable[Library]) -> str:
    """Return the licence of the whole and of every library inside."""
    rows = "\n".join(f"  {one.name} {one.version}: {one.licence}" for one in inside)
    return (
        "kentongan is free software under the GNU General Public License, version 3 or later;\n"
        "on Debian its text is in /usr/share/common-licenses/GPL-3.\n\n"
        "Copyright (C) 2026 the contributors of kentongan\n\n"
        f"In /usr/lib/{target.package} these libraries are inside, each with its own copyright and licence,\n"
        "whose text stands in its .dist-info folder there:\n\n"
        f"{rows}\n"
    )
