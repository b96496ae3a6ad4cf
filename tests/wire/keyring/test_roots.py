"""New roots between hub and gateway: readable and believed under the control root before them only."""

import pytest
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import roots, site_keys

SITE_KEY = bytes(range(32))
UNDER = site_keys.control_root(SITE_KEY, 0)
NEW = site_keys.alarm_root(SITE_KEY, 1), site_keys.control_root(SITE_KEY, 1)
SEALED = roots.seal(*NEW, 1, UNDER)


def test_both_roots_come_back_and_neither_is_readable():
    assert roots.open_sealed(SEALED, 1, UNDER) == NEW
    assert NEW[0] not in SEALED and NEW[1] not in SEALED


@pytest.mark.parametrize(
    ("sealed", "generation", "under"),
    [
        (SEALED, 1, site_keys.alarm_root(SITE_KEY, 0)),
        (SEALED, 2, UNDER),
        (SEALED[:-1], 1, UNDER),
        (b"", 1, UNDER),
        (SEALED + b"x", 1, UNDER),
        (bytes([SEALED[0] ^ 1]) + SEALED[1:], 1, UNDER),
    ],
    ids=("another root", "another generation", "short", "empty", "long", "changed"),
)
def test_anything_else_is_refused_and_names_no_key(sealed, generation, under):
    with pytest.raises(LocalError) as error:
        roots.open_sealed(sealed, generation, under)
    assert NEW[0].hex() not in str(error.value)
