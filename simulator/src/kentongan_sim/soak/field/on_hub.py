"""Faults of the hub: its machine, clock, database and disk, its roads to people, and who talks to it."""

import errno
import random
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from kentongan_gateway.hub_client.uplink import HubClient
from kentongan_hub.base.tables import Value
from kentongan_hub.web import serving

from kentongan_sim.soak.field import damage, phone, rows
from kentongan_sim.soak.field.place import LABEL, Place
from kentongan_sim.soak.field.told import (
    AWAY,
    DAY_S,
    MEANWHILE,
    Change,
    Fault,
    Told,
    channel,
    disk,
    disk_well,
    doing,
    nothing,
    page,
    setting,
    warning,
)

Wrong = Callable[[random.Random], float]  # s, of a wall clock


_stop, _start = doing(lambda place: place.hub.stop()), doing(lambda place: place.start_hub())
_cut_hub = doing(lambda place: place.hub_power_cut())


def _without_clock(wrong_s: Wrong) -> Change:
    """Its machine comes back with a wall that is so wrong, until somebody sets it."""

    def end(place: Place, rng: random.Random) -> None:
        place.wall_wrong_ms = int(wrong_s(rng) * 1000)
        place.hub_power_back()

    return end


def _hub_clock(wrong_s: Wrong) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        place.wall_wrong_ms = int(wrong_s(rng) * 1000)

    return begin


_hub_clock_set = setting(lambda place: place, wall_wrong_ms=0)


def behind(rng: random.Random) -> float:
    return -rng.uniform(1_000, 3 * 365 * DAY_S)


def ahead(rng: random.Random) -> float:
    return rng.uniform(1_000, 11 * 365 * DAY_S)


def _damage(name: str) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        place.hub.stop()
        damage.DATABASE[name](place.app.hub.store.path, rng)

    return begin


def _sms(fault: str) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        place.phone.fault = fault
        if fault == phone.NO_NETWORK:  # found out by whoever sends
            place.form("/kanal/sms/uji", "/kanal", alamat="+6281233330003")

    return begin


def _leave_prompt(place: Place, rng: random.Random) -> None:
    """Kill the hub between number and text."""
    place.hub.stop()
    place.phone.leave_prompt_open()
    place.memo["sent"] = place.phone.sent


_sms_well = setting(lambda place: place.phone, fault=phone.WELL)


def _broker(silent: bool) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        place.memo["socket"] = listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = listener.getsockname()[1]
        if not silent:
            listener.close()
        place.form("/kanal/mqtt", "/kanal", hidup="1", host="127.0.0.1", port=str(port))

    return begin


def _no_broker(place: Place, rng: random.Random) -> None:
    place.form("/kanal/mqtt", "/kanal", host="127.0.0.1")
    place.memo["socket"].close()


INSIDE = (
    "json://192.168.1.7/hook",
    "json://127.0.0.1:8080/x",
    "xml://10.0.0.1",
    "ntfy://localhost/a",
    "json://[::1]/x",
    "json://169.254.169.254/latest",
    "file:///etc/passwd",
    "syslog://",
)


def _webhook(place: Place, rng: random.Random) -> None:
    place.form("/kanal/apprise", "/kanal", hidup="1", lokal="")
    answer = place.form("/kanal/apprise/uji", "/kanal", alamat=rng.choice(INSIDE))
    place.memo["refused"] = answer.status_code == 400 and "alamat Apprise" in answer.text


def _no_webhook(place: Place, rng: random.Random) -> None:
    place.form("/kanal/apprise", "/kanal", lokal="")


ODD_WORDS = (
    "",
    "\u00b2",
    "\x00",
    "-1",
    "1e9",
    "9" * 5_000,
    "9223372036854775808",
    "<script>",
    "=1+1",
    "x" * 500,
    "2026-02-30",
    "25.99",
    "[::1",
    "NaN",
    "%s",
    "\u202e",
    "0812",
    "\U0001f64f",
)
FORMS = (
    ("/warga", "/warga", ("nama", "rt", "rumah", "setuju", "nomor")),
    ("/kontak", "/kontak", ("nama", "nomor", "peran", "rt")),
    ("/latihan", "/latihan", ("hari", "jam", "rt", "menit")),
    ("/undangan", "/undangan", ("nama", "peran", "rt", "rumah")),
    ("/kanal/sms/uji", "/kanal", ("alamat",)),
    ("/kebijakan", "/kebijakan", ("rt", "jenis", "langkah")),
    ("/akun", "/akun", ("masuk", "nama", "peran", "sandi", "rumah")),
)


def _odd_forms(place: Place, rng: random.Random) -> None:
    place.memo["answers"] = []
    for _ in range(rng.randrange(4, 12)):
        path, stands, fields = rng.choice(FORMS)
        answer = place.form(path, stands, **{name: rng.choice(ODD_WORDS) for name in fields})
        place.memo["answers"].append((path, answer.status_code, answer.text))


def _explained(place: Place) -> bool:
    """No answer is a failure of the program, and what was refused says so."""
    answers = place.memo["answers"]
    broken = [path for path, code, _ in answers if code >= 500]
    return not broken and all(code < 400 or len(text) > 100 for _, code, text in answers)


def _hold_connections(place: Place, rng: random.Random) -> None:
    """Run the hub's real server on loopback with more silent connections than places, the gateway behind."""
    server = place.memo["server"] = serving.server(place.app, "127.0.0.1", 0)
    thread = place.memo["thread"] = threading.Thread(target=server.run, daemon=True)
    thread.start()
    port = server.effective_port
    count = serving.CONNECTIONS + rng.randrange(5, 40)
    place.memo["held"] = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    link = place.links[LABEL]
    client = HubClient(f"http://127.0.0.1:{port}", link.token)
    link.over = lambda method, path, body: client.call(method, path.replace("wait=25", "wait=0"), body)


def _drop_connections(place: Place, rng: random.Random) -> None:
    place.links[LABEL].over = None
    for one in place.memo["held"]:
        one.close()
    place.memo["server"].close()
    place.memo["thread"].join(20)


def _hub_files(place: Place) -> Path:
    return place.data


OUT = warning("pusat data pernah mati", where="warning: pernah mati")
PROMPT_OUT = OUT._replace(where="warning: pernah mati; SMS go on")
RUINED = page("/peringatan", "BASIS DATA RUSAK", "red on every page")
FULL = page("/peringatan", "PENYIMPANAN GAGAL", "red on every page")
TORN = page(
    "/peringatan", f"perintah stage untuk {LABEL} rusak", "page Peringatan, warning: pusat data gagal"
)
UNSURE = warning("jam tidak pasti")
REFUSED = Told(
    "the answer or page Kanal, with the reason",
    lambda place: place.memo.get("refused", False) or channel("apprise")(place),
)
FAILED = "pusat data gagal", "pusat data"
DAMAGED, FAILED_TOO = (*AWAY, "basis data rusak", "akses perlu diperiksa"), (*AWAY, "pusat data gagal")
NO_ROAD = ("kanal gagal",)
SMS_FAULTS = (phone.GONE, phone.SILENT, phone.NOISE, phone.REFUSES, phone.NO_NETWORK)


def _unreadable(name: str, table: str, column: str, odd: Value, where: str, subject: str) -> Fault:
    """One value of the database; what nothing reads is found by the look that the hub takes every 10 min."""
    seen, also = warning(rows.REPLACED, subject), ((rows.REPLACED, subject), FAILED)
    changes = rows.row(table, column, odd, where)
    return Fault(f"unreadable: {name}", *changes, 630, 900, seen, also, beside=MEANWHILE)


HUB = (
    Fault("away for 1 to 40 minutes", _stop, _start, 70, 2_400, OUT, AWAY),
    Fault("power cut, clock behind up to 3 years", _cut_hub, _without_clock(behind), 70, 900, OUT, AWAY),
    Fault("power cut, clock ahead up to 11 years", _cut_hub, _without_clock(ahead), 70, 900, OUT, AWAY),
    Fault("clock stepped back while it runs", _hub_clock(behind), _hub_clock_set, 60, 120, UNSURE, AWAY),
    Fault("clock stepped ahead while it runs", _hub_clock(ahead), _hub_clock_set, 60, 120, UNSURE, AWAY),
    *(Fault(f"database {name}", _damage(name), _start, 3, 90, RUINED, DAMAGED) for name in damage.DATABASE),
    Fault("the hub's disk full", disk(_hub_files, "full", errno.ENOSPC), disk_well, 30, 90, FULL, FAILED_TOO),
    *(_unreadable(*row) for row in rows.ROWS),
    Fault(
        "unreadable: an order that waits",
        rows.torn_order,
        rows.no_torn_order,
        150,
        240,
        TORN,
        (FAILED,),
        beside=MEANWHILE,
    ),
    *(
        Fault(f"SMS modem {name}", _sms(name), _sms_well, 60, 200, channel("sms"), NO_ROAD)
        for name in SMS_FAULTS
    ),
    Fault("killed, SMS modem left in its prompt", _leave_prompt, _start, 70, 120, PROMPT_OUT, AWAY),
    Fault("MQTT broker gone", _broker(False), _no_broker, 40, 90, channel("mqtt"), NO_ROAD),
    Fault("MQTT broker silent", _broker(True), _no_broker, 40, 90, channel("mqtt"), NO_ROAD),
    Fault("webhook into the LAN or the machine", _webhook, _no_webhook, 20, 40, REFUSED, NO_ROAD),
    Fault("odd forms", _odd_forms, nothing, 10, 30, Told("the answer, never a 5xx", _explained)),
    Fault("more silent connections than places", _hold_connections, _drop_connections, 20, 40, None),
)
