"""Removal of the parts of a joined source that no board of the role calls."""

import ast
from collections.abc import Container
from typing import TypeGuard

from kentongan_tool.code.trees import METHODS, Method, stored, text_of, walk


def needed(statements: list[ast.stmt], roots: list[str], asked: Container[str] = ()) -> list[ast.stmt]:
    """Return the statements that the roots' names reach, in order, without methods that nothing names (nor
    `asked`); what binds no name always counts."""
    while True:
        statements = _reached(statements, roots)
        if not _drop_methods(statements, asked):
            return statements


def _reached(statements: list[ast.stmt], roots: list[str]) -> list[ast.stmt]:
    places: dict[str, set[int]] = {}
    for i, node in enumerate(statements):
        for name in stored(node):
            places.setdefault(name, set()).add(i)
    waiting = [i for i, node in enumerate(statements) if not stored(node)]
    waiting += [i for name in roots for i in places.get(name, ())]
    kept: set[int] = set()
    while waiting:
        i = waiting.pop()
        if i not in kept:
            kept.add(i)
            for inner in walk(statements[i]):
                if isinstance(inner, ast.Name):
                    waiting.extend(places.get(inner.id, set()) - kept)
    return [statements[i] for i in sorted(kept)]


def _drop_methods(statements: list[ast.stmt], asked: Container[str]) -> bool:
    """Leave out methods whose name stands nowhere else, neither behind a dot nor in a string."""
    named: dict[str | None, int] = {}
    for one in statements:
        for node in walk(one):
            name = node.attr if isinstance(node, ast.Attribute) else text_of(node)
            named[name] = named.get(name, 0) + 1
    found = False
    for one in statements:
        if isinstance(one, ast.ClassDef):
            body = [
                node
                for node in one.body
                if not _is_method(node) or node.name in asked or _outside(node, named)
            ]
            found = found or len(body) < len(one.body)
            one.body = body or [ast.Pass()]
    return found


def _is_method(node: ast.stmt) -> TypeGuard[Method]:
    return isinstance(node, METHODS) and not node.name.startswith("__")


def _outside(method: Method, named: dict[str | None, int]) -> bool:
    own = sum(isinstance(node, ast.Attribute) and node.attr == method.name for node in walk(method))
    return named.get(method.name, 0) > own
