"""The gateway's radio in the demo: our modem behind a pty, or a stock Meshtastic node behind a TCP port.

Both give `settings` (lines of the gateway's [radio] table), `ready()` once the gateway has shaken hands,
`forget()` when the gateway starts anew, and `close()`.
"""

from pathlib import Path

from kentongan_wire.air import link, packet

from kentongan_sim.physics.shapes import Node
from kentongan_sim.stock.node import StockNode
from kentongan_sim.world.bridges import PtyBridge, TcpBridge
from kentongan_sim.world.node_host import LocalCore
from kentongan_sim.world.realtime import LiveWorld, plug_pty, plug_tcp


class ModemRadio:
    """Our firmware's modem at the serial port `path`; ready when it took the gateway's settings."""

    def __init__(self, live: LiveWorld, label: str, path: Path):
        self.settings = ['type = "serial_modem"', f'port = "{path}"']
        self.forget()
        self._bridge = PtyBridge(path)
        plug_pty(live, label, self._bridge, self)

    def forget(self) -> None:
        self._down, self._up = link.Decoder(), link.Decoder()
        self._asked: int | None = None
        self._ready = False

    def ready(self) -> bool:
        return self._ready

    def down(self, data: bytes) -> None:
        """Overhear the host: the message that asks the modem to configure itself."""
        self._asked = next(
            (seq for seq, message in self._down.feed(data) if isinstance(message, link.Configure)),
            self._asked,
        )

    def up(self, data: bytes) -> None:
        """Overhear the modem: its answer to that message."""
        self._ready = self._ready or any(
            isinstance(message, link.Ack) and message.seq == self._asked for _, message in self._up.feed(data)
        )

    def close(self) -> None:
        self._bridge.close()


class StockRadio:
    """A stock Meshtastic node in the modem's place, with the gateway's number and the site's channel."""

    def __init__(self, live: LiveWorld, label: str, node: Node, channel_name: str, channel_key: str):
        channel = packet.Channel(channel_name, bytes.fromhex(channel_key))
        self.core = StockNode({"node": node, "label": label, "channels": [channel], "role": "ROUTER"})
        live.world.nodes[label].use(LocalCore(self.core))
        self.bridge = TcpBridge()
        plug_tcp(live, label, self.core, self.bridge)
        self.settings = ['type = "meshtastic"', f"port = {self.bridge.port}"]

    def forget(self) -> None:
        self.core.api.ready = False

    def ready(self) -> bool:
        return self.core.api.ready

    def close(self) -> None:
        self.bridge.close()
