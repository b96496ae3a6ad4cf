"""Ways of calling people: the hub knows each from the channel's own class."""

import pytest
from kentongan_hub import channels
from kentongan_hub.people import ways
from kentongan_wire.base.errors import LocalError


def test_every_channel_is_known_and_says_how_people_call_it():
    assert list(ways.KNOWN.values()) == list(channels.CHANNELS)
    assert [ways.word(name) for name in ways.KNOWN] == ["papan", "SMS", "internet", "Home Assistant"]
    assert ways.word("gateway:gateway-1") == "gateway-1"


def test_only_ways_that_call_one_person_take_an_address():
    assert [way.name for way in ways.addressed()] == ["sms", "apprise", "mqtt"]
    for name in ("papan", "faks", ""):
        with pytest.raises(LocalError, match="pilih sms, apprise, mqtt"):
            ways.checked(None, name, "0812 3456 7890")
    assert ways.checked(None, "sms", "0812 3456 7890") == "+6281234567890"


def test_an_address_of_a_way_that_is_not_there_any_more_is_shown_to_nobody():
    assert ways.of("faks").secret_address and ways.of("apprise").secret_address
    assert not ways.of("sms").secret_address


def test_a_broker_in_the_neighbourhood_is_the_only_way_that_carries_nothing_confidential():
    assert [way.name for way in ways.KNOWN.values() if not way.discreet] == ["mqtt"]
