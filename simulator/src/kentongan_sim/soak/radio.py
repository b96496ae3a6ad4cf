"""The air of one RT, a modem as it runs on the board, and its cable to the gateway, with faults."""
from kentongan_gateway.radio.base import Radio
from kentongan_gateway.radio.modem_session import CableNoise, ChipFault, Jammed, LinkState, ModemSession
from kentongan_node import actions as node_actions
from kentongan_node.actions import Boot
from kentongan_node.modem import Modem
from kentongan_wire import link

AIRTIME_MS = 90
REOPEN_MS = 1_000


class Air:
    """Everybody hears everybody else; nothing collides: losing frames is the simulator's other half."""

    def __init__(self, timeline):
        self._timeline, self._ears = timeline, []

    def join(self, ear):
        self._ears.append(ear)

    def send(self, frame, sender):
        for ear in self._ears:
            if ear is not sender:
                self._timeline.after(AIRTIME_MS, ear.receive, frame)


class Board:
    """The modem's own core (kentongan_node.modem) with a radio chip that always works."""

    def __init__(self, timeline, air, settings, rng):
        self._timeline, self._air, self._settings, self._rng = timeline, air, settings, rng
        self.to_host = lambda data: None
        self.frozen = False
        self._armed = 0
        air.join(self)
        self.reset()

    def reset(self):
        """Power on: it has forgotten everything."""
        self._core = Modem(self._settings, {})
        self._do(self._core.start(Boot("power", "", False), self._timeline.now_ms, self._draw()))

    def _draw(self):
        return self._rng.getrandbits(32)

    def receive(self, frame):
        if not self.frozen:
            self._do(self._core.receive(frame, -80, 20, self._timeline.now_ms, self._draw()))

    def host(self, data):
        if not self.frozen:
            self._do(self._core.host(data, self._timeline.now_ms, self._draw()))

    def _do(self, todo):
        now = self._timeline.now_ms
        for action in todo:
            if isinstance(action, node_actions.HostWrite):
                if not self.frozen:
                    self.to_host(action.data)
            elif isinstance(action, node_actions.Cad):
                self._timeline.after(5, self._later, "cad", False)
            elif isinstance(action, node_actions.Transmit):
                self._air.send(action.frame, self)
                self._timeline.after(AIRTIME_MS, self._later, "sent", True)
        due = self._core.next_deadline()
        if due is not None:
            self._armed += 1
            self._timeline.after(due - now, self._tick, self._armed)

    def _later(self, what, value):
        self._do(getattr(self._core, what)(value, self._timeline.now_ms, self._draw()))

    def _tick(self, armed):
        if armed == self._armed:
            self._do(self._core.tick(self._timeline.now_ms, self._draw()))


class Cable(Radio):
    """USB between gateway and board, as serial_modem serves it; every byte goes through the real session."""

    same_id = True

    def __init__(self, timeline, board, key_file, name="modem"):
        configure = link.Configure(key_file.node, key_file.preset, key_file.freq_hz, 14, 2, 0)
        self.names, self._name = (name,), name
        self._timeline, self._board = timeline, board
        self._session = ModemSession(configure, key_file.channel, name)
        self.plugged, self.mangle = True, None
        self._running = False
        self._armed = 0
        board.to_host = self._from_board

    @property
    def counters(self):
        return self._session.counters

    def start(self, on_heard, on_state):
        self._on_heard, self._on_state, self._running = on_heard, on_state, True
        self._open()

    def stop(self):
        self._running = False

    def _open(self):
        if not self._running:
            return
        if not self.plugged:
            self._timeline.after(REOPEN_MS, self._open)
            return
        self._is_open = True
        self._session.open(self._timeline.now_ms)
        self._flush()

    def unplug(self):
        """The device is gone: reads and writes fail at once, as pyserial's do."""
        self.plugged = self._is_open = False
        if self._running:
            if self._session.up:
                self._session.up = False
                self._on_state(self._name, False)
            self._timeline.after(REOPEN_MS, self._open)

    def plug(self):
        self.plugged = True

    def send(self, send):
        self._command(self._session.send, send)

    def relay(self, heard, klass):
        self._command(self._session.relay, heard, klass)

    def drop(self, src, packet_id):
        self._command(self._session.drop, src, packet_id)

    def _command(self, what, *args):
        if self._running and self.plugged and self._is_open:
            what(*args, self._timeline.now_ms)
            self._flush()

    def _from_board(self, data):
        if self._running and self.plugged and self._is_open:
            data = self.mangle(data) if self.mangle else data
            self._took(self._session.feed(data, self._timeline.now_ms))
            self._flush()

    def _flush(self):
        data = self._session.take_bytes()
        if data:
            self._timeline.after(2, self._deliver, self.mangle(data) if self.mangle else data)
        due = self._session.next_deadline()
        if due is not None:
            self._armed += 1
            self._timeline.after(due - self._timeline.now_ms, self._tick, self._armed)

    def _deliver(self, data):
        if self.plugged:
            self._board.host(data)

    def _tick(self, armed):
        if armed == self._armed and self._running and self.plugged and self._is_open:
            self._took(self._session.tick(self._timeline.now_ms))
            self._flush()

    def _took(self, events):
        for event in events:
            if isinstance(event, LinkState):
                self._on_state(self._name, event.up)
                if not event.up:
                    self._is_open = False
                    self._timeline.after(REOPEN_MS, self._open)
            elif isinstance(event, CableNoise | Jammed | ChipFault):
                what = type(event).__name__.lower()
                self.on_trouble(self._name, what, what if event.on else None)
            elif hasattr(event, "payload"):
                self._on_heard(event)
