# runs: cpython micropython
"""The device file: read once, refused with a remedy, and every role made of it."""

import json

from kentongan_node import roles
from kentongan_node.shell import settings
from kentongan_wire.base.errors import LocalError
from kits.both import raises
from kits.node.nodekit import GATEWAY
from kits.node.nodekit import settings as site

NODES = {
    "tombol": 0x53000007,
    "sirene": 0x52000021,
    "penerus": 0x52000031,
    "penerima": 0x52000041,
    "modem": GATEWAY,
}


def test_a_good_file_makes_every_role():
    for role in sorted(NODES):
        text = json.dumps(site(role, NODES[role]))
        checked = settings.load(text)
        core = roles.core_class(role)(checked, {})
        assert checked["node"] == NODES[role]
        assert type(core).__name__.lower() == role
        assert core.counters == {} and core.next_deadline() is None


def test_a_bad_file_names_itself_and_the_remedy():
    for text in ("", "[]", "{", json.dumps({"format": 1})):
        error = raises(LocalError, settings.load, text)
        assert "device.json" in str(error)
    bad = dict(site("penerus", NODES["penerus"]))
    bad["warna"] = "merah"
    assert "warna" in str(raises(LocalError, settings.load, json.dumps(bad)))


def test_a_role_that_is_none_is_refused_with_those_that_are():
    assert "penerus" in str(raises(LocalError, roles.make, {"role": "radio"}, {}))
