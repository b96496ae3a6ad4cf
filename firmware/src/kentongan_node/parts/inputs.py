"""Contacts: a bouncing one becomes one edge, a stuck or broken one is found. Levels and time come in."""

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Pin(Protocol):
        """An input of the chip."""

        def value(self) -> int: ...


DEBOUNCE_MS = 20  # an edge counts when the level stood so long
STUCK_MS = 60_000  # nobody holds a key for a minute: it is stuck, or its cable is broken


def level_of(pin: "Pin") -> int | None:
    """Return the level of an input; None when it cannot be read, as if nobody touched it."""
    try:
        return pin.value()
    except OSError:
        return None


class Key:
    """One debounced input. `down`: whether it is down as the board starts."""

    def __init__(self, name: str, down: bool, now_ms: int) -> None:
        self.name = name
        self.down = down
        self._since_ms: int | None = None
        self._edge_ms = now_ms

    def poll(self, down: bool, now_ms: int) -> bool:
        """Return True when a debounced edge has come; self.down is the new level."""
        if down == self.down:
            self._since_ms = None
        elif self._since_ms is None:
            self._since_ms = now_ms
        elif now_ms - self._since_ms >= DEBOUNCE_MS:
            self.down = down
            self._since_ms = None
            self._edge_ms = now_ms
            return True
        return False

    def stuck(self, now_ms: int) -> bool:
        """Tell whether it has been down for longer than anybody holds it."""
        return self.down and now_ms - self._edge_ms >= STUCK_MS


class Panel:
    """The keys of a board. `keys`: [(pin, level when down, Key)]; `contact`: the big button's normally closed
    contact, high when it is open, or None; `worn`: whether the board slept with a key down or a contact
    broken and nobody woke it: nobody presses from one timer wake to the next.

    NC opens as NO closes. Where they disagree for as long as nobody presses, one of them or its cable is
    broken: that is for the technician; an alarm is NO's business alone.
    """

    def __init__(self, keys: "list[tuple[Pin, int, Key]]", contact: "Pin | None", worn: bool) -> None:
        self.keys = keys
        self._contact = contact
        self._worn = worn
        self._agree = True
        self._disagree_ms = 0
        self._dead: list[str] = []  # names of what cannot be read

    def poll(self, now_ms: int) -> tuple[str, bool] | None:
        """(name, down) of the next debounced edge, or None."""
        for pin, active, key in self.keys:
            level = self._level(key.name, pin)
            if key.poll(level == active, now_ms):
                return key.name, key.down
        if self._contact is not None:
            level = self._level("contact", self._contact)
            agree = level is None or self.is_down("main") == bool(level)
            if agree != self._agree:
                self._agree, self._disagree_ms = agree, now_ms
        return None

    def _level(self, name: str, pin: "Pin") -> int | None:
        """Return its level; None, and noted, where it cannot be read."""
        level = level_of(pin)
        if (level is None) != (name in self._dead):
            self._dead = [dead for dead in self._dead if dead != name]
            self._dead += [name] if level is None else []
        return level

    def down(self) -> list[str]:
        return [key.name for _, _, key in self.keys if key.down]

    def is_down(self, name: str) -> bool:
        return name in self.down()

    def worn(self) -> list[str]:
        """List what is not so while nobody presses: keys down, "contact" when NO and NC disagree."""
        names = [name for name in self.down() if name != "lid"] + self._dead
        return names if self._agree else names + ["contact"]

    def stuck(self, now_ms: int) -> list[str]:
        """List the same of what has been so for longer than anybody presses."""
        if self._worn:
            return self.worn()
        names = [key.name for _, _, key in self.keys if key.name != "lid" and key.stuck(now_ms)] + self._dead
        broken = not self._agree and now_ms - self._disagree_ms >= STUCK_MS
        return names + ["contact"] if broken else names


def boot_key(down: list[str], lid_open: bool) -> str:
    """Return the key that counts as pressed when a board starts for another reason than a key. `down`: names.

    Both keys at once ask for a test. With the lid open somebody works on the box: nothing counts but the
    test.
    """
    if "main" in down and "silent" in down:
        return "uji"
    if lid_open:
        return ""
    for name in ("main", "silent"):
        if name in down:
            return name
    return ""
