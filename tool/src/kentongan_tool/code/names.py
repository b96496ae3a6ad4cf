"""Other names for a joined source, so that the table of names in a board's heap stays small.

A name takes its letters and 7 bytes of the chip's heap, and the table doubles: beyond 630 names it takes
4.5 KB more at once, beyond 1,270 another 9 KB. What nobody outside sees gets a name that is there anyway:
what a function binds and what only an object's own methods ask for (of self) one of MicroPython's own
or of another object's, a top-level name one that is an attribute or a short text as well. Every line stays
where it is: the lines of a traceback are those of the readable text.
"""

import ast
import builtins
import itertools
from collections.abc import Iterable, Iterator
from keyword import iskeyword

from kentongan_tool.code.trees import (
    DEFINITIONS,
    FUNCTIONS,
    METHODS,
    Function,
    bound,
    children,
    imported,
    stored,
    text_of,
    walk,
)

Place = tuple[ast.AST, str]  # a node and its attribute that holds a name

# In every MicroPython whose .mpy version is 6 (static_qstr_list of py/makeqstrdata.py): they take nothing.
BUILT_IN = (  # noqa: SIM905 - as a list it is three times as long
    "abs all any append args bool bytearray bytecode bytes callable chr classmethod clear const copy "
    "count dict dir divmod end endswith eval exec extend find format from_bytes get getattr globals "
    "hasattr hash id index insert int isalpha isdigit isinstance islower isspace issubclass isupper items "
    "iter join key len list little locals lower lstrip main map micropython next object open ord pop "
    "popitem pow print range read readinto readline remove replace repr reverse rfind rindex round rsplit "
    "rstrip self sep set setattr setdefault sorted split start startswith staticmethod step stop str "
    "strip sum super to_bytes tuple type update upper value values write zip"
).split()
INTERNED = 10  # letters of a text that the chip keeps among its names (MICROPY_ALLOC_PARSE_INTERN_STRING_LEN)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (*FUNCTIONS, *COMPREHENSIONS)


def shorter(text: str, keep: Iterable[str]) -> str:
    """Return the text with other names, line by line. `keep`: what is asked for from outside."""
    tree = ast.parse(text)
    texts = {found for node in walk(tree) if (found := text_of(node)) is not None}
    outside = set(keep)
    stays = texts | outside
    foreign, given_back = _foreign(tree) | stays, _given_back(tree)
    for family in _families(tree):
        _shorten_private(family, foreign, stays, given_back)
    _shorten_bound(tree, stays)
    _reuse(tree, outside, texts)
    return ast.unparse(tree) + "\n"


# -- what only an object's own methods ask for ----------------------------------------------------


def _families(tree: ast.Module) -> list[list[ast.ClassDef]]:
    """Classes that share instances: lists of ClassDef, each with all its bases and heirs, if all are ours."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    families = {name: {name} for name in classes}
    strange = set()
    for name, node in classes.items():
        for base in node.bases:
            if not isinstance(base, ast.Name) or base.id not in classes:
                strange.add(name)
                continue
            joined = families[name] | families[base.id]
            for one in joined:
                families[one] = joined
    every = {id(one): one for one in families.values()}.values()
    return [[classes[name] for name in sorted(one)] for one in every if not one & strange]


def _is_own(node: ast.Attribute) -> bool:
    """self.x, or super().x"""
    value = node.value
    return (
        isinstance(value, ast.Name)
        and value.id == "self"
        or isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "super"
    )


def _foreign(tree: ast.Module) -> set[str]:
    """List the names that others than their own object ask for, or give, or that nobody in here asks for."""
    every = [node for node in walk(tree) if isinstance(node, ast.Attribute)]
    by_name = {node.arg for node in walk(tree) if isinstance(node, ast.keyword) and node.arg}
    elsewhere = {node.attr for node in every if not _is_own(node) and not isinstance(node.ctx, ast.Del)}
    unasked = {
        getattr(*place)
        for node in walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        for place in _bindings(part)
    } - {node.attr for node in every}
    return elsewhere | by_name | unasked


def _bindings(node: ast.AST) -> list[Place]:
    """(object, attribute that holds a name) of what a class's statement binds."""
    if isinstance(node, DEFINITIONS):
        return [(node, "name")]
    return [
        (inner, "id")
        for inner in walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    ]


def _given_back(tree: ast.Module) -> list[ast.Attribute]:
    """Return the Class.method nodes of `del`."""
    return [node for node in walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Del)]


def _shorten_private(
    family: list[ast.ClassDef], foreign: set[str], keep: set[str], given_back: list[ast.Attribute]
) -> None:
    """New names are those that other objects have anyway; a text may be what getattr() asks for."""
    places: dict[str, list[Place]] = {}
    for gone in given_back:
        if isinstance(gone.value, ast.Name) and gone.value.id in [one.name for one in family]:
            places.setdefault(gone.attr, []).append((gone, "attr"))
    for one in family:
        for part in one.body:
            for place in _bindings(part):
                places.setdefault(getattr(*place), []).append(place)
        for node in walk(one):
            if isinstance(node, ast.Attribute) and _is_own(node):
                places.setdefault(node.attr, []).append((node, "attr"))
    read = {
        node.id
        for one in family
        for node in walk(one)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    asked = {node.attr for one in family for node in walk(one) if isinstance(node, ast.Attribute)}
    renamed = [name for name in sorted(places) if not name.startswith("__") and name not in foreign | read]
    stays = keep | asked | set(places) | set().union(*[_read_in_class(one) for one in family])
    others = sorted(name for name in foreign - keep if not name.startswith("_"))
    there = itertools.chain(BUILT_IN, others, (f"_{n}" for n in itertools.count()))
    fresh = (name for name in there if name not in stays)
    for name, new in list(zip(renamed, fresh, strict=False)):
        for node, what in places[name]:
            setattr(node, what, new)


# -- what a function binds ------------------------------------------------------------------------


class Inside:
    """Names that an outermost function and those inside it bind, one each, and those that cost a name."""

    def __init__(self, function: Function):
        self.function = function
        self.bound: dict[str, bool] = {}  # name: whether it is an argument's or a function's
        self.fixed: set[str] = set()  # names that mean something else as well, or that others see
        self._scope(function, set())

    def _scope(self, scope: ast.AST, around: set[str]) -> None:
        """`around`: what the scopes outside bind."""
        own = dict.fromkeys(_arguments(scope), True)
        nodes = list(_within(scope))
        for node in nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self.fixed.update(node.names)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self.fixed.update(imported(node))
            elif isinstance(node, METHODS):
                own[node.name] = True
            elif isinstance(node, ast.ExceptHandler) and node.name:
                own.setdefault(node.name, False)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                own.setdefault(node.id, False)
        for name, costs in own.items():
            self.bound[name] = self.bound.get(name, False) or costs
        for node in nodes:
            if isinstance(node, ast.Name) and node.id not in own and node.id not in around:
                self.fixed.add(node.id)
            elif isinstance(node, SCOPES):
                self._scope(node, around | set(own))

    def rename(self, new: dict[str, str]) -> None:
        waiting: list[ast.AST] = [self.function.args, *_within(self.function)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.arguments):
                for arg in _every_argument(node):
                    arg.arg = new.get(arg.arg, arg.arg)
            elif isinstance(node, ast.Name):
                node.id = new.get(node.id, node.id)
            elif isinstance(node, (*METHODS, ast.ExceptHandler)) and node.name:
                node.name = new.get(node.name, node.name)
            if isinstance(node, FUNCTIONS):
                waiting.append(node.args)
            if isinstance(node, SCOPES):
                waiting += _within(node)


def _every_argument(args: ast.arguments) -> list[ast.arg]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [arg for arg in every if arg is not None]


def _arguments(scope: ast.AST) -> list[str]:
    return [arg.arg for arg in _every_argument(scope.args)] if isinstance(scope, FUNCTIONS) else []


def _outside_of(scope: ast.AST) -> list[ast.expr]:
    """List the expressions that are written at a scope and read in the one around it."""
    if isinstance(scope, FUNCTIONS):
        args = scope.args
        return [*args.defaults, *filter(None, args.kw_defaults), *getattr(scope, "decorator_list", ())]
    return [scope.generators[0].iter] if isinstance(scope, COMPREHENSIONS) else []


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """Return the nodes of a scope; of scopes inside it they themselves, and what is read in this one."""
    apart = _outside_of(scope)
    waiting = [node for node in children(scope) if node not in apart]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.arguments):
            continue
        if isinstance(node, ast.comprehension) and node.iter in apart:
            waiting += [node.target, *node.ifs]
            continue
        yield node
        waiting += _outside_of(node) if isinstance(node, SCOPES) else children(node)


def _outermost(tree: ast.Module) -> list[Function]:
    """Functions and lambdas that lie in no other one."""
    found: list[Function] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        for node in children(waiting.pop()):
            if isinstance(node, FUNCTIONS):
                found.append(node)
            else:
                waiting.append(node)
    return found


def _shorten_bound(tree: ast.Module, keep: set[str]) -> None:
    """Arguments that nobody gives by name get MicroPython's names; what else is bound costs none."""
    by_name = {node.arg for node in walk(tree) if isinstance(node, ast.keyword)}
    top = {name for node in tree.body for name in [*stored(node), *_imports(node)]}
    names = [name for name in BUILT_IN if name not in set(dir(builtins)) | top | by_name | keep]
    for function in _outermost(tree):
        if any(isinstance(node, ast.ClassDef) for node in walk(function)):
            continue
        inside = Inside(function)
        fixed = inside.fixed | set(BUILT_IN) | by_name & set(inside.bound) | keep
        costly = [name for name, costs in inside.bound.items() if costs and name not in fixed]
        free = [name for name in names if name not in inside.bound and name not in inside.fixed]
        new = dict(zip(costly, free, strict=False))
        others = [name for name in inside.bound if name not in fixed and name not in new]
        new.update({name: f"_{n}" for n, name in enumerate(others)})
        inside.rename(new)


def _imports(node: ast.AST) -> list[str]:
    return imported(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else []


# -- what the one module binds --------------------------------------------------------------------


def _reuse(tree: ast.Module, outside: set[str], texts: set[str]) -> None:
    """Give top-level names the names that attributes, short texts and arguments by name have anyway."""
    top = {name for node in tree.body for name in stored(node)}
    taken = set(dir(builtins)) | top | outside
    keep = outside | texts
    for node in walk(tree):
        if isinstance(node, FUNCTIONS):
            binds = bound(node)
            taken |= binds
            keep = keep | binds
        elif isinstance(node, ast.ClassDef):
            keep = keep | _read_in_class(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            taken |= set(imported(node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_const(node.value.func):
            keep = keep | set(stored(node))  # mpy-cross writes it where it is used, if it begins with _
    renamed = sorted(name for name in top - keep if not name.endswith("Error"))
    there = {name for name in texts if name.isidentifier() and len(name) <= INTERNED} | set(BUILT_IN)
    for node in walk(tree):
        if isinstance(node, (ast.Attribute, ast.keyword)):
            there.add(node.attr if isinstance(node, ast.Attribute) else node.arg or "_")
    free = sorted(name for name in there - taken if name[0] != "_" and not iskeyword(name))
    new = dict(zip(renamed, sorted(free, key=len), strict=False))
    for node in walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.Global):
            node.names = [new.get(name, name) for name in node.names]
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            node.name = new.get(node.name, node.name)


def _is_const(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "const"


def _read_in_class(node: ast.ClassDef) -> set[str]:
    """List the names that a class reads while it is made, where its own come before those of the module."""
    waiting: list[ast.AST] = [*node.body]
    names: set[str] = set()
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Name):
            names.add(inner.id)
        if isinstance(inner, METHODS):
            waiting += [*inner.args.defaults, *filter(None, inner.args.kw_defaults), *inner.decorator_list]
        elif not isinstance(inner, ast.Lambda):
            waiting += children(inner)
    return names
