"""English by switch. Pages are written in Indonesian; english.toml holds the English of every text in them.

A template's own text is translated when it is compiled for the English environment; what is put into it
between {{ }} is looked up when it is shown, as a whole or by a pattern with {} for what varies. Attributes
are left alone but for those that people read. What is in no table stays Indonesian: a test finds it.
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from jinja2.ext import Extension
from jinja2.lexer import Token
from markupsafe import Markup

INDONESIAN, ENGLISH = "id", "en"
LANGUAGES = {INDONESIAN: "Bahasa Indonesia", ENGLISH: "English"}
READ_ATTRIBUTES = ("placeholder", "aria-label", "title", "alt", "data-tanya")
FUNCTION = "_english"  # what {{ }} is wrapped into where people read it
TABLE = Path(__file__).with_name("english.toml")
_SIGNS = re.compile(r"([\s·,.:;)?]*)(.*?)([\s·,.:;(?]*)", re.S)
_FORMAT = re.compile(r"%[0-9.]*[dfs]")
_SEPARATOR = re.compile(r"([,;:] )")
_LETTER = re.compile(r"[A-Za-z]")
_ATTRIBUTE = re.compile(r"([\w-]+)=$")


@lru_cache(1)
def table():
    """{Indonesian: English}; a section of the file is only there for the reader."""
    sections = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {key: text for section in sections.values() for key, text in section.items()}


@lru_cache(1)
def patterns():
    """[(regular expression, English)] of the texts with {}, those with most fixed letters first."""
    keys = sorted((key for key in table() if "{}" in key), key=len, reverse=True)
    return [(re.compile("(.+?)".join(map(re.escape, key.split("{}"))), re.S), table()[key]) for key in keys]


@lru_cache(4096)
def english(text):
    """The English of one text; the text itself where there is none. What varies in it is looked up too."""
    before, _, after = _SIGNS.fullmatch(text).groups()
    inner = core(text)
    if inner in table():
        return before + table()[inner] + after
    return before + (_list(inner) or _pattern(inner) or inner) + after


def _pattern(inner):
    for pattern, out in patterns():
        found = pattern.fullmatch(inner)
        if found:
            return out.format(*(english(part) for part in found.groups()))
    return None


def _list(inner):
    """'ketua RT, bidan' part by part, where every part has its English; else None."""
    parts = _SEPARATOR.split(inner)
    if len(parts) == 1:
        return None
    out = [part if part in table() else english(part) for part in parts]
    known = all(
        new != old or old in table() or not _LETTER.search(old) for old, new in zip(parts, out, strict=True)
    )
    return "".join(table().get(part, part) for part in out) if known else None


def core(text):
    """The text as it stands in the table: one line, without the signs and spaces around it."""
    return " ".join(_SIGNS.fullmatch(text)[2].split())


def shown(value):
    """What {{ }} becomes on an English page: markup, numbers and absent values as they are."""
    return english(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class Reader:
    """Walks a template's text and knows where people read: between tags, or in an attribute for them."""

    def __init__(self):
        self.in_tag, self.quote, self.attribute, self.tail = False, "", "", ""

    @property
    def reads(self):
        if self.in_tag:
            return bool(self.quote) and self.attribute in READ_ATTRIBUTES
        return True

    def pieces(self, text):
        """[(piece, whether people read it)] of the next text of the template."""
        out, start = [], 0
        for at, sign in enumerate(text):
            before = self.reads
            if not self.in_tag:
                if sign != "<":
                    continue
                out.append((text[start:at], True))
                start, self.in_tag, self.tail = at, True, ""
            elif self.quote:
                if sign != self.quote:
                    continue
                out.append((text[start:at], before))
                start, self.quote, self.tail = at, "", ""
            elif sign in "\"'":
                found = _ATTRIBUTE.search(self.tail)
                self.quote, self.attribute = sign, found[1] if found else ""
                out.append((text[start : at + 1], False))
                start = at + 1
            elif sign == ">":
                self.in_tag = False
                out.append((text[start : at + 1], False))
                start = at + 1
            else:
                self.tail += sign
        out.append((text[start:], self.reads))
        return [(piece, read) for piece, read in out if piece]


class Translate(Extension):
    """Makes the English environment of the templates."""

    def __init__(self, environment):
        super().__init__(environment)
        environment.globals[FUNCTION] = shown

    def filter_stream(self, stream):
        reader, wrapped = Reader(), False
        for token in stream:
            if token.type == "data":
                text = "".join(
                    english(piece) if read else piece for piece, read in reader.pieces(token.value)
                )
                yield Token(token.lineno, "data", text)
            elif token.type == "variable_begin":
                wrapped = reader.reads
                yield token
                if wrapped:
                    yield Token(token.lineno, "name", FUNCTION)
                    yield Token(token.lineno, "lparen", "(")
            elif token.type == "variable_end":
                if wrapped:
                    yield Token(token.lineno, "rparen", ")")
                yield token
            else:
                yield token


def texts(environment, source):
    """Every text of a template that people read: its own, and the words in {{ }} that are shown."""
    reader, found, expression, reads = Reader(), [], None, False
    for token in environment._tokenize(source, None):
        if token.type == "data":
            found += [piece for piece, read in reader.pieces(token.value) if read]
        elif token.type == "variable_begin":
            expression, reads = [], reader.reads
        elif token.type == "variable_end":
            found += _words(expression) if reads else []
            expression = None
        elif expression is not None:
            expression.append(token)
    found = {core(_FORMAT.sub("{}", text)) for text in found}
    return {text for text in found if _LETTER.search(text) and '="' not in text}


def _words(tokens):
    """Strings of an expression that are its value: neither compared nor an argument of a call."""
    calls, out = [], []
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.type in ("lparen", "lbracket"):
            calls.append(token.type == "lbracket" or (before is not None and before.type == "name"))
        elif token.type in ("rparen", "rbracket"):
            calls.pop()
        elif token.type == "string" and not any(calls):
            near = {one.value for one in (before, after) if one is not None}
            if not near & {"==", "!=", "in", "not"}:
                out.append(token.value)
    return out
