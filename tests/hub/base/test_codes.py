"""Every code that the database holds has its words, in Indonesian and each other language, and a writer."""

import ast
import re

import polib
import pytest
from kentongan_hub.base import codes
from kentongan_hub.base.language import Joined, Text, shown, use
from kentongan_hub.base.said import Said, pack, unpack
from kentongan_hub.base.speech import code_words
from repo.draw import texts

CODES = {name: value for name, value in vars(codes).items() if name.isupper() and isinstance(value, str)}
TABLES = {name: table for name, table in vars(code_words).items() if name.isupper()}
# functions of several texts: what they say for these values is looked at instead
FILLED = {
    codes.NTH_CALL: {"number": 2, "to": ["tugas:ketua_rt", "dekat:4"], "card": "{polisi}", "numbers": {}},
    codes.RECIPIENT: {"to": "penerima"},
    codes.CHANNEL: {"name": "apprise"},
    codes.LASTED: {"gap_ms": 3_600_000, "sure": 0},
    codes.FACT: {"fact": "rumah"},
    codes.POLICY_OF: {"kind": 1, "zone": 0},
    codes.GATEWAY_SAYS: {"name": "disk_lost"},
    codes.WARNING: {"warning": "lid_open"},
    codes.WARNED_OF: {"warning": "lid_open"},
    codes.SEVERAL: {"things": [Said("calling"), Said("sirens")]},
    codes.CODES_ARE: {"profile": "lokal", "own": [[1, "2-2"]]},
}


def said_texts():
    for table in TABLES.values():
        for code, words in table.items():
            found = words if isinstance(words, tuple) else (words,)
            for one in found:
                yield code, one if isinstance(one, str) else code_words.say(Said(code, **FILLED[code]))


def msgids(text):
    if isinstance(text, Joined):
        return [msgid for part in text.parts for msgid in msgids(part)]
    if not isinstance(text, Text):
        return []
    return [text.msgid, *(msgid for value in text.values.values() for msgid in msgids(value))]


def test_every_code_has_its_words_and_no_words_are_for_a_code_that_is_none():
    known = {code for table in TABLES.values() for code in table}
    assert set(CODES.values()) - known == set(), (
        "a code without words in base/codes.py or base/speech/code_words.py"
    )
    assert known - set(CODES.values()) == set()


def test_a_code_is_small_english_words_and_the_name_of_its_constant():
    assert [name for name, value in CODES.items() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", value)] == []
    assert {name: value for name, value in CODES.items() if value != name.lower()} == {}


FILES = sorted((texts.SOURCE / "languages").glob("*.po"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_code_has_its_words_in_every_language(file):
    translated = {one.msgid for one in polib.pofile(str(file)).translated_entries()}
    missing = [
        (code, msgid) for code, text in said_texts() for msgid in msgids(text) if msgid not in translated
    ]
    assert missing == []
    assert all(isinstance(text, Text) or text == "" for _, text in said_texts())


def used():
    """Names of codes.py that the program names outside it and its words."""
    names = set()
    for path in texts.SOURCE.rglob("*.py"):
        if path.name in ("code_words.py", "codes.py") and "base" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "codes":
                names.add(node.attr)
    return names


def test_somebody_writes_every_code():
    shown_alone = {"WORDS_ERASED"}  # null in the database, see code_words.reason
    assert set(CODES) - used() - shown_alone == set()


def test_a_sentence_comes_back_from_the_database_as_it_went_in():
    one = Said("does_not_count", why=Said("chime_not_paged"), names=["Budi", Said("none")], count=3)
    assert unpack(pack(one)) == one and unpack(pack([one, one])) == [one, one]
    assert pack(None) == "" and unpack("") is None
    for torn in ('{"say": ', "3", '{"with": 1}', "[[[", '{"say": "does_not_count", "with": 3}'):
        code_words.say(unpack(torn))


def test_a_sentence_is_in_the_language_of_who_reads_it_and_names_in_it_are_not():
    one = Said(codes.COME_TOO, name="diterima terlambat", slug="kejadian-2")
    use("en")
    said = shown(code_words.say(one))
    use("id")
    assert "diterima terlambat" in said and "juga" not in said


def test_a_code_that_is_not_known_is_shown_as_it_stands():
    row = {"actor": "", "who": "Budi", "what": "of_tomorrow", "said": '{"say": "never_seen"}', "detail": "x"}
    line = code_words.line(row)
    assert (line["who"], line["what"], line["detail"]) == ("Budi", "of_tomorrow", "never_seen: x")


def test_no_row_is_patched_to_say_what_it_does_not():
    """A copy of a row with another `confidential` or `drill` opens what its filter keeps."""
    columns = {"confidential", "drill", "opened_ms", "last_counter", "late"}
    names = {"row", "incident", "again", "one", "child", "parent"}
    wrong = []
    for path in texts.SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict) and None in node.keys:
                both = list(zip(node.keys, node.values, strict=True))
                spread = {ast.unparse(value) for key, value in both if key is None}
                keys = {key.value for key, _ in both if isinstance(key, ast.Constant)}
                if keys & columns and spread & names:
                    wrong.append((path.name, node.lineno))
    assert wrong == []


def sentences_kept():
    """List calls that keep what they are given and get a sentence, marked or not, in place of a code."""
    at = {"record": (3, 5), "tell": (4, 5), "tell_once": (3, 4), "contained": (2,), "note": (2,),
          "_found": (0, 2)}  # fmt: skip
    for path in texts.SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "note" and getattr(getattr(node.func, "value", None), "id", "") != "failures":
                continue
            for number in at.get(name, ()):
                for one in ast.walk(ast.Tuple(node.args[number : number + 1])):
                    marked = isinstance(one, ast.Call) and getattr(one.func, "id", "") == texts.MARK
                    plain = one in node.args and isinstance(one, ast.Constant) and one.value
                    if marked or plain:
                        yield f"{path.name}:{one.lineno}"


def test_no_sentence_is_kept_where_a_code_stands():
    assert list(sentences_kept()) == []
