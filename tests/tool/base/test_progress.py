"""Percent and time left: one line that is rewritten on a terminal, a line now and then elsewhere."""

import sys

import pytest
from kentongan_tool.base import progress
from kentongan_tool.board import devicetools
from kits.patience import wait_for

SOON_S = 1.0  # a program that hangs is given up after this


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def test_time_left_is_reckoned_from_what_is_done_and_not_before_there_is_something():
    assert progress.words("Menulis", 0.25, 10) == "  Menulis: 25 %, 30 s lagi"
    assert progress.words("Menulis", 0.25, 0.1) == "  Menulis: 25 %"
    assert progress.words("Menulis", 0, 10) == "  Menulis: 0 %"
    assert progress.words("Menulis", 1.5, 10) == "  Menulis: 100 %, 0 s lagi"
    assert progress.words("Mengemas", 0.1, 60) == "  Mengemas: 10 %, 9 menit lagi"


def test_a_step_that_takes_long_says_a_line_now_and_then_and_a_short_one_none(capsys):
    clock = Clock()
    with progress.Progress("Menulis", clock) as told:
        for done in range(1, 17):
            clock.now_s += 1
            told(done, 20)
    assert capsys.readouterr().out.splitlines() == ["  Menulis: 25 %, 15 s lagi", "  Menulis: 75 %, 5 s lagi"]
    with progress.Progress("Menunggu", clock) as told:
        clock.now_s += 6
        told.left(42)
    assert capsys.readouterr().out == "  Menunggu: paling lama 42 s lagi\n"


def test_on_a_terminal_one_line_is_rewritten_and_gone_before_the_next_word(monkeypatch, capsys):
    clock = Clock()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with progress.Progress("Menulis", clock) as told:
        clock.now_s += 2
        told(1, 2)
        clock.now_s += 0.1
        told(1.1, 2)  # too soon to be read
    said = capsys.readouterr().out
    assert said.startswith("\r  Menulis: 50 %, 2 s lagi\r") and said.endswith(" \r") and "55" not in said


def test_the_share_of_several_files_follows_mpremotes_bars():
    shares = []
    heard = progress.of_copies([100, 30_000, 10_000, 7], lambda done, total: shares.append(done / total))
    for text in (
        "cp a :\r\n",
        "\r ... copying   0% [-]",
        "\r ... copying  50% [#]",
        "\r      \r",
        "\r ... copying  40% [#]",
    ):
        heard(text)
    assert shares == [0, 0.375, 0.85]
    heard = progress.of_copies([100], lambda done, total: shares.append(1))
    heard(" 50%")
    assert len(shares) == 3


def test_esptools_percentages_are_read(monkeypatch):
    told = []
    heard = progress.of_percents(lambda done, total: told.append((done, total)))
    heard("Writing at 0x00214000 ━━━━━━━╸  25.0% 16.00kB/64.00kB [0s] \n")
    heard("nothing")
    assert told == [(25, 100)]


@pytest.fixture
def program(monkeypatch):
    def use(text):
        monkeypatch.setattr(devicetools, "command", lambda name: [sys.executable, "-c", text])

    return use


def test_a_tool_is_heard_while_it_runs_and_its_end_errors_and_hanging_are_known(program):
    parts = []
    program("import sys; print('10%', sys.stdout.isatty()); sys.stderr.write('salah'); sys.exit(3)")
    done = devicetools.run("mpremote", heard=parts.append)
    assert done.returncode == 3 and done.stderr == "salah" and "10% True" in "".join(parts)
    program("import time; print('mulai', flush=True); time.sleep(60)")
    done = devicetools.run("mpremote", heard=parts.append, timeout_s=SOON_S)
    assert done.returncode is None and "mulai" in done.stdout
    done = devicetools.run("mpremote", heard=parts.append, quiet_s=SOON_S)
    assert done.returncode is None and "mulai" in done.stdout


def test_what_can_only_be_reckoned_never_says_that_it_is_done(monkeypatch, capsys):
    told = []
    monkeypatch.setattr(progress, "REWRITE_S", 0.001)
    monkeypatch.setattr(progress.Progress, "__call__", lambda self, done, total: told.append(done / total))
    with progress.reckoned("Menghapus", 0.000_1):
        wait_for(lambda: told, "the first word of a step that tells nothing of itself")
    assert max(told) == progress.ALMOST
