"""Draws the folders of the code into docs/architecture.md: python tests/repo/draw/rooms.py. A test holds."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/architecture.md"
PACKAGES = [
    ROOT / place
    for place in (
        *("wire/src/kentongan_wire", "firmware/src/kentongan_node"),
        *("gateway/src/kentongan_gateway", "hub/src/kentongan_hub", "tool/src/kentongan_tool"),
        *("simulator/src/kentongan_sim", "hardware/kentongan_hw"),
    )
]
BEGIN, END = "<!-- rooms -->\n", "<!-- end -->"


def folders(package):
    """The package and every folder in it that holds modules, in order of their names."""
    return sorted({path.parent for path in package.rglob("*.py")})


def about(folder):
    """Return the folder's description in its own file."""
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def names(folder):
    """List the names that a stranger reads in the folder: its modules and the folders in it."""
    modules = [path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "__main__")]
    return sorted(modules), sorted(path.parent.name for path in folder.glob("*/__init__.py"))


def drawn():
    out = []
    for package in PACKAGES:
        out += [
            f"### {package.relative_to(ROOT).parts[0]}",
            "| folder | what it is | modules |",
            "|---|---|---|",
        ]
        for folder in folders(package):
            name = folder.relative_to(package).as_posix()
            modules = " ".join(f"`{one}`" for one in names(folder)[0])
            out.append(f"| `{'' if name == '.' else name}/` | {about(folder)} | {modules} |")
        out.append("")
    return "\n".join(out)


def redrawn(text):
    """The page with what stands between the marks drawn anew."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + drawn() + END + rest.split(END, 1)[1]


def of_types_alone(tree):
    """The imports that only a type checker sees: `if TYPE_CHECKING:`."""
    blocks = [one for one in ast.walk(tree) if isinstance(one, ast.If)]
    blocks = [one for one in blocks if isinstance(one.test, ast.Name) and one.test.id == "TYPE_CHECKING"]
    return {node for block in blocks for one in block.body for node in ast.walk(one)}


def imports(package):
    """{module: modules of the same package that it imports when it runs, anywhere in it}."""
    files = {}
    for path in package.rglob("*.py"):
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        files[name.removesuffix(".__init__")] = path
    out = {name: set() for name in files}
    for name, path in files.items():
        place = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        shown = of_types_alone(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node not in shown:
                base = place[: len(place) - node.level + 1] if node.level else []
                base = ".".join([*base, *([node.module] if node.module else [])])
                for alias in node.names:
                    whole = f"{base}.{alias.name}"
                    out[name].add(whole if whole in files else base)
    return {name: (some & set(files)) - {name} for name, some in out.items()}


def circle(arrows):
    """Names that import each other in a circle, or None."""
    done, path = set(), []

    def walk(name):
        if name in path:
            return path[path.index(name) :]
        if name not in done:
            path.append(name)
            for other in sorted(arrows[name]):
                if found := walk(other):
                    return found
            done.add(path.pop())
        return None

    return next((found for name in sorted(arrows) if (found := walk(name))), None)


def main():
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
