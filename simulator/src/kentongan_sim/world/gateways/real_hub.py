"""The real hub in process, and a gateway that talks to it by the real uplink: its threads are stepped."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kentongan_gateway.core.base.stored import Event as StoredEvent
from kentongan_gateway.core.gateway_core import CoreConfig, GatewayCore
from kentongan_gateway.disk.spool import Spool, SpoolError
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.hub_client.uplink import Backoff, HubError, Uplink
from kentongan_gateway.outputs import lamp
from kentongan_gateway.service.keyfile import KeyFile
from kentongan_hub.app import create_app
from kentongan_hub.base.clock import Clock

from kentongan_sim.physics.shapes import Us
from kentongan_sim.scenarios.parts import Gateway
from kentongan_sim.world.gateways.gateway_host import EPOCH_S, GatewayHost, NotingPerformer
from kentongan_sim.world.gateways.world_part import WorldPart

LOOK_US = 5_000_000
POLL_US = 4_500_000
ROUND_US = 3_000_000  # the hub's dispatch works this often
UPLINK_US = 60_000  # from the commit to the request
HUB_SILENT_US = 60_000_000
AGAIN_S = 1.0  # after a failure the hub is tried again this soon at least


class HubClock(Clock):
    """The hub's clocks, moved by the world."""

    def __init__(self, world: WorldPart):
        self._world = world
        super().__init__()

    def uptime_ms(self) -> int:
        return self._world.now_us // 1000

    def wall_ms(self) -> int:
        return EPOCH_S * 1000 + self._world.now_us // 1000

    def boot_id(self) -> str:
        return "boot"


class RealHub:
    """Application and database of the hub in process; its dispatch works every `round_us`, then `beside`."""

    def __init__(
        self,
        world: WorldPart,
        data: Path,
        round_us: Us = ROUND_US,
        beside: Callable[[], object] = lambda: None,
    ):
        self.world, self.data, self.round_us, self._beside = world, data, round_us, beside
        self.up = False
        self.start()
        self._next_round()

    def start(self) -> None:
        """Begin its process, as `kentongan-hub run` does."""
        self.app = create_app(self.data, clock=self.make_clock(), dispatch=False)
        self.client = self.app.test_client()
        self.up = True

    def make_clock(self) -> Clock:
        return HubClock(self.world)

    def stop(self) -> None:
        """End it without a word."""
        self.up = False
        for worker in self.app.hub.dispatch.workers:
            worker.close()

    def _next_round(self) -> None:
        self.world.at(self.world.now_us + self.round_us, self._round)

    def _round(self) -> None:
        self._next_round()
        if self.up:
            self.work()

    def work(self) -> None:
        """Do what its threads do, and then people beside it."""
        self.app.hub.dispatch.step()
        self._beside()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with self.app.hub.store.read() as db:
            return db.all(sql, *values)


class Link:
    """One gateway's way to the hub's API."""

    delay_ms = 0

    def __init__(self, hub: RealHub, token: str):
        self.hub, self.token = hub, token

    def call(self, method: str, path: str, body: object = None) -> Any:
        if not self.hub.up:
            raise HubError(0, "ConnectionRefusedError")
        path = path.replace("wait=25", "wait=0")  # a long poll would hold virtual time
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = self.hub.client.open(path, method=method, json=body, headers=headers)
        if reply.status_code != 200:
            raise HubError(reply.status_code, reply.text[:80])
        return reply.json

    def close(self) -> None:
        return


class NotingSpool(Spool):
    """Reports what it has stored as events of the world."""

    def __init__(self, host: "RealHubHost"):
        self._host = host
        super().__init__(host.directory / "spool.sqlite3", host.label, steady_s=host.steady_s)

    def put_all(self, events: Sequence[StoredEvent]) -> list[int]:
        ids = super().put_all(events)
        for event in events:
            self._host.stored(event)
        return ids


class RealHubHost(GatewayHost):
    """`link`: a Link; `directory`: where its spool and states are."""

    performer = NotingPerformer

    def __init__(
        self, world: WorldPart, gateway: Gateway, key_file: KeyFile, directory: str | Path, link: Link
    ):
        super().__init__(world, gateway)
        self.key_file, self.channel, self.link = key_file, key_file.channel, link
        self.directory = Path(directory)
        self.lamp = 0

    def _open_disk(self) -> None:
        self.state = StateDir(self.directory)
        self.spool = NotingSpool(self)

    def steady_s(self) -> float:
        return self.world.now_us / 1e6

    def _make_core(self) -> GatewayCore:
        file = self.key_file
        config = CoreConfig(
            file.node,
            self.label,
            zone=file.zone,
            profile=file.profile,
            radios=(self.modem,),
            preset=file.preset,
        )
        return GatewayCore(config, file.keys, file.directory, self.state.all())

    # The uplink's two threads

    def _make_uplink(self) -> Uplink:
        uplink = Uplink(
            self.spool,
            self._connect,
            self.label,
            self._clock.boot,
            self._clock.offered,
            self._in("taken"),
            self._in("reply"),
            self._in("orders"),
            self._in("refused"),
            steady_s=self.steady_s,
        )
        setattr(uplink, "wake", lambda: self.later(self.uplink_us(), self._send_up))  # noqa: B010 - a method
        return uplink

    def _connect(self, timeout_s: float) -> Link:
        return self.link

    def uplink_us(self) -> Us:
        return UPLINK_US

    def _begin_hub(self) -> None:
        self._replied_us = self.world.now_us
        self._backoff, self._sending, self._after = Backoff(), False, None
        self.radio.on_trouble = lambda name, what, text: self.do("trouble", f"radio_{what} {name}", text)
        self.radio.on_air = lambda used_ms: self.do("radio_air", used_ms)
        self.later(0, self._look)
        self.later(POLL_US, self._poll)
        self._uplink.wake()

    def _in(self, kind: str) -> Callable[..., None]:
        def told(*args: object) -> None:
            if kind in ("taken", "reply"):
                self._replied_us = self.world.now_us
            GatewayHost.do(self, kind, *args)  # what ends the gateway here ends the uplink's call as well

        return told

    def _look(self) -> None:
        run = self._run
        self.do("look_round")
        silent = self.world.now_us - self._replied_us > HUB_SILENT_US
        self.do("trouble", "hub", "takes nothing" if silent else None)
        self.do("trouble", "results", self._uplink.untold())
        if run != self._run:
            return
        if self._core is not None:
            self.lamp = lamp.code_of(self._core.troubles())
        self.later(LOOK_US, self._look)

    def said(self, text: str) -> None:
        """Take a line of the gateway's log."""

    def _send_up(self) -> None:
        if not self._sending:
            self._sending = True
            self.later(self.link.delay_ms * 1000, self._send_now)

    def _send_now(self) -> None:
        self._sending = False
        try:
            more = self._uplink.send_once(self.link)
        except (HubError, SpoolError) as error:
            self.said(f"hub takes nothing: {error}")
            self._uplink._note_odd(error)
            self.later(int(min(AGAIN_S, self._backoff.next_s()) * 1e6), self._send_up)
        else:
            self._backoff.reset()
            if more:
                self._send_up()

    def _poll(self) -> None:
        try:
            orders = self._uplink.poll_once(self.link, self._after)
        except HubError as error:
            self.said(f"hub gives no orders: {error}")
            self._uplink._note_odd(error)
            orders = []
        self._after = max([self._after or 0, *(order["id"] for order in orders)])
        self.later(POLL_US, self._poll)
        if orders:
            self.do("orders", orders)
