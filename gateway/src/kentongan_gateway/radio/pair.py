"""Two radios at once: what either hears counts once, what is sent goes out through the first that works."""

from collections import OrderedDict

from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import OnHeard, OnState, Radio

KEPT = 256  # frames whose hearers are remembered: minutes of a busy channel


class Doubles:
    """Tells a frame that a second radio heard as well from one that came twice."""

    def __init__(self, kept: int = KEPT):
        self._kept = kept
        # what was on the air -> the radios that brought it
        self._hearers: OrderedDict[Heard, set[str]] = OrderedDict()

    def is_double(self, heard: Heard) -> bool:
        """Tell whether another radio has brought this very transmission already."""
        # the whole header: what is left out anybody can write anew
        key = heard._replace(rssi=0, snr_q=0, radio="")
        hearers = self._hearers.get(key)
        if hearers and heard.radio not in hearers:
            hearers.add(heard.radio)
            return True
        self._hearers[key] = {heard.radio}  # new, or on the air again: the same radio heard it twice
        self._hearers.move_to_end(key)
        if len(self._hearers) > self._kept:
            self._hearers.popitem(last=False)
        return False


class Pair(Radio):
    """The radios in order of preference."""

    def __init__(self, radios: list[Radio]):
        self._radios = radios
        self.same_id = all(radio.same_id for radio in radios)
        self.names = tuple(name for radio in radios for name in radio.names)
        self._up: dict[str, bool] = {}

    @property
    def counters(self) -> dict[str, int]:  # type: ignore[override]  # those of its radios, written there
        return {
            f"{radio.names[0]}_{what}": count
            for radio in self._radios
            for what, count in radio.counters.items()
        }

    def start(self, on_heard: OnHeard, on_state: OnState) -> None:
        self._on_state = on_state
        for radio in self._radios:
            radio.on_trouble, radio.on_air = self.on_trouble, self.on_air
            radio.start(on_heard, self._state)

    def _state(self, name: str, up: bool) -> None:
        self._up[name] = up
        self._on_state(name, up)

    def _sender(self) -> Radio:
        up = [radio for radio in self._radios if self._up.get(radio.names[0])]
        well = [radio for radio in up if radio.names[0] not in self.avoided]
        return (well or up or self._radios)[0]

    def send(self, send: Send) -> None:
        self._sender().send(send)

    def relay(self, heard: Heard, klass: int) -> None:
        self._sender().relay(heard, klass)

    def drop(self, src: int, packet_id: int) -> None:
        for radio in self._radios:
            radio.drop(src, packet_id)

    def healthy(self) -> bool:
        return all(radio.healthy() for radio in self._radios)

    def stop(self) -> None:
        for radio in self._radios:
            radio.stop()
