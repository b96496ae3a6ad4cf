"""A gateway of the campaign: real hands, core, spool, session and uplink; its power and its disk fail."""
import random
from pathlib import Path

from kentongan_gateway.core.gateway_core import CoreConfig, GatewayCore
from kentongan_gateway.disk.spool import Spool, SpoolError
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.hub_client.uplink import Backoff, HubError, Uplink
from kentongan_gateway.outputs import lamp
from kentongan_gateway.outputs.voice import NoVoice
from kentongan_gateway.radio.pair import Doubles
from kentongan_gateway.service.clock import Clock
from kentongan_gateway.service.performer import Performer

from kentongan_sim.soak.radio import Cable

START_MS = 1_500        # from death to a running gateway, by systemd or by power
LOOK_MS = 5_000
POLL_MS = 4_500
UPLINK_MS = (20, 400)    # from the commit to the request: the receipt is quicker, or slower
HUB_SILENT_MS = 60_000
EPOCH_S = 1_790_000_000


class Dead(BaseException):
    """The process ends here, between two instructions: nothing catches this."""


class Siren:
    def __init__(self, on_play):
        self.play = lambda pattern, steps, total_ms: on_play(pattern)

    def off(self):
        return


class CampaignGateway:
    def __init__(self, town, label, key_file, directory, board, disk):
        self._town, self.label, self._key_file = town, label, key_file
        self._timeline, self._disk, self._board = town.timeline, disk, board
        self.directory = Path(directory)
        self.rng = random.Random(town.rng.getrandbits(32))
        self.core = None
        self.life = 0             # counts starts: what belongs to an older one is void
        self.boot, self.boot_ms, self.wall_offset_s = 0, 0, 0.0
        self.kill_in = None       # steps until the process is killed
        self.state_fault = None   # an OSError that every state file meets
        self.died_at, self.step, self.lamp = "", "idle", 0
        self.radio = None
        self.lose_power = False   # the next death is one of the whole board
        self.torn = 0             # files that a power cut has torn
        self._armed = 0

    # Power

    def start(self):
        self.life += 1
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self._make()
        except Dead:
            self._die()

    def _make(self):
        timeline, key_file = self._timeline, self._key_file
        clock = Clock(f"boot-{self.boot}", lambda: (timeline.now_ms - self.boot_ms) * 1_000_000,
                      lambda: EPOCH_S + timeline.now_ms / 1000 + self.wall_offset_s, lambda: True)
        state = StateDir(self.directory)
        spool = Spool(self.directory / "spool.sqlite3", self.label, steady_s=lambda: timeline.now_ms / 1000)
        self.spool, self._doubles, self._replied_ms = spool, Doubles(), timeline.now_ms
        self._watch(state, "put", "state")
        for name in ("put_all", "mark_sent"):
            self._watch(spool, name, f"spool.{name}")
        self.radio = Cable(timeline, self._board, key_file)
        self._watch(self.radio, "send", "radio.send")
        self._link = self._town.link(self)
        self._uplink = Uplink(spool, None, self.label, clock.boot, clock.offered, self._in("taken"),
                              self._in("reply"), self._in("orders"), self._in("refused"),
                              steady_s=lambda: timeline.now_ms / 1000)
        self._uplink.wake = lambda: self._later(self.rng.randrange(*UPLINK_MS), self._send_up)
        self._backoff, self._sending, self._after = Backoff(), False, None
        config = CoreConfig(key_file.node, self.label, zone=key_file.zone, profile=key_file.profile,
                            radios=self.radio.names, preset=key_file.preset)
        self.core = GatewayCore(config, key_file.keys, key_file.directory, state.all())
        self._performer = Performer(
            self.core,
            spool,
            state,
            self.radio,
            self._siren(),
            NoVoice(),
            self._uplink,
            clock,
            lambda: self.rng.getrandbits(32),
        )
        self._performer.start()
        self.radio.on_trouble = lambda name, what, text: self._do("trouble", f"radio_{what} {name}", text)
        self.radio.start(self._heard, lambda name, up: self._do("radio", name, up))
        self._later(0, self._look)
        self._later(POLL_MS, self._poll)
        self._uplink.wake()
        self._arm()

    def _watch(self, owner, name, step):
        """Around every call that leaves something behind: the moments at which a process may be killed."""
        function = getattr(owner, name)

        def watched(*args, **kwargs):
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

    def _powerless(self, step):
        if self._disk and self._disk.dead and step.startswith("spool"):
            self.died_at = f"within {step}"
            raise Dead from None

    def _may_die(self, step):
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in, self.died_at = None, step
                raise Dead

    def _die(self):
        """The process is gone; what was not synced is torn where the power went as well."""
        self.life += 1
        self.core = None
        if self.radio:
            self.radio.stop()
        self._let_go()
        if self._disk and self._disk.dead:
            self.torn += self._disk.cut(self.rng)
            self.lose_power = True
        if self.lose_power:
            self.lose_power = False
            self._tear_states()
            self.power_cycle()
        self._timeline.after(START_MS, self.start)

    def _let_go(self):
        """Close the spool and leave its files as a killed process does: a close would tidy them up."""
        files = [self.directory / name for name in ("spool.sqlite3", "spool.sqlite3-wal")]
        left = {} if self._disk and self._disk.dead else {f: f.read_bytes() for f in files if f.exists()}
        self.spool._drop_connection()
        for file, data in left.items():
            file.write_bytes(data)

    def switch_off(self):
        self.life += 1
        self.core = None
        self.radio.stop()
        self._let_go()

    def power_cycle(self):
        self.boot, self.boot_ms = self.boot + 1, self._timeline.now_ms + START_MS
        self._board.reset()

    def _tear_states(self):
        """A state that was being written when the power went: its new file is torn, the old one stands."""
        (self.directory / "seq.new").write_bytes(self.rng.randbytes(self.rng.randrange(20)))

    def kill(self):
        if self.core:
            self.died_at = "idle"
            self._die()

    # What happens

    def _later(self, ms, function):
        life = self.life
        self._timeline.after(ms, lambda: function() if life == self.life else None)

    def _in(self, kind):
        return lambda *args: self._do(kind, *args)

    def _do(self, kind, *args):
        if self.core is None:
            return
        if kind in ("taken", "reply"):
            self._replied_ms = self._timeline.now_ms
        try:
            getattr(self._performer, kind)(*args)
        except Dead:
            self._die()
        else:
            self._arm()

    def _heard(self, heard):
        if self._doubles.is_double(heard):
            self._do("heard_too", heard.radio)
        else:
            self._do("heard", heard)

    def _arm(self):
        if self.core is None:
            return
        due = self.core.next_deadline()
        if due is not None:
            now = self._timeline.now_ms - self.boot_ms
            self._armed += 1
            self._later(max(0, due - now), lambda armed=self._armed: self._tick(armed))

    def _tick(self, armed):
        if armed == self._armed:
            self._do("tick")

    def _look(self):
        self._do("look_round")
        if self.core:
            silent = self._timeline.now_ms - self._replied_ms > HUB_SILENT_MS
            self._do("trouble", "hub", "takes nothing" if silent else None)
            self._do("trouble", "results", self._uplink.untold())
            self.lamp = lamp.code_of(self.core.troubles())
            self._later(LOOK_MS, self._look)

    def _siren(self):
        return Siren(self._played)

    def _played(self, pattern):
        origin, counter, _ = self.core._own.alarm
        self._town.siren_played(self.label, origin, counter, pattern)

    # The uplink's two threads, stepped

    def _send_up(self):
        if self._sending:
            return
        self._sending = True
        self._later(self._link.delay_ms, self._send_now)

    def _send_now(self):
        self._sending = False
        try:
            more = self._uplink.send_once(self._link)
        except (HubError, SpoolError) as error:
            self._town.said(self.label, f"hub takes nothing: {error}")
            self._uplink._note_odd(error)
            self._later(min(1.0, self._backoff.next_s()) * 1000, self._send_up)
        except Dead:
            self._die()
        else:
            self._backoff.reset()
            if more:
                self._send_up()

    def _poll(self):
        try:
            orders = self._uplink.poll_once(self._link, self._after)
        except HubError as error:
            self._town.said(self.label, f"hub gives no orders: {error}")
            self._uplink._note_odd(error)
            orders = []
        except Dead:
            self._die()
            return
        self._after = max([self._after or 0, *(order["id"] for order in orders)])
        if orders:
            self._do("orders", orders)
        self._later(POLL_MS, self._poll)
