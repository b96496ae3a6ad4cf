"""micropython-lib's radio driver as one source for one chip, without what our radio shell does not call."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from kentongan_tool.base.failures import ToolError
from kentongan_tool.code.names import shorter
from kentongan_tool.code.shrink import needed
from kentongan_tool.code.trees import is_docstring, stored

PARTS = ("modem", "sync_modem")
CHIPS = {"sx1262": ("sx126x", "SX1262"), "sx1276": ("sx127x", "SX1276")}  # the driver's file, its class
# What the driver calls of wiring.AntennaSwitch (its `_ant_sw`); nothing of ours names them.
SWITCH = ("idle", "rx", "tx")


def is_there(folder: Path) -> bool:
    """Tell whether a folder `lora` holds the sources."""
    return all((folder / f"{name}.py").is_file() for name in (*PARTS, *(part for part, _ in CHIPS.values())))


def source(folder: Path, chip: str, shell: str) -> str:
    """Return the one module `lora` of a chip. `shell`: the text of radio.py, which says what is called."""
    part, name = CHIPS[chip]
    imports, statements = {}, []
    for one in (*PARTS, part):
        path = folder / f"{one}.py"
        try:
            body = ast.parse(path.read_text(encoding="utf-8")).body
        except (OSError, ValueError, SyntaxError) as error:
            raise ToolError("bundle", f"{path}: {error}") from error
        for node in _flat(body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imports[ast.unparse(node)] = node
            else:
                statements.append(node)
    called = {
        node.attr
        for one in statements
        for node in ast.walk(one)
        if isinstance(node, ast.Attribute) and getattr(node.value, "attr", "") == "_ant_sw"
    }
    if not called <= set(SWITCH):
        more = ", ".join(sorted(called - set(SWITCH)))
        raise ToolError(
            "bundle",
            f"{folder}: this driver calls {more} of the antenna's switch, which no "
            "role has: take another version of the driver",
        )
    shell_nodes = list(ast.walk(ast.parse(shell)))
    asked = {node.attr for node in shell_nodes if isinstance(node, ast.Attribute)}
    by_name = {node.arg for node in shell_nodes if isinstance(node, ast.keyword) and node.arg}
    kept = needed(_once(statements, folder), [name], asked)
    if name not in [found for node in kept for found in stored(node)]:
        raise ToolError("bundle", f"{folder / part}.py: has no {name}")
    text = ast.unparse(ast.fix_missing_locations(ast.Module([*imports.values(), *kept], [])))
    return shorter(text, asked | by_name | {name})


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements without imports from the package itself, and without what wants its async part."""
    for node in body:
        if isinstance(node, ast.Try) and not _is_inner(node.body[0], "async_modem"):
            yield from _flat(node.body)
        elif not isinstance(node, ast.Try) and not is_docstring(node) and not _is_inner(node):
            yield node


def _is_inner(node: ast.stmt, module: str = "") -> bool:
    return isinstance(node, ast.ImportFrom) and node.level > 0 and module in ("", node.module)


def _once(statements: list[ast.stmt], folder: Path) -> list:
    """Without what a second file says as well; ToolError where two mean something else by one name."""
    known: dict = {}
    out = []
    for node in statements:
        text = ast.unparse(node)
        before = {known.setdefault(name, text) for name in stored(node)}
        if before - {text}:
            raise ToolError("bundle", f"{folder}: one of {stored(node)} is something else in another file")
        if text not in out:
            out.append(text)
    return [ast.parse(text).body[0] for text in out]
