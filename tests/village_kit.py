"""What tests of the running demo share: waiting for a thing to be so, and pressing a box once more."""

from kentongan_node.incident import FOLD_MS
from patience import wait_for


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
