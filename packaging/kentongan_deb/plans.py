"""Tables of what is built: the packages, the releases of Debian, the machines, and where each file goes."""

from typing import NamedTuple


class Debian(NamedTuple):
    """A release of Debian (and of Raspberry Pi OS, which follows it) by what its packages rest on."""

    codename: str
    python: str  # its python3; wheels are built for one
    next_python: str
    glibc: str  # the newest manylinux whose wheels run there


DEBIANS = {"12": Debian("bookworm", "3.11", "3.12", "2_36"), "13": Debian("trixie", "3.13", "3.14", "2_36")}


class Architecture(NamedTuple):
    """A kind of machine, as wheels and as ELF files name it."""

    wheels: str
    elf: int  # e_machine


ARCHITECTURES = {"amd64": Architecture("x86_64", 62), "arm64": Architecture("aarch64", 183)}


class Package(NamedTuple):
    """A program as a package. `files`: (place in the package, place in the repository, mode)."""

    workspace: tuple[str, ...]  # our own parts, each a wheel
    summary: str
    text: str
    depends: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    files: tuple[tuple[str, str, int], ...] = ()
    conffiles: tuple[str, ...] = ()


SERVICE = ("adduser", "systemd", "init-system-helpers (>= 1.54)")
JOURNAL = "gateway/deploy/journald-kentongan.conf"

PACKAGES = {
    "kentongan-hub": Package(
        ("wire", "hub"),
        "neighbourhood alarm: incidents, escalation and one clear screen",
        "The hub of one RT: it records each alarm of the buttons, shows it on one\n"
        "screen, calls people until a named person answers, and tells the button\n"
        "that somebody is coming. It needs no internet.",
        depends=SERVICE,
        suggests=("caddy", "kentongan-gateway"),
        files=(
            ("usr/lib/systemd/system/kentongan-hub.service", "hub/deploy/kentongan-hub.service", 0o644),
            ("usr/lib/systemd/journald.conf.d/kentongan-hub.conf", JOURNAL, 0o644),
            ("usr/lib/sysusers.d/kentongan-hub.conf", "packaging/kentongan-hub/sysusers.conf", 0o644),
            ("usr/lib/tmpfiles.d/kentongan-hub.conf", "packaging/kentongan-hub/tmpfiles.conf", 0o644),
            ("usr/share/doc/kentongan-hub/examples/Caddyfile", "hub/deploy/Caddyfile", 0o644),
        ),
    ),
    "kentongan-gateway": Package(
        ("wire", "gateway"),
        "neighbourhood alarm: stores, acknowledges and forwards alarms",
        "The gateway at the guard post: it takes alarms from the radio, stores them\n"
        "before it acknowledges them, sounds the post's siren and forwards them to\n"
        "the hub. It needs no internet.",
        depends=(*SERVICE, "udev"),
        suggests=("kentongan-hub", "alsa-utils", "espeak-ng"),
        files=(
            (
                "usr/lib/systemd/system/kentongan-gateway.service",
                "gateway/deploy/kentongan-gateway.service",
                0o644,
            ),
            ("usr/lib/systemd/journald.conf.d/kentongan-gateway.conf", JOURNAL, 0o644),
            ("usr/lib/sysusers.d/kentongan-gateway.conf", "packaging/kentongan-gateway/sysusers.conf", 0o644),
            ("usr/lib/tmpfiles.d/kentongan-gateway.conf", "packaging/kentongan-gateway/tmpfiles.conf", 0o644),
            ("usr/lib/udev/rules.d/70-kentongan.rules", "gateway/deploy/70-kentongan.rules", 0o644),
            ("etc/kentongan/gateway.toml", "gateway/deploy/gateway.toml", 0o644),
        ),
        conffiles=("/etc/kentongan/gateway.toml",),
    ),
    "kentongan-tool": Package(
        ("wire", "tool"),
        "neighbourhood alarm: the technician's tool",
        "It turns boards into buttons, siren posts and relays from a list of\n"
        "houses: flash, provision, test, replace, revoke, label, survey.",
    ),
}
PROGRAMS = {name: name.replace("-", "_") for name in PACKAGES}  # command: its Python package


class Target(NamedTuple):
    """One package for one release and one kind of machine."""

    package: str
    debian: str
    arch: str

    def version(self, number: str) -> str:
        """Return Debian's version: `0.3.0~deb12`, so that a newer release of Debian counts as newer."""
        return f"{number}~deb{self.debian}"

    def file_name(self, number: str) -> str:
        return f"{self.package}_{self.version(number)}_{self.arch}.deb"
