"""Shutting a device out: done only when every post has reported it."""

import time

from kentongan_tool.base import progress
from kentongan_tool.base.answers import Revocation
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.site.hub import Hub

LOOK_S = 5


def revoke(hub: Hub, name: str, why: str, erased: bool, wait_s: float, say: Say) -> Revocation:
    """Revoke a device by label or number and wait; ToolError("not_revoked") names the posts that lack.

    The same words again go on with what they began. A label that has passed to another board meanwhile stands
    for neither: the one would take a working board out of service, the other leave a stolen one in it.
    """
    begun = [one for one in hub.revocations() if name == one["label"]]
    undone = [one for one in begun if not one["done"]]
    there = [one for one in hub.devices() if name in (one["label"], one["id"])]
    if there and undone:
        old, new = ", ".join(f"{one['node']:08x}" for one in undone), there[0]["id"]
        raise ToolError(
            "which_device", f"{name}: {old} (sedang dicabut, being revoked), {new} (terpasang, in service)"
        )
    number = there[0]["node"] if there else number_of(name)
    if number is None and begun:
        for one in undone[1:]:  # one label may have had several boards
            wait_for_posts(hub, one["node"], wait_s, say)
        number = (undone or begun)[0]["node"]
        say(f"Pencabutan {name} {number:08x} sudah dimulai; dilanjutkan.")
    elif number is None:
        raise ToolError("which_device", f"{name}: no such device is in service or being revoked")
    else:
        status = hub.revoke(number, why, erased)
        say(f"Dicabut: {status['label']} {number:08x}. Pusat data dan gateway menolaknya mulai sekarang.")
    return wait_for_posts(hub, number, wait_s, say)


def number_of(name: str) -> int | None:
    """Return a node number in hexadecimal, or None."""
    try:
        return int(name, 16) if len(name) == 8 else None
    except ValueError:
        return None


def wait_for_posts(hub: Hub, node: int, wait_s: float, say: Say) -> Revocation:
    with progress.Progress("Menunggu laporan") as waiting:
        return _wait_for_posts(hub, node, time.monotonic() + wait_s, say, waiting)


def _wait_for_posts(hub: Hub, node: int, until_s: float, say: Say, told: progress.Progress) -> Revocation:
    shown = None
    while True:
        told.left(until_s - time.monotonic())
        status = hub.revocation(node)
        if status["done"]:
            say("Selesai: semua pos sudah melaporkan pencabutan.")
            return status
        waiting = (
            ", ".join(one["label"] for one in status["waiting"])
            or status.get("refused")
            or "pergantian kunci alat lain"
        )
        if waiting != shown:
            say(f"Menunggu laporan: {waiting}")
            shown = waiting
        if time.monotonic() >= until_s:
            raise ToolError("not_revoked", f"{status['label']} {node:08x}: {waiting}")
        time.sleep(min(LOOK_S, max(0.1, until_s - time.monotonic())))
