"""The folders of the code: few names in each, each says what it is, and no circle of imports."""

import re

import pytest
from repo.draw import rooms

NAMES_MAX = 14  # a dozen, about, that a stranger reads to find theirs

WEB = rooms.ROOT / "hub/src/kentongan_hub/web"
SHARED_TEMPLATES = {"layout", "search", "icons", "error", "strokes"}  # every page uses these

packages = pytest.mark.parametrize("package", rooms.PACKAGES, ids=lambda path: path.name)


@packages
def test_no_folder_holds_more_than_about_a_dozen_names(package):
    counts = {
        folder.relative_to(rooms.ROOT).as_posix(): sum(map(len, rooms.names(folder)))
        for folder in rooms.folders(package)
    }
    assert counts
    assert not {place: n for place, n in counts.items() if n > NAMES_MAX}


@packages
def test_every_folder_says_what_it_is(package):
    assert not [folder.name for folder in rooms.folders(package) if not rooms.about(folder)]


@packages
def test_no_modules_import_each_other_in_a_circle_not_even_inside_functions(package):
    found = rooms.circle(rooms.imports(package))
    assert not found


HARDWARE = (  # import-linter has no root of it: it is no package of the environment
    {"kicad", "power", ""},  # "": paths, in the package's own file
    {"parts"},
    {"siren", "siren_layout", "button", "button_layout", "drawing", "checks"},
    {"boards", "enclosure"},
    {"build"},
    {"__main__"},
)


def test_hardware_imports_point_downwards():
    floors = {room: floor for floor, rooms_there in enumerate(HARDWARE) for room in rooms_there}
    for name, some in rooms.imports(rooms.ROOT / "hardware/kentongan_hw").items():
        room = name.partition(".")[2].partition(".")[0]
        for other in (one.partition(".")[2].partition(".")[0] for one in some):
            beside = {room, other} <= {"siren", "button"}  # these share a part of their circuits
            assert other in (room, "") or beside or floors[other] < floors[room], f"{name} imports {other}"


def test_a_circle_of_imports_is_found():
    assert rooms.circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert rooms.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_the_page_of_the_architecture_draws_the_folders_as_they_are():
    page = rooms.PAGE.read_text(encoding="utf-8")
    assert rooms.redrawn(page) == page, "run: .venv/bin/python tests/repo/draw/rooms.py"


def test_a_page_its_template_and_its_module_share_one_name():
    rendered = set()
    for path in (WEB / "pages").rglob("*.py"):
        own = f"{path.parent.name}/{path.stem}"
        for name in re.findall(r'"([a-z_/]+)\.html"', path.read_text(encoding="utf-8")):
            assert name == own or name.startswith(f"{own}_"), f"{path.name} renders {name}.html"
            rendered.add(name)
    assert len(rendered) > 30
    templates = WEB / "templates"
    modules = {f"{path.parent.name}/{path.stem}" for path in (WEB / "pages").rglob("*.py")}
    for path in templates.rglob("*.html"):
        name = path.relative_to(templates).with_suffix("").as_posix()
        if name not in SHARED_TEMPLATES | rendered:  # a part of a page
            assert any(name.startswith(f"{one}_") for one in modules), name


def test_no_folder_of_templates_holds_more_than_about_a_dozen_names():
    for folder in (WEB / "templates", *(WEB / "templates").iterdir()):
        if folder.is_dir():
            assert 0 < len(list(folder.iterdir())) <= NAMES_MAX, folder.name
