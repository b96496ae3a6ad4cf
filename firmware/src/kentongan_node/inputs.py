"""Contacts: a bouncing one becomes one edge, a stuck one is found. Pure: levels and time in."""
DEBOUNCE_MS = 20        # an edge counts when the level stood so long
STUCK_MS = 60_000       # nobody holds a key for a minute: it is stuck, or its cable is broken


class Key:
    """One debounced input. `down`: whether it is down as the board starts."""

    def __init__(self, name, down, now_ms):
        self.name = name
        self.down = down
        self._since_ms = None
        self._edge_ms = now_ms

    def poll(self, down, now_ms):
        """True when a debounced edge has come; self.down is the new level."""
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

    def stuck(self, now_ms):
        """Whether it has been down for longer than anybody holds it."""
        return self.down and now_ms - self._edge_ms >= STUCK_MS


def boot_key(down, lid_open):
    """The key that counts as pressed when a board starts for another reason than a key. `down`: names.

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
