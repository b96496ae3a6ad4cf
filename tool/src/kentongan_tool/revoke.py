"""Shutting a device out: done only when every post has reported it."""

import time

from kentongan_tool.answers import Revocation
from kentongan_tool.failures import Say, ToolError
from kentongan_tool.hub import Hub

LOOK_S = 5


def revoke(hub: Hub, name: str, why: str, erased: bool, wait_s: float, say: Say) -> Revocation:
    """Revoke a device by label or number and wait; ToolError("not_revoked") names the posts that lack."""
    try:
        node = hub.find(name)["node"]
    except ToolError:
        number = number_of(name)  # a revocation begun before: only its status is asked for
        if number is None:
            raise
        node = number
    status = hub.revoke(node, why, erased)
    say(f"Dicabut: {status['label']} {node:08x}. Pusat data dan gateway menolaknya mulai sekarang.")
    return wait_for_posts(hub, node, wait_s, say)


def number_of(name: str) -> int | None:
    """A node number in hexadecimal, or None."""
    try:
        return int(name, 16) if len(name) == 8 else None
    except ValueError:
        return None


def wait_for_posts(hub: Hub, node: int, wait_s: float, say: Say) -> Revocation:
    until_s, shown = time.monotonic() + wait_s, None
    while True:
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
            raise ToolError("not_revoked", waiting)
        time.sleep(min(LOOK_S, max(0.1, until_s - time.monotonic())))
