"""Helpers of tests of the running demo: waiting, pressing again, what posts beat, who is at the hub."""

import urllib.error
from typing import NamedTuple

from kentongan_node.press.incident import FOLD_MS
from kentongan_sim.demo.person import CSRF, Person
from kits.patience import PATIENCE_S, wait_for


def wait(what, condition):
    """Return once condition() is true."""
    wait_for(condition, what)


class Alarms:
    """Every alarm that a box of the demo began, as (label, counter, ms)."""

    def __init__(self, demo):
        self._village = demo.village
        self.seen = []
        demo.village.world.listen(self._note)

    def _note(self, t_us, label, what, detail):
        if what == "note" and detail["step"] == "press":
            self.seen.append((detail["device"], detail["counter"], t_us // 1000))

    def press_again(self, label):
        """A second press: a new alarm of the same incident, once it is no longer the same hammering.

        Without it a box that knows of a sounding siren asks the gateway again only after a minute.
        """
        last_ms = max(ms for device, _, ms in self.seen if device == label)
        wait("the box takes a new press", lambda: self._village.now_ms() > last_ms + FOLD_MS)
        self._village.press(label, 1)


class Heard:
    """Every siren of a post in the air: `seen` [(label, pattern, ms)], and what beats now."""

    def __init__(self, demo):
        self.seen, self._now = [], {}
        demo.village.world.listen(self._note)

    def _note(self, t_us, label, what, detail):
        if what == "sound" and label.startswith("pos"):
            self.seen.append((label, detail["pattern"], t_us // 1000))
            self._now[label] = detail["pattern"]
        elif what in ("quiet", "off"):
            self._now.pop(label, None)

    def beating(self):
        """{label: pattern} of the posts that beat now."""
        return dict(self._now)


class Answer(NamedTuple):
    code: int
    text: str


class Visitor(Person):
    """A person at the hub whose answers are looked at, also where something is refused."""

    def __init__(self, url):
        super().__init__(url, PATIENCE_S)

    def get(self, path):
        return self._answer(self._get, path)

    def post(self, path, page, **form):
        """Send a form with the token of the page that it stands on."""
        token = CSRF.search(self.get(page).text)
        return self._answer(self._post, path, {"csrf": token[1] if token else "", **form})

    def _answer(self, ask, *about):
        try:
            return Answer(200, ask(*about))
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read().decode())
