"""SHA-256, HMAC and AES-CTR on CPython and MicroPython, one source; every function is pure.

The device has AES in ECB only (firmware: cryptolib), so counter mode is built here from single blocks; a PC
uses the same construction over the `cryptography` package.
"""

import hashlib
import struct

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kentongan_wire.base.shapes import Bytes

try:
    import cryptolib
except ImportError:
    cryptolib = None
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
try:
    import hmac  # CPython only: the same results at C speed
except ImportError:
    hmac = None  # type: ignore[assignment]  # MicroPython has none

HASH_BLOCK_BYTES = 64  # FIPS 180-4, SHA-256
AES_BLOCK_BYTES = 16  # FIPS 197
CIPHERS_MAX = 8  # cipher objects kept: a node has one channel key and, at a rotation, one more
_MODE_ECB = 1  # MicroPython cryptolib's number for ECB

_INNER = b"\x36" * HASH_BLOCK_BYTES  # RFC 2104 ipad
_OUTER = b"\x5c" * HASH_BLOCK_BYTES  # RFC 2104 opad
_ciphers: "dict[bytes, Callable[[bytes], bytes]]" = {}


def sha256(data: "Bytes") -> bytes:
    """32-byte SHA-256 of bytes, bytearray or memoryview."""
    return hashlib.sha256(data).digest()


def hmac_portable(key: bytes, message: bytes) -> bytes:
    """32-byte HMAC-SHA256 (RFC 2104) written out, for interpreters without the hmac module."""
    if len(key) > HASH_BLOCK_BYTES:
        key = sha256(key)
    key = key + bytes(HASH_BLOCK_BYTES - len(key))
    inner = sha256(xor(key, _INNER) + message)
    return sha256(xor(key, _OUTER) + inner)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """32-byte HMAC-SHA256 (RFC 2104) of the message under a key of any length."""
    if hmac is None:
        return hmac_portable(key, message)
    return hmac.digest(key, message, "sha256")


def equal(a: "Bytes", b: "Bytes") -> bool:
    """Return True when both are the same bytes; the time depends on the length only."""
    if hmac is not None:
        return hmac.compare_digest(a, b)
    if len(a) != len(b):
        return False
    difference = 0
    for x, y in zip(a, b):  # noqa: B905 - lengths are equal, and MicroPython's zip knows no strict
        difference |= x ^ y
    return difference == 0


def xor(a: "Bytes", b: "Bytes") -> bytes:
    """Return the bytes of a, each xored with the byte of b at its place; b is at least as long as a."""
    if len(b) < len(a):
        raise LocalError("crypto.xor: the second value has {} bytes, give at least {}".format(len(b), len(a)))
    mixed = int.from_bytes(a, "little") ^ int.from_bytes(b[: len(a)], "little")
    return mixed.to_bytes(len(a), "little")


def _encryptor(key: bytes) -> "Callable[[bytes], bytes]":
    """Return a function that encrypts whole 16-byte blocks in ECB under the key; a few are kept ready."""
    found = _ciphers.get(key)
    if found is None:
        if len(key) not in (16, 32):
            raise LocalError("crypto: an AES key has {} bytes, give 16 or 32".format(len(key)))
        if len(_ciphers) >= CIPHERS_MAX:
            _ciphers.clear()
        key = bytes(key)
        if cryptolib is None:
            found = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update  # noqa: S305 - one block at a time
        else:
            found = cryptolib.aes(key, _MODE_ECB).encrypt
        _ciphers[key] = found
    return found


def aes_ctr(key: bytes, block: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt with AES-CTR, key 16 or 32 bytes; the result is as long as the data.

    `block` is the first 16-byte counter block; only its last four bytes count, big-endian, as in Meshtastic.
    """
    if len(block) != AES_BLOCK_BYTES:
        raise LocalError("crypto.aes_ctr: the counter block has {} bytes, give 16".format(len(block)))
    encrypt = _encryptor(key)
    fixed = block[:12]
    first = struct.unpack(">I", block[12:])[0]
    count = (len(data) + AES_BLOCK_BYTES - 1) // AES_BLOCK_BYTES
    blocks = b"".join([fixed + struct.pack(">I", (first + i) & 0xFFFFFFFF) for i in range(count)])
    return xor(data, encrypt(blocks)) if count else b""
