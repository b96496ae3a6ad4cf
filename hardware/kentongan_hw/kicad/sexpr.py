"""KiCad's file syntax: nested lists of atoms. `Text` is a quoted atom, `str` a bare one."""

import re

_TOKEN = re.compile(r'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|([^\s()"]+))')


class Text(str):
    """An atom that stands in quotes in the file."""


def parse(text):
    """Return the first list of a KiCad file as nested Python lists."""
    stack = [[]]
    for match in _TOKEN.finditer(text):
        opened, closed, quoted, bare = match.groups()
        if opened:
            stack.append([])
        elif closed:
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(bare if quoted is None else Text(re.sub(r"\\(.)", r"\1", quoted)))
    return stack[0][0]


def dump(node, depth=0):
    """Return the text of nested lists, one list of lists a line."""
    if isinstance(node, Text):
        return '"' + node.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if not isinstance(node, list):
        return f"{node:g}" if isinstance(node, float) else str(node)
    if not any(isinstance(item, list) for item in node):
        return "(" + " ".join(dump(item) for item in node) + ")"
    pad = "\n" + "\t" * (depth + 1)
    parts = [pad + dump(item, depth + 1) if isinstance(item, list) else " " + dump(item) for item in node]
    return "(" + "".join(parts).lstrip(" ") + "\n" + "\t" * depth + ")"


def find(node, name):
    """Every list in node that begins with name."""
    return [item for item in node if isinstance(item, list) and item and item[0] == name]


def first(node, name):
    found = find(node, name)
    return found[0] if found else None
