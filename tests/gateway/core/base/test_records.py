"""A record is the same whether its alarm was just heard or comes from the disk."""

import pytest
from kentongan_gateway.core.base import events
from kentongan_gateway.core.base.actions import Store
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, Bench, alarm

LASTING = (
    "key",
    "role",
    "type",
    "silent",
    "late",
    "drill",
    "altered",
    "doubted",
    "hops",
    "farthest",
    "attempt",
    "first_counter",
    "cancel",
    "sounding",
    "calls",
    "stage",
)


@pytest.mark.parametrize(
    "pressed",
    [
        {},
        {"kind": m.KIND_KEKERASAN, "flags": m.FLAG_SILENT},
        {"flags": m.FLAG_CANCEL, "incident": 99},
        {"incident": 98, "attempt": 3},
    ],
)
def test_an_alarm_from_the_disk_is_the_record_that_was_stored(pressed):
    bench = Bench()
    bench.hear(alarm(counter=100, **pressed), src=BUTTON, hops=2, hop_start=3)
    stored = bench.core.parts.records.find(BUTTON, 100)
    (store,) = (action for action in bench.all(Store) if action.event["type"] == "alarm")
    again = events.record_of(store.event)
    for name in LASTING:
        assert getattr(again, name) == getattr(stored, name), name
    assert again.stored
