"""Our own texts in the language of who reads them: gettext's .po files, one a language, from Indonesian.

A sentence of ours is a Text: the Indonesian, and what varies in it as named values. It is translated where it
is shown and nowhere else: database and record hold codes (codes.py), every SMS Indonesian. Typed text
is a plain str, and no table is asked for it. Nothing here raises: no page and no alarm fails by a word.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import Any, Self, cast

import polib

log = logging.getLogger("kentongan.hub")
INDONESIAN = "id"
FOLDER = files("kentongan_hub") / "languages"
_now: ContextVar[str] = ContextVar("language", default=INDONESIAN)
_PLACE = re.compile(r"%\(([^)]+)\)s")
_FORMAT = re.compile(r"%\(([^)]+)\)s|%%")
_LETTERS_MIN = 3  # of its own, so that a sentence can be known again among others


class Text(str):
    """One of our own sentences in Indonesian, which knows how it was made."""

    __slots__ = ("msgid", "values")
    msgid: str
    values: dict[str, object]

    def __new__(cls, msgid: str, /, **values: object) -> Self:
        if isinstance(msgid, Text) and not values:
            return cast(Self, msgid)  # a Joined, too: every method of a Text is its own
        made = super().__new__(cls, _filled(msgid, values))
        made.msgid, made.values = str.__str__(msgid), values
        return made

    def __str__(self) -> str:
        return self  # what it is as the message of an error, too

    def of(self, **values: object) -> "Text":
        """Fill this template with its values."""
        return Text(self.msgid, **values)


class Joined(Text):
    """Texts in a row, such as 'ketua RT, bidan'; people's own among them stay as they are."""

    __slots__ = ("sign", "parts")
    sign: str
    parts: tuple[object, ...]

    def __new__(cls, sign: str, parts: Iterable[object]) -> Self:
        parts = tuple(parts)
        made = super().__new__(cls, sign.join(map(str, parts)))
        made.sign, made.parts = sign, parts
        return made


def _filled(template: str, values: Mapping[str, object], say: Callable[[Any], object] = str) -> str:
    """Fill a template with its values; a place without one stays as it is written."""
    if not values:
        return template
    return _FORMAT.sub(lambda place: _filling(place, values, say), template)


def _filling(place: re.Match[str], values: Mapping[str, object], say: Callable[[Any], object]) -> str:
    if place[1] is None:
        return "%"
    return str(say(values[place[1]])) if place[1] in values else place[0]


_ = Text  # as xgettext and translators know it
NAME = _("Bahasa Indonesia")  # each file translates this one by its own language's name


def use(language: str | None) -> None:
    """Show texts in that language from here on in this thread, in Indonesian where it has no file."""
    _now.set(language if language and language in languages() else INDONESIAN)


def current() -> str:
    return _now.get()


def shown(value: Any, fit: Callable[[str], str] = str) -> Any:
    """Translate a Text for who reads it; anything else stays as it is. `fit` is done to our words."""
    if not isinstance(value, Text):
        return value
    if isinstance(value, Joined):
        return value.sign.join(str(shown(part, fit)) for part in value.parts)
    found = fit(catalogue(_now.get()).get(value.msgid, value.msgid))
    return _filled(found, value.values, lambda one: shown(_said(one), fit))


def _said(value: object) -> object:
    """Take an error by the sentence that it was raised with."""
    return str(value) if isinstance(value, Exception) else value


@lru_cache(1)
def languages() -> dict[str, str]:
    """List {language: its own name}: Indonesian, and each file of the folder."""
    codes = sorted(one.name[:-3] for one in FOLDER.iterdir() if one.name.endswith(".po"))
    return {INDONESIAN: str.__str__(NAME), **{code: catalogue(code).get(NAME, code) for code in codes}}


@lru_cache(None)
def catalogue(language: str) -> dict[str, str]:
    """Read {Indonesian: translation} of one language; what is missing or in doubt stays Indonesian."""
    if language == INDONESIAN:
        return {}
    try:
        entries = polib.pofile((FOLDER / f"{language}.po").read_text(encoding="utf-8"))
        return {one.msgid: one.msgstr for one in entries.translated_entries()}
    except Exception:  # a spoilt file costs its language, and no page
        log.exception("language %s cannot be read, its pages are Indonesian", language)
        return {}


# Finished sentences out of the database: what a channel failed at. Once that is codes, too, the
# rest of this file goes.


def known(text: object) -> Any:
    """Find the Text by which a sentence of ours became `text`; as it is where none did, or where the values
    hold words of it. Only for what no person types: that could be a sentence of ours."""
    if not isinstance(text, str) or text in catalogue(_now.get()):
        return Text(text) if isinstance(text, str) else text
    for sentence in _sentences(_now.get()):
        found = _values(sentence, text)
        if found:
            return Text(sentence, **{name: known(one) for name, one in found.items()})
    return text


@lru_cache(None)
def _sentences(language: str) -> list[str]:
    """List the sentences with values, the most particular first."""
    own = {one: len(re.findall("[A-Za-z]", _PLACE.sub("", one))) for one in catalogue(language)}
    some = [one for one in own if _PLACE.search(one) and own[one] >= _LETTERS_MIN]
    return sorted(some, key=own.__getitem__, reverse=True)


def _values(sentence: str, text: str) -> dict[str, str] | None:
    lazy, greedy = _patterns(sentence)
    first, last = lazy.fullmatch(text), greedy.fullmatch(text)
    return first.groupdict() if first and last and first.groupdict() == last.groupdict() else None


@lru_cache(None)
def _patterns(sentence: str) -> list[re.Pattern[str]]:
    pieces, out = _PLACE.split(sentence), []
    if len(set(pieces[1::2])) < len(pieces[1::2]) or not all(name.isidentifier() for name in pieces[1::2]):
        return [re.compile(r"(?!)")] * 2
    fixed = [re.escape(one.replace("%%", "%") if len(pieces) > 1 else one) for one in pieces[::2]]
    for any_ in (".+?", ".+"):
        named = [f"(?P<{name}>{any_}){rest}" for name, rest in zip(pieces[1::2], fixed[1:], strict=True)]
        out.append(re.compile(fixed[0] + "".join(named), re.S))
    return out
