"""The folders of the code: few names in each, each says what it is, and no circle of imports."""

import pytest
import rooms

NAMES_MAX = 14  # a dozen, about, that a stranger reads to find theirs

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


def test_a_circle_of_imports_is_found():
    assert rooms.circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert rooms.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_the_page_of_the_architecture_draws_the_folders_as_they_are():
    page = rooms.PAGE.read_text(encoding="utf-8")
    assert rooms.redrawn(page) == page, "run: .venv/bin/python tests/rooms.py"
