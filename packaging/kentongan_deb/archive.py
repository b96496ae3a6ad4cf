"""The package itself: a tree of files with one date and one owner, and dpkg-deb around it.

debhelper would add a build in each release's own chroot; a tree of unpacked wheels and copied files needs
none of what it does, and dpkg-deb alone writes the same bytes from the same commit.
"""

import gzip
import hashlib
import os
import re
import shutil
from pathlib import Path

from kentongan_deb import papers
from kentongan_deb.plans import PACKAGES, PROGRAMS, Target
from kentongan_deb.sources import Sources, ran

SCRIPTS = ("postinst", "prerm", "postrm")
# Read by nobody: an installer's lists, commands and examples of libraries, tests, sources of compiled parts.
LEFT_OUT = (
    *("bin", "contrib", "share", ".lock", "**/.git*", "**/__pycache__", "**/tests"),
    *("**/RECORD", "**/REQUESTED", "**/INSTALLER", "**/direct_url.json", "**/uv_cache.json"),
    *("**/uv_build.json", "**/*.pyi", "**/*.pyx", "**/*.pxd"),
)
VENV = "/opt/kentongan/.venv/bin/"  # where the unit of a checkout has its program
INSTALL_LINE = re.compile(r"^# (?:Install: |/etc/).*\n", re.MULTILINE)  # how to copy it by hand

# -I: no environment, no folder of the user; -S: none of Debian's own Python packages, whichever version.
LAUNCHER = """\
#!/usr/bin/python3 -IS
import sys

sys.path.append("/usr/lib/{package}")
from {module}.cli import main

sys.exit(main())
"""


def build(sources: Sources, target: Target) -> Path:
    """Build one package and return its file; the tree stays beside it in work/ until the next run."""
    tree = sources.work / f"{target.package}-deb{target.debian}-{target.arch}"
    site = tree / "usr/lib" / target.package
    sources.install(target, site)
    prune(site)
    _place(sources.root, target, tree)
    version = target.version(sources.number)
    _describe(sources, target, tree, version)
    _control(sources.root, target, tree, version)
    _date(tree, sources.epoch)
    out = sources.out / target.file_name(sources.number)
    os.environ["SOURCE_DATE_EPOCH"] = str(sources.epoch)
    remedy = "on Debian: apt-get install dpkg xz-utils"
    ran(["dpkg-deb", "--build", "--root-owner-group", "-Zxz", "-z3", tree, out], remedy)
    return out


def prune(site: Path) -> None:
    """Take away what no program reads, and the right to run from what is only imported."""
    for pattern in LEFT_OUT:
        for path in list(site.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in site.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def packed(text: str) -> str:
    """Return a unit or rule as the package has it: its program in /usr/bin, no words on copying it."""
    return INSTALL_LINE.sub("", text).replace(VENV, "/usr/bin/")


def _write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def _place(root: Path, target: Target, tree: Path) -> None:
    """Put the command and the service's files where Debian has such."""
    launcher = LAUNCHER.format(package=target.package, module=PROGRAMS[target.package])
    _write(tree / "usr/bin" / target.package, launcher, 0o755)
    for place, source, mode in PACKAGES[target.package].files:
        _write(tree / place, packed((root / source).read_text(encoding="utf-8")), mode)


def _zipped(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)


def _describe(sources: Sources, target: Target, tree: Path, version: str) -> None:
    """Write the documents, with the licence of every library, and the exceptions that lintian is told."""
    doc = tree / "usr/share/doc" / target.package
    inside = papers.libraries(tree / "usr/lib" / target.package)
    _write(doc / "copyright", papers.copyright_text(target, inside))
    _write(doc / "changelog.gz", _zipped(papers.changelog(target, version, sources.epoch)))
    _write(doc / "NEWS.md.gz", _zipped((sources.root / "CHANGELOG.md").read_text(encoding="utf-8")))
    overrides = (sources.root / "packaging/lintian-overrides").read_text(encoding="utf-8")
    _write(tree / "usr/share/lintian/overrides" / target.package, overrides)


def _control(root: Path, target: Target, tree: Path, version: str) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    size_kb = sum(-(-path.stat().st_size // 1024) for path in files)
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree)}\n"
        for path in files
    ]
    package = PACKAGES[target.package]
    _write(tree / "DEBIAN/control", papers.control(target, version, size_kb))
    _write(tree / "DEBIAN/md5sums", "".join(sums))
    if package.conffiles:
        _write(tree / "DEBIAN/conffiles", "\n".join(package.conffiles) + "\n")
    for name in SCRIPTS:
        script = root / "packaging" / target.package / name
        if script.exists():
            _write(tree / "DEBIAN" / name, script.read_text(encoding="utf-8"), 0o755)


def _date(tree: Path, epoch: int) -> None:
    """Give every file the commit's date, so that the same commit makes the same bytes."""
    for path in [tree, *tree.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
