"""Where a message to a phone does not go: into this machine and into the RT's own network.

An address is what any officer may write down; the hub would post to a router's page or to its own ports for
them. Every connection of a sending is looked at where it is made, by the address that it really goes to: so
a name that resolves to the inside, a redirect and each of Apprise's schemes meet the same law. So does
the end of a sending: a far side that gives a byte a second holds no other message up.
"""

import os
import re
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

REFUSED = "alamat itu di dalam mesin atau jaringan ini; admin dapat mengizinkannya di halaman Kanal"
# notices of the machine's own desktop and log: they leave no trace on any phone
LOCAL_SCHEMES = ("dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
ALLOWED_LIMIT = 20  # entries that an administrator writes
_EMBEDDED = ip_network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address
_LOCAL_EMBEDDED = ip_network("64:ff9b:1::/48")  # NAT64 of a local network: Python 3.11 calls it global
_guard = ContextVar("guard", default=None)  # goes with the sending into the threads that Apprise gives it


def is_inside(text):
    """Whether a numeric address belongs to this machine, its network or nobody; text that is none: True."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return True
    if address.version == 6:
        for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
            if inner is not None and is_inside(str(inner)):
                return True
        if address in _EMBEDDED:
            return is_inside(str(ip_address(int(address) & 0xFFFF_FFFF)))
        if address in _LOCAL_EMBEDDED:
            return True
    return not address.is_global or address.is_multicast


def refuses(url, allowed=""):
    """Whether the address as it is written already says that it goes inside; no name is looked up here."""
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
    return bool(literal) and is_inside(literal) and not _is_in(literal, _nets(allowed))


def _words(allowed):
    return [word for word in re.split(r"[\s,;]+", allowed.lower()) if word][:ALLOWED_LIMIT]


def _nets(allowed):
    """What an administrator allows: addresses, networks such as 192.168.1.0/24, and names, looked up now."""
    nets = []
    for word in _words(allowed):
        try:
            nets.append(ip_network(word, strict=False))
        except ValueError:
            try:
                found = socket.getaddrinfo(word, None)
            except OSError:  # a name that nobody knows today allows nothing today
                continue
            nets.extend(ip_network(one[4][0].partition("%")[0]) for one in found)
    return nets


def _is_in(text, nets):
    address = ip_address(text.partition("%")[0])
    return any(address.version == net.version and address in net for net in nets)


class Guard:
    """What one sending may reach; `refused` once it tried to reach more."""

    def __init__(self, allowed, whole_s=None):
        self._nets, self._lines = _nets(allowed), []
        self.refused = self.over = False
        self._timer = threading.Timer(whole_s, self._end) if whole_s else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()

    def _end(self):
        """Whatever library reads or writes on them: its connections are at their end now."""
        self.over = True
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self):
        if self._timer:
            self._timer.cancel()
        for line in self._lines:
            line.close()

    def watch(self, line):
        """A connection that is being made: the same one under a number of ours, which TLS does not move."""
        if self.over:
            raise TimeoutError("the sending did not end in time")
        if self._timer:
            self._lines.append(socket.socket(line.family, line.type, line.proto, os.dup(line.fileno())))

    def check(self, address):
        """PermissionError, before a byte is sent, when this address is inside and nobody allowed it."""
        host = address[0] if isinstance(address, tuple) and isinstance(address[0], str) else ""
        if is_inside(host) and not (_numeric(host) and _is_in(host, self._nets)):
            self.refused = True
            raise PermissionError(REFUSED)


def _numeric(host):
    try:
        return bool(ip_address(host.partition("%")[0]))
    except ValueError:
        return False


def _look(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        guard = _guard.get()
        if guard is not None and args[1] is not None:
            guard.check(args[1])
            if event == "socket.connect":
                guard.watch(args[0])


sys.addaudithook(_look)  # Python's own place for this: nothing that any library does goes round it


@contextmanager
def guarded(allowed="", whole_s=None):
    """What is sent within reaches nothing but the outside and what is allowed; gives the Guard.

    whole_s: and is over after so many seconds in all, whatever trickles.
    """
    guard = Guard(allowed, whole_s)
    before = _guard.set(guard)
    try:
        yield guard
    finally:
        _guard.reset(before)
        guard.close()
