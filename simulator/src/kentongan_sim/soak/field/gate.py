"""The field campaign's gateway, with the real player of a siren on a relay board that may fail."""

import random
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from kentongan_gateway.outputs import player
from kentongan_gateway.service.keyfile import KeyFile

from kentongan_sim.scenarios.parts import Gateway
from kentongan_sim.soak import campaign_gateway
from kentongan_sim.soak.campaign_gateway import CampaignGateway

SHORTEST_MS = 150
DROPS = 0.4  # of what is told a board whose line is bad


class Board:
    """A relay board: well, gone, unplugged while it is open, bad line (some of what it is told gets lost), or
    without power behind it.
    """

    def __init__(self, rng: random.Random, on_beat: Callable[[], object]) -> None:
        self._rng, self._on_beat = rng, on_beat
        self.fault: str | None = None
        self.level = self.dropped = False

    def _touch(self) -> None:
        if self.fault == "unplugged":
            raise termios.error(5, "Input/output error")  # what a serial port that is gone says, no OSError
        bad = self.fault == "bad line"
        drops = bad and (not self.dropped or self._rng.random() < DROPS)  # a line that never drops is not bad
        self.dropped = drops or self.dropped and bad
        if self.fault == "gone" or drops:
            raise OSError(5, "no answer from the board")

    def open(self) -> None:
        self._touch()

    def set(self, on: bool) -> None:
        self._touch()
        if on and not self.level and self.fault != "no power":
            self._on_beat()
        self.level = on

    def sense(self) -> bool:
        self._touch()
        return False if self.fault == "no power" else self.level

    def close(self) -> None:
        return


Later = Callable[..., object]  # (ms, function, its arguments)


class Beaten(player.Player):
    """The player without its thread: the world calls it."""

    def __init__(self, board: Board, later: Later) -> None:
        super().__init__(board, SHORTEST_MS, name="siren")
        self._later, self._turn = later, 0
        self.on_death: Callable[[], object] = lambda: None

    def _begin(self) -> None:
        self.beat(self._turn)

    def beat(self, turn: int) -> None:
        """Beat one step; an error that step() lets out ends the thread, and with it this siren."""
        if turn == self._turn:
            self._turn += 1
            now = player.now_ms()
            try:
                due_ms = self.step(now)
            except Exception:
                self.on_death()
                return
            self._later(max(1, due_ms - now), self.beat, self._turn)


class Town(campaign_gateway.Town, Protocol):
    """Its surroundings: place.Place."""

    def sounded(self, label: str) -> None: ...

    def died(self, what: str) -> None: ...


class Gate(CampaignGateway):
    """`board_fault`: of the relay board from now on (see Board)."""

    _town: Town

    def __init__(self, town: Town, gateway: Gateway, key_file: KeyFile) -> None:
        super().__init__(town, gateway, key_file)
        self.relay = Board(self.rng, lambda: self._town.sounded(self.label))
        self.on_dark: Callable[[], object] | None = None  # once, while no process holds the states

    def _make_siren(self) -> Beaten:
        self.relay.level = False
        siren = Beaten(self.relay, lambda ms, what, *args: self.later(ms * 1000, what, *args))
        siren.on_death = lambda: self._town.died("the siren's thread")
        siren.on_trouble = lambda text: self.do("trouble", "siren", text)
        self.later(1_000, siren._begin)
        return siren

    def start(self) -> None:
        if self.on_dark:
            deed, self.on_dark = self.on_dark, None
            deed()
        try:
            super().start()
        except Exception as error:
            self._ended(error)

    def _ended(self, error: Exception) -> None:
        """End the process by an error that no part has contained; systemd starts it again."""
        self._town.died(f"the gateway: {type(error).__name__}: {error}")
        self._die()

    def do(self, what: str, *args: object) -> None:
        try:
            super().do(what, *args)
        except Exception as error:
            self._ended(error)

    def _send_now(self) -> None:
        try:
            super()._send_now()
        except Exception as error:  # a thread that has ended: the daemon is not well, and ends as well
            self._ended(error)


@contextmanager
def beaten_by(timeline_ms: Callable[[], int]) -> Iterator[None]:
    """Players of this process live by that clock."""
    real, player.now_ms = player.now_ms, timeline_ms
    try:
        yield
    finally:
        player.now_ms = real
