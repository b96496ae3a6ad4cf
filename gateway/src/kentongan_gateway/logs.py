"""How the gateway logs: a line for people, or one JSON object a line with the alarm's identity in `about`."""
import json
import logging
import sys
from datetime import UTC, datetime

FIELDS = ("about", "step", "detail")


class Json(logging.Formatter):
    """{"time", "level", "logger", "text"}; of an alarm also "about" (tombol-07 #1234), "step", "detail"."""

    def format(self, record):
        line = {"time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(), "logger": record.name, "text": record.getMessage()}
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def begin(level, form):
    """Log to standard error, which systemd keeps."""
    logging.basicConfig(level=level.upper(), stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if form == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(Json())
    logging.getLogger("meshtastic").setLevel(logging.ERROR)
