"""Addresses that no message to a phone may reach: this machine and the RT's own network.

An address is what any officer may write down; the hub would post to a router's page or to its own ports for
them. Inside is what has a private number, and what the kernel reaches without a router: this machine's own
addresses and the networks of its interfaces, which with IPv6 are global. Every connection of a sending is
looked at where it is made, by the address that it really goes to: so a name that resolves to the inside, a
redirect and each of Apprise's schemes meet the same law. So does the end of a sending: a far side that gives
a byte a second holds no other message up.
"""

import os
import re
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from kentongan_hub.base.language import _

Network = IPv4Network | IPv6Network

REFUSED = _("alamat itu di dalam mesin atau jaringan ini; admin dapat mengizinkannya di halaman Kanal")
# notices of the machine's own desktop and log: they leave no trace on any phone
LOCAL_SCHEMES = ("dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
ALLOWED_LIMIT = 20  # entries that an administrator writes
TABLES = Path("/proc/self/net")  # the kernel's own words on addresses and routes
# shorter ones are no network at hand but the world through a tunnel or a phone line, such as 0.0.0.0/1
LINK_BITS = {4: 8, 6: 32}
_EMBEDDED = ip_network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")  # a network's own NAT64; where the IPv4 part stands is its secret
_VIA_ROUTER = 0x0002  # RTF_GATEWAY
_guard: ContextVar["Guard | None"] = ContextVar(
    "guard", default=None
)  # goes with the sending into the threads that Apprise gives it


def at_hand() -> list[Network]:
    """Read the networks at hand without a router, its own addresses too; none without the tables."""
    nets = [*_ipv4(_lines("fib_trie")), *_ipv6(_lines("ipv6_route"), _lines("if_inet6"))]
    return [net for net in nets if net.prefixlen >= LINK_BITS[net.version]]


def _lines(name: str) -> list[str]:
    try:
        return (TABLES / name).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _ipv4(lines: list[str]) -> Iterator[Network]:
    """Parse lines "|-- ADDRESS" and beneath "/BITS SCOPE TYPE"; a route by a router has no scope "link"."""
    address = None
    for words in map(str.split, lines):
        if words[:1] == ["|--"]:
            address = words[1]
        elif address and words[1:3] in (["host", "LOCAL"], ["link", "UNICAST"]):
            yield ip_network(address + words[0], strict=False)


def _ipv6(routes: list[str], interfaces: list[str]) -> Iterator[Network]:
    for row in map(str.split, routes):  # net bits source bits router metric references uses flags interface
        if len(row) == 10 and not int(row[8], 16) & _VIA_ROUTER:
            yield _net6(row[0], row[1])
    for row in map(str.split, interfaces):  # address number bits scope flags interface
        if len(row) == 6:
            yield _net6(row[0], row[2])


def _net6(digits: str, bits: str) -> IPv6Network:
    return IPv6Network((int(digits, 16), int(bits, 16)), strict=False)


def is_inside(text: str, near: Sequence[Network] = ()) -> bool:
    """Tell if a numeric address belongs to this machine, its network or nobody; text that is none does.

    near: networks that are its own although they are global (at_hand).
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return True
    if address.version == 6:
        for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
            if inner is not None and is_inside(str(inner), near):
                return True
        if address in _EMBEDDED and is_inside(str(ip_address(int(address) & 0xFFFF_FFFF)), near):
            return True
        if address in _LOCAL_NAT64:
            return True
    return not address.is_global or address.is_multicast or _is_in(text, near)


def refuses(url: str, allowed: str = "") -> bool:
    """Tell if an address as it is written goes inside; no name is looked up here."""
    if url.partition("://")[0].lower() in LOCAL_SCHEMES:
        return True
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        literal = str(ip_address(host))
    except ValueError:
        literal = ""
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    if host == "localhost" or host.endswith(".localhost"):
        return "localhost" not in _words(allowed)
    return bool(literal) and is_inside(literal, at_hand()) and not _is_in(literal, _nets(allowed))


def _words(allowed: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", allowed.lower()) if word][:ALLOWED_LIMIT]


def _nets(allowed: str) -> list[Network]:
    """Read what an administrator allows: addresses, networks (192.168.1.0/24), and names, looked up now."""
    nets: list[Network] = []
    for word in _words(allowed):
        try:
            nets.append(ip_network(word, strict=False))
        except ValueError:
            try:
                found = socket.getaddrinfo(word, None)
            except OSError:  # a name that nobody knows today allows nothing today
                continue
            nets.extend(ip_network(str(one[4][0]).partition("%")[0]) for one in found)
    return nets


def _is_in(text: str, nets: Sequence[Network]) -> bool:
    address = ip_address(text.partition("%")[0])
    return any(address.version == net.version and address in net for net in nets)


class Guard:
    """Guard of one sending's connections; `refused` once it tried to reach an inside address."""

    def __init__(self, allowed: str, whole_s: float | None = None):
        self._nets, self._near = _nets(allowed), at_hand()
        self._lines: list[socket.socket] = []
        self.refused = self.over = False
        self._timer = threading.Timer(whole_s, self._end) if whole_s else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        """Shut every connection, whatever library reads or writes on it."""
        self.over = True
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        for line in self._lines:
            line.close()

    def watch(self, line: socket.socket) -> None:
        """Keep a connection that is being made under a number of ours, which TLS does not move."""
        if self.over:
            raise TimeoutError("the sending did not end in time")
        if self._timer:
            self._lines.append(socket.socket(line.family, line.type, line.proto, os.dup(line.fileno())))

    def check(self, address: object) -> None:
        """Raise PermissionError, before a byte is sent, for an address inside that nobody allowed."""
        host = address[0] if isinstance(address, tuple) and isinstance(address[0], str) else ""
        if is_inside(host, self._near) and not (_numeric(host) and _is_in(host, self._nets)):
            self.refused = True
            raise PermissionError(REFUSED)


def _numeric(host: str) -> bool:
    try:
        return bool(ip_address(host.partition("%")[0]))
    except ValueError:
        return False


def _look(event: str, args: tuple) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        guard = _guard.get()
        if guard is not None and args[1] is not None:
            guard.check(args[1])
            if event == "socket.connect":
                guard.watch(args[0])


sys.addaudithook(_look)  # Python's own place for this: nothing that any library does goes round it


@contextmanager
def guarded(allowed: str = "", whole_s: float | None = None) -> Iterator[Guard]:
    """Let what is sent within reach nothing but the outside and what is allowed; gives the Guard.

    whole_s: and is over after so many seconds in all, whatever trickles.
    """
    guard = Guard(allowed, whole_s)
    before = _guard.set(guard)
    try:
        yield guard
    finally:
        _guard.reset(before)
        guard.close()
