"""Each type of order: its form gives a shape whole, and its deed takes that very shape."""

import inspect

import pytest
from kentongan_gateway.core.hub import order_forms
from kentongan_gateway.core.paths import hub_orders


@pytest.mark.parametrize("name", order_forms.FORMS)
def test_a_form_reads_every_field_of_its_shape_and_no_other(name):
    form = order_forms.FORMS[name]
    assert tuple(form.readers) == form.shape._fields


def test_every_form_has_a_deed_and_every_deed_a_form():
    assert set(hub_orders.HubOrders._DEEDS) == set(order_forms.FORMS)


@pytest.mark.parametrize("name", order_forms.FORMS)
def test_a_deed_takes_the_shape_that_its_form_makes(name):
    deed = hub_orders.HubOrders._DEEDS[name]
    assert inspect.signature(deed).parameters["order"].annotation is order_forms.FORMS[name].shape
