"""Our device sources as trees: what a statement binds, what a name stands for."""
import ast
from pathlib import Path
from typing import NamedTuple

from kentongan_tool.failures import ToolError

OURS = ("kentongan_node", "kentongan_wire")
SHAPES = "kentongan_wire.shapes"  # where our typed tuples come from
BOARD_HAS = ("cryptolib",)  # of the modules that our sources try to import
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Own(NamedTuple):
    """A top-level name of one of our modules."""

    module: str
    name: str


class Whole(NamedTuple):
    """One of our modules."""

    module: str


class Outside(NamedTuple):
    """What an import from elsewhere binds."""

    statement: str
    name: str


def is_ours(node) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OURS


def is_docstring(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def text_of(node):
    """The string that a node is, else None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def stored(node) -> list:
    """Names that a statement assigns; those of functions and classes below it are left out."""
    if isinstance(node, DEFINITIONS):
        return [node.name]
    names = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.Lambda):
            names += stored(inner)
    return names


def imported(node) -> list:
    """Names that an import binds."""
    return [alias.asname or alias.name.partition(".")[0] for alias in node.names]


def bound(function) -> set:
    """The names that a function binds itself, arguments included."""
    args = function.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    names = {arg.arg for arg in every if arg is not None}
    elsewhere = set()
    waiting = list(function.body) if isinstance(function.body, list) else [function.body]
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
            waiting.extend(ast.iter_child_nodes(node))
    return names - elsewhere


class Untyped(ast.NodeTransformer):
    """What only type checkers read, taken out of a device's source: nothing of it may cost a byte."""

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node):
        plain = node.value and ast.Assign([node.target], self.visit(node.value))
        return plain and ast.copy_location(plain, node)

    def visit_If(self, node):
        guarded = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if guarded else self.generic_visit(node)

    def visit_ImportFrom(self, node):
        plain = ast.ImportFrom("collections", [ast.alias("namedtuple")], 0)
        return ast.copy_location(plain, node) if node.module == SHAPES else node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "NamedTuple":
            name, fields = node.args
            node.func.id = "namedtuple"
            names = ast.Tuple([pair.elts[0] for pair in fields.elts], ast.Load())
            node.args = [name, ast.copy_location(names, fields)]
        return node


def on_a_board(body):
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
        self.names: dict = {}

    def unclear(self, node, why: str) -> ToolError:
        return ToolError("bundle", f"{self.path}:{node.lineno}: {why}; it cannot be joined for a board")


def pairs(node) -> list:
    """[(name, value)] of a plain assignment, of a tuple's parts one by one; [] of anything else."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return []
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        return [(target, value)]
    if not (isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)):
        return []
    if len(target.elts) != len(value.elts) or not all(isinstance(one, ast.Name) for one in target.elts):
        return []
    return list(zip(target.elts, value.elts, strict=True))
