"""Nodes in this process: the same cores and the same runner under CPython, with a memory for what many of
them work out.
"""
from kentongan_sim import memo
from kentongan_sim.port import Hosted

memo.install()


class Engine:
    name = "cpython"

    def __init__(self):
        self._nodes = {}

    def boot(self, label: str, settings: dict, state: dict, boot: tuple, now_ms: int, rnd: int):
        """Make and start a node; returns (actions, deadline in the node's ms or None)."""
        self._nodes[label] = node = Hosted(settings, state)
        return node.boot(boot, now_ms, rnd)

    def deliver(self, label: str, name: str, args: tuple, now_ms: int, rnd: int):
        """Hand a running node one event; returns (actions, deadline in the node's ms or None)."""
        return self._nodes[label].deliver(name, args, now_ms, rnd)

    def counters(self, label: str) -> dict:
        """Refusals and drops of a running node, by reason."""
        return dict(self._nodes[label].counters)

    def kill(self, label: str):
        """Power cut; only what was persisted is left, and the world keeps that."""
        self._nodes.pop(label, None)

    def close(self):
        self._nodes.clear()
