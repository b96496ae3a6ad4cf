"""Runs a program under what a systemd unit forbids: its system calls, address families, rights and memory.

    python confined.py UNIT PROGRAM [ARGUMENT ...]

Files and devices are not confined here: that takes root. Linux only; libseccomp comes with systemd.
"""

import ctypes
import errno
import os
import subprocess
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, PR_CAPBSET_DROP = 38, 65, 24
MDWE_REFUSE_EXEC_GAIN = 1
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
EQUAL = 4  # SCMP_CMP_EQ
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit):
    """[(key, value)] of the unit's lines, in their order: a later filter takes from an earlier one."""
    with open(unit, encoding="utf-8") as file:
        lines = [line.strip() for line in file if "=" in line and not line.startswith("#")]
    return [tuple(line.split("=", 1)) for line in lines]


def calls_of(name):
    """Names of the system calls in a set of systemd's, or the call itself."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "syscall-filter", name]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    out = set()
    for line in shown.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            out |= calls_of(word)
    return out


def allowed_calls(lines):
    allowed = set()
    for key, value in lines:
        if key == "SystemCallFilter":
            names = set().union(*map(calls_of, value.lstrip("~").split()))
            allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed


def confine(unit):
    """This process, and whatever it becomes, may do from now on what the unit lets it do."""
    lines = settings(unit)
    calls, families = allowed_calls(lines), dict(lines)["RestrictAddressFamilies"].split()
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2", use_errno=True)
    for right in range(64):
        libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges")
    if dict(lines).get("MemoryDenyWriteExecute") == "yes":
        # kernels before 6.3 know it not; there systemd does it by a filter
        libc.prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(DENY))
    for name in sorted(calls - {"socket"}):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add_array(context, ALLOW, number, 0, None)
    socket = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        wanted = (Compare * 1)(Compare(0, EQUAL, FAMILIES[family], 0))
        must(seccomp.seccomp_rule_add_array(context, ALLOW, socket, 1, wanted) == 0, family)
    must(seccomp.seccomp_load(context) == 0, "the filter")


def must(condition, what):
    if not condition:
        sys.exit(f"confined: {what} was not taken")


if __name__ == "__main__":
    confine(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
