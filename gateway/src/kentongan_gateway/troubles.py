"""What is wrong at this gateway, told to the hub: at once, but never so often that it buries the alarms."""

QUICK = 6                 # changes of one trouble that are told at once
WINDOW_MS = 600_000       # in so long; after that the latest state is told once a window's share
SHARE_MS = WINDOW_MS // QUICK
NAMES_LIMIT = 64
ALL = "*"
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
    def __init__(self):
        self.text, self.told, self.credit, self.credited_ms, self.due_ms = "", "", QUICK, 0, None


class Troubles:
    """One per core. A trouble has a name, and a text while it lasts."""

    def __init__(self, desk):
        self._desk = desk
        self._all = {}

    def begin(self):
        """Whatever a former run said is over; what lasts is said again."""
        self._desk.store({"type": "trouble", "name": ALL, "active": False, "detail": ""})

    def lost(self, name):
        """A state of a former run is gone: said in words, with the remedy, until the next start."""
        self.set(f"disk_state {name}", f"{name}: {LOST.get(name, 'begun anew')}")

    def revoked(self):
        """A hub restored from an older backup lists as in use what was revoked: it is to revoke it again."""
        back = ", ".join(self._desk.directory.back())
        self.set("revoked", f"revoked here, but listed by the hub: {back}" if back else None)

    def set(self, name, text):
        """It is so now; text is empty or None when it is over."""
        one = self._all.get(name)
        if one is None:
            if not text:
                return  # it never was
            if len(self._all) >= NAMES_LIMIT:
                self._desk.count("trouble_dropped")
                return
            one = self._all[name] = _Told()
        one.text = text or ""
        if bool(one.text) != bool(one.told):
            self._tell(name, one)

    def active(self):
        """{name: text} of what lasts."""
        return {name: one.text for name, one in self._all.items() if one.text}

    def _tell(self, name, one):
        now = self._desk.now_ms
        earned = (now - one.credited_ms) // SHARE_MS
        one.credit, one.credited_ms = min(QUICK, one.credit + earned), one.credited_ms + earned * SHARE_MS
        if one.credit < 1:
            one.due_ms = one.credited_ms + SHARE_MS
            return
        one.credit, one.due_ms, one.told = one.credit - 1, None, one.text
        event = {"type": "trouble", "name": name, "active": bool(one.text), "detail": one.text[:200]}
        self._desk.store(event)
        step = "trouble" if one.text else "trouble_over"
        self._desk.note(step, self._desk.config.label, 0, f"{name}: {one.text}" if one.text else name)

    def tick(self):
        for name, one in self._all.items():
            if one.due_ms is not None and self._desk.now_ms >= one.due_ms:
                one.due_ms = None
                if bool(one.text) != bool(one.told):
                    self._tell(name, one)

    def next_deadline(self):
        due = [one.due_ms for one in self._all.values() if one.due_ms is not None]
        return min(due) if due else None
