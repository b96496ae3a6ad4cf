# runs: cpython micropython
"""Keys and their holders: derivation as written down, and no holder with more than its share."""

import struct

from kentongan_wire.base.crypto import hmac_portable
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kits.both import raises

SITE = bytes(range(32))
ALARM = {g: site_keys.alarm_root(SITE, g) for g in (0, 1)}
CONTROL = {g: site_keys.control_root(SITE, g) for g in (0, 1)}


def test_keys_are_derived_as_the_wire_format_says():
    root = hmac_portable(SITE, b"KTG1 alarm\x03")
    assert site_keys.alarm_root(SITE, 3) == root
    assert site_keys.control_root(SITE, 3) == hmac_portable(SITE, b"KTG1 control\x03")
    expected = hmac_portable(root, b"KTG1 node" + struct.pack("<IBB", 0xA1B2C3D4, m.TOMBOL, 3))
    assert keys.node_key(root, 0xA1B2C3D4, m.TOMBOL, 3) == expected
    assert keys.relay_root(root) == hmac_portable(root, b"KTG1 relay")


def test_every_node_role_generation_and_purpose_has_its_own_key():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    every = [
        f(node, role, g)
        for f in (site.a, site.c, site.r)
        for node in (4, 5, 0x0400)
        for role in range(1, 6)
        for g in (0, 1)
    ]
    assert len(set(every)) == len(every)


def about_others(ring, node, role):
    """Every A, C and R that a party holds of somebody else, or of itself in another role or generation."""
    others = [
        (n, r, g)
        for n in (8, 9, 20, 40)
        for r in m.ROLE_NAMES
        for g in (0, 1, 2)
        if (n, r, g) not in ((node, role, 0), (node, role, 1))
    ]
    return [[key(*one) for one in others if key(*one) is not None] for key in (ring.a, ring.c, ring.r)]


def ring_of(node, role):
    held = {g: site_keys.held(ALARM[g], CONTROL[g], node, role, g) for g in (0, 1)}
    if role == m.SIRENE:
        return keys.PostKeys(node, held, 0)
    return (keys.OwnKeys if role == m.TOMBOL else keys.RelayKeys)(node, role, held, 0)


def test_a_button_holds_its_own_keys_and_nothing_else():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    own = ring_of(9, m.TOMBOL)
    for g in (0, 1):
        assert own.a(9, m.TOMBOL, g) == site.a(9, m.TOMBOL, g)
        assert own.c(9, m.TOMBOL, g) == site.c(9, m.TOMBOL, g)
        assert own.r(9, m.TOMBOL, g) == site.r(9, m.TOMBOL, g)
    assert about_others(own, 9, m.TOMBOL) == [[], [], []]
    assert own.c_of_target(9, 0) == (own.c(9, m.TOMBOL, 0),)
    assert own.c_of_target(8, 0) == ()
    assert own.c_of_target(9, 2) == ()


def test_a_post_judges_every_alarm_that_sounds_but_gives_no_order_and_proves_no_alarm():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    post = ring_of(20, m.SIRENE)
    assert post.a(9, m.TOMBOL, 0) == site.a(9, m.TOMBOL, 0)  # a button added tomorrow
    assert post.r(9, m.TOMBOL, 0) == site.r(9, m.TOMBOL, 0)
    assert post.a(9, m.TOMBOL, 2) is None and post.r(9, m.TOMBOL, 2) is None
    assert about_others(post, 20, m.SIRENE)[1] == []
    assert post.c(20, m.SIRENE, 0) == site.c(20, m.SIRENE, 0)
    assert post.c_of_target(20, 0) == (site.c(20, m.SIRENE, 0),)
    assert post.c_of_target(9, 0) == ()


def test_a_penerus_and_a_penerima_know_whose_frame_it_is_and_make_no_alarm():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    for role in (m.PENERUS, m.PENERIMA):
        ring = ring_of(40, role)
        assert ring.r(9, m.TOMBOL, 1) == site.r(9, m.TOMBOL, 1)
        assert ring.r(9, m.TOMBOL, 2) is None
        alarms, controls, _ = about_others(ring, 40, role)
        assert (alarms, controls, ring.a(40, role, 0)) == ([], [], None)
        assert ring.c(40, role, 0) == site.c(40, role, 0)
        assert ring.c_of_target(40, 0) == (site.c(40, role, 0),)
        assert ring.c_of_target(9, 0) == ()


def test_a_device_holds_what_its_role_needs_in_a_fixed_order():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    relay_root = keys.relay_root(ALARM[1])
    assert site_keys.held(ALARM[1], CONTROL[1], 9, m.TOMBOL, 1) == (
        site.a(9, m.TOMBOL, 1),
        site.c(9, m.TOMBOL, 1),
        site.r(9, m.TOMBOL, 1),
    )
    assert site_keys.held(ALARM[1], CONTROL[1], 9, m.SIRENE, 1) == (ALARM[1], site.c(9, m.SIRENE, 1))
    for role in (m.PENERUS, m.PENERIMA):
        assert site_keys.held(ALARM[1], CONTROL[1], 9, role, 1) == (relay_root, site.c(9, role, 1))
    assert sorted(keys.HELD) == sorted(set(m.ROLE_NAMES) - {m.GATEWAY})


def test_a_gateway_finds_the_key_of_any_target():
    site = site_keys.SiteKeys(ALARM, CONTROL, 0)
    for role in m.ROLE_NAMES:
        assert site.c(9, role, 1) in site.c_of_target(9, 1)
    assert site.c_of_target(9, 2) == ()
    for key in (site.a, site.c, site.r):
        assert key(9, m.TOMBOL, 2) is None


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
    raises(LocalError, keys.PostKeys, 20, {16: (SITE, SITE)}, 16)


def test_a_generation_below_the_lowest_is_not_accepted_and_can_still_be_answered():
    site = site_keys.SiteKeys(ALARM, CONTROL, 1, 1)
    assert site.generations == (1,)
    assert site.c(0x4B0A0102, 1, 0) is not None
    raises(LocalError, site_keys.SiteKeys, ALARM, CONTROL, 0, 1)
