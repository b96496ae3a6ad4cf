"""Writes roles/<role>/package.json: the files that a role's core and shell import, for mip and mpremote.

Run from anywhere: python firmware/tools/packages.py. A test fails when a package.json is stale.
"""
import ast
import json
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parent.parent
SOURCES = {
    "kentongan_node": FIRMWARE / "src/kentongan_node",
    "kentongan_wire": FIRMWARE.parent / "wire/src/kentongan_wire",
}
CORES = {  # role: its core's module, as in roles.py
    "tombol": "button", "sirene": "siren", "penerus": "repeater", "penerima": "receiver", "modem": "modem",
}
SHELL = ("launch", "hal", "radio", "runner", "roles", "settings")
DRIVERS = ("lora-sx126x", "lora-sx127x", "lora-sync")
VERSION = "0.1.0"


def imported(path):
    """(package, module) of ours that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            package, _, module = name.partition(".")
            if package in SOURCES and module and (SOURCES[package] / f"{module}.py").exists():
                yield package, module


def modules(role):
    """Every (package, module) that the role needs, sorted."""
    waiting = [("kentongan_node", name) for name in (*SHELL, CORES[role])]
    found = {(package, "__init__") for package in SOURCES}
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(imported(SOURCES[one[0]] / f"{one[1]}.py"))
    return sorted(found)


def package(role):
    """The text of a role's package.json."""
    urls = [["main.py", "main.py"]]
    for name, module in modules(role):
        folder = SOURCES[name].relative_to(FIRMWARE.parent).as_posix()
        urls.append([f"{name}/{module}.py", f"../../../{folder}/{module}.py"])
    deps = [[name, "latest"] for name in DRIVERS]
    lines = ",\n    ".join(json.dumps(url) for url in urls)
    head = f'{{\n  "version": "{VERSION}",\n  "urls": [\n    '
    return f'{head}{lines}\n  ],\n  "deps": {json.dumps(deps)}\n}}\n'


def main():
    for role in CORES:
        if (SOURCES["kentongan_node"] / f"{CORES[role]}.py").exists():
            (FIRMWARE / "roles" / role / "package.json").write_text(package(role), encoding="utf-8")


if __name__ == "__main__":
    main()
