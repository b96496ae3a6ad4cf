# runs: cpython micropython
"""Who can judge what: derivation as written down, and no holder with more than its share."""
import struct

from both import raises
from kentongan_wire import keys, site_keys
from kentongan_wire import messages as m
from kentongan_wire.crypto import hmac_portable
from kentongan_wire.errors import LocalError

SITE = bytes(range(32))
ALARM = {g: site_keys.alarm_root(SITE, g) for g in (0, 1)}
CONTROL = {g: site_keys.control_root(SITE, g) for g in (0, 1)}


def test_keys_are_derived_as_the_wire_format_says():
    root = hmac_portable(SITE, b"KTG1 alarm\x03")
    assert site_keys.alarm_root(SITE, 3) == root
    assert site_keys.control_root(SITE, 3) == hmac_portable(SITE, b"KTG1 control\x03")
    expected = hmac_portable(root, b"KTG1 node" + struct.pack("<IBB", 0xA1B2C3D4, m.TOMBOL, 3))
    assert keys.node_key(root, 0xA1B2C3D4, m.TOMBOL, 3) == expected


def test_every_node_role_generation_and_purpose_has_its_own_key():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    every = [f(node, role, g) for f in (site.a, site.c) for node in (4, 5, 0x0400) for role in range(1, 6)
             for g in (0, 1)]
    assert len(set(every)) == len(every)


def test_a_button_holds_its_own_keys_and_nothing_else():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    own = keys.OwnKeys(9, m.TOMBOL, {0: (site.a(9, m.TOMBOL, 0), site.c(9, m.TOMBOL, 0))}, 0)
    assert own.a(9, m.TOMBOL, 0) == site.a(9, m.TOMBOL, 0)
    assert own.c(9, m.TOMBOL, 0) == site.c(9, m.TOMBOL, 0)
    for node, role, g in ((8, m.TOMBOL, 0), (9, m.SIRENE, 0), (9, m.TOMBOL, 1)):
        assert own.a(node, role, g) is None
        assert own.c(node, role, g) is None
    assert own.c_of_target(9, 0) == (own.c(9, m.TOMBOL, 0),)
    assert own.c_of_target(8, 0) == ()
    assert own.c_of_target(9, 1) == ()


def test_a_post_reads_every_alarm_but_gives_no_order_and_reads_no_silent_alarm():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    post = keys.PostKeys(20, ALARM, {0: site.c(20, m.SIRENE, 0)}, 0)
    assert post.a(9, m.TOMBOL, 0) == site.a(9, m.TOMBOL, 0)  # a button added tomorrow
    assert post.a(9, m.TOMBOL, 2) is None
    assert post.c(9, m.TOMBOL, 0) is None
    assert post.c(20, m.GATEWAY, 0) is None
    assert post.c(20, m.SIRENE, 0) == site.c(20, m.SIRENE, 0)
    assert post.c_of_target(20, 0) == (site.c(20, m.SIRENE, 0),)
    assert post.c_of_target(9, 0) == ()


def test_a_gateway_finds_the_key_of_any_target():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    for role in m.ROLE_NAMES:
        assert site.c(9, role, 1) in site.c_of_target(9, 1)
    assert site.c_of_target(9, 2) == ()
    assert site.a(9, m.TOMBOL, 2) is None and site.c(9, m.TOMBOL, 2) is None


def test_during_a_rotation_both_generations_are_accepted_and_one_is_sent():
    site = site_keys.SiteKeys(ALARM, CONTROL, 1)
    assert site.generation == 1
    assert site.generations == (0, 1)
    raises(LocalError, site_keys.SiteKeys, ALARM, CONTROL, 2)
    raises(LocalError, keys.OwnKeys, 9, m.TOMBOL, {}, 0)
    half = site_keys.SiteKeys(ALARM, {1: CONTROL[1]}, 1)  # a generation counts when both roots are there
    assert half.generations == (1,)


def test_odd_keys_and_generations_are_our_own_mistake():
    raises(LocalError, site_keys.alarm_root, bytes(31), 0)
    raises(LocalError, site_keys.control_root, SITE, 16)
    raises(LocalError, site_keys.alarm_root, SITE, -1)
    raises(LocalError, keys.PostKeys, 20, {16: SITE}, {16: SITE}, 16)


def test_a_generation_below_the_lowest_is_not_accepted_and_can_still_be_answered():
    site = site_keys.SiteKeys(ALARM, CONTROL, 1, 1)
    assert site.generations == (1,)
    assert site.c(0x4B0A0102, 1, 0) is not None
    raises(LocalError, site_keys.SiteKeys, ALARM, CONTROL, 0, 1)
