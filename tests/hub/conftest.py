"""One site per test, copied from one that was made once; passwords cost less here than in earnest."""

import shutil

import pytest
from jinja2 import Environment
from kentongan_hub.people import accounts
from kits.hub.hub_kit import Site, TwoClocks, make_site
from werkzeug.routing.rules import Rule


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords():
    patch = pytest.MonkeyPatch()
    patch.setattr(accounts, "HASH_METHOD", "scrypt:1024:8:1")
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def routes_built_once():
    """werkzeug parses every route of every app and compiles two functions for each, 60 ms a test; what comes
    of a route depends on what it says and on the kinds of values that the app knows, and is kept by these."""
    compile_route, built = Rule.compile, {}

    def cached(rule):
        said = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults))
        key = (*said, tuple(rule.map.converters.items()), rule.map.host_matching)
        if key not in built:
            compile_route(rule)
            parsed = {name: vars(rule)[name] for name in ("_parts", "_trace", "_converters")}
            built[key] = parsed, frozenset(rule.arguments), rule._build.__func__, rule._build_unknown.__func__
        parsed, arguments, build, build_unknown = built[key]
        vars(rule).update(parsed, arguments=set(arguments))
        rule._build, rule._build_unknown = build.__get__(rule), build_unknown.__get__(rule)

    patch = pytest.MonkeyPatch()
    patch.setattr(Rule, "compile", cached)
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
