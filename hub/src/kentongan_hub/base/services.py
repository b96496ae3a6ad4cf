"""Public services that texts name, and their numbers."""

import re
from collections.abc import Mapping
from functools import reduce
from typing import cast

from kentongan_hub.base.language import Joined, Text, _

# service -> (word in a sentence, name in the list, number at the start)
SERVICES = {
    "polisi": (_("polisi"), _("Polisi"), "110"),
    "pemadam": (_("pemadam"), _("Pemadam kebakaran"), "113"),
    "ambulans": (_("ambulans"), _("Ambulans"), "119"),
    "darurat": (_("nomor darurat"), _("Nomor darurat terpadu (112, bila aktif di sini)"), ""),
    "sar": (_("Basarnas"), _("Basarnas"), "115"),
    "pln": (_("PLN"), _("PLN, gangguan listrik"), "123"),
    "sapa": (_("SAPA"), _("SAPA, perempuan dan anak"), "129"),
    "polsek": (_("Polsek"), _("Polsek"), ""),
    "ppa": (_("unit PPA Polsek"), _("Unit PPA Polsek"), ""),
    "bhabin": (_("Bhabinkamtibmas"), _("Bhabinkamtibmas"), ""),
    "bpbd": (_("BPBD"), _("BPBD"), ""),
    "puskesmas": (_("puskesmas"), _("Puskesmas"), ""),
}

_NEEDED = re.compile(r"\{([a-z+]+)\}")  # in what people write

_PLACES = re.compile(r"%\(([a-z+]+)\)s")  # in sentences of ours


def needed(text: str) -> set[str]:
    """List the services that a text asks for."""
    return {one for match in _NEEDED.findall(text) for one in match.split("+")}


def fill(text: str, known: Mapping[str, str]) -> str:
    """Fill 'Hubungi {pemadam+darurat}.' with what can be called: 'Hubungi pemadam 113.'"""
    if isinstance(text, Joined):
        return Joined(text.sign, [fill(cast(str, part), known) for part in text.parts])
    if isinstance(text, Text):
        return text.of(**{place: _callable(place, known) for place in _PLACES.findall(text)})
    pieces = _NEEDED.split(text)  # what people wrote, and between it what they asked for
    filled = [_callable(one, known) if at % 2 else one for at, one in enumerate(pieces)]
    return Joined("", filled) if len(filled) > 1 else text


def _callable(services: str, known: Mapping[str, str]) -> str:
    asked = services.split("+")
    have = [
        _("%(service)s %(number)s", service=SERVICES[one][0], number=known[one])
        for one in asked
        if one in known
    ]
    if not have:
        return SERVICES[asked[0]][0]
    return reduce(lambda one, other: _("%(one)s atau %(other)s", one=one, other=other), have)
