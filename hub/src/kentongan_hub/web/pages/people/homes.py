"""Homes as forms spell them: RT and house, or outside the RTs of this hub."""

from flask import request

from kentongan_hub.base.tables import Home
from kentongan_hub.people import access
from kentongan_hub.web import forms


def of_form(label: str, required: bool = False) -> Home:
    """Read (zone, house, outside); unknown when the form leaves it open. LocalError when it says two things.

    label: what the page calls the house's number.
    """
    outside = request.form.get("luar") == "1"
    house = forms.whole("rumah", label, *forms.HOUSES, 0)
    if not required and not outside and house == 0:
        return access.UNKNOWN
    zone = 0 if outside else forms.whole("rt", "RT", *forms.ZONES, 0)
    return access.check_home(zone, house, outside)
