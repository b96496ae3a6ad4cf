"""The gateway in the world: the real core and spool, a serial line to its modem, a model hub and a person.

The hub takes what is stored after UPLINK_US while it is up; the person answers every alarm "saya datang"
after `answer_after_s`. Nothing of the real daemon's threads is here; its order of doing is.
"""
from kentongan_gateway.core.base.actions import (
    DropCopy,
    Heard,
    Note,
    OrderDone,
    Persist,
    RelayCopy,
    Send,
    Siren,
    SirenOff,
    Store,
)
from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.core.gateway_core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.radio.modem_session import LinkState, ModemSession
from kentongan_gateway.service.performer import RESUME_ROWS
from kentongan_wire import link, messages, site_keys
from kentongan_wire import packet as wire

from kentongan_sim.physics.chance import Draws
from kentongan_sim.scenarios.catalogue import (
    CHANNEL_KEY,
    CHANNEL_NAME,
    CONDUCTED_DBM,
    GAIN_DBI,
    ROLE_NUMBERS,
    TEST_SITE_KEY,
)
from kentongan_sim.world.gateway_disk import Disk

START_US = 2_000_000  # from power to a running gateway; a real board takes longer, once a year
COMMIT_US = 4_000  # a SQLite commit on an SD card
UPLINK_US = 60_000  # post over the local network, and the hub's own commit
REOPEN_US = 1_000_000  # the daemon's wait before it opens a dead line again
TICKS_AT_ONE_INSTANT = 200  # more than this is a gateway that asks for a deadline and never moves on
OVER_US = 600_000_000  # incidents/soundings.py of the hub
OLD_US, TELL_US = 180_000_000, 30_000_000  # trust/counters.py of the hub
POLL_US = 25_000_000  # the long poll for orders comes back at least this often


class GatewayHost:
    def __init__(self, world, gateway, answer_after_s: float):
        self.world = world
        self.label = gateway.label
        self.gateway = gateway
        self.modem = gateway.modem
        self.hub_up = True
        self.state = new_state()  # a gateway in service; {} is one with a new card
        self.spool = Disk(gateway.label)
        self.channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
        self._answer_after_us = int(answer_after_s * 1e6)
        self._core = None
        self._run = 0  # counts power-ups: what belongs to an older one is void
        self._session = None
        self._session_deadline = world.clock.timer(self._session_tick)
        self._line_open = False
        self._deadline = world.clock.timer(self._tick)
        self._instant_us, self._instant_ticks = -1, 0
        self._siren = None
        self._draws = Draws(world.seed, gateway.label)
        self._orders = 0
        self._do = {
            Store: self._store, Send: self._send, RelayCopy: self._relay, DropCopy: self._drop,
            Siren: self._sound, SirenOff: self._quiet, Persist: self._persist, OrderDone: self._done,
            Note: self._note,
        }
        self._unsent = {}  # row_id -> (spool id, event)
        world.on_host(self.modem, self._bytes)

    # Power

    def power(self, on: bool):
        if on and self._core is None:
            self._run += 1
            self._at(START_US, self._start)
        elif not on and self._core is not None:
            self._run += 1
            self._core = None
            self._siren_off()
            self.world.report(self.label, "off", {})

    def hub_switch(self, up: bool):
        self.hub_up = up
        self.world.report("hub", "hub", {"up": up})
        if up and self._core:
            self._uplink()

    def _start(self):
        self._core = self._make_core()
        self._boot_us = self.world.now_us
        self._session = ModemSession(self._configure(), self.channel, self.modem)
        self._unsent = {}
        self.world.report(self.label, "boot", {"cause": "power", "key": ""})
        self._reopen()
        for spool_id, event, taken in self.spool.alarms(RESUME_ROWS):
            age_ms = (self.world.now_us - event["stored_us"]) // 1000
            row_id, actions = self._core.resume(event, age_ms, self._now_ms(), self._draws.next(), taken)
            if not taken:
                self._unsent[row_id] = (spool_id, event)
            self._perform(actions)
        self._poll()
        if self.hub_up:
            self._at(UPLINK_US, self._counters, *self.world.told)

    def _make_core(self):
        world, zone = self.world, self.gateway.zone
        node = world.nodes[self.modem].place.node
        places = [host.place for host in world.nodes.values()]
        devices = [self._listed(place) for place in places if place.role in ROLE_NUMBERS]
        keys = site_keys.SiteKeys({0: site_keys.alarm_root(TEST_SITE_KEY, 0)},
                                  {0: site_keys.control_root(TEST_SITE_KEY, 0)}, 0)
        config = CoreConfig(node=node, label=self.label, zone=zone)
        return GatewayCore(config, keys, Directory(devices), self.state)

    def _listed(self, place):
        """A device as the hub's directory of the whole site names it, the other gateways included."""
        role = "gateway" if place.role == "modem" else place.role
        hops = self.world.hops[self.gateway.zone].get(place.label, 1)
        return {"node": place.node, "role": role, "label": place.label, "zone": place.zone,
                "house": place.house, "hops": max(0, hops - 1)}

    # Time and chance

    def _at(self, after_us, function, *args):
        """Run later, unless the power goes in between."""
        clock = self.world.clock
        clock.at(clock.now_us + after_us, self._still, self._run, function, args)

    def _still(self, run, function, args):
        if run == self._run:
            function(*args)

    def _now_ms(self):
        return (self.world.clock.now_us - self._boot_us) // 1000

    # The modem

    def _configure(self):
        modem = self.world.nodes[self.modem]
        return link.Configure(modem.place.node, self.world.scene.preset, modem.settings["freq_hz"],
                              CONDUCTED_DBM, GAIN_DBI, 0)

    def _reopen(self):
        self._line_open = True
        self._session.open(self._now_ms())
        self._flush()

    def _bytes(self, data):
        if self._core and self._line_open:
            self._took(self._session.feed(data, self._now_ms()))

    def _session_tick(self):
        if self._core:
            self._took(self._session.tick(self._now_ms()))

    def _took(self, events):
        """What the session made of the line."""
        for event in events:
            if isinstance(event, Heard):
                self._perform(self._core.heard(event, self._now_ms(), self._draws.next()))
            elif isinstance(event, LinkState):
                self._perform(self._core.radio_state(self.modem, event.up, self._now_ms()))
                if not event.up:
                    self._line_open = False
                    self._at(REOPEN_US, self._reopen)
        self._flush()

    def _flush(self):
        """Put what the session wants to say on the line, and come back when it wants."""
        data = self._session.take_bytes()
        if data:
            self.world.host_write(self.modem, data)
        self._set(self._session_deadline, self._session.next_deadline())

    # Actions of the core

    def _perform(self, actions):
        for action in actions:
            self._do[type(action)](action)
        self._set(self._deadline, self._core.next_deadline())

    def _set(self, timer, due_ms):
        if due_ms is None:
            timer.cancel()
        else:
            timer.set(self._boot_us + due_ms * 1000)

    def _tick(self):
        now_us = self.world.now_us
        self._instant_ticks = self._instant_ticks + 1 if self._instant_us == now_us else 1
        self._instant_us = now_us
        if self._instant_ticks > TICKS_AT_ONE_INSTANT:
            raise AssertionError(f"{self.label} ticks at {now_us} us without end")
        if self._core:
            self._perform(self._core.tick(self._now_ms(), self._draws.next()))

    def _store(self, action):
        self._at(COMMIT_US, self._commit, action)

    def _commit(self, action):
        event = action.event
        spool_id = self.spool.put({**event, "stored_us": self.world.now_us})
        self._unsent[action.row_id] = (spool_id, event)
        detail = {"type": event["type"], "device": event.get("device", 0), "counter": event.get("counter", 0)}
        if event["type"] == "alarm":
            detail.update({name: event[name] for name in ("zone", "kind", "silent", "cancel", "late")})
        if event["type"] == "status" and event["body"].get("flags", 0) & messages.STATUS_JAMMING:
            detail["jamming"] = True
        self.world.report(self.label, "store", detail)
        self._perform(self._core.stored(action.row_id, self._now_ms(), self._draws.next()))
        self._at(UPLINK_US, self._uplink)

    def _send(self, action):
        self._session.send(action, self._now_ms())
        self._flush()

    def _relay(self, action):
        self._session.relay(action.heard, action.klass, self._now_ms())
        self._flush()

    def _drop(self, action):
        self._session.drop(action.src, action.id, self._now_ms())
        self._flush()

    def _sound(self, action):
        self._siren_off()
        self.world.report(self.label, "sound", {"pattern": action.pattern, "steps": action.steps,
                                                "total_ms": action.total_ms,
                                                "about": list(self._core._own.alarm[:2])})
        self._siren = self.world.at(self.world.now_us + action.total_ms * 1000, self._siren_off)

    def _quiet(self, action):
        self._siren_off()

    def _siren_off(self):
        if self._siren:
            self.world.clock.cancel(self._siren)
            self._siren = None
            self.world.report(self.label, "quiet", {})

    def _persist(self, action):
        self.state[action.name] = bytes(action.data)

    def _done(self, action):
        self.world.report(self.label, "done", {"order": action.order_id, "result": action.result})

    def _note(self, action):
        if action.step == "fault":  # the gateway outlives its own; a simulation does not hide one for that
            raise AssertionError(f"{self.label}: {action.detail}")
        self.world.report(self.label, "note", {"step": action.step, "device": action.device,
                                               "counter": action.counter, "detail": str(action.detail)})

    # The hub and its person

    def _poll(self):
        if self.hub_up:
            self._perform(self._core.hub_ok("poll", self._now_ms()))
        self._at(POLL_US, self._poll)

    def _uplink(self):
        if not self.hub_up or not self._unsent:
            return
        rows, self._unsent = self._unsent, {}
        self.spool.mark_sent([spool_id for spool_id, _ in rows.values()])
        alarms = {row: event for row, (_, event) in rows.items() if event["type"] == "alarm"}
        new = [row for row, event in alarms.items() if self._is_new(event)]
        for event in alarms.values():
            self._tell(event)
        for _, event in rows.values():
            if event["type"] == "siren_report":
                self._stop_recorded(event)
        self._perform(self._core.hub_ok(list(rows), self._now_ms(), new))
        for _, event in rows.values():
            if event["type"] == "alarm" and not event["cancel"]:
                self._at(self._answer_after_us, self._answer, event)

    def _is_new(self, event) -> bool:
        """The hub's word: no gateway told this alarm, or a later one of that button, minutes ago."""
        told = [at_us for row, at_us in self.world.told.items()
                if row[0] == event["device"] and row[3] >= event["counter"]]
        return not told or self.world.now_us - min(told) < OLD_US

    def _stop_recorded(self, event):
        """A post beats by an order of long ago, for this hub orders no sirens (the hub's soundings.py)."""
        told = [at_us for row, at_us in self.world.told.items()
                if row[0] == event["origin"] and row[3] == event["counter"]]
        by_order = event["source"] == messages.SOURCE_ORDER and event["state"] == messages.STATE_SOUNDING
        if by_order and told and self.world.now_us - max(told) > OVER_US:
            self._orders += 1
            self.order({"id": self._orders, "type": "siren", "action": "stop", "origin": event["origin"],
                        "counter": event["counter"], "targets": [event["device"]], "kind": 0, "seconds": 0})

    def _tell(self, event):
        """Every gateway learns soon who alarmed."""
        sort = 0 if event["role"] == messages.TOMBOL else messages.ALARM
        row = event["device"], event["generation"], sort, event["counter"]
        self.world.told.setdefault(row, self.world.now_us)
        houses = self.world.gateway_hosts.values()
        for house in houses if len(houses) > 1 else ():
            house._at(TELL_US, house._counters, row)

    def _counters(self, *rows):
        """What the hub knows of who alarmed: soon after it, and all at a start."""
        if rows:
            self._orders += 1
            table = [list(row) for row in rows]
            self.order({"id": self._orders, "type": "counters", "table": table, "part": 1})

    def _answer(self, event):
        about = event["device"], event["counter"]
        if about in self.world.answered:
            return  # one hub, one person: the gateway that told first has the order
        self.world.answered.add(about)
        self._say(event["device"], event["counter"], messages.STAGE_COMING)

    def close_incident(self, device, counter):
        """The hub's person closes what that alarm raised."""
        if self._core and self.hub_up:
            self._say(device, counter, messages.STAGE_CLOSED)

    def order(self, order):
        """An order of the hub to this gateway, as the long poll brings it."""
        if self._core and self.hub_up:
            self._perform(self._core.order(order, self._now_ms(), self._draws.next()))

    def _say(self, device, counter, stage):
        """What a person said at the hub, as its order."""
        self._orders += 1
        self.world.report(self.label, "answer", {"device": device, "counter": counter})
        order = {"id": self._orders, "type": "stage", "device": device, "counter": counter, "stage": stage}
        self.order(order)

    def counters(self) -> dict:
        return dict(self._core.counters) if self._core else {}

    def close(self):
        self._run += 1
        self._core = None
        self.spool.close()
