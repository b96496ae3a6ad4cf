"""Draws docs/threats.toml into docs/safety.md and docs/keamanan.md: python tests/repo/draw/threats.py."""

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "docs/threats.toml"
PAGES = {"en": ROOT / "docs/safety.md", "id": ROOT / "docs/keamanan.md"}
CELLS_MAX = 8  # that one test may serve: a vague one does not fill a row or a column
PROMISES_MAX = 4  # nor prove everything at once
WHY_LIMIT = 140  # characters
UNIT = re.compile(
    r"\d+(?:\.\d+)? (?:s|min|h|tahun|years|menit|MB|taps?|ketukan|press|tekanan|forms?|formulir|look|"
    r"kali|SMS|report|laporan|log-in|board|papan|link|tautan|accounts|akun)\b"
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
WORDS = {
    "en": {"attacker": "who", "none": "no", "limit": "limit",
           "cost": "what it costs him, or you", "measured": "figure by"},
    "id": {"attacker": "siapa", "none": "tidak", "limit": "batas",
           "cost": "biayanya bagi dia, atau bagi Anda", "measured": "angka dari"},
}  # fmt: skip


def load():
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def cells(data):
    """(attacker, promise, cell) of every cell that there should be; {} where there is none."""
    for attacker in data["attackers"]:
        for promise in data["promises"]:
            yield attacker, promise, data["cells"].get(attacker, {}).get(promise, {})


# drawing


def numbers(data):
    """{limit: number in the drawn list}."""
    return {name: number for number, name in enumerate(data["limits"], 1)}


def matrix(data, language):
    """The table: 'no' where tests prove it impossible, else the numbers of the limits."""
    words, number = WORDS[language], numbers(data)
    promises = [one[language] for one in data["promises"].values()]
    out = [f"| {words['attacker']} | " + " | ".join(promises) + " |", "|---" * (len(promises) + 1) + "|"]
    row = {name: [one[language]] for name, one in data["attackers"].items()}
    for attacker, _, cell in cells(data):
        limits = sorted(number[name] for name in cell.get("limits", ()))
        row[attacker].append(", ".join(map(str, limits)) or words["none"])
    return out + ["| " + " | ".join(one) + " |" for one in row.values()]


def limits(data, language):
    words = WORDS[language]
    out = [f"| | {words['limit']} | {words['cost']} |", "|---|---|---|"]
    for name, number in numbers(data).items():
        one = data["limits"][name]
        cost = one[f"cost_{language}"]
        if "command" in one:
            cost += f"; {words['measured']} `{one['command']}`"
        out.append(f"| {number} | {one[language]} | {cost} |")
    return out


DRAWN = {"threats": matrix, "limits": limits}


def redrawn(text, data, language):
    """The page with what stands between <!-- name --> and <!-- end --> drawn anew."""
    for name, draw in DRAWN.items():
        begin, end = f"<!-- {name} -->\n", "<!-- end -->"
        head, rest = text.split(begin)
        text = head + begin + "\n".join([*draw(data, language), ""]) + end + rest.split(end, 1)[1]
    return text


# judging


def problems(data, roles=()):
    """Sentences, each naming the place in docs/threats.toml that is wrong; roles: of the hub, each a row."""
    out = [f"attackers: no row for the role {role}" for role in roles if role not in data["attackers"]]
    out += _strange(data)
    served, promises = Counter(), {}
    for attacker, promise, cell in cells(data):
        place = f"cells.{attacker}.{promise}"
        tests = cell.get("tests", [])
        if not tests and not cell.get("limits"):
            out.append(f"{place}: empty; name a test or a limit")
        if not 0 < len(cell.get("why", "").strip()) <= WHY_LIMIT:
            out.append(f"{place}: why: say it in 1..{WHY_LIMIT} characters")
        if len(set(tests)) != len(tests):
            out.append(f"{place}: a test stands there twice")
        for test in tests:
            served[test] += 1
            promises.setdefault(test, set()).add(promise)
            wrong = wrong_test(test)
            if not wrong and "[" in test and _id(test) in data["attackers"] and _id(test) != attacker:
                wrong = "it is about another attacker"
            out += [f"{place}: {test}: {wrong}"] if wrong else []
    out += [f"{test}: serves {n} cells, at most {CELLS_MAX}" for test, n in served.items() if n > CELLS_MAX]
    out += [
        f"{test}: serves {len(some)} promises, at most {PROMISES_MAX}"
        for test, some in promises.items()
        if len(some) > PROMISES_MAX
    ]
    return out + [problem for name, one in data["limits"].items() for problem in _wrong_limit(name, one)]


def _strange(data):
    out = []
    for attacker, row in data["cells"].items():
        for promise, cell in row.items():
            if attacker not in data["attackers"] or promise not in data["promises"]:
                out.append(f"cells.{attacker}.{promise}: no such row or column")
            unknown = set(cell) - {"why", "tests", "limits"}
            unknown |= {name for name in cell.get("limits", ()) if name not in data["limits"]}
            out += [f"cells.{attacker}.{promise}: {name} is unknown" for name in sorted(unknown)]
    used = {name for *_, cell in cells(data) for name in cell.get("limits", ())}
    return out + [f"limits.{name}: no cell has it" for name in data["limits"] if name not in used]


def _wrong_limit(name, one):
    for language in WORDS:
        if not one.get(language, "").strip():
            yield f"limits.{name}.{language}: missing"
        if not UNIT.search(one.get(f"cost_{language}", "")):
            yield f"limits.{name}.cost_{language}: needs a number with a unit"
    for what in ("{}", "cost_{}"):
        en, id_ = (sorted(NUMBER.findall(one.get(what.format(language), ""))) for language in ("en", "id"))
        if en != id_:
            both = f"{what.format('en')} and {what.format('id')}"
            yield f"limits.{name}: {both} name other numbers: {en}, {id_}"


def _id(test):
    return test.partition("[")[2].rstrip("]")


@cache
def _functions(path):
    """{name: node} of a test file, or None; its top level alone, as pytest collects functions."""
    if not path.is_file() or not path.name.startswith("test_"):
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def wrong_test(test):
    """Return why this test proves nothing, or None: it is not there, is not run, or asserts nothing."""
    place, _, function = test.partition("::")
    functions = _functions(ROOT / "tests" / place)
    if functions is None:
        return "no such file of tests"
    node = functions.get(function.partition("[")[0])
    if node is None or not node.name.startswith("test_"):
        return "no such test"
    decorated = [ast.unparse(one) for one in node.decorator_list]
    if any("skip" in one or "xfail" in one for one in decorated):
        return "it is skipped, or may fail"
    if "[" in test and not (decorated or node.args.args):
        return "it has no ids"
    if not _asserts(node, functions):
        return "it asserts nothing"
    return None


def _asserts(node, functions, deep=2):
    """Tell whether it asserts, itself or in a function of its file that it calls."""
    for one in ast.walk(node):
        if isinstance(one, ast.Assert):
            return True
        if isinstance(one, ast.Call):
            name = ast.unparse(one.func)
            if name == "pytest.raises":
                return True
            if deep and name in functions and _asserts(functions[name], functions, deep - 1):
                return True
    return False


def main():
    data = load()
    for language, page in PAGES.items():
        page.write_text(redrawn(page.read_text(encoding="utf-8"), data, language), encoding="utf-8")


if __name__ == "__main__":
    main()
