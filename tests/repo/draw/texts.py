"""Every text of the hub that people read, and the files of its other languages. Run it to bring those up to
date: new texts come in empty, for a translator to fill, and those that the hub no longer says go.
"""

import ast
import re
from pathlib import Path

import polib
from jinja2 import Environment
from jinja2.ext import extract_from_ast
from kentongan_hub.base import language

SOURCE = Path(language.__file__).parents[1]
MARK = "_"
READ_ATTRIBUTES = ("placeholder", "aria-label", "title", "alt", "data-tanya")
_LETTERS = re.compile(r"[A-Za-z]{2}")
_ATTRIBUTE = re.compile(r"([\w-]+)=$")


def found():
    """{text: [the files that say it]} in the order of the files."""
    out = {}
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html")]):
        for text in of_file(path):
            files, name = out.setdefault(text, []), path.relative_to(SOURCE).as_posix()
            files.extend([] if name in files else [name])
    return out


def of_file(path):
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return of_python(source)
    calls = extract_from_ast(Environment().parse(source), [MARK], babel_style=False)
    return [texts[0] for _line, _mark, texts in calls]


def of_python(source):
    """List the texts in calls of the mark, in the order of the lines; not that of a variable."""
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == MARK
    ]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    first = [node.args[0] for node in calls]
    return [node.value for node in first if isinstance(node, ast.Constant)]


class Reader:
    """Walks a template's text and knows where people read: between tags, or in an attribute for them."""

    def __init__(self):
        self.in_tag, self.quote, self.attribute, self.tail = False, "", "", ""

    @property
    def reads(self):
        return bool(self.quote) and self.attribute in READ_ATTRIBUTES if self.in_tag else True

    def pieces(self, text):
        """The pieces of the next text of the template that people read."""
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
                start = at + 1
            elif sign == ">":
                self.in_tag, start = False, at + 1
            else:
                self.tail += sign
        out.append((text[start:], self.reads))
        return [piece for piece, reads in out if reads]


def unmarked(source):
    """List the texts of a template that people would read in Indonesian, whatever their language."""
    reader, out, expression, reads = Reader(), [], [], False
    for token in Environment()._tokenize(source, None):
        if token.type == "data":
            out += reader.pieces(token.value)
        elif token.type == "variable_begin":
            expression, reads = [], reader.reads
        elif token.type == "variable_end":
            out += _values(expression) if reads else []
        else:
            expression.append(token)
    return [text.strip() for text in out if _LETTERS.search(re.sub("&[a-z]+;", "", text))]


def _values(tokens):
    """Strings of an expression that are its value: neither compared nor an argument of a call."""
    calls, out = [], []
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.type in ("lparen", "lbracket"):
            calls.append(token.type == "lbracket" or (before is not None and before.type == "name"))
        elif token.type in ("rparen", "rbracket"):
            calls.pop()
        elif token.type == "string" and not any(calls):
            near = {one.value for one in (before, after) if one is not None}
            out += [token.value] if not near & {"==", "!=", "in", "not", "%"} else []
    return out


def merged(file, texts):
    """The .po file with these texts and no others."""
    old = polib.pofile(str(file)) if Path(file).exists() else []
    known = {one.msgid: one for one in old if not one.obsolete}
    new = polib.POFile(wrapwidth=100)
    new.metadata = {
        "Language": Path(file).stem,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for text, files in texts.items():
        entry = known.get(text) or polib.POEntry(msgid=text)
        entry.occurrences = [(name, "") for name in files]
        flags = [one for one in entry.flags if one != "python-format"]
        entry.flags = [*flags, "python-format"] if "%(" in text else flags
        new.append(entry)
    return new


if __name__ == "__main__":
    texts = found()
    for file in sorted((SOURCE / "languages").glob("*.po")):
        po = merged(file, texts)
        po.save(str(file))
        left = [one.msgid for one in po.untranslated_entries() + po.fuzzy_entries()]
        print(f"{file}: {len(po)} texts, {len(left)} to be translated", *left, sep="\n  ")
