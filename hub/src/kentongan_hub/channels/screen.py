"""The post's screen and every board: showing is a column that each board renders, it cannot half happen."""

from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Incident
from kentongan_hub.channels.base import Worker, worked
from kentongan_hub.record import audit, outbox, timeline


class Screen(Worker):
    name = outbox.BOARD
    label = _("Layar pos dan papan")
    word = _("papan")

    def enabled(self) -> bool:
        return True

    def step(self) -> bool:
        now = self.now()
        with self._store.read() as db:
            if not outbox.due(db, now.ms, self.name):
                return False
        with self._store.write(ring=False) as db:
            rows = outbox.claim(db, now.ms, self.name)
        with self._store.write() as db:
            for row in rows:
                outbox.mark(db, now.ms, self.name, row["id"])
                if row["incident"] is None:
                    continue  # a test: the mark itself is the proof
                db.run("UPDATE incidents SET flashed_ms = ? WHERE id = ?", now.ms, row["incident"])
                incident: Incident = db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
                audit.note("paged", timeline.identity(db, incident), row["type"])
            if rows:
                worked(db, now, self.name)
        return bool(rows)
