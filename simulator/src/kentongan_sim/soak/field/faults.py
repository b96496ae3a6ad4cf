"""The faults of this campaign: what breaks, what ends it, and where a person must see it.

A fault is begun and ended with (place, rng); what it needs to remember it keeps in `place.memo`. `told` is
what must come true: told(place) is asked every few seconds from its begin until a while after its end.
"""
import errno
import json
import socket
import threading
from collections import namedtuple

from kentongan_gateway.uplink import HubClient
from kentongan_hub import outbox, serving

from kentongan_sim.soak.field import damage, phone, rows
from kentongan_sim.soak.field.place import LABEL, ZONE

DAY_S = 86_400
SAGS = 4  # the fifth frame is the last one that a cell is asked for: then the lamp says that nobody hears
# part: device, gateway or hub · least_s, most_s: how long it lasts · told: see above, None where nothing
# fails · where: that, for people · also: warnings that are true words beside it · sounds: which posts must
# sound: "both" or the "other" within SOUND_S of the press, "after": both within AFTER_S of the fault's end
# button: whether the box that is pressed has the fault · beside: the alarm is at the hub BESIDE_S after the
# press, and people are called, and what they answer is shown, however long the fault lasts; ANY_TIME or
# MEANWHILE: when the press comes
Fault = namedtuple("Fault", "name part begin end least_s most_s told where also sounds button beside",
                   defaults=("both", False, ""))
BESIDE_S = 60
ANY_TIME, MEANWHILE = "any time", "meanwhile"

# who says it


def page(path, *words):
    return lambda place: any(place.shows(path, word) for word in words)


def channel(name):
    """The page Kanal says that this road has a problem."""

    def told(place):
        section = place.page("/kanal").partition(f'id="kanal-{name}"')[2].partition("</section>")[0]
        return 'class="masalah"' in section

    return told


def warning(what, subject=""):
    return lambda place: any(w == what and subject in s for w, s in place.warnings())


def lamp(*states):
    """The box that was pressed shows it."""
    return lambda place: any(at >= place.memo["begun"] and state in states
                             for at, state in place.memo["pressed"].shown)


def _nothing(place, rng):
    return


# devices


def _refuse(label, nvs):
    def begin(place, rng):
        box = place.boxes[label or place.memo["pressed"].label]
        box.refuses, box.nvs_refuses = True, nvs
        place.memo["box"] = box
        if label and place.memo["phase"] == "after" or label.startswith("penerus"):
            box.reset()  # what writes seldom finds it out at a start

    return begin


def _take_writes(place, rng):
    """Another board takes its place: its flash is well, and begins with what the old one had."""
    box = place.memo["box"]
    box.refuses = box.nvs_refuses = False
    box._memory.failing = box._memory.stale = False


def _sag(place, rng):
    box = place.memo["pressed"]
    box.sags, box.sags_lose_rtc = 1 + rng.randrange(SAGS), False


def _recovered(place, rng):
    place.memo["pressed"].sags = 0


def _deafen(place, rng):
    place.memo["pressed"].deaf = True


def _hears(place, rng):
    place.memo["pressed"].deaf = False


def _post(attribute, value):
    def change(place, rng):
        place.memo["box"] = place.boxes["pos-1"]
        setattr(place.boxes["pos-1"], attribute, value)

    return change


def _cut_post(place, rng):
    place.boxes["pos-1"].power_off()


def _power_post(place, rng):
    place.boxes["pos-1"].power_on()


# the gateway


def _kill_then(deed):
    def begin(place, rng):
        place.house.on_dark = lambda: deed(place, rng)
        place.house.kill()

    return begin


def _alter_journal(place, rng):
    path = place.house.directory / "spool.sqlite3-wal"
    damage.altered(path, rng)


def _ruin_states(place, rng):
    files = sorted(place.house.directory.glob("*.state"))
    for file in rng.sample(files, rng.randrange(1, len(files) + 1)):
        damage.unreadable(file, rng)


def _trickle(place, rng):
    """Each reply is given up after ten seconds, as uplink.Connection does."""
    place.links[LABEL].fault, place.links[LABEL].delay_ms = "reply lost", 10_000


def _hub_is_back(place, rng):
    link = place.links[LABEL]
    link.fault, link.delay_ms, link.alter = None, 0, None


def _alter_spool(deed):
    return _kill_then(lambda place, rng: deed(place.house.directory / "spool.sqlite3", rng))


ODD_REPLIES = (5, [], {}, {"accepted": 5}, {"accepted": [[], {}, None]}, {"orders": {}}, {"orders": [7]},
               {"orders": [{"id": "x"}, {"id": -1}]}, {"accepted": [], "rejected": 9},
               {"orders": [{"id": {"a": 1}, "type": []}]})


def _odd_replies(place, rng):
    def alter(path, reply):
        odd = rng.choice(ODD_REPLIES) if rng.random() < 0.6 else reply
        return odd if isinstance(odd, dict) else {"accepted": odd, "orders": odd}

    place.links[LABEL].alter = alter


ODD_VALUES = (None, True, -1, 0, 2**31, 2**70, 1.5, "", "x", "9" * 500, [], [[]], {}, {"a": {}}, "zone")


def _odd_orders(place, rng):
    """From the hub itself, as of a newer or a broken version: one after another while the fault lasts."""
    node = place.boxes["pos-1"].node
    good = [("siren", {"action": "start", "origin": node, "counter": 1, "kind": 1, "seconds": 9,
                       "targets": "zone", "zone": ZONE}),
            ("stage", {"device": node, "counter": 100, "stage": 3}),
            ("page", {"device": node, "counter": 100, "targets": [node]}),
            ("drill", {"minutes": 3, "zone": ZONE}), ("codes", {"profile": "polri", "patterns": [[1, [2]]]}),
            ("config", {"devices": [{"node": node, "version": 3}]}), ("keys", {"send": 0, "roots": []}),
            ("counters", {"table": [[node, 0, 0, 7]], "gateway_counter": 9})]
    with place.app.hub.store.write() as db:
        for _ in range(rng.randrange(3, 20)):
            type_, body = rng.choice(good)
            body = {**body, **{key: rng.choice(ODD_VALUES) for key in rng.sample(sorted(body), 1)}}
            channel = outbox.gateway_channel(LABEL)
            outbox.add(db, place.app.hub.now().ms, channel, rng.choice((type_, type_, "x", "")),
                       json.dumps(body), 600_000)
        outbox.add(db, place.app.hub.now().ms, channel, "siren", json.dumps({"action": []}), 600_000)


def _board(fault):
    def begin(place, rng):
        place.house.relay.fault = fault

    return begin


def _disk(place_of, kind, code):
    def begin(place, rng):
        if place.disk:
            place.disk.fault, place.disk.failing = kind, place_of(place)
        if place_of(place) == place.house.directory:
            place.house.state_fault = OSError(code, kind)

    return begin


def _disk_well(place, rng):
    if place.disk:
        place.disk.fault = place.disk.failing = None
    place.house.state_fault = None


def _gateway_files(place):
    return place.house.directory


def _hub_files(place):
    return place.data


def _gateway_clock(place, rng):
    place.house.wall_offset_s += rng.choice((-1, 1)) * rng.uniform(400, 12 * 365 * DAY_S)


def _gateway_clock_set(place, rng):
    place.house.wall_offset_s = 0.0


def _unplug(place, rng):
    place.house.radio.unplug()


def _plug(place, rng):
    place.house.radio.plug()


# the hub


def _stop(place, rng):
    place.stop_hub()


def _start(place, rng):
    place.start_hub()


def _cut_hub(place, rng):
    place.hub_power_cut()


def _without_clock(wrong_s):
    """Its machine comes back with a wall that is so wrong, until somebody sets it."""

    def end(place, rng):
        place.wall_wrong_ms = int(wrong_s(rng) * 1000)
        place.hub_power_back()

    return end


def _hub_clock(wrong_s):
    def begin(place, rng):
        place.wall_wrong_ms = int(wrong_s(rng) * 1000)

    return begin


def _hub_clock_set(place, rng):
    place.wall_wrong_ms = 0


def behind(rng):
    return -rng.uniform(1_000, 3 * 365 * DAY_S)


def ahead(rng):
    return rng.uniform(1_000, 11 * 365 * DAY_S)


def _damage(name):
    def begin(place, rng):
        place.stop_hub()
        damage.DATABASE[name](place.app.hub.store.path, rng)

    return begin


def _sms(fault):
    def begin(place, rng):
        place.phone.fault = fault
        if fault == phone.NO_NETWORK:  # found out by whoever sends
            place.form("/kanal/sms/uji", "/kanal", alamat="+6281233330003")

    return begin


def _leave_prompt(place, rng):
    """The hub is killed between number and text."""
    place.stop_hub()
    place.phone.leave_prompt_open()
    place.memo["sent"] = place.phone.sent


def _sms_well(place, rng):
    place.phone.fault = phone.WELL


def _broker(silent):
    def begin(place, rng):
        place.memo["socket"] = listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = listener.getsockname()[1]
        if not silent:
            listener.close()
        place.form("/kanal/mqtt", "/kanal", hidup="1", host="127.0.0.1", port=str(port))

    return begin


def _no_broker(place, rng):
    place.form("/kanal/mqtt", "/kanal", host="127.0.0.1")
    place.memo["socket"].close()


INSIDE = ("json://192.168.1.7/hook", "json://127.0.0.1:8080/x", "xml://10.0.0.1", "ntfy://localhost/a",
          "json://[::1]/x", "json://169.254.169.254/latest", "file:///etc/passwd", "syslog://")


def _webhook(place, rng):
    place.form("/kanal/apprise", "/kanal", hidup="1", lokal="")
    place.form("/kanal/apprise/uji", "/kanal", alamat=rng.choice(INSIDE))


def _no_webhook(place, rng):
    place.form("/kanal/apprise", "/kanal", lokal="")


ODD_WORDS = ("", "\u00b2", "\x00", "-1", "1e9", "9" * 5_000, "9223372036854775808", "<script>", "=1+1",
             "x" * 500, "2026-02-30", "25.99", "[::1", "NaN", "%s", "\u202e", "0812", "\U0001f64f")
FORMS = (("/warga", "/warga", ("nama", "rt", "rumah", "setuju", "nomor")),
         ("/kontak", "/kontak", ("nama", "nomor", "peran", "rt")),
         ("/latihan", "/latihan", ("hari", "jam", "rt", "menit")),
         ("/undangan", "/undangan", ("nama", "peran", "rt", "rumah")),
         ("/kanal/sms/uji", "/kanal", ("alamat",)),
         ("/kebijakan", "/kebijakan", ("rt", "jenis", "langkah")),
         ("/akun", "/akun", ("masuk", "nama", "peran", "sandi", "rumah")))


def _odd_forms(place, rng):
    place.memo["answers"] = []
    for _ in range(rng.randrange(4, 12)):
        path, stands, fields = rng.choice(FORMS)
        answer = place.form(path, stands, **{name: rng.choice(ODD_WORDS) for name in fields})
        place.memo["answers"].append((path, answer.status_code, answer.text))


def _explained(place):
    """No answer is a failure of the program, and what was refused says so."""
    answers = place.memo["answers"]
    broken = [path for path, code, _ in answers if code >= 500]
    return not broken and all(code < 400 or len(text) > 100 for _, code, text in answers)


def _hold_connections(place, rng):
    """The hub's real server on loopback, more silent connections than it has places, the gateway behind."""
    server = place.memo["server"] = serving.server(place.app, "127.0.0.1", 0)
    thread = place.memo["thread"] = threading.Thread(target=server.run, daemon=True)
    thread.start()
    port = server.effective_port
    count = serving.CONNECTIONS + rng.randrange(5, 40)
    place.memo["held"] = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    link = place.links[LABEL]
    client = HubClient(f"http://127.0.0.1:{port}", link.token)
    link.over = lambda method, path, body: client.call(method, path.replace("wait=25", "wait=0"), body)


def _drop_connections(place, rng):
    place.links[LABEL].over = None
    for one in place.memo["held"]:
        one.close()
    place.memo["server"].close()
    place.memo["thread"].join(20)


AWAY = ("gerbang terputus", "pusat data pernah mati", "gerbang perlu dilihat", "jam tidak pasti",
        "cadangan lama", "kontak lama")
RESTARTED = ("gerbang perlu dilihat",)
UNHEARD = ("gerbang perlu dilihat", "gerbang bermasalah", "gerbang terputus", "radio mati", "sirene diam",
           "sirene terputus", "terputus", "terlambat")
OUT = warning("pusat data pernah mati")
UNREADABLE = page("/peringatan", "pusat data gagal", "PENYIMPANAN GAGAL", "tidak terbaca", "rusak")
RUINED = page("/peringatan", "BASIS DATA RUSAK")

NEW_CARD = _alter_spool(damage.without_altered)

DEVICES = (
    Fault("tombol: flash takes no write", "device", _refuse("", False), _take_writes, 120, 300,
          warning("flash gagal", "tombol-"), "warning: flash gagal", ("flash gagal",), "both", True),
    Fault("tombol: flash and NVS take no write", "device", _refuse("", True), _take_writes, 120, 300,
          warning("flash gagal", "tombol-"), "warning: flash gagal", ("flash gagal",), "both", True),
    Fault("pos: flash takes no write", "device", _refuse("pos-1", False), _take_writes, 200, 500,
          warning("flash gagal", "pos-1"), "warning: flash gagal", ("flash gagal",)),
    Fault("penerus: flash takes no write", "device", _refuse("penerus-1", False), _take_writes, 200, 500,
          warning("flash gagal", "penerus-1"), "warning: flash gagal", ("flash gagal",)),
    Fault("tombol: brown-outs at 1 to 4 frames", "device", _sag, _recovered, 20, 60,
          lamp("sounding", "stored", "coming", "nobody"), "its lamp", (), "after", True),
    Fault("tombol: radio deaf, antenna off", "device", _deafen, _hears, 10, 100, lamp("nobody", "coming"),
          "its lamp: nobody hears", (), "after", True),
    Fault("pos: radio deaf, antenna off", "device", _post("deaf", True), _post("deaf", False), 330, 600,
          lambda place: warning("sirene diam", "pos-1")(place) or warning("sirene terputus", "pos-1")(place)
          or warning("terlambat", "pos-1")(place), "warning: sirene diam or terputus", UNHEARD, "other"),
    Fault("pos: without power", "device", _cut_post, _power_post, 330, 600,
          lambda place: warning("sirene diam", "pos-1")(place) or warning("sirene terputus", "pos-1")(place)
          or warning("terlambat", "pos-1")(place), "warning: sirene diam or terputus", UNHEARD, "other"),
)
GATEWAY = (
    Fault("odd orders", "gateway", _odd_orders, _nothing, 20, 40, page("/perangkat", "order_odd"),
          "page Perangkat: order_odd", ()),
    Fault("odd replies of the hub", "gateway", _odd_replies, _hub_is_back, 20, 80,
          page("/perangkat", "reply_odd"), "page Perangkat: reply_odd", RESTARTED),
    Fault("replies that trickle without an end", "gateway", _trickle, _hub_is_back, 80, 160,
          page("/peringatan", "pernah tidak terhubung"), "warning: gerbang perlu dilihat",
          (*RESTARTED, "gerbang terputus")),
    Fault("journal of the spool altered (WAL)", "gateway", _kill_then(_alter_journal), _nothing, 20, 40,
          warning("gerbang perlu dilihat", "restart"), "warning, words of the loss where there is one",
          (*RESTARTED, "gerbang bermasalah")),
    Fault("state files unreadable", "gateway", _kill_then(_ruin_states), _nothing, 20, 40,
          page("/peringatan", "catatan gerbang pernah rusak"), "warning: gerbang perlu dilihat",
          (*RESTARTED, "gerbang bermasalah")),
    Fault("relay board gone", "gateway", _board("gone"), _board(None), 40, 90,
          warning("gerbang tanpa sirene"), "warning: gerbang tanpa sirene", ("gerbang tanpa sirene",)),
    Fault("relay board unplugged while it is open", "gateway", _board("unplugged"), _board(None), 40, 90,
          warning("gerbang tanpa sirene"), "warning: gerbang tanpa sirene", ("gerbang tanpa sirene",)),
    Fault("results of orders are not taken", "gateway", rows.no_done, rows.all_routes, 200, 400,
          lambda place: any(what.startswith("gerbang") for what, _ in place.warnings()), "a warning: gerbang",
          (*RESTARTED, "gerbang bermasalah", "gerbang terputus"), beside=MEANWHILE),
    Fault("stored alarms altered", "gateway", _alter_spool(damage.stored_alarms), NEW_CARD, 70, 120,
          warning("gerbang perlu dilihat"), "warning: gerbang perlu dilihat",
          (*RESTARTED, "gerbang bermasalah"), beside=ANY_TIME),
    Fault("a letter of stored events altered", "gateway", _alter_spool(damage.stored_name), NEW_CARD, 70, 120,
          warning("gerbang perlu dilihat"), "warning: gerbang perlu dilihat",
          (*RESTARTED, "gerbang bermasalah"), beside=ANY_TIME),
    Fault("relay board on a bad line", "gateway", _board("bad line"), _board(None), 60, 120,
          warning("gerbang tanpa sirene"), "warning: gerbang tanpa sirene", ("gerbang tanpa sirene",)),
    Fault("its disk full", "gateway", _disk(_gateway_files, "full", errno.ENOSPC), _disk_well, 66, 90,
          page("/peringatan", "penyimpanan gerbang rusak atau penuh"), "warning: gerbang bermasalah",
          (*RESTARTED, "gerbang bermasalah")),
    Fault("clock steps 7 minutes to 12 years", "gateway", _gateway_clock, _gateway_clock_set, 20, 60,
          page("/peringatan", "jam gerbang berubah sendiri"), "warning: gerbang perlu dilihat",
          (*RESTARTED, "jam tidak pasti")),
    Fault("radio unplugged", "gateway", _unplug, _plug, 20, 60, warning("radio mati"), "warning: radio mati",
          UNHEARD),
)
HUB = (
    Fault("away for 1 to 40 minutes", "hub", _stop, _start, 70, 2_400, OUT, "warning: pernah mati", AWAY),
    Fault("power cut, clock behind up to 3 years", "hub", _cut_hub, _without_clock(behind), 70, 900, OUT,
          "warning: pernah mati", AWAY),
    Fault("power cut, clock ahead up to 11 years", "hub", _cut_hub, _without_clock(ahead), 70, 900, OUT,
          "warning: pernah mati", AWAY),
    Fault("clock stepped back while it runs", "hub", _hub_clock(behind), _hub_clock_set, 60, 120,
          warning("jam tidak pasti"), "warning: jam tidak pasti", AWAY),
    Fault("clock stepped ahead while it runs", "hub", _hub_clock(ahead), _hub_clock_set, 60, 120,
          warning("jam tidak pasti"), "warning: jam tidak pasti", AWAY),
    *(Fault(f"database {name}", "hub", _damage(name), _start, 3, 90, RUINED, "red on every page",
            (*AWAY, "basis data rusak")) for name in damage.DATABASE),
    Fault("the hub's disk full", "hub", _disk(_hub_files, "full", errno.ENOSPC), _disk_well, 30, 90,
          page("/peringatan", "PENYIMPANAN GAGAL"), "red on every page", (*AWAY, "pusat data gagal")),
    *(Fault(f"unreadable: {name}", "hub", *rows.row(table, column, odd, where), 150, 240, UNREADABLE,
            "warning or page Peringatan", (*AWAY, "pusat data gagal", "basis data rusak"), beside=MEANWHILE)
      for name, table, column, odd, where in rows.ROWS),
    Fault("unreadable: an order that waits", "hub", rows.torn_order, rows.no_torn_order, 150, 240, UNREADABLE,
          "warning or page Peringatan", (*AWAY, "pusat data gagal"), beside=MEANWHILE),
    *(Fault(f"SMS modem {name}", "hub", _sms(name), _sms_well, 60, 200, channel("sms"),
            "page Kanal, warning: kanal gagal", ("kanal gagal",))
      for name in (phone.GONE, phone.SILENT, phone.NOISE, phone.REFUSES, phone.NO_NETWORK)),
    Fault("killed, SMS modem left in its prompt", "hub", _leave_prompt, _start, 70, 120, OUT,
          "warning: pernah mati; SMS go on", AWAY),
    Fault("MQTT broker gone", "hub", _broker(False), _no_broker, 40, 90, channel("mqtt"),
          "page Kanal, warning: kanal gagal", ("kanal gagal",)),
    Fault("MQTT broker silent", "hub", _broker(True), _no_broker, 40, 90, channel("mqtt"),
          "page Kanal, warning: kanal gagal", ("kanal gagal",)),
    Fault("webhook into the LAN or the machine", "hub", _webhook, _no_webhook, 20, 40,
          channel("apprise"), "page Kanal", ("kanal gagal",)),
    Fault("odd forms", "hub", _odd_forms, _nothing, 10, 30, _explained, "the answer, never a 5xx", ()),
    Fault("more silent connections than places", "hub", _hold_connections, _drop_connections, 20, 40, None,
          "nothing fails", ()),
)
FAULTS = DEVICES + GATEWAY + HUB
MQTT_WAIT_S = 0.05  # for a broker that says nothing: mqtt.CONNECT_S in a campaign
