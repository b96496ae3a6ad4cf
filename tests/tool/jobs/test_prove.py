"""The proof by "uji" of a button that still shows its last alarm, sleeps, or is heard by nobody."""

from types import SimpleNamespace

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.jobs import provision

SHOWS_S = 10
NODE, MARK = 0x6B74F007, 5


class Button:
    """A button behind a port without control lines, the hub that hears it, and a person at RESET."""

    def __init__(self, shows_s, reaches_hub=True):
        self.now_s, self.reaches_hub = 1_000.0, reaches_hub
        self.heard = []  # its last words, for the message
        self.shows_until_s, self.asleep = self.now_s + shows_s, False
        self.pressed_s, self.resets, self.notes = None, 0, []

    def pass_s(self, seconds):
        self.now_s += seconds
        idle = self.pressed_s is None
        self.asleep = self.asleep or idle and 0 < self.shows_until_s <= self.now_s

    # the tool's console

    def __call__(self, port):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def wake(self, say):
        self.pass_s(0.1)
        if self.asleep:
            say("tekan RESET")
            self.pass_s(5)
            self.asleep, self.shows_until_s, self.resets = False, 0, self.resets + 1

    def send(self, word):
        if not self.asleep and self.now_s >= self.shows_until_s and self.pressed_s is None:
            self.pressed_s, self.notes = self.now_s, ["press", "sent"]

    def lines(self):
        self.pass_s(0.2)
        said, self.notes = self.notes, []
        return said

    # the hub

    def device(self, node):
        return {}

    def uji(self, node, since, wait_s):
        self.pass_s(wait_s)
        logged = self.reaches_hub and self.pressed_s is not None and self.now_s > self.pressed_s + 2
        return {"logged": logged, "alarm": {"gateway": "gateway-1"} if logged else None}


def prove(monkeypatch, button, wait_s=20):
    monkeypatch.setattr(provision, "Console", button)
    monkeypatch.setattr(provision, "time", SimpleNamespace(monotonic=lambda: button.now_s))
    return provision.prove(button, "port", NODE, MARK, "tombol", wait_s, lambda text: None)


@pytest.mark.parametrize("shows_s", [0, 1, 3, 5, 7, 9, SHOWS_S, SHOWS_S + 2, SHOWS_S + 5])
def test_a_button_that_shows_its_last_alarm_and_sleeps_is_waited_for_and_woken(monkeypatch, shows_s):
    button = Button(shows_s)
    assert prove(monkeypatch, button) == {"gateway": "gateway-1"}
    assert button.resets <= 1


def test_a_button_that_nobody_hears_is_given_up_in_time(monkeypatch):
    button = Button(SHOWS_S, reaches_hub=False)
    started_s = button.now_s
    with pytest.raises(ToolError) as caught:
        prove(monkeypatch, button)
    assert caught.value.name == "no_uji" and button.now_s - started_s < 120
