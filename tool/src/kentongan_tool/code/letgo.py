"""Parts of a joined source that only a start calls: their names go after it, and their memory is freed.

The start is what ONCE calls and nothing else does. Whatever could be called later stays: what anything
else names, what the start hands on without calling it, every method whose name somebody else asks any object
for, or that stands in a string.
"""

import ast
from collections.abc import Collection

from kentongan_tool.code.trees import DEFINITIONS, FUNCTIONS, METHODS, Method, children, stored, text_of, walk

LET_GO = ("shell.launch", "let_go")  # its body is written here
ONCE = (
    ("shell.launch", "prepare"),
    ("shell.hal", "recall"),
    ("shell.hal", "wake"),
)  # launch.py calls them before that, once


class Reach:
    """Statements that the start alone calls: `once`. `roots`: these name the role's class."""

    def __init__(self, statements: list, roots: Collection[str], once: Collection[str]):
        self.top = {name: node for node in statements for name in _bound(node)}
        self.methods: dict[str, list[tuple[ast.ClassDef, Method]]] = {}
        for owner in statements:
            for node in owner.body if isinstance(owner, ast.ClassDef) else ():
                if isinstance(node, METHODS):
                    self.methods.setdefault(node.name, []).append((owner, node))
        self.roots, self.once = roots, once
        self.later: set[str | int] = set()  # functions that may be called, and names that may be read, later
        self.at_start: set[str | int] = set()
        self._waiting: list[tuple[Method, bool]] = []
        for node in statements:
            if not isinstance(node, DEFINITIONS):
                self._read(node, False)
            elif isinstance(node, ast.ClassDef):
                for part in node.body:
                    if not isinstance(part, METHODS):
                        self._read(part, False)
            for inner in walk(node):
                if (text := text_of(inner)) is not None:
                    self._method(text, True)
        for name in roots:
            self._name(name, True)
        while self._waiting:
            self._read_body(*self._waiting.pop())

    def _name(self, name: str, later: bool) -> None:
        """Follow a top-level name that is read, or (not later) only called by the start."""
        node = self.top.get(name)
        if node is None:
            return
        later = later and name not in self.once
        if later:
            self.later.add(name)
        if isinstance(node, METHODS):
            self._body(node, later)
        elif isinstance(node, ast.ClassDef):
            self._made(node, later)

    def _made(self, owner: ast.ClassDef, later: bool) -> None:
        """Follow an object of that class, which may be made."""
        for node in owner.body:
            if isinstance(node, METHODS) and node.name.startswith("__"):
                self._body(node, later or node.name != "__init__")
        for base in owner.bases:
            if isinstance(base, ast.Name) and isinstance(self.top.get(base.id), ast.ClassDef):
                self._made(self.top[base.id], later)

    def _method(self, name: str, later: bool) -> None:
        if name != "__init__":
            for _, node in self.methods.get(name, ()):
                self._body(node, later)

    def _body(self, function: Method, later: bool) -> None:
        done = self.later if later else self.at_start
        if id(function) not in done:
            done.add(id(function))
            self._waiting.append((function, later))

    def _read_body(self, function: Method, later: bool) -> None:
        for default in [*function.args.defaults, *filter(None, function.args.kw_defaults)]:
            self._read(default, False)
        for node in function.body:
            self._read(node, later, function.name in self.roots)

    def _read(self, node: ast.AST, later: bool, is_root: bool = False) -> None:
        """One statement or expression of the start (not later), or of what goes on."""
        called: set[int] = set()
        waiting = [(node, later)]
        while waiting:
            node, later = waiting.pop()
            if isinstance(node, FUNCTIONS):
                later = True  # it is called when whoever holds it likes to
            elif isinstance(node, ast.Call):
                called.add(id(node.func))
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                self._method(node.attr, later or id(node) not in called)
                if isinstance(node.value, ast.Name):
                    self._of_class(node.value.id, later)
                    continue
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                made = is_root and isinstance(self.top.get(node.id), ast.ClassDef)
                self._name(node.id, not made and (later or self._goes_on(node, called)))
            waiting.extend((inner, later) for inner in children(node))

    def _goes_on(self, node: ast.Name, called: set[int]) -> bool:
        """Tell whether the start hands on what it names; a table is only read."""
        return id(node) not in called and isinstance(self.top.get(node.id), DEFINITIONS)

    def _of_class(self, name: str, later: bool) -> None:
        """X of X.y: a class is not made by it."""
        if not isinstance(self.top.get(name), ast.ClassDef):
            self._name(name, later)
        elif later:
            self.later.add(name)

    def given_back(self) -> list[str]:
        """Methods as Class.method, then top-level names."""
        methods = [
            f"{owner.name}.{name}"
            for name, found in self.methods.items()
            for owner, node in found
            if id(node) in self.at_start and id(node) not in self.later
        ]
        return methods + [name for name in self.top if name not in self.later]


def _bound(node: ast.stmt) -> list[str]:
    """Return the top-level names that a statement makes, and nothing that only lives inside it."""
    if isinstance(node, ast.Assign):
        return [name for target in node.targets for name in stored(target)]
    return [node.name] if isinstance(node, DEFINITIONS) else []


def written(statements: list, roots: Collection[str], let_go: str, once: Collection[str]) -> list:
    """Return the statements with the body of the function `let_go`, if it is there."""
    if not [node for node in statements if let_go in stored(node)]:
        return statements
    names = [*Reach(statements, roots, once).given_back(), let_go]
    own = [name for name in names if "." not in name]
    text = f"def {let_go}():\n global {', '.join(own)}\n del {', '.join(names)}"
    return [ast.parse(text).body[0] if let_go in stored(node) else node for node in statements]
