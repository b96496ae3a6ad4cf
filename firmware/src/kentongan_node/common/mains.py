"""Base of the nodes on mains power: sirene, penerus, penerima. Always listening, STATUS at an even pace."""

from kentongan_wire.air.flood import POSTPONE_MAX_MS
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages

from kentongan_node.base.actions import Listen, Persist
from kentongan_node.common.node import FIRMWARE, Node

if TYPE_CHECKING:
    from kentongan_node.base.actions import Action, Boot, Settings, State


QUIET_MS = 120_000  # no STATUS so long after an alarm (wire-format 3), within POSTPONE_MAX_MS
TEST_DELAY_MS = 2_000  # several nodes are asked in one order: answers spread over this
FIRST_MS = 2_000  # earliest STATUS after a start
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


class MainsNode(Node):
    """Override status_flags() for a role's own bits, on_key and on_sense calling up to here."""

    relays = True

    def __init__(self, settings: "Settings", state: "State") -> None:
        super().__init__(settings, state)
        self.boots = int.from_bytes(bytes(state.get("boots", b"")), "little") & 0xFFFF
        self.mains = True
        self.lid_open = False
        self.battery_mv = 0
        self.temperature = 0
        self.stuck = False  # a key: held down, or not to be read
        self.rssi = 0  # of the last frame from the gateway or for us
        self.snr_q = 0
        self._start_ms = 0
        self._status_due_ms = 0  # when STATUS was due before an alarm postponed it

    def on_start(self, boot: "Boot") -> None:
        self.boots = (self.boots + 1) & 0xFFFF
        self.lid_open = boot.lid_open
        self._start_ms = self.now_ms
        self.actions.append(Persist("boots", self.boots.to_bytes(2, "little")))
        self.actions.append(Listen(True))
        # After a power cut the whole site starts at once: spread the first STATUS over a period.
        self._plan(self.now_ms + FIRST_MS + self.draw(self._period_ms()))

    def on_key(self, key: str, down: bool) -> None:
        if key == "lid" and down != self.lid_open:
            self.lid_open = down
            self.send_status()
        elif key == "uji":
            self.note("status", self.send_status() or 0)

    def on_sense(self, what: str, value: int) -> None:
        if what == "mains":
            self.mains = bool(value)
        elif what == "battery":
            self.battery_mv = max(0, min(value, 0xFFFF))
        elif what == "temperature":
            self.temperature = max(-128, min(value, 127))
        elif what == "stuck":
            self.stuck = bool(value)
        elif what == "flash":
            self.quiet_test()  # a STATUS soon: somebody has to come

    def on_timer(self, name: str) -> None:
        if name == "status":
            alarm_ms = self.mesh.last_alarm_ms
            quiet_ms = self.now_ms if alarm_ms is None else alarm_ms + QUIET_MS
            wait_ms = min(quiet_ms, self._status_due_ms + POSTPONE_MAX_MS)
            if wait_ms > self.now_ms:
                self.at("status", wait_ms)
                return
            self.send_status()
            self.mesh.keep(self.actions)
            # A tenth of jitter keeps two nodes from meeting at every period.
            period_ms = self._period_ms()
            self._plan(self.now_ms + period_ms - self.draw(period_ms // 10))
        elif name == "test":
            self.send_status()

    def _plan(self, at_ms: int) -> None:
        self._status_due_ms = at_ms
        self.at("status", at_ms)

    def _period_ms(self) -> int:
        return self.settings["status_period_s"] * 1000

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: int, rnd: int) -> "list[Action]":
        self.rssi = rssi if -128 <= rssi <= 127 else -128 if rssi < 0 else 127
        self.snr_q = snr_q if -128 <= snr_q <= 127 else -128 if snr_q < 0 else 127
        return Node.receive(self, frame, rssi, snr_q, now_ms, rnd)

    def quiet_test(self) -> None:
        """Answer a quiet test with STATUS, soon."""
        self.at("test", self.now_ms + self.draw(TEST_DELAY_MS))

    def send_status(self) -> int:
        """Queue a STATUS now; it travels no farther than the gateway is away: at one hop nobody relays it."""
        body = self.status_body()
        hop_limit = self.settings["gateway_hops"] - 1
        return self.send_own_status(body, hop_limit)

    def confirm_config(self) -> None:
        self.quiet_test()

    def status_flags(self) -> int:
        flags = 0
        if self.mains:
            flags |= messages.STATUS_MAINS
        if self.lid_open:
            flags |= messages.STATUS_LID
        if self.counters_lost or self.counters_stale or self.guard.evicted:
            flags |= messages.STATUS_COUNTERS_LOST
        if self.mesh.meter.jammed(self.now_ms):
            flags |= messages.STATUS_JAMMING
        if self.flash_failing:
            flags |= messages.STATUS_FLASH_FAILING
        if self.part_failing or self.stuck:
            flags |= messages.STATUS_PART_FAILING
        return flags

    def status_body(self) -> "messages.NodeStatus":
        uptime_h = min((self.now_ms - self._start_ms) // HOUR_MS, 0xFFFF)
        air_used = min(self.mesh.air_used_ms(self.now_ms) // 100, 0xFFFF)
        return messages.NodeStatus(
            self.status_flags(),
            self.battery_mv,
            self.temperature,
            self.rssi,
            self.snr_q,
            self.boots,
            uptime_h,
            air_used,
            self.last_control,
            self.config_version,
            FIRMWARE,
        )
