"""docs/kamus.md has the Indonesian words that the sources use as data."""

import re
from pathlib import Path

import pytest
from kentongan_hub.base import words

PAGE = Path(__file__).resolve().parents[2] / "docs/kamus.md"
TEXT = PAGE.read_text(encoding="utf-8").lower()
WORDS = [
    word.strip()
    for row in re.findall(r"^\| ([^|]+) \|", TEXT[TEXT.index("## people") :], re.MULTILINE)
    for word in row.split(",")
    if row != "word"
]


def said_as(text):
    """The word under which a text of the screen stands in the page: 'Tombol rumah' under 'tombol'."""
    return [text.lower(), *re.split(r"[/,]", text.lower()), text.lower().rsplit(" ", 1)[0]]


@pytest.mark.parametrize("table", ["KINDS", "STATES", "DEVICE_ROLES", "ROLES"])
def test_every_kind_state_and_role_is_explained(table):
    texts = getattr(words, table).values()
    assert not [text for text in texts if not any(word.strip() in WORDS for word in said_as(text))]


def test_no_word_stands_there_twice():
    assert len(WORDS) > 50
    assert not {word for word in WORDS if WORDS.count(word) > 1}
