"""Where somebody lives, as forms spell it: RT and house, or outside the RTs of this hub."""

from kentongan_hub.people import access


def of_form(form, required=False):
    """(zone, house, outside); unknown when the form leaves it open. LocalError when it says two things."""
    outside = form.get("luar") == "1"
    zone, house = (_whole(form.get(name, "")) for name in ("rt", "rumah"))
    if not required and not outside and house == 0:
        return access.UNKNOWN
    return access.check_home(zone, house, outside)


def _whole(text):
    """The number; 0 for nothing, -1 for what is none."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 6 else -1 if text else 0
