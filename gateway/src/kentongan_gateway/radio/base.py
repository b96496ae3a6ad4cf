"""A radio: start, send, relay, drop, stop."""

from collections.abc import Callable, Collection
from typing import Protocol

from kentongan_wire.air.packet import Channel

from kentongan_gateway.core.base.actions import Heard, Send

OnHeard = Callable[[Heard], object]
OnState = Callable[[str, bool], object]


class Key(Protocol):
    """Of the key file what a radio is told."""

    @property
    def node(self) -> int: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def preset(self) -> str: ...
    @property
    def freq_hz(self) -> int: ...


class Radio:
    """A radio as the daemon knows it. Callbacks come from the radio's own threads: enqueue and return.

    same_id says whether the radio puts a packet id on the air a second time when asked to.
    """

    same_id = True
    counters: dict[str, int] = {}
    names: tuple[str, ...] = ()  # by which its frames and states are known
    # Names with something wrong: another that is up sends in their place.
    avoided: Collection[str] = frozenset()
    # Replaced by the owner: (name, what, text) of what is wrong with the radio though its line works, text
    # None when it is over; and what the radio has sent in the last hour, in ms, where it says so.
    on_trouble: Callable[[str, str, str | None], object] = staticmethod(lambda name, what, text: None)
    on_air: Callable[[int], object] = staticmethod(lambda used_ms: None)

    def start(self, on_heard: OnHeard, on_state: OnState) -> None:
        """Begin: on_heard(Heard) for every payload, on_state(name, up) at every change. Never blocks."""
        raise AssertionError("a radio says how it starts")

    def send(self, send: Send) -> None:
        """Put an actions.Send on the air, or on the radio's own bounded queue. Never blocks."""
        raise AssertionError("a radio says how it sends")

    def relay(self, heard: Heard, klass: int) -> None:
        """Carry on a frame of another node; a radio that relays by itself does nothing."""

    def drop(self, src: int, packet_id: int) -> None:
        """Forget a copy that still waits."""

    def healthy(self) -> bool:
        """Tell whether its threads live; False is for the watchdog."""
        return True

    def stop(self) -> None:
        """End the threads; the line is closed when this returns."""
