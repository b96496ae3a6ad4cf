# runs: cpython micropython
"""HMAC against RFC 4231, AES-CTR against NIST SP 800-38A, on both interpreters."""

from binascii import unhexlify

from kentongan_wire.base import crypto
from kentongan_wire.base.errors import LocalError
from kits.both import MICROPYTHON, raises, random_bytes

# RFC 4231, 4.2 to 4.8: key, data, first bytes of HMAC-SHA-256
RFC_4231 = (
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)
# SP 800-38A, F.5: the same counter block and plaintext for every key size
NIST_BLOCK = unhexlify("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
NIST_PLAIN = unhexlify(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
NIST = (
    (
        "2b7e151628aed2a6abf7158809cf4f3c",  # F.5.1 CTR-AES128
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
        "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
    ),
    (
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",  # F.5.5 CTR-AES256
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
        "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
    ),
)


def test_hmac_gives_the_rfc_4231_results():
    for key, data, expected in RFC_4231:
        expected = unhexlify(expected)
        assert crypto.hmac_sha256(key, data)[: len(expected)] == expected
        assert crypto.hmac_portable(key, data)[: len(expected)] == expected


def test_the_fast_hmac_equals_the_one_written_out():
    noise = random_bytes(1)
    for key_length in (0, 1, 31, 32, 63, 64, 65, 200):
        key = bytes([next(noise) for _ in range(key_length)])
        data = bytes([next(noise) for _ in range(key_length * 2 % 97)])
        assert crypto.hmac_sha256(key, data) == crypto.hmac_portable(key, data)


def test_aes_ctr_gives_the_nist_results_both_ways():
    for key, cipher in NIST:
        assert crypto.aes_ctr(unhexlify(key), NIST_BLOCK, NIST_PLAIN) == unhexlify(cipher)
        assert crypto.aes_ctr(unhexlify(key), NIST_BLOCK, unhexlify(cipher)) == NIST_PLAIN


def test_a_part_of_a_block_and_nothing_at_all_are_encrypted_too():
    key, cipher = unhexlify(NIST[0][0]), unhexlify(NIST[0][1])
    for length in (0, 1, 15, 16, 17, 63):
        assert crypto.aes_ctr(key, NIST_BLOCK, NIST_PLAIN[:length]) == cipher[:length]


def test_only_the_last_four_bytes_of_the_block_count():
    key = bytes(16)
    last = crypto.aes_ctr(key, b"\x01" * 12 + b"\xff\xff\xff\xff", bytes(32))
    assert last[16:] == crypto.aes_ctr(key, b"\x01" * 12 + bytes(4), bytes(16))


def test_more_keys_than_are_kept_ready_still_give_their_own_results():
    keys = [bytes([n]) * 32 for n in range(3 * crypto.CIPHERS_MAX)]
    first = [crypto.aes_ctr(key, bytes(16), bytes(20)) for key in keys]
    assert [crypto.aes_ctr(key, bytes(16), bytes(20)) for key in keys] == first
    assert len(set(first)) == len(keys)
    assert len(crypto._ciphers) <= crypto.CIPHERS_MAX


def test_equal_compares_content_and_length():
    assert crypto.equal(b"12345678", b"12345678")
    assert crypto.equal(b"", b"")
    assert not crypto.equal(b"12345678", b"1234567")
    for at in range(8):
        other = bytearray(b"12345678")
        other[at] ^= 0x80
        assert not crypto.equal(b"12345678", bytes(other))


def test_xor_undoes_itself_and_refuses_a_short_pad():
    assert crypto.xor(b"\x00\xff\x0f", b"\xff\xff\xff\xff") == b"\xff\x00\xf0"
    assert crypto.xor(b"", b"") == b""
    raises(LocalError, crypto.xor, b"123", b"12")


def test_a_wrong_key_or_block_size_is_our_own_mistake():
    raises(LocalError, crypto.aes_ctr, bytes(24), bytes(16), b"x")
    raises(LocalError, crypto.aes_ctr, bytes(16), bytes(15), b"x")


def test_the_device_and_the_host_each_use_their_own_cipher():
    assert (crypto.cryptolib is not None) == MICROPYTHON
    assert (crypto.hmac is None) == MICROPYTHON
