"""Joins a role's modules into one source: a board loads one .mpy instead of sixty files.

Every top-level name becomes a name of the one module (with its module's name behind it where that could be
misread), imports between our modules go, whole numbers and short texts are written where they are used, and
what nothing uses is left out; what only a start calls goes after it (letgo.py). Code that
cannot be followed is refused with its place: no board gets guessed code.
"""

import ast
import builtins
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kentongan_tool.base.failures import ToolError
from kentongan_tool.code.driver import SWITCH
from kentongan_tool.code.letgo import LET_GO, ONCE, written
from kentongan_tool.code.names import INTERNED
from kentongan_tool.code.shrink import needed
from kentongan_tool.code.trees import (
    FUNCTIONS,
    OURS,
    Function,
    Meaning,
    Method,
    Module,
    Outside,
    Own,
    Whole,
    bound,
    is_docstring,
    is_ours,
    pairs,
    stored,
    text_of,
    walk,
)

Names = Callable[[str], Meaning | None]  # what a name means at a place

ASKED = ("settings", "runner", "actions", "console", "selftest")  # by the simulator's boards
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}


class Joined:
    """The modules that `root` (a file) needs, as one source. `sources`: {package: folder}."""

    def __init__(self, root: Path, sources: dict[str, Path]):
        self.sources = sources
        self.modules: dict[str, Module] = {}
        self.order: list[Module] = []  # as they have to run
        self._read("", Module("", Path(root)))
        self.finals = self._final_names()
        self.numbers: dict[Own, int | str] = {}
        for module in self.order:
            self._find_numbers(module)

    # -- reading ------------------------------------------------------------------------------------

    def path(self, name: str) -> Path | None:
        package, *parts = name.split(".")
        path = Path(self.sources[package], *parts).with_suffix(".py")
        return path if parts and path.is_file() else None

    def _read(self, name: str, module: Module) -> None:
        self.modules[name] = module
        for node in walk(module.tree):
            if is_ours(node):
                for alias in node.names:
                    inner = self._source_of(node, alias)
                    if inner not in self.modules:
                        path = self.path(inner)
                        if path is None:
                            raise module.unclear(node, f"no module {inner}")
                        self._read(inner, Module(inner, path))
            elif isinstance(node, ast.Import) and node.names[0].name.partition(".")[0] in OURS:
                raise module.unclear(node, "write `from package import module`")
        for node in module.body:
            self._bind(module, node)
        self.order.append(module)

    def _source_of(self, node: ast.ImportFrom, alias: ast.alias) -> str:
        module = node.module or ""
        inner = f"{module}.{alias.name}"
        return inner if self.path(inner) else module

    def _bind(self, module: Module, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    module.names.update(self.modules[node.module or ""].names)
                else:
                    module.names[alias.asname or alias.name] = self.meaning(module, node, alias)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module.names[alias.asname or alias.name] = Outside(
                    f"import {alias.name}", alias.asname or alias.name
                )
        else:
            for name in stored(node):
                module.names[name] = Own(module.name, name)

    def meaning(self, module: Module, node: ast.ImportFrom, alias: ast.alias) -> Meaning:
        """Return the meaning of one name of a `from` import."""
        if not is_ours(node):
            return Outside(f"from {node.module} import {alias.name}", alias.asname or alias.name)
        source = self._source_of(node, alias)
        if source != node.module:
            return Whole(source)
        if alias.name not in self.modules[source].names:
            raise module.unclear(node, f"{source} has no {alias.name} yet")
        return self.modules[source].names[alias.name]

    # -- naming -------------------------------------------------------------------------------------

    def _final_names(self) -> dict:
        """{Own: name in the one module}: no two alike, none that a function binds or that is built in."""
        owners: dict = {}
        taken = set(dir(builtins))
        for module in self.order:
            for node in walk(module.tree):
                if isinstance(node, FUNCTIONS):
                    taken |= bound(node)
            for name, what in module.names.items():
                if isinstance(what, Outside):
                    taken.add(name)
                elif what == Own(module.name, name):
                    owners.setdefault(name, []).append(what)
        finals = {}
        for name, found in owners.items():
            for what in found:
                clear = len(found) == 1 and name not in taken or what.module == ""
                finals[what] = name if clear else f"{name}_{what.module.rpartition('.')[2]}"
        inner = {final for what, final in finals.items() if what.module}
        if len(set(finals.values())) != len(finals) or taken & inner:
            raise ToolError("bundle", "two names of the device's modules cannot be told apart")
        return finals

    def _find_numbers(self, module: Module) -> None:
        """Whole numbers and short texts that a module assigns once, at its top."""
        times: dict = {}
        for node in walk(module.tree):
            if isinstance(node, ast.Global):
                times.update(dict.fromkeys(node.names, 2))
        for node in module.body:
            for name in stored(node):
                times[name] = times.get(name, 0) + 1
        for node in module.body:
            for target, value in pairs(node):
                number = self._number(module, value)
                if number is not None and times[target.id] == 1:
                    self.numbers[Own(module.name, target.id)] = number

    def _number(self, module: Module, node: ast.AST) -> int | str | None:
        if isinstance(node, ast.Constant):
            text = text_of(node)
            if text is not None:
                return text if len(text) <= INTERNED else None  # a name of the chip's anyway
            return node.value if type(node.value) is int else None
        if isinstance(node, (ast.Name, ast.Attribute)):
            what = self.look_up(module, node, module.names.get)
            return self.numbers.get(what) if isinstance(what, Own) else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Invert)):
            value = self._number(module, node.operand)
            return None if type(value) is not int else -value if isinstance(node.op, ast.USub) else ~value
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
            left, right = self._number(module, node.left), self._number(module, node.right)
            whole = type(left) is type(right) is int
            return OPERATIONS[type(node.op)](left, right) if whole else None
        return None

    def look_up(self, module: Module, node: ast.AST, names: Names) -> Meaning | None:
        """Return the meaning of a name, or of one behind modules' names; None of anything else."""
        if isinstance(node, ast.Name):
            return names(node.id)
        if isinstance(node, ast.Attribute):
            base = self.look_up(module, node.value, names)
            if isinstance(base, Whole):
                if node.attr not in self.modules[base.module].names:
                    raise module.unclear(node, f"{base.module} has no {node.attr}")
                return self.modules[base.module].names[node.attr]
        return None

    def asked_for(self) -> set:
        """Return the names that main.py, the simulator and tests ask the one module for."""
        root = self.modules[""]
        let_go = self._final_of(LET_GO)
        return {let_go} | {
            self.finals[what]
            for module in self.order
            for name, what in module.names.items()
            if isinstance(what, Own) and (module is root or module.name.rpartition(".")[2] in ASKED)
        }

    def _final_of(self, what: tuple[str, str]) -> str:
        module, name = what
        return self.finals.get(Own(f"kentongan_node.{module}", name), "")

    # -- writing ------------------------------------------------------------------------------------

    def source(self) -> str:
        """Return the one module's text."""
        statements = []
        for module in self.order:
            for node in module.body:
                if not isinstance(node, (ast.Import, ast.ImportFrom)):
                    new = Rewrite(self, module).visit(node)
                    statements += new if isinstance(new, list) else [new]
        roots = [
            self.finals[what]
            for what in self.order[-1].names.values()
            if isinstance(what, Own) and what.module == ""
        ]
        let_go, *once = [self._final_of(one) for one in (LET_GO, *ONCE)]
        kept = written(needed(statements, roots, SWITCH), roots, let_go, once)
        used = {node.id for one in kept for node in walk(one) if isinstance(node, ast.Name)}
        head: dict = {}
        for module in self.order:
            for name, what in module.names.items():
                if isinstance(what, Outside) and name in used and head.setdefault(name, what) != what:
                    raise ToolError("bundle", f"{module.path}: {name} is something else in another module")
        lines = [
            what.statement + ("" if what.statement.split()[-1] == name else f" as {name}")
            for name, what in sorted(head.items())
        ]
        return "\n".join([*lines, ast.unparse(ast.fix_missing_locations(ast.Module(kept, []))), ""])


Scope = tuple[set[str], dict[str, Meaning], bool]  # names bound, meanings of our imports, whether a class's


class Rewrite(ast.NodeTransformer):
    """A top-level statement of one module, in the names of the one module."""

    def __init__(self, joined: Joined, module: Module):
        self.joined, self.module = joined, module
        self.scopes: list[Scope] = []  # inner ones last

    def _names(self, name: str) -> Meaning | None:
        for depth, (names, ours, is_class) in enumerate(reversed(self.scopes)):
            if is_class and depth:
                continue  # functions inside do not see what a class binds
            if name in ours:
                return ours[name]
            if name in names:
                return None
        return self.module.names.get(name)

    def _name(self, node: ast.Name | ast.Attribute) -> ast.AST:
        what = self.joined.look_up(self.module, node, self._names)
        if isinstance(what, Own):
            if what in self.joined.numbers and isinstance(node.ctx, ast.Load):
                return ast.copy_location(ast.Constant(self.joined.numbers[what]), node)
            return ast.copy_location(ast.Name(self.joined.finals[what], node.ctx), node)
        if isinstance(what, Outside):
            return ast.copy_location(ast.Name(what.name, node.ctx), node)
        if isinstance(what, Whole):
            raise self.module.unclear(node, f"{what.module} used as a value")
        return self.generic_visit(node)

    visit_Name = visit_Attribute = _name

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        found = [] if self.scopes else pairs(node)
        left = [
            (target, value)
            for target, value in found
            if Own(self.module.name, target.id) not in self.joined.numbers
        ]
        if len(left) == len(found):
            return self.generic_visit(node)
        apart = [ast.copy_location(ast.Assign([target], value), node) for target, value in left]
        return [self.generic_visit(one) for one in apart]

    def visit_FunctionDef(self, node: Method) -> ast.AST:
        if not self.scopes:
            node.name = self.joined.finals[Own(self.module.name, node.name)]
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        node.body = self._inside(node, [one for one in node.body if not is_docstring(one)]) or [ast.Pass()]
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.body = self._inside(node, [node.body])[0]
        return node

    def _inside(self, function: Function, body: Sequence[ast.stmt | ast.expr]) -> list[Any]:
        """Return the body in the names of the one module."""
        args = function.args
        args.defaults = [self.visit(one) for one in args.defaults]
        args.kw_defaults = [one and self.visit(one) for one in args.kw_defaults]
        ours = {}
        for inner in walk(function):
            if is_ours(inner):
                ours.update(
                    {
                        alias.asname or alias.name: self.joined.meaning(self.module, inner, alias)
                        for alias in inner.names
                    }
                )
        self.scopes.append((bound(function), ours, False))
        out: list[Any] = []
        for node in body:
            new = self.visit(node)
            out += new if isinstance(new, list) else [] if new is None else [new]
        self.scopes.pop()
        return out

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if not self.scopes:
            node.name = self.joined.finals[Own(self.module.name, node.name)]
        node.bases = [self.visit(one) for one in node.bases]
        self.scopes.append(({name for one in node.body for name in stored(one)}, {}, True))
        body: list[ast.stmt] = []
        for one in node.body:
            if isinstance(one, ast.Assign):  # the target is an attribute, not one of the module's names
                one.value = self.visit(one.value)
                body.append(one)
            elif not is_docstring(one):
                body.append(self.visit(one))
        self.scopes.pop()
        node.body = body or [ast.Pass()]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if is_ours(node) else node

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [self.joined.finals[Own(self.module.name, name)] for name in node.names]
        return node
