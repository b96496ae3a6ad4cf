"""Roots of a new key generation on their way from hub to gateway, sealed under the one before; on a PC only.

A holder of the control root of g, hub and gateways alone, can read and believe those of g + 1: so a plain
link between them gives nothing away, and a stolen post, which holds the alarm root of g, learns nothing.
"""

from kentongan_wire.base.crypto import aes_ctr, equal, hmac_sha256
from kentongan_wire.base.errors import LocalError

ROOT_BYTES = 32
TAG_BYTES = 32


def seal(alarm_root: bytes, control_root: bytes, generation: int, under: bytes) -> bytes:
    """96 bytes: both roots of `generation` encrypted, then a tag; `under` is the control root before it."""
    box = _crypt(under, generation, alarm_root + control_root)
    return box + _tag(under, generation, box)


def open_sealed(sealed: bytes, generation: int, under: bytes) -> tuple[bytes, bytes]:
    """(alarm_root, control_root); LocalError when they were sealed for or under something else."""
    box, tag = sealed[: 2 * ROOT_BYTES], sealed[2 * ROOT_BYTES :]
    if len(box) != 2 * ROOT_BYTES or not equal(_tag(under, generation, box), tag):
        raise LocalError("roots of generation {}: not sealed by this hub; send them again".format(generation))
    plain = _crypt(under, generation, box)
    return plain[:ROOT_BYTES], plain[ROOT_BYTES:]


def _crypt(under: bytes, generation: int, data: bytes) -> bytes:
    # one message ever under this key: a generation has one pair of roots
    return aes_ctr(hmac_sha256(under, b"KTGW" + bytes([generation])), bytes(16), data)


def _tag(under: bytes, generation: int, box: bytes) -> bytes:
    return hmac_sha256(under, b"KTGV" + bytes([generation]) + box)
