"""A gateway's hub in a scenario, as a model: it takes what is stored, and a person there answers.

The hub takes what is stored after UPLINK_US while it is up; the person answers every alarm "saya datang"
after `answer_after_s`.
"""

from typing import Any

from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.core.base.stored import Event as StoredEvent
from kentongan_gateway.core.gateway_core import CoreConfig, GatewayCore
from kentongan_wire.air import packet as wire
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages

from kentongan_sim.physics.shapes import Node, Settings
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, ROLE_NUMBERS, TEST_SITE_KEY
from kentongan_sim.scenarios.parts import Gateway, Place
from kentongan_sim.world.gateways.gateway_disk import Disk, States
from kentongan_sim.world.gateways.gateway_host import GatewayHost, SlowPerformer
from kentongan_sim.world.gateways.world_part import Told, WorldPart

UPLINK_US = 60_000  # post over the local network, and the hub's own commit
OVER_US = 600_000_000  # incidents/soundings.py of the hub
OLD_US, TELL_US = 180_000_000, 30_000_000  # trust/counters.py of the hub
POLL_US = 25_000_000  # the long poll for orders comes back at least this often


class ModelHubHost(GatewayHost):
    """`spool` and `state` are in memory, and outlive its power."""

    performer = SlowPerformer
    same_id = True  # of its radio: our modem's, no stock one's

    def __init__(self, world: WorldPart, gateway: Gateway, answer_after_s: float):
        super().__init__(world, gateway)
        self.spool, self.state = Disk(gateway.label, self.stored), States(new_state())  # in service
        self.hub_up = True
        self.channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
        self._answer_after_us = int(answer_after_s * 1e6)
        self._orders = 0

    def _open_disk(self) -> None:
        """Leave it open, as it is in memory."""

    def new_card(self) -> None:
        """Put a blank card in, while it is off."""
        self.spool.close()
        self.spool, self.state = Disk(self.label, self.stored), States()

    def _make_core(self) -> GatewayCore:
        world, zone = self.world, self.gateway.zone
        node = world.nodes[self.modem].place.node
        places = [host.place for host in world.nodes.values()]
        devices = [self._listed(place) for place in places if place.role in ROLE_NUMBERS]
        keys = site_keys.SiteKeys(
            {0: site_keys.alarm_root(TEST_SITE_KEY, 0)}, {0: site_keys.control_root(TEST_SITE_KEY, 0)}, 0
        )
        config = CoreConfig(
            node=node, label=self.label, zone=zone, preset=world.scene.preset, same_id=self.same_id
        )
        return GatewayCore(config, keys, Directory(devices), self.state)

    def _listed(self, place: Place) -> Settings:
        """Describe a device as the hub's directory of the whole site does, the other gateways included."""
        role = "gateway" if place.role == "modem" else place.role
        hops = self.world.hops[self.gateway.zone].get(place.label, 1)
        return {
            "node": place.node,
            "role": role,
            "label": place.label,
            "zone": place.zone,
            "house": place.house,
            "hops": max(0, hops - 1),
        }

    # As the performer calls its uplink

    def _make_uplink(self) -> Any:
        return self

    def wake(self) -> None:
        self.later(UPLINK_US, self._take)

    def order_done(self, order_id: int, result: str) -> None:
        self.report("done", {"order": order_id, "result": result})

    # The hub and its person

    def hub_switch(self, up: bool) -> None:
        self.hub_up = up
        self.world.report("hub", "hub", {"up": up})
        if up and self._core:
            self._take()

    def _begin_hub(self) -> None:
        self._poll()
        if self.hub_up:
            self.later(UPLINK_US, self.hub_knows, *self.world.told)

    def _poll(self) -> None:
        if self.hub_up:
            self.do("reply")
        self.later(POLL_US, self._poll)

    def _take(self) -> None:
        if not self.hub_up or not self.spool.waiting:
            return
        rows = dict(self.spool.waiting)
        self.spool.mark_sent(list(rows))
        alarms = {row: event for row, event in rows.items() if event["type"] == "alarm"}
        new = [row for row, event in alarms.items() if self._is_new(event)]
        for event in alarms.values():
            self._tell(event)
        for event in rows.values():
            if event["type"] == "siren_report":
                self._stop_recorded(event)
        self.do("taken", list(rows), new)
        for event in alarms.values():
            if not event["cancel"]:
                self.later(self._answer_after_us, self._answer, event)

    def _is_new(self, event: StoredEvent) -> bool:
        """Tell whether no gateway told this alarm, or a later one of that button, minutes ago."""
        told = [
            at_us
            for row, at_us in self.world.told.items()
            if row[0] == event["device"] and row[3] >= event["counter"]
        ]
        return not told or self.world.now_us - min(told) < OLD_US

    def _stop_recorded(self, event: StoredEvent) -> None:
        """Stop a post that beats by an order of long ago, as the hub's soundings.py; this hub orders none."""
        told = [
            at_us
            for row, at_us in self.world.told.items()
            if row[0] == event["origin"] and row[3] == event["counter"]
        ]
        by_order = event["source"] == messages.SOURCE_ORDER and event["state"] == messages.STATE_SOUNDING
        answered = (event["origin"], event["counter"]) in self.world.answered
        if by_order and answered and told and self.world.now_us - max(told) > OVER_US:
            self._orders += 1
            self.order(
                {
                    "id": self._orders,
                    "type": "siren",
                    "action": "rest",
                    "origin": event["origin"],
                    "counter": event["counter"],
                    "targets": [event["device"]],
                    "kind": 0,
                    "seconds": 0,
                }
            )

    def _tell(self, event: StoredEvent) -> None:
        """Note that the hub has this alarm; every gateway soon learns who alarmed."""
        sort = 0 if event["role"] == messages.TOMBOL else messages.ALARM
        row = event["device"], event["generation"], sort, event["counter"]
        self.world.told.setdefault(row, self.world.now_us)
        houses = self.world.gateway_hosts.values()
        for house in houses if len(houses) > 1 else ():
            house.later(TELL_US, house.hub_knows, row)

    def hub_knows(self, *rows: Told) -> None:
        """Order the table of who alarmed, as the hub knows it: soon after an alarm, and all at a start."""
        if rows:
            self._orders += 1
            table = [list(row) for row in rows]
            self.order({"id": self._orders, "type": "counters", "table": table, "part": 1})

    def _answer(self, event: StoredEvent) -> None:
        about = event["device"], event["counter"]
        if about in self.world.answered:
            return  # one hub, one person: the gateway that told first has the order
        self.world.answered.add(about)
        self._say(event["device"], event["counter"], messages.STAGE_COMING)

    def close_incident(self, device: Node, counter: int) -> None:
        """Close what that alarm raised, as the hub's person does."""
        if self._core and self.hub_up:
            self._say(device, counter, messages.STAGE_CLOSED)

    def order(self, order: dict[str, Any]) -> None:
        """Bring an order of the hub to this gateway, as the long poll does."""
        if self.hub_up:
            self.do("orders", [order])

    def _say(self, device: Node, counter: int, stage: int) -> None:
        """Order the stage that a person has said at the hub."""
        self._orders += 1
        self.report("answer", {"device": device, "counter": counter})
        order = {"id": self._orders, "type": "stage", "device": device, "counter": counter, "stage": stage}
        self.order(order)

    def close(self) -> None:
        super().close()
        self.spool.close()
