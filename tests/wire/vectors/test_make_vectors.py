"""The committed vectors are what their generator writes, and strangers' libraries read them the same."""

import json
import runpy
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from meshtastic.protobuf import mesh_pb2

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "wire/vectors.json").read_text(encoding="utf-8"))


def test_the_committed_vectors_are_the_generated_ones(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests/wire/vectors"))
    text = runpy.run_path(str(ROOT / "tests/wire/vectors/make_vectors.py"))["text"]()
    assert text == (ROOT / "wire/vectors.json").read_text(encoding="utf-8"), (
        "run: .venv/bin/python tests/wire/vectors/make_vectors.py"
    )


def test_meshtastics_own_protobuf_reads_every_good_frame():
    for case in VECTORS["good"]:
        frame = bytes.fromhex(case["frame"])
        block = frame[8:12] + bytes(4) + frame[4:8] + bytes(4)
        key = algorithms.AES(bytes.fromhex(VECTORS["channel_key"]))
        plain = Cipher(key, modes.CTR(block)).decryptor().update(frame[16:])
        data = mesh_pb2.Data.FromString(plain)
        assert data.portnum == case["portnum"], case["name"]
        assert data.payload.hex() == case["payload"], case["name"]
        assert data.bitfield == (case["bitfield"] or 0), case["name"]
