"""A gateway of the campaigns: the world's with a real hub; its process is killed, its power and disk fail."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from kentongan_gateway.disk.spool import SpoolError
from kentongan_gateway.hub_client.uplink import HubError
from kentongan_gateway.service.keyfile import KeyFile

from kentongan_sim.physics.shapes import Us
from kentongan_sim.scenarios.parts import Gateway
from kentongan_sim.soak.disk import Disk
from kentongan_sim.world.gateways.gateway_host import START_US
from kentongan_sim.world.gateways.modem_line import ModemLine
from kentongan_sim.world.gateways.real_hub import Link, RealHubHost
from kentongan_sim.world.world import World

UPLINK_MS = (20, 400)  # from the commit to the request: the receipt is quicker, or slower


class FaultyLink(Link):
    """Link with the faults of a network, and of a hub that fails."""

    fault: str | None = None
    delay_ms = 0

    def call(self, method: str, path: str, body: object = None) -> Any:
        fault = self.fault
        if fault == "refused":
            raise HubError(0, "ConnectionRefusedError")
        if fault == "500":
            raise HubError(500, "internal error")
        reply = super().call(method, path, body)
        if fault == "reply lost":
            raise HubError(0, "TimeoutError timed out")  # the hub has committed, the gateway does not know
        if fault == "garbage":
            raise HubError(200, "the reply is no JSON")
        if fault == "odd":
            return {"accepted": ["gateway-9/x-1", 7, None], "orders": [{"id": "x"}]}
        return reply


class Dead(BaseException):
    """The process ends here, between two instructions: nothing catches this."""


class Town(Protocol):
    """Surroundings of a gateway here: site.Ground."""

    world: World
    folder: Path
    disk: Disk | None
    rng: random.Random

    @property
    def links(self) -> Mapping[str, FaultyLink]: ...

    def said(self, label: str, text: str) -> None: ...


class CampaignGateway(RealHubHost):
    link: FaultyLink

    def __init__(self, town: Town, gateway: Gateway, key_file: KeyFile) -> None:
        directory = town.folder / gateway.label / "state"
        super().__init__(town.world, gateway, key_file, directory, town.links[gateway.label])
        self._town, self._disk = town, town.disk
        self.rng = random.Random(town.rng.getrandbits(32))
        self.kill_in: int | None = None  # steps until the process is killed
        self.state_fault: OSError | None = None  # an OSError that every state file meets
        self.died_at = ""
        self.lose_power = False  # the next death is one of the whole board
        self.torn = 0  # files that a power cut has torn

    # Power

    def start(self) -> None:
        self._run += 1
        self._start()

    def _open_disk(self) -> None:
        super()._open_disk()
        self._watch(self.state, "put", "state")
        for name in ("put_all", "mark_sent"):
            self._watch(self.spool, name, f"spool.{name}")

    def _make_radio(self) -> ModemLine:
        radio = super()._make_radio()
        self._watch(radio, "send", "radio.send")
        return radio

    def _watch(self, owner: object, name: str, step: str) -> None:
        """Around every call that leaves something behind: the moments at which a process may be killed."""
        function = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            self._may_die(f"before {step}")
            if step == "state" and self.state_fault:
                raise self.state_fault
            try:
                result = function(*args, **kwargs)
            except SpoolError:
                self._powerless(step)
                raise
            self._powerless(step)
            self._may_die(f"after {step}")
            return result

        setattr(owner, name, watched)

    def _powerless(self, step: str) -> None:
        if self._disk and self._disk.dead and step.startswith("spool"):
            self.died_at = f"within {step}"
            raise Dead from None

    def _may_die(self, step: str) -> None:
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in, self.died_at = None, step
                raise Dead

    def _die(self) -> None:
        """End the process; what was not synced is torn where the power went as well."""
        self.switch_off()
        if self._disk and self._disk.dead:
            self.torn += self._disk.cut(self.rng)
            self.lose_power = True
        if self.lose_power:
            self.lose_power = False
            self._tear_states()
            self._boot()
            self.world.nodes[self.modem].reset("power")
        self.later(START_US, self.start)

    def switch_off(self) -> None:
        self._stop()
        self._let_go()

    def _let_go(self) -> None:
        """Close the spool and leave its files as a killed process does: a close would tidy them up."""
        files = [self.directory / name for name in ("spool.sqlite3", "spool.sqlite3-wal")]
        left = {} if self._disk and self._disk.dead else {f: f.read_bytes() for f in files if f.exists()}
        self.spool._drop_connection()
        for file, data in left.items():
            file.write_bytes(data)

    def _tear_states(self) -> None:
        """Tear a state that was being written at the cut: its new file is torn, the old one stands."""
        (self.directory / "seq.new").write_bytes(self.rng.randbytes(self.rng.randrange(20)))

    def kill(self) -> None:
        if self._core:
            self.died_at = "idle"
            self._die()

    # What happens

    def do(self, what: str, *args: object) -> None:
        try:
            super().do(what, *args)
        except Dead:
            self._die()

    def uplink_us(self) -> Us:
        return self.rng.randrange(*UPLINK_MS) * 1000

    def said(self, text: str) -> None:
        self._town.said(self.label, text)

    def _send_now(self) -> None:
        try:
            super()._send_now()
        except Dead:
            self._die()

    def _poll(self) -> None:
        try:
            super()._poll()
        except Dead:
            self._die()
