"""A device of the field campaign: the world's, with the real keeper, over a flash that may refuse.

RTC memory lives through a reset and not through a lost supply. What only chips can do (console, watchdog, a
radio's registers) is not modelled here.
"""

from kentongan_node.common import counter
from kentongan_node.shell import rtcmem
from kentongan_node.shell.keeper import Keeper

from kentongan_sim.physics.chance import between
from kentongan_sim.physics.shapes import Action, Answer, Engine, Ms, State
from kentongan_sim.scenarios.parts import Place
from kentongan_sim.world.node_host import SENSE_US, NodeHost, Surroundings

KEEP_US = 20_000  # the keeper's next look after anything happened
IDLE_KEEP_US = 10_000_000  # and while nothing happens
SAG_US = 1_000, 60_000  # into a frame, less than its length: nobody can read what breaks off
AIRTIME_US = 90_000
FULL = 28  # ENOSPC
Data = bytes | bytearray | memoryview


class Box(NodeHost):
    """`state` is its flash; `shown`: [(ms, state)] of its lamp."""

    def __init__(self, world: Surroundings, place: Place, engine: Engine) -> None:
        super().__init__(world, place, engine)
        self.nvs, self.rtc = b"", b""
        self.refuses = self.nvs_refuses = self.deaf = False
        self.mute = False  # the output of its siren cannot be driven
        self.sags = 0  # so many of the next frames pull the supply down
        self.shown: list[tuple[Ms, str]] = []
        self._keeping = world.clock.timer(self._keep)

    # power

    def power_off(self) -> None:
        """Take the supply away; with it, after a moment, RTC memory."""
        super().power_off()
        self.rtc = b""

    def _cancel(self) -> None:
        super()._cancel()
        self._keeping.cancel()

    def _begin(self, cause: str) -> State:
        memory = self._memory = rtcmem.load(self.rtc)
        memory.faults = memory.tries = 0
        memory.dark = not memory.belongs_to(self.place.node) and self.place.role != "modem"
        state = self._recalled(memory)
        self._keeper = Keeper(
            memory, self._write, self._remember, self._spare, self._now_ms(), cause == "wake_timer"
        )
        return state

    def _booted(self, cause: str, key: str) -> None:
        super()._booted(cause, key)
        if self.mute:
            self.deliver("sense", "siren", -1)

    def _recalled(self, memory: rtcmem.Memory) -> State:
        """As launch.recalled: RTC memory is written first, so it is never older."""
        state = dict(self.state)
        state.update(memory.files)
        if memory.dark:
            boots = int.from_bytes(bytes(state.get("boots", b"")), "little")
            counter.after_dark(
                state,
                boots,
                int(self._draws.next()),
                lambda name, data: self._keep_sequence(memory, name, data),
                self.nvs,
            )
            memory.stale = memory.failing
            for name in counter.NAMES:
                if memory.failing and name in state:
                    memory.files[name] = state[name]
            self._remember(memory)
        if memory.stale:
            state["stale"] = b"1"
        return state

    def _keep_sequence(self, memory: rtcmem.Memory, name: str, data: Data) -> bool:
        try:
            self._write(name, data)
            return True
        except OSError:
            memory.failing = True
            return self._spare(data)

    def _write(self, name: str, data: Data) -> None:
        if self.refuses:
            raise OSError(FULL)
        self.state[name] = bytes(data)

    def _spare(self, data: Data) -> bool:
        if not self.nvs_refuses:
            self.nvs = bytes(data)
        return not self.nvs_refuses

    def _remember(self, memory: rtcmem.Memory) -> None:
        self.rtc = memory.dump()

    def take_writes(self) -> None:
        """Another board takes its place: its flash is well, and begins with what the old one had."""
        self.refuses = self.nvs_refuses = False
        self._memory.failing = self._memory.stale = False

    # events

    def received(self, frame: bytes, rssi: int, snr_q: int) -> None:
        if not self.deaf:
            super().received(frame, rssi, snr_q)

    def _run(self, answer: Answer) -> None:
        super()._run(answer)
        if self.phase == NodeHost.ON:
            self._keeping.set(self.clock.now_us + KEEP_US)

    def _keep(self) -> None:
        """Run the work of the shell's loop for moments in which nothing else goes on."""
        event = self._keeper.poll(self._now_ms(), True, not self._busy())
        if event is not None:
            self.deliver(event[0], *event[1])
        elif self.place.role != "tombol":
            self._keeping.set(self.clock.now_us + IDLE_KEEP_US)

    def _busy(self) -> bool:
        files = self._memory.files
        return bool(files.get("incident") or files.get("silent") or self.siren)

    # actions

    def _transmit(self, action: Action) -> None:
        if self.deaf:
            self.clock.at(self.clock.now_us + AIRTIME_US, self.sent, True)
            return
        super()._transmit(action)
        if self.sags:
            self.sags -= 1
            after_us = between(*SAG_US, self.world.seed, self.label, "sag", self.clock.now_us)
            self.clock.at(self.clock.now_us + after_us, self.reset)

    def _persist(self, action: Action) -> None:
        self._keeper.persist(action.name, action.data, self._now_ms())

    def _sound(self, action: Action) -> None:
        if self.mute:
            self.clock.at(self.clock.now_us + SENSE_US, self.deliver, "sense", "siren", -1)
            return
        super()._sound(action)

    def _show(self, action: Action) -> None:
        super()._show(action)
        self.shown.append((self.clock.now_us // 1000, action.state))

    def _sleep(self, action: Action) -> None:
        self._keeper.flush(self._now_ms())
        super()._sleep(action)
