"""One site per test, copied from one that was made once; passwords cost less here than in earnest."""

import shutil

import pytest
from hub_kit import Site, TwoClocks, make_site
from jinja2 import Environment
from kentongan_hub.people import accounts
from werkzeug.routing.rules import Rule


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords():
    patch = pytest.MonkeyPatch()
    patch.setattr(accounts, "HASH_METHOD", "scrypt:1024:8:1")
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def routes_built_once():
    """werkzeug compiles two functions for every route of every app, 40 ms a test; ours never differ."""
    compile_builder, built = Rule._compile_builder, {}

    def cached(rule, append_unknown=True):
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in built:
            built[key] = compile_builder(rule, append_unknown)
        return built[key]

    patch = pytest.MonkeyPatch()
    patch.setattr(Rule, "_compile_builder", cached)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once():
    """jinja compiles the pages anew for every app, 50 ms a test; they differ by file alone."""
    compile_page, compiled = Environment.compile, {}

    def cached(environment, source, name=None, filename=None, raw=False, defer_init=False):
        page = (source, name, filename, raw, defer_init)
        key = page
        if filename is None:
            return compile_page(environment, *page)
        if key not in compiled:
            compiled[key] = compile_page(environment, *page)
        return compiled[key]

    patch = pytest.MonkeyPatch()
    patch.setattr(Environment, "compile", cached)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def prototype(tmp_path_factory, cheap_passwords):
    data_dir = tmp_path_factory.mktemp("prototype") / "data"
    return data_dir, make_site(data_dir)


@pytest.fixture
def site(tmp_path, prototype):
    made_dir, made = prototype
    shutil.copytree(made_dir, tmp_path / "data")
    return Site(tmp_path / "data", made)


@pytest.fixture
def clocks(site):
    """The site with a wall that can be stepped: `clock.wrong_ms`."""
    site.clock = TwoClocks(site)
    site.restart()
    return site
