"""Phone numbers at the door: one written form, E.164 ("+6281211110001"), or a LocalError that says why not.

Every number that a machine dials or compares goes through `normal`; numbers that only people call (page
Kontak, short ones among them) go through `callable_number`. The rules are libphonenumber's, Indonesia first.
"""

import re
import unicodedata

import phonenumbers
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import _

REGION, COUNTRY_CODE = "ID", 62
TYPED_LIMIT = 40  # characters of a number as people type it
HOW = _("nomor: tulis seperti 0812xxxxxxx atau +62812xxxxxxx")
SHORT_MAX = 6  # digits; 110, 112, 1500xx: services, which send and get no SMS of ours
MOBILE_DIGITS = (9, 12)  # of an Indonesian mobile number without 62; new blocks come faster than tables
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # what contact lists paste along
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_SIGNS = re.compile(r"[0-9+() ./\u00a0-]+\Z")
# "0812...", "62812...", "+62 (0) 812..." all mean +62812...: no local number begins with 62 8
_HOME = re.compile(r"(?:\+?62[^0-9]*0?|0)[^0-9]*(?=8)")


def normal(text: str) -> str:
    """Normalize to '+6281211110001' from any way to write it; LocalError names what is wrong."""
    typed = _typed(text)
    digits = re.sub(r"[^0-9]", "", typed)
    if len(digits) <= SHORT_MAX:
        raise LocalError(_("nomor: terlalu pendek untuk SMS; tulis seperti 0812xxxxxxx atau +62812xxxxxxx"))
    if typed.startswith("00"):
        typed = "+" + typed[2:]
    found = _HOME.match(typed)
    number = _parsed("+62" + typed[found.end() :] if found else typed)
    if number.country_code == COUNTRY_CODE:
        national = str(number.national_number)
        if number.italian_leading_zero or national[0] != "8" or national[1] == "0":  # 0800: free phone
            raise LocalError(_("nomor: bukan nomor ponsel; SMS perlu nomor yang dimulai 08 atau +628"))
        if len(national) < MOBILE_DIGITS[0]:
            raise LocalError(_("nomor: kurang angka; nomor ponsel 10 sampai 13 angka, dimulai 08"))
        if len(national) > MOBILE_DIGITS[1]:
            raise LocalError(_("nomor: kelebihan angka; nomor ponsel 10 sampai 13 angka, dimulai 08"))
    elif not phonenumbers.is_valid_number(number):
        raise LocalError(_("nomor: tidak ada nomor luar negeri seperti itu; periksa kode negaranya"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def sender(text: str) -> str | None:
    """Give the E.164 form of a sender that the network names; None for names and short numbers."""
    try:
        return normal(text)
    except LocalError:
        return None


def callable_number(text: str) -> str:
    """Check a number as typed, in plain digits, for people to call; LocalError when no phone can."""
    typed = _typed(text, _("nomor: tulis seperti 110, 021 7654321 atau +62812xxxxxxx"))
    digits = re.sub(r"[^0-9]", "", typed)
    if len(digits) < 2:
        raise LocalError(_("nomor: tulis seperti 110, 021 7654321 atau +62812xxxxxxx"))
    if len(digits) > SHORT_MAX and not phonenumbers.is_possible_number(_parsed(typed)):
        raise LocalError(_("nomor: angkanya terlalu banyak atau kurang; salin lagi dari sumbernya"))
    return typed


def _typed(text: str, how: str = HOW) -> str:
    """Write the text with its digits as 0-9 and nothing but digits and the usual signs between them."""
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", str(text)))
    text = "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)
    text = _DASHES.sub("-", text).strip()
    if not _SIGNS.match(text) or len(text) > TYPED_LIMIT or "+" in text[1:]:
        raise LocalError(how)
    return text


def _parsed(text: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise LocalError(_("nomor: kode negara tidak ada; nomor Indonesia dimulai +62 atau 0"))
        raise LocalError(HOW)
