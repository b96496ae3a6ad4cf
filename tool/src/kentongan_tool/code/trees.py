"""Our device sources as trees: what a statement binds, what a name stands for."""

import ast
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

from kentongan_tool.base.failures import ToolError

OURS = ("kentongan_node", "kentongan_wire")
SHAPES = "kentongan_wire.base.shapes"  # where our typed tuples come from
BOARD_HAS = ("cryptolib",)  # of the modules that our sources try to import
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
Method = ast.FunctionDef | ast.AsyncFunctionDef
Function = Method | ast.Lambda


class Own(NamedTuple):
    """A top-level name of one of our modules."""

    module: str
    name: str


class Whole(NamedTuple):
    """One of our modules."""

    module: str


class Outside(NamedTuple):
    """Name that an import from elsewhere binds."""

    statement: str
    name: str


Meaning = Own | Whole | Outside


BARE = {"ctx", "id", "attr", "arg", "op", "kind", "level", "module", "lineno", "type_comment"}  # no trees
_fields: dict[type[ast.AST], tuple[str, ...]] = {}


def children(node: ast.AST) -> list[ast.AST]:
    """List the nodes of a node, as ast.iter_child_nodes does, but neither operators nor load, store and del:
    of each the parent says it, and they are more than half of all nodes."""
    kind = type(node)
    names = _fields.get(kind)
    if names is None:
        names = _fields[kind] = tuple(name for name in kind._fields if name not in BARE)
    found: list[ast.AST] = []
    for name in names:
        field = getattr(node, name, None)
        if isinstance(field, list):
            found += [one for one in field if isinstance(one, ast.AST)]
        elif isinstance(field, ast.AST):
            found.append(field)
    return found


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, in the order of ast.walk, without what children() leaves out."""
    waiting = deque([node])
    while waiting:
        node = waiting.popleft()
        waiting.extend(children(node))
        yield node


def is_ours(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OURS


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def text_of(node: ast.AST) -> str | None:
    """Return the string that a node is, else None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def stored(node: ast.AST) -> list[str]:
    """List the names that a statement assigns; those of functions and classes below it are left out."""
    if isinstance(node, DEFINITIONS):
        return [node.name]
    names = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
    for inner in children(node):
        if not isinstance(inner, ast.Lambda):
            names += stored(inner)
    return names


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """List the names that an import binds."""
    return [alias.asname or alias.name.partition(".")[0] for alias in node.names]


def bound(function: Function) -> set[str]:
    """Return the names that a function binds itself, arguments included."""
    args = function.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    names = {arg.arg for arg in every if arg is not None}
    elsewhere: set[str] = set()
    waiting: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global):
            elsewhere.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and not is_ours(node):
            names.update(imported(node))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, (ast.Name, *DEFINITIONS)):
            names.update(stored(node))
        if not isinstance(node, (*DEFINITIONS, ast.Lambda)):
            waiting.extend(children(node))
    return names - elsewhere


class Untyped(ast.NodeTransformer):
    """Removal of what only type checkers read from a device's source: nothing of it may cost a byte."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: Method) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | None:
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], self.visit(node.value)), node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        guarded = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if guarded else self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        plain = ast.ImportFrom("collections", [ast.alias("namedtuple")], 0)
        return ast.copy_location(plain, node) if node.module == SHAPES else node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "NamedTuple":
            name, fields = node.args
            assert isinstance(fields, ast.Tuple)
            node.func.id = "namedtuple"
            pairs = [pair for pair in fields.elts if isinstance(pair, ast.Tuple)]
            names = ast.Tuple([pair.elts[0] for pair in pairs], ast.Load())
            node.args = [name, ast.copy_location(names, fields)]
        return node


def on_a_board(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, with `try: import x / except ImportError` decided for a board."""
    for node in body:
        if isinstance(node, ast.Try) and isinstance(node.body[0], ast.Import):
            yield from node.body if node.body[0].names[0].name in BOARD_HAS else node.handlers[0].body
        elif not is_docstring(node):
            yield node


class Module:
    """One source file: its top-level statements and what their names mean."""

    def __init__(self, name: str, path: Path):
        self.name, self.path = name, path
        try:
            self.tree = Untyped().visit(ast.parse(path.read_text(encoding="utf-8")))
        except (OSError, SyntaxError, ValueError) as error:
            raise ToolError("bundle", f"{path}: {error}") from error
        self.body = list(on_a_board(self.tree.body))
        self.names: dict[str, Meaning] = {}

    def unclear(self, node: ast.stmt | ast.expr, why: str) -> ToolError:
        return ToolError("bundle", f"{self.path}:{node.lineno}: {why}; it cannot be joined for a board")


def pairs(node: ast.AST) -> list[tuple[ast.Name, ast.expr]]:
    """[(name, value)] of a plain assignment, of a tuple's parts one by one; [] of anything else."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return []
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        return [(target, value)]
    if not (isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)):
        return []
    names = [one for one in target.elts if isinstance(one, ast.Name)]
    if not len(names) == len(target.elts) == len(value.elts):
        return []
    return list(zip(names, value.elts, strict=True))
