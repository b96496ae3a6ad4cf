"""Makes a joined source smaller for a board's heap: what no board of the role calls, and names.

A name takes its letters and 7 bytes of the chip's heap, and the table of names doubles: beyond 1,270 of them
it takes 9 KB more at once. `shorter` gives what nobody outside sees a name that is there anyway, or a short
one. It keeps every line where it is: the lines of a traceback are those of the readable text.
"""
import ast
import builtins
import itertools
import string

from kentongan_tool.trees import DEFINITIONS, FUNCTIONS, bound, imported, stored

METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)


def needed(statements: list, roots: list, asked=()) -> list:
    """The statements that the roots' names reach, in order, without methods that nothing names (nor `asked`);
    what binds no name always counts."""
    while True:
        statements = _reached(statements, roots)
        if not _drop_methods(statements, asked):
            return statements


def _reached(statements: list, roots: list) -> list:
    places: dict = {}
    for i, node in enumerate(statements):
        for name in stored(node):
            places.setdefault(name, set()).add(i)
    waiting = [i for i, node in enumerate(statements) if not stored(node)]
    waiting += [i for name in roots for i in places.get(name, ())]
    kept = set()
    while waiting:
        i = waiting.pop()
        if i not in kept:
            kept.add(i)
            for node in ast.walk(statements[i]):
                if isinstance(node, ast.Name):
                    waiting.extend(places.get(node.id, set()) - kept)
    return [statements[i] for i in sorted(kept)]


def _drop_methods(statements: list, asked) -> bool:
    """Leave out methods whose name stands nowhere else, neither behind a dot nor in a string."""
    named: dict = {}
    for one in statements:
        for node in ast.walk(one):
            name = node.attr if isinstance(node, ast.Attribute) else _text(node)
            named[name] = named.get(name, 0) + 1
    found = False
    for one in statements:
        if isinstance(one, ast.ClassDef):
            body = [node for node in one.body
                    if not _is_method(node) or node.name in asked or _outside(node, named)]
            found = found or len(body) < len(one.body)
            one.body = body or [ast.Pass()]
    return found


def _text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_method(node) -> bool:
    return isinstance(node, METHODS) and not node.name.startswith("__")


def _outside(method, named: dict) -> bool:
    own = sum(isinstance(node, ast.Attribute) and node.attr == method.name for node in ast.walk(method))
    return named.get(method.name, 0) > own


def shorter(text: str, keep) -> str:
    """The text with other names, line by line. `keep`: what is asked for from outside."""
    tree = ast.parse(text)
    texts = {_text(node) for node in ast.walk(tree)} - {None}
    untouched = _foreign(tree) | texts | set(keep)  # of no family's own: none of it is renamed below
    for family in _families(tree):
        _shorten_private(family, untouched)
    _reuse(tree, set(keep) | texts)
    return ast.unparse(tree) + "\n"


def _families(tree) -> list:
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


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_own(node) -> bool:
    """self._x, or super()._x"""
    value = node.value
    return isinstance(value, ast.Name) and value.id == "self" or \
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"


def _foreign(tree) -> set:
    """Private names of which somebody else than their object makes use."""
    return {node.attr for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and _private(node.attr) and not _is_own(node)}


def _bindings(node) -> list:
    """(object, attribute that holds a name) of what a class's statement binds."""
    if isinstance(node, DEFINITIONS):
        return [(node, "name")]
    return [(inner, "id") for inner in ast.walk(node)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]


def _shorten_private(family: list, untouched: set):
    places: dict = {}
    for one in family:
        for node in one.body:
            for place in _bindings(node):
                places.setdefault(getattr(*place), []).append(place)
        for node in ast.walk(one):
            if isinstance(node, ast.Attribute) and _is_own(node):
                places.setdefault(node.attr, []).append((node, "attr"))
    read = {node.id for one in family for node in ast.walk(one)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    renamed = [name for name in sorted(places) if _private(name) and name not in untouched | read]
    stays = untouched | set(places) - set(renamed)
    fresh = (name for name in _short("_") if name not in stays)
    for name, new in list(zip(renamed, fresh, strict=False)):
        for place, what in places[name]:
            setattr(place, what, new)


def _short(begin: str):
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            yield begin + "".join(letters)


def _reuse(tree, keep: set):
    """Give top-level names the names that attributes have anyway."""
    top = {name for node in tree.body for name in stored(node)}
    taken = set(dir(builtins)) | top | keep
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            taken |= bound(node)
        elif isinstance(node, ast.ClassDef):
            keep = keep | _read_in_class(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            taken |= set(imported(node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_const(node.value.func):
            keep = keep | set(stored(node))  # mpy-cross writes it where it is used, if it begins with _
    renamed = sorted(name for name in top - keep if not name.endswith("Error"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    free = sorted(name for name in attributes if name not in taken and not _private(name))
    new = dict(zip(renamed, sorted(free, key=len), strict=False))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.Global):
            node.names = [new.get(name, name) for name in node.names]
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            node.name = new.get(node.name, node.name)


def _is_const(node) -> bool:
    return isinstance(node, ast.Name) and node.id == "const"


def _read_in_class(node) -> set:
    """Names that a class reads while it is made, when its own names are before those of the module."""
    waiting, names = list(node.body), set()
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Name):
            names.add(inner.id)
        if isinstance(inner, METHODS):
            waiting += [*inner.args.defaults, *filter(None, inner.args.kw_defaults), *inner.decorator_list]
        elif not isinstance(inner, ast.Lambda):
            waiting += ast.iter_child_nodes(inner)
    return names
