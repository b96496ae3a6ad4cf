"""SMS as 3GPP TS 23.040 PDUs: what came in as a Message, what goes out as lines for AT+CMGS.

The bytes are read by Gammu's codec. The rest is decided here: which messages are text for a
person at all, which part of a longer message this is, and that a line is exactly as long as the modem said.
"""

import hashlib
import string
import unicodedata
from functools import lru_cache
from types import ModuleType
from typing import NamedTuple

from kentongan_hub.base.language import _
from kentongan_hub.channels.base import Failure

SINGLE, PART = 160, 153  # septets in a whole message, and beside the six octets that join parts
PARTS_MAX = 3  # of a message that we send
PARTS_IN_MAX = 10  # of one that we take
CENTRE_MAX = 11  # octets of a service centre: its kind and twenty digits
PDU_OCTETS_MAX = 1 + CENTRE_MAX + 164  # with the longest TPDU (TS 27.005)
VALIDITY = "1440M"  # a day, in Gammu's words
# information elements of a user data header (TS 23.040, 9.2.3.24)
PORTS, JOIN_8, JOIN_16 = (0x04, 0x05), 0x00, 0x08

# reasons why a message is not read; counted, and shown on the page Kanal
BROKEN, BINARY, REPORT, OWN, TOO_LONG = "rusak", "biner", "laporan", "kiriman", "terlalu panjang"


# sender: as the network wrote it · part: (reference, total, number) or None · digest: of the message itself,
# without the service centre that handed it over
class Message(NamedTuple):
    sender: str
    text: str
    part: tuple[int, int, int] | None
    digest: bytes


# one septet each in the GSM alphabet; what phones have twice or not at all is written plainly
_PLAIN = str.maketrans("·–—…’‘“”`[]{}^~|\\", ",--.''\"\"'()()'-//")
_SEPTETS = frozenset(" !\"#$%&'()*+,-./:;<=>?@_\n" + string.digits + string.ascii_letters)


class Refused(Exception):
    """A PDU that is no message for us; `reason` is one of the words above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(1)
def _gammu() -> ModuleType:
    try:
        import gammu
    except ImportError:
        raise Failure(_("SMS tidak bisa di mesin ini: pustaka python-gammu tidak terpasang; pakai mesin "
                        "64-bit"))  # fmt: skip
    return gammu


def digest_of(octets: bytes) -> bytes:
    """Identify a message; the same one handed over by another service centre has the same digest."""
    skip = 1 + octets[0] if octets else 0
    return hashlib.sha256(octets[skip:]).digest()[:16]


def octets_of(text: str, length: int) -> bytes:
    """Decode a hex line into a PDU, service centre first, TPDU of `length` octets; else Refused."""
    if len(text) > 2 * PDU_OCTETS_MAX:
        raise Refused(BROKEN)
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        raise Refused(BROKEN)
    if octets and len(octets) == length:  # modems that leave the service centre out
        octets = b"\0" + octets
    if length < 1 or not octets or octets[0] > CENTRE_MAX or len(octets) != 1 + octets[0] + length:
        raise Refused(BROKEN)
    return octets


def read(octets: bytes) -> Message:
    """Decode an SMS-DELIVER; Refused for anything else."""
    gammu = _gammu()
    kind = octets[1 + octets[0]] & 3
    if kind != 0:
        raise Refused(REPORT if kind == 2 else OWN if kind == 1 else BROKEN)
    try:
        found = gammu.DecodePDU(octets, True)
    except gammu.ERR_NOTSUPPORTED:  # compressed text
        raise Refused(BINARY)
    except (gammu.GSMError, ValueError, TypeError):  # UnicodeError is a ValueError
        raise Refused(BROKEN)
    text, header = found["Text"], found["UDH"]["Text"]
    elements = _elements(header)
    if not isinstance(text, str) or found["Coding"] == "8bit" or any(one in elements for one in PORTS):
        raise Refused(BINARY)
    if found["Coding"].startswith("Default"):
        # the alphabet has no NUL: what Gammu gives behind one is what its buffer held before
        text = text.partition("\0")[0]
    part = _part(elements)
    if part and part[1] > PARTS_IN_MAX:
        raise Refused(TOO_LONG)
    return Message(found["Number"] or "", text, part, digest_of(octets))


def _elements(header: bytes) -> dict[int, bytes]:
    """Split a user data header into {identifier: data}; Refused when its lengths do not add up."""
    if not header:
        return {}
    found, at, end = {}, 1, 1 + header[0]
    if end != len(header):
        raise Refused(BROKEN)
    while at < end:
        if at + 2 > end or at + 2 + header[at + 1] > end:
            raise Refused(BROKEN)
        found[header[at]] = header[at + 2 : at + 2 + header[at + 1]]
        at += 2 + header[at + 1]
    return found


def _part(elements: dict[int, bytes]) -> tuple[int, int, int] | None:
    """Read (reference, total, number) of a joined message; None of a whole one, or of senseless numbers."""
    data = elements.get(JOIN_16) or elements.get(JOIN_8)
    if data is None or len(data) not in (3, 4):
        return None
    reference, total, number = int.from_bytes(data[:-2], "big"), data[-2], data[-1]
    if total < 2 or not 1 <= number <= total:
        return None
    return (reference + (len(data) == 4) * 0x1_0000, total, number)


def plain(text: str) -> str:
    """Write with characters of one septet each; accents are dropped, others become '?'."""
    text = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return "".join(sign if sign in _SEPTETS else "?" for sign in text)


def pieces(text: str) -> list[str]:
    """Cut a text into one message or at most three parts; the end is dropped, never the beginning."""
    text = plain(text)
    if len(text) <= SINGLE:
        return [text]
    return [text[at : at + PART] for at in range(0, len(text), PART)][:PARTS_MAX]


def written(number: str, text: str, reference: int) -> list[tuple[int, str]]:
    """Encode a text to an E.164 number: [(octets of the TPDU, hex line)]; `reference` joins parts."""
    texts = pieces(text)
    return [
        _submit(number, one, bytes([5, 0, 3, reference & 0xFF, len(texts), at]) if len(texts) > 1 else b"")
        for at, one in enumerate(texts, 1)
    ]


def _submit(number: str, text: str, header: bytes) -> tuple[int, str]:
    message = {
        "Number": number,
        "Text": text,
        "Coding": "Default_No_Compression",
        "Class": -1,
        "Folder": 1,
        "SMSC": {"Location": 0, "Number": "", "Validity": VALIDITY},
        "UDH": {"Type": "UserUDH" if header else "NoUDH", "Text": header},
    }
    octets = _gammu().EncodePDU(message, "Submit")
    tpdu = octets[1 + octets[0] :]
    return len(tpdu), "00" + tpdu.hex().upper()  # 00: the service centre of the card
