"""The real gateway's loop and threads inside the test's process: quick to start, and with parts to patch."""

import json
import threading

from kentongan_gateway.service import daemon, settings
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import open_message
from kits.gateway.gateway_kit import BUTTON, GATEWAY, SITE, alarm
from kits.gateway.gateway_process import Air, Gateway, Hub, wait_for


def stored_on_air(air):
    """{(node, counter)} of what has a receipt of stage 2 on this air."""
    sent = [open_message(bytes.fromhex(s["payload"]), GATEWAY, BROADCAST, SITE) for s in list(air.sent)]
    return {
        (entry.node, entry.counter)
        for message in sent
        if message.type == m.RECEIPTS
        for entry in message.body.entries
        if entry.stage == m.STAGE_STORED
    }


def troubles_of(gateway):
    """{name: text} as `kentongan-gateway status` shows them."""
    try:
        return json.loads((gateway.directory / "state/status.json").read_text())["troubles"]
    except (OSError, ValueError):
        return {}


class Here(Gateway):
    """start() and stop() as for a process; `air` and `hub` are its own. error: what ended its run."""

    def __init__(self, directory):
        self.hub, self.air = Hub(), Air()
        super().__init__(directory, self.hub.port, self.air.port)
        self.daemon = self.error = self._thread = None

    def start(self):
        self.daemon = daemon.Daemon(settings.load(self.config, strict=False))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        wait_for(lambda: self.air.connected() or self.error, "the gateway opening its radio")

    def _run(self):
        try:
            self.daemon.run()
        except BaseException as error:
            self.error = error

    def stop(self):
        self.daemon.stop()
        self._thread.join()
        self.air.hang_up()

    def close(self):
        if self._thread and self._thread.is_alive():
            self.stop()
        self.air.close()
        self.hub.close()

    def receipts(self):
        return stored_on_air(self.air)

    def walk(self, counter, what, receipt=True):
        """An alarm all the way: its receipt, the hub, and the siren here when the hub orders it."""
        begun = len(self.siren_lines())

        def heard():
            self.air.hear(alarm(counter=counter), BUTTON)
            return self.error or not receipt or (BUTTON, counter) in self.receipts()

        wait_for(heard, f"{what}: the receipt")
        wait_for(
            lambda: self.error or counter in [e.get("counter") for e in self.hub.of("alarm")],
            f"{what}: the alarm at the hub",
        )
        self.hub.orders.append(
            {
                "id": 10_000 + counter,
                "type": "siren",
                "action": "start",
                "origin": BUTTON,
                "counter": counter,
                "kind": 1,
                "seconds": 60,
                "targets": "zone",
                "zone": 5,
            }
        )
        wait_for(lambda: self.error or self.sounds(begun), f"{what}: the siren")
        assert self.error is None, what

    def sounds(self, begun):
        """Tell whether our siren was set going after so many of its lines."""
        return "on" in [line["state"] for line in self.siren_lines()[begun:]]

    def troubles(self):
        return troubles_of(self)
