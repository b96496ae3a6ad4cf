"""On a copy with a fault `penerus: without power`: the campaign does it, ends it and finds nothing lost."""

from kentongan_sim.soak.field.campaign import Campaign, Result

NAME = "penerus: without power"


def test_the_campaign_does_it_and_the_alarm_comes_through():
    result = Result()
    Campaign(1, result).run(1, wanted=(NAME,))
    assert sum(result.faults.values()) == 1 and NAME in str(result.faults)
    assert result.problems == [] and result.pressed == 1
