"""Settings that came over the air: kept in one small file, applied over the device file at every start."""
import json
from binascii import hexlify, unhexlify

from kentongan_wire.keys import OwnKeys, PostKeys
from kentongan_wire.messages import SIRENE

from kentongan_node.actions import Persist

NAME = "config"
KEPT = ("hop_limit", "profile", "revoked", "status_period_s", "table")  # next_keys are kept as well
VERSION_LIMIT = 0xFFFF


def make_keys(role, node, pairs, generation):
    """The key ring of a device: {generation: (first, second)}; first is A, or alarm_root at a post."""
    if role != SIRENE:
        return OwnKeys(node, role, pairs, generation)
    roots, own = {}, {}
    for g in pairs:
        roots[g], own[g] = pairs[g]
    return PostKeys(node, roots, own, generation)


def pack(version, settings, next_keys):
    """The file: JSON in a fixed order. next_keys: (generation, first, second) or None."""
    kept = [[name, settings[name]] for name in KEPT if name in settings]
    keys = None
    if next_keys:
        keys = [next_keys[0], hexlify(next_keys[1]).decode(), hexlify(next_keys[2]).decode()]
    return json.dumps([version, kept, keys]).encode()


def unpack(state):
    """(version, settings, next_keys) of a file; nothing when it is torn: the gateway sends it again."""
    try:
        version, kept, keys = json.loads(bytes(state).decode())
        settings = {}
        for name, value in kept:
            if name in KEPT:
                settings[name] = value
        if keys:
            keys = (keys[0], unhexlify(keys[1]), unhexlify(keys[2]))
        return version & VERSION_LIMIT, settings, keys
    except (ValueError, TypeError, IndexError, KeyError):
        return 0, {}, None


def persist(version, settings, next_keys):
    return Persist(NAME, pack(version, settings, next_keys))
