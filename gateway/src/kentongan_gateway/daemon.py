"""The thin loop: the only place with threads, clocks and disks. It performs the core's actions in order."""
import logging
import os
import queue
import random
import signal
import socket
import time
from datetime import UTC, datetime

from kentongan_wire.errors import LocalError

from kentongan_gateway import actions, keyfile, outputs, status
from kentongan_gateway.actions import identity
from kentongan_gateway.core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.radio import make as make_radio
from kentongan_gateway.spool import Spool, SpoolError
from kentongan_gateway.state import StateDir
from kentongan_gateway.uplink import HubClient, Uplink

log = logging.getLogger("kentongan.gateway")

INBOX_LIMIT = 1_000         # what waits for the loop; a full inbox drops frames, which repeat
LOOP_MAX_S = 1.0            # the loop looks round at least this often
STATUS_S = 5                # status.json is renewed this often
CLOCK_TRUSTED_AFTER = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # an unset Pi clock lies before this
RESUME_ROWS = 200           # unsent events looked at for alarms of a former run
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def boot_id() -> str:
    """The kernel's id of this boot: monotonic times compare only within one."""
    try:
        with open(BOOT_ID, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return f"pid-{os.getpid()}-{time.time_ns()}"


def wall_iso():
    """Wall time, or None while the clock is plainly unset."""
    seconds = time.time()
    if seconds < CLOCK_TRUSTED_AFTER:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def sd_notify(message):
    """Tell systemd, where there is one (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(message.encode(), "\0" + address[1:] if address[0] == "@" else address)


class Daemon:
    """One run of the gateway; run() returns after stop()."""

    def __init__(self, settings):
        self._settings = settings
        self._key_file = keyfile.load(settings.gateway.key_file)
        self._state = StateDir(settings.gateway.state_dir)
        self._state.claim()
        self._spool = Spool(os.path.join(settings.gateway.state_dir, "spool.sqlite3"), settings.gateway.label)
        self._radio = make_radio(settings.radio, self._key_file)
        self._siren = outputs.make(settings.siren)
        self._boot_id = boot_id()
        self._inbox = queue.Queue(INBOX_LIMIT)
        self._rows = {}            # spool id -> core's row id, until the hub has taken it
        self._unsaved_seq = None   # a reserve of counters that could not be written
        self._stopping = False
        self._status_at = 0.0
        self.radios = {}
        self.dropped = 0
        self._core = self._make_core()
        self._uplink = Uplink(self._spool, self._client_maker(), settings.gateway.label, self._boot_id,
                              self._age_ms, lambda ids: self._put("taken", ids), lambda: self._put("reply"),
                              lambda orders: self._put("orders", orders))

    def _make_core(self):
        states = self._state.all()
        for name in self._state.damaged:
            log.error("state %s was damaged and is set aside", name)
        key_file, directory = self._key_file, self._key_file.directory
        if states.get("directory"):
            try:
                directory = Directory.load(states["directory"])
            except LocalError as error:
                log.error("kept directory: %s", error)
        config = CoreConfig(key_file.node, self._settings.gateway.label, key_file.zone, key_file.generation,
                            key_file.profile, self._settings.siren.driver != "none", self._radio.same_id)
        return GatewayCore(config, key_file.keys, directory, states)

    def _client_maker(self):
        hub = self._settings.hub
        try:
            with open(hub.token_file, encoding="ascii") as file:
                token = file.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LocalError(f"{hub.token_file}: cannot be read ({error}); write it anew with "
                             "`kentongan-hub gateway-file`") from error
        return lambda timeout_s: HubClient(hub.url, token, timeout_s, hub.ca_file)

    # what other threads call

    def _put(self, kind, *args):
        try:
            self._inbox.put_nowait((kind, args))
        except queue.Full:
            self.dropped += 1

    def stop(self, *_):
        """End run() within LOOP_MAX_S. A flag and no more: a signal may come while the inbox is locked."""
        self._stopping = True

    # the loop

    def run(self):
        self._siren.off()
        for path in self._spool.quarantined:
            log.error("the spool was corrupt and is set aside: %s", path)
        self._perform(self._core.tick(now_ms(), self._draw()))
        self._resume()
        self._uplink.start()
        self._radio.start(lambda heard: self._put("heard", heard),
                          lambda name, up: self._put("radio", name, up))
        sd_notify("READY=1")
        log.info("gateway %s is up, spool %s", self._settings.gateway.label, self._spool.counts())
        while not self._stopping:
            self._step()
        self._close()

    def _step(self):
        """Wait for one thing to happen, let the core decide, do it."""
        deadline = self._core.next_deadline()
        wait_s = LOOP_MAX_S if deadline is None else max(0.0, min(LOOP_MAX_S, (deadline - now_ms()) / 1000))
        try:
            kind, args = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
            getattr(self, "_take_" + kind)(*args)
        except queue.Empty:
            pass
        deadline = self._core.next_deadline()
        if deadline is not None and deadline <= now_ms():
            self._perform(self._core.tick(now_ms(), self._draw()))
        if time.monotonic() >= self._status_at:
            self._status_at = time.monotonic() + STATUS_S
            status.write(self._settings, self._snapshot())
            sd_notify("WATCHDOG=1")

    def _draw(self) -> int:
        return random.getrandbits(32)

    def _take_heard(self, heard):
        self._perform(self._core.heard(heard, now_ms(), self._draw()))

    def _take_radio(self, name, up):
        self.radios[name] = up
        self._perform(self._core.radio_state(name, up, now_ms()))

    def _take_taken(self, ids):
        self._perform(self._core.hub_ok([self._rows.pop(i) for i in ids if i in self._rows], now_ms()))

    def _take_reply(self):
        self._perform(self._core.hub_ok("reply", now_ms()))

    def _take_orders(self, orders):
        for order in orders:
            self._perform(self._core.order(order, now_ms(), self._draw()))

    # doing

    def _perform(self, todo):
        for action in todo:
            self._DOING[type(action)](self, action)

    def _store(self, action):
        wall = wall_iso()
        event = {**action.event, "wall": wall, "boot_id": self._boot_id}
        if event["type"] == "alarm":
            event["stored_wall"] = wall
        try:
            event_id = self._spool.put(event)
        except SpoolError as error:
            log.error("nothing is acknowledged: %s", error)
            return
        self._rows[event_id] = action.row_id
        if len(self._rows) > INBOX_LIMIT:
            self._rows.pop(next(iter(self._rows)))
        self._uplink.wake()
        self._perform(self._core.stored(action.row_id, now_ms(), self._draw()))
        if self._spool.is_sent(event_id):
            self._core.already_taken([self._rows.pop(event_id)])

    def _persist(self, action):
        try:
            self._state.put(action.name, action.data)
        except OSError as error:
            log.error("state %s is not on disk: %s", action.name, error)
            if action.name == "seq":
                self._unsaved_seq = action
        else:
            if action.name == "seq":
                self._unsaved_seq = None

    def _send(self, action):
        """Put it on the air, but never with a counter whose reserve is not on disk: it might come twice."""
        if self._unsaved_seq:
            self._persist(self._unsaved_seq)
        if self._unsaved_seq:
            self.dropped += 1
            return
        self._radio.send(action)

    def _note(self, note):
        log.info("%s %s %s", identity(note), note.step, note.detail)

    _DOING = {
        actions.Store: _store, actions.Persist: _persist, actions.Note: _note,
        actions.Send: _send,
        actions.RelayCopy: lambda self, action: self._radio.relay(action.heard, action.klass),
        actions.DropCopy: lambda self, action: self._radio.drop(action.src, action.id),
        actions.Siren: lambda self, action: self._siren.play(*action),
        actions.SirenOff: lambda self, action: self._siren.off(),
        actions.OrderDone: lambda self, action: self._uplink.order_done(*action),
    }

    def _resume(self):
        """Alarms of a former run that the hub never took are watched on."""
        for event_id, event in self._spool.unsent(RESUME_ROWS):
            if event.get("type") != "alarm":
                continue
            try:
                row_id, todo = self._core.resume(event, self._age_ms(event), now_ms(), self._draw())
            except (KeyError, TypeError) as error:
                log.error("stored alarm %s cannot be read: %s", event_id, error)
                continue
            self._rows[event_id] = row_id
            self._perform(todo)

    def _age_ms(self, event) -> int:
        """How old a stored event is; -1 where neither clock can tell."""
        if event.get("boot_id") == self._boot_id:
            return now_ms() - event["at_ms"]
        if event.get("wall") and wall_iso():
            return int((time.time() - datetime.fromisoformat(event["wall"]).timestamp()) * 1000)
        return -1

    def _snapshot(self):
        return {"label": self._settings.gateway.label, "boot_id": self._boot_id, "at_ms": now_ms(),
                "wall": wall_iso(), "radios": self.radios, "spool": self._spool.counts(),
                "refused": dict(self._core.counters),
                "radio_counters": dict(self._radio.counters), "dropped": self.dropped}

    def _close(self):
        sd_notify("STOPPING=1")
        self._perform(self._core.close(now_ms()))
        self._uplink.stop()
        self._radio.stop()
        self._siren.close()
        self._spool.close()


def run(settings):
    """Run until SIGTERM or SIGINT."""
    daemon = Daemon(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, daemon.stop)
    daemon.run()
