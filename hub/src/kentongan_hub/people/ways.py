"""Ways of calling people, as all of the hub knows them: each channel says of itself what its addresses are.

The channels themselves stand above (channels/), with what sends; they fill KNOWN when they are imported. A
way that is not there calls nobody: no address of it is taken, and none that was kept is shown.
"""

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import sending
from kentongan_hub.base.clock import Now
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
# SQL on people p: who is called, and whose answer counts. Whoever switched an account off has taken its
# person off the list; without an account the same person is called as any resident is.
CALLED = (
    "p.withdrawn_wall IS NULL AND p.erased_wall IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM accounts off WHERE off.id = p.account AND off.active = 0)"
)


def drop_waiting(db: Db, now: Now, person: int, channel: str = "", address: str = "") -> None:
    """Expire public calls that wait for this person, or for one address, unless others share the phone.

    A correction goes all the same: who was called in vain is told. Silent alarms: see circles.
    """
    db.run(
        f"UPDATE outbox SET state = ?, result = '{sending.EXCLUDED}', done_ms = ? "
        f"WHERE state = '{sending.WAITING}' AND type IN ('{sending.MESSAGE}', '{sending.NEWS}') "
        "AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = outbox.incident AND i.confidential = 1) "
        "AND EXISTS "
        "(SELECT 1 FROM addresses a WHERE a.person = ? AND ? IN ('', a.channel) AND ? IN ('', a.address) "
        "AND a.channel = outbox.channel AND a.address = json_field(outbox.body, 'to') AND NOT EXISTS "
        "(SELECT 1 FROM addresses b JOIN people p ON p.id = b.person WHERE b.channel = a.channel "
        f"AND b.address = a.address AND b.active = 1 AND b.person != a.person AND {CALLED}))",
        *(sending.EXPIRED, now.ms, person, channel, address),
    )


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
