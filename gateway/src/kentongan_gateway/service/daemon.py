"""The thin loop: the only place that waits. Every event goes through the Performer, one thing at a time."""

import logging
import os
import queue
import random
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from kentongan_wire.base.errors import LocalError

from kentongan_gateway import outputs
from kentongan_gateway import radio as radios
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.devices.radiowatch import WORKS_ON
from kentongan_gateway.core.gateway_core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.disk.spool import Spool, quantiles
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.hub_client.results import Client
from kentongan_gateway.hub_client.uplink import HubClient, Uplink
from kentongan_gateway.outputs import key, lamp, voice
from kentongan_gateway.outputs.siren_driver import SirenDriver
from kentongan_gateway.radio.pair import Doubles
from kentongan_gateway.sections import Settings
from kentongan_gateway.service import keyfile, logs, status
from kentongan_gateway.service.clock import Clock
from kentongan_gateway.service.inbox import FULL, Inbox
from kentongan_gateway.service.performer import Performer

if TYPE_CHECKING:
    from kentongan_gateway.service.metrics import Metrics  # read where a port is given

log = logging.getLogger("kentongan.gateway")
Part = TypeVar("Part")

TOGETHER_MAX = 32  # frames that share a commit
STORES_KEPT = 512  # whose time is remembered for people and metrics
LOOP_MAX_S = 1.0  # the loop looks round at least this often
STATUS_S = 5  # status.json is renewed this often
HUB_SILENT_S = 60  # the hub is named as a trouble after so long without a good reply


def sd_notify(message: str) -> str | None:
    """Tell systemd, where there is one (sd_notify(3)), and wait for nothing: None, or why it was not told."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(message.encode(), "\0" + address[1:] if address[0] == "@" else address)
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def made(without: Callable[[str], Part], make: Callable[..., Part], *args: Any) -> Part:
    """make(*args), or what stands for it and says why: no part at the post keeps the gateway from alarms."""
    try:
        return make(*args)
    except Exception as error:
        log.exception("%s", make.__module__)
        return without(f"{type(error).__name__}: {error}")


class Daemon:
    """One run of the gateway; run() returns after stop()."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._odd = list(settings.odd)
        self._key_file = keyfile.load(settings.gateway.key_file, self._odd)
        self._state = StateDir(settings.gateway.state_dir)
        self._state.claim()
        self._clock = Clock()
        self._spool = Spool(os.path.join(settings.gateway.state_dir, "spool.sqlite3"), settings.gateway.label)
        self._radio = radios.make(settings, self._key_file)
        self._doubles = Doubles()
        self._inbox = Inbox()
        put = self._inbox.offer
        self._stopping = False
        self._status_at = 0.0
        self._code: int | None = None
        self._begun_at = self._replied_at = self._taken_at = time.monotonic()
        self.radios = dict.fromkeys(self._radio.names, False)
        self.doubles = 0
        # from a frame's arrival until what it brought was on disk
        self._store_ms: deque[float] = deque(maxlen=STORES_KEPT)
        self._uplink = Uplink(
            self._spool,
            self._client_maker(),
            settings.gateway.label,
            self._clock.boot,
            self._clock.offered,
            lambda *of: put("taken", *of),
            lambda: put("reply"),
            lambda orders: put("orders", orders),
            lambda reason, n: put("odd", reason, n),
        )
        radios_at = [radio.port for radio in (settings.radio, settings.radio_2) if radio.type != "none"]
        self._siren: SirenDriver = made(outputs.NoSiren, outputs.make, settings.siren, radios_at)
        self._siren.on_trouble = lambda text: put("trouble", "siren", text)
        self._voice: voice.Speaks = made(voice.NoVoice, voice.make, settings.voice, self._siren.hold)
        self._voice.on_trouble = lambda text: put("trouble", "voice", text)
        self._lamp: lamp.Shows = made(lamp.NoLamp, lamp.make, settings.lamp)
        self._key: key.Key | key.NoKey = key.NoKey()
        self._metrics: Metrics | None = None
        self._ready = False
        self._performer = performer = Performer(
            self._make_core(),
            self._spool,
            self._state,
            self._radio,
            self._siren,
            self._voice,
            self._uplink,
            self._clock,
            lambda: random.getrandbits(32),
        )
        self._taking: dict[str, Callable[..., object]] = {
            "heard": self._take_heard,
            "radio": self._take_radio,
            "reply": self._take_reply,
            "taken": self._take_taken,
            "orders": performer.orders,
            "trouble": performer.trouble,
            "odd": performer.refused,
            "hush": performer.hush,
            "air": performer.radio_air,
        }

    def _make_core(self) -> GatewayCore:
        states = self._state.all()
        key_file, directory = self._key_file, self._key_file.directory
        if states.get("directory"):
            try:
                directory = Directory.load(states["directory"]).revoking(directory.revoked)
            except LocalError as error:
                log.error("kept directory: %s", error)
        config = CoreConfig(
            key_file.node,
            self._settings.gateway.label,
            key_file.zone,
            key_file.profile,
            self._settings.siren.driver != "none",
            self._radio.same_id,
            self._radio.names,
            self._settings.voice.driver != "none",
            key_file.preset,
        )
        return GatewayCore(config, key_file.keys, directory, states)

    def _client_maker(self) -> Callable[[float], Client]:
        """Return the maker of connections to the hub; it raises LocalError while a file is missing."""
        hub = self._settings.hub

        def make(timeout_s: float) -> HubClient:
            try:
                with open(hub.token_file, encoding="ascii") as file:
                    token = file.read().strip()
                if not token or " " in token or not token.isprintable():
                    raise ValueError("it holds no token")
            except (OSError, ValueError) as error:
                raise LocalError(
                    f"{hub.token_file}: cannot be read ({error}); write it anew with "
                    "`kentongan-hub gateway-file`"
                ) from error
            return HubClient(hub.url, token, timeout_s, hub.ca_file, self._clock.hub_says)

        return make

    # what other threads call

    def stop(self, *_: object) -> None:
        """End run() within LOOP_MAX_S. A flag and no more: a signal may come while the inbox is locked."""
        self._stopping = True

    # the loop

    def run(self) -> None:
        put = self._inbox.offer
        self._performer.beside("siren off", self._siren.off)
        self._performer.start()
        self._state.begin_late()
        self._performer.trouble("settings", "; ".join(self._odd))
        self._key = made(
            key.NoKey,
            key.make,
            self._settings.button,
            lambda: put("hush"),
            lambda text: put("trouble", "key", text),
        )
        self._start_metrics()
        self._uplink.start()
        self._radio.on_trouble = lambda name, what, text: put("trouble", f"radio_{what} {name}", text)
        self._radio.on_air = lambda used_ms: put("air", used_ms)
        self._radio.start(
            lambda heard: put("heard", heard, time.monotonic()), lambda name, up: put("radio", name, up)
        )
        self._performer.beside("ready", self._feed)
        log.info("gateway %s is up, spool %s", self._settings.gateway.label, self._spool.counts())
        while not self._stopping:
            self._step()
        self._close()

    def _start_metrics(self) -> None:
        """Figures for whoever watches; a port that is taken is no reason to be deaf to alarms."""
        if not self._settings.gateway.metrics_port:
            return
        try:
            from kentongan_gateway.service.metrics import Metrics

            self._metrics = Metrics(self._settings.gateway.metrics_port, self._snapshot())
        except Exception as error:
            self._performer.trouble("metrics", f"port {self._settings.gateway.metrics_port}: {error}")

    def _step(self) -> None:
        """Wait for one thing to happen, let the core decide, do it."""
        deadline = self._performer.core.next_deadline()
        wait_s = LOOP_MAX_S
        if deadline is not None:
            wait_s = max(0.0, min(LOOP_MAX_S, (deadline - self._clock.now_ms()) / 1000))
        try:
            kind, args = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
        except queue.Empty:
            pass
        else:
            self._performer.contain(kind, self._taking[kind], *args)
        self._performer.contain("tick", self._performer.tick)
        self._performer.beside("lamp", self._show)
        if time.monotonic() >= self._status_at:
            self._status_at = time.monotonic() + STATUS_S
            for name, deed in (
                ("look round", self._performer.look_round),
                ("troubles", self._tell_troubles),
                ("status", self._look_round),
                ("watchdog", self._feed),
            ):
                self._performer.beside(name, deed)

    def _tell_troubles(self) -> None:
        """Report the troubles of parts beside the alarm's way, and of threads that ended silently."""
        for name, part in (
            ("siren", self._siren),
            ("voice", self._voice),
            ("lamp", self._lamp),
            ("key", self._key),
            ("log", logs),
        ):
            self._performer.trouble(name, part.trouble())
        self._performer.trouble("inbox", self._inbox.trouble())
        refused = self._inbox.news()
        if refused:
            self._performer.refused(FULL, refused)
        if not self._spool.counts()["unsent"]:
            self._taken_at = time.monotonic()
        self._performer.trouble("hub", self._uplink.trouble() or self._hub_trouble(time.monotonic()))
        self._performer.trouble("results", self._uplink.untold())

    def _look_round(self) -> None:
        bad = [
            name for name in self._troubles() if name.startswith("radio_") and not name.startswith(WORKS_ON)
        ]
        self._radio.avoided = {name.partition(" ")[2] for name in bad}
        self._show(again=True)
        snapshot = self._snapshot()
        status.write(self._settings, snapshot)
        if self._metrics:
            self._metrics.snapshot = snapshot

    def _feed(self) -> None:
        """Tell systemd that we are there: READY until it has been heard, then that we live."""
        if not self._healthy():
            return
        why = sd_notify("WATCHDOG=1" if self._ready else "READY=1")
        self._ready = self._ready or why is None
        self._performer.trouble("systemd", why and f"it is not told that we run ({why}): it may restart us")

    def _hub_trouble(self, now_s: float) -> str | None:
        """Say what the hub fails to do, or None; it may give orders and take nothing, or the reverse."""
        takes = now_s - self._taken_at <= HUB_SILENT_S
        orders = now_s - self._replied_at <= HUB_SILENT_S
        if takes:
            return None if orders else "gives no orders"
        return "takes nothing" if orders else "takes nothing and gives no orders"

    def _show(self, again: bool = False) -> None:
        """Show by the lamp at once; a code that stays is asked for again, or it would go dark."""
        code = lamp.code_of(self._troubles())
        if again or code != self._code:
            self._code = code
            self._lamp.show(code)

    def _healthy(self) -> bool:
        """Tell whether every necessary thread lives: only this loop feeds the watchdog."""
        dead = [
            name
            for name, part in (
                ("radio", self._radio),
                ("uplink", self._uplink),
                ("state", self._state),
                ("siren", self._siren),
            )
            if not part.healthy()
        ]
        for name in dead:
            log.error("a thread of the %s has ended: the watchdog is not fed", name)
        return not dead

    def _take_heard(self, heard: Heard, came_s: float) -> None:
        """Take a frame and those that wait right behind it: what came in together is committed together."""
        frames, then = [(heard, came_s)], None
        while len(frames) < TOGETHER_MAX and then is None:
            try:
                kind, args = self._inbox.get_nowait()
            except queue.Empty:
                break
            if kind == "heard":
                frames.append(args)
            else:
                then = kind, args
        fresh = []
        for frame, _ in frames:
            if self._doubles.is_double(frame):
                self.doubles += 1
                self._performer.heard_too(frame.radio)
            else:
                fresh.append(frame)
        try:
            if self._performer.heard(*fresh):
                now_s = time.monotonic()
                self._store_ms.extend((now_s - came_s) * 1000 for _, came_s in frames)
        finally:
            if then:
                self._taking[then[0]](*then[1])

    def _take_radio(self, name: str, up: bool) -> None:
        self.radios[name] = up
        self._performer.radio(name, up)

    def _take_reply(self) -> None:
        self._replied_at = time.monotonic()
        self._performer.reply()

    def _take_taken(self, ids: list[str], new: set[str]) -> None:
        if ids:
            self._taken_at = time.monotonic()
        self._performer.taken(ids, new)

    def _troubles(self) -> dict[str, str]:
        down = {f"radio_down {name}": "" for name, up in self.radios.items() if not up}
        return {**self._performer.core.troubles(), **down}

    def _snapshot(self) -> status.Snapshot:
        return {
            "label": self._settings.gateway.label,
            "boot_id": self._clock.boot,
            "at_ms": self._clock.now_ms(),
            "wall": self._clock.wall_iso(),
            "clock": self._clock.quality(),
            "up_s": int(time.monotonic() - self._begun_at),
            "radios": self.radios,
            "troubles": self._performer.core.troubles(),
            "spool": self._spool.counts(),
            "store_ms": quantiles(self._store_ms),
            "commit_ms": self._spool.latency_ms(),
            "refused": dict(self._performer.core.counters),
            "radio_counters": dict(self._radio.counters),
            "doubles": self.doubles,
            "dropped": self._performer.dropped + self._inbox.refused,
        }

    def _close(self) -> None:
        self._performer.beside("stopping", sd_notify, "STOPPING=1")
        self._performer.beside("close", self._performer.close)
        for part in (
            self._state,
            self._uplink,
            self._radio,
            self._key,
            self._voice,
            self._siren,
            self._lamp,
            self._metrics,
            self._spool,
        ):
            if part:
                self._performer.beside("end", part.stop if hasattr(part, "stop") else part.close)


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    daemon = Daemon(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, daemon.stop)
    daemon.run()
