"""Test files opened one by one: of a run over folders, a worker opens a file when its turn has come.

Workers of pytest-xdist must agree on a list of what there is, and for that each opens every file: six of
them import, compile and collect six times what one of them runs. Here they agree on a list of files. A run
that picks tests by word, mark or name, or that shares them in another way than by file, opens all as usual.
"""

import gc

import pytest
from xdist.scheduler import LoadFileScheduling

PICKS = ("keyword", "markexpr", "lf", "failedfirst", "stepwise", "collectonly")


def by_file(config):
    """Tell whether a run shares whole files among its workers and picks no test of its own."""
    shared = getattr(config, "workerinput", None)
    words = [config.getoption("dist", "")] if shared is None else shared["mainargv"]
    picked = any(config.getoption(name, None) for name in PICKS) or any("::" in name for name in config.args)
    return any(word.endswith("loadfile") for word in words) and not picked


class Unopened(pytest.File):
    """A file in the list, with the collectors that will open it."""

    def __init__(self, *, openers, **kwargs):
        super().__init__(**kwargs)
        self.openers = openers

    def collect(self):
        yield Whole.from_parent(self, name="the whole file")


class Whole(pytest.Item):
    """All tests of a file; run itself only if there is none, which is a failure."""

    def runtest(self):
        pytest.fail(f"no test was found in {self.path}")

    def repr_failure(self, excinfo):
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, 0, self.name


class FileByFile:
    """The worker's part: lists files, and opens each to run its tests one after another."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path, parent):
        openers = yield
        return openers and [Unopened.from_parent(parent, path=file_path, openers=openers)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if not isinstance(item, Whole):
            return None
        session, config = item.session, item.config
        tests = [test for opener in item.parent.openers for test in session.genitems(opener)]
        config.hook.pytest_collection_modifyitems(session=session, config=config, items=tests)
        gc.collect()
        gc.freeze()
        place = session.items.index(item)
        for number, test in enumerate(tests, 1):
            session.items[place] = test  # what is reported now is this one
            following = tests[number] if number < len(tests) else nextitem
            config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            if session.shouldfail or session.shouldstop:
                break
        session.items[place] = item
        return True if tests else None


class Files(LoadFileScheduling):
    """Files for workers: always one to run and one to follow, none again that ended its worker."""

    def remove_node(self, node):
        left = [(unit, name) for unit in self.assigned_work[node].values() for name in unit if not unit[name]]
        for unit, name in left[:1]:
            unit[name] = True
        super().remove_node(node)
        return left[0][1] if left else None

    def _reschedule(self, node):
        super()._reschedule(node)
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()


class Sharing:
    """The part of the process that prints: how many tests there are is estimated from the files begun."""

    def __init__(self):
        self.files, self.begun, self.tests = 0, set(), set()

    def pytest_xdist_make_scheduler(self, config, log):
        return Files(config, log)

    def pytest_xdist_node_collection_finished(self, ids):
        self.files = len({name.partition("::")[0] for name in ids})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        self.begun.add(report.nodeid.partition("::")[0])
        self.tests.add(report.nodeid)
        session = self.session
        session.testscollected = max(len(self.tests), len(self.tests) * self.files // len(self.begun))

    def pytest_sessionstart(self, session):
        self.session = session


def install(config):
    """Have a worker open files one by one, and the process that prints count so, where that is right."""
    if by_file(config):
        config.pluginmanager.register(FileByFile() if hasattr(config, "workerinput") else Sharing())
