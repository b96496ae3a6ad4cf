"""Troubles of this gateway, reported to the hub at once, but never so often that they bury the alarms.

An intermittent trouble is not over when it has gone once more: it lasts while it came TIMES in WINDOW_MS.
"""

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.stored import Event
from kentongan_gateway.core.base.units import Ms

TIMES = 3
WINDOW_MS = 600_000
NAMES_LIMIT = 64
ALL = "*"
LINE = {"siren": "siren line"}  # what comes and goes -> what is wrong then: each second try succeeds
# a state of ours that is gone or cannot be read -> what follows, and the remedy
LOST = {
    "keys": "presses under new keys may be refused: if they are, write the key file anew with "
    "`kentongan-hub gateway-file`",
    "configs": "the hub sends the devices' settings again; if Kunci still waits tomorrow, start the hub anew",
    "codes": "our siren beats by the profile until the hub sends the codes: choose them anew on Kentongan",
    "directory": "revoked numbers are those of the key file until the hub sends the list",
    "guard": "alarms are stored and answered, sirens wait until somebody vouches, ten minutes at most",
    "drill": "a drill that ran may still be known at posts: end it anew on Latihan",
    "air": "half of the hour's air counts as used: settings wait up to an hour",
    "pages": "penerima that were being called are not called again: look whether somebody comes",
}


class _Told:
    def __init__(self) -> None:
        self.text, self.told = "", ""
        self.due_ms: Ms | None = None
        self.came: list[Ms] = []  # when it began, the latest TIMES


class Troubles:
    """One per core. A trouble has a name, and a text while it lasts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._all: dict[str, _Told] = {}

    def begin(self) -> None:
        """Declare the troubles of a former run over; those that last are reported again."""
        self._context.store({"type": "trouble", "name": ALL, "active": False, "detail": ""})

    def lost(self, name: str) -> None:
        """Tell that a state of a former run is gone, in words, with the remedy, until the next start."""
        self.set(f"disk_state {name}", f"{name}: {LOST.get(name, 'begun anew')}")

    def revoked(self) -> None:
        """Note what an older hub backup lists as in use and was revoked: the hub is to revoke it again."""
        back = ", ".join(self._context.directory.back())
        self.set("revoked", f"revoked here, but listed by the hub: {back}" if back else None)

    def set(self, name: str, text: str | None) -> None:
        """It is so now; text is empty or None when it is over."""
        one = self._all.get(name)
        if one is None:
            if not text:
                return  # it never was
            if len(self._all) >= NAMES_LIMIT:
                self._context.count("trouble_dropped")
                return
            one = self._all[name] = _Told()
        if text and not one.text:
            one.came = [*one.came, self._context.now_ms][-TIMES:]
        one.text = text or ""
        self._settle(name, one)

    def _settle(self, name: str, one: _Told) -> None:
        """Tell what is to be told of it now; `due_ms`: when one that comes and goes may be over."""
        held_ms = one.came[0] + WINDOW_MS if len(one.came) == TIMES else self._context.now_ms
        held = held_ms > self._context.now_ms
        one.due_ms = held_ms if held else None
        if one.text and not one.told or one.told and not one.text and not held:
            self._tell(name, one)
        if name in LINE:
            often = f"{TIMES} times in {WINDOW_MS // 60_000} minutes, it answers between: check the cable"
            self.set(LINE[name], often if held else None)

    def active(self) -> dict[str, str]:
        """{name: text} of what lasts."""
        return {name: one.text for name, one in self._all.items() if one.text}

    def _tell(self, name: str, one: _Told) -> None:
        one.told = one.text
        event: Event = {"type": "trouble", "name": name, "active": bool(one.text), "detail": one.text[:200]}
        self._context.store(event)
        step = "trouble" if one.text else "trouble_over"
        self._context.note(step, self._context.config.label, 0, f"{name}: {one.text}" if one.text else name)

    def tick(self) -> None:
        for name, one in list(self._all.items()):
            if one.due_ms is not None and self._context.now_ms >= one.due_ms:
                self._settle(name, one)

    def next_deadline(self) -> Ms | None:
        due = [one.due_ms for one in self._all.values() if one.due_ms is not None]
        return min(due) if due else None
