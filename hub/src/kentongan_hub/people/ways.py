"""Ways of calling people, as all of the hub knows them: each channel says of itself what its addresses are.

The channels themselves stand above (channels/), with what sends; they fill KNOWN when they are imported. A
way that is not there calls nobody: no address of it is taken, and none that was kept is shown.
"""

from kentongan_wire.errors import LocalError

from kentongan_hub.base.language import _
from kentongan_hub.storage.store import Db


class Way:
    """Description that a channel gives of itself. The channel's class is one, and changes what differs."""

    name = label = ""  # in the database; as the heading on the page Kanal
    word = ""  # as people call it in a sentence; '' is the name
    address_label = ""  # asks for one address; '' where nobody has one
    secret_address = True  # shown to nobody once it is kept
    discreet = True  # may call for a confidential incident, by its number alone

    @staticmethod
    def checked(db: Db, address: str) -> str:
        """Return the address as it is kept; LocalError names what is wrong with it."""
        return address.strip()


KNOWN: dict[str, type[Way]] = {}


def of(name: str) -> type[Way]:
    """Return the way of that name; of an unknown one what is true of all."""
    return KNOWN.get(name, Way)


def addressed() -> list[type[Way]]:
    """Return the ways that call one person, in their order."""
    return [way for way in KNOWN.values() if way.address_label]


def checked(db: Db, name: str, address: str) -> str:
    """Return an address of a person as it is kept; LocalError."""
    names = [way.name for way in addressed()]
    if name not in names:
        raise LocalError(_("kanal %(channel)s: pilih %(channels)s",
                           channel=f"{name!r}", channels=", ".join(names)))  # fmt: skip
    return KNOWN[name].checked(db, address)


def word(name: str) -> str:
    """Return a channel of the outbox in people's words; a gateway's is its label."""
    return of(name).word or name.removeprefix("gateway:")
