"""A small site around one GatewayCore: real keys and frames, injected time, a store that may fail."""

from kentongan_gateway.core.base import actions, troubles
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.core.gateway_core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.disk.spool import Spool
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify

SITE_KEY = bytes(range(32))
ROOTS = {0: site_keys.alarm_root(SITE_KEY, 0)}, {0: site_keys.control_root(SITE_KEY, 0)}
SITE = site_keys.SiteKeys(*ROOTS, 0)
GATEWAY, BUTTON, BUTTON_2, POST, POST_2, RECEIVER, REPEATER, GATEWAY_2 = (
    0x1010,
    0x2007,
    0x2008,
    0x3001,
    0x3002,
    0x4001,
    0x5001,
    0x1111,
)
DEVICES = [
    {"node": GATEWAY, "role": "gateway", "label": "gateway-1", "zone": 5, "house": 0, "hops": 0},
    {"node": BUTTON, "role": "tombol", "label": "tombol-07", "zone": 5, "house": 7, "hops": 1},
    {"node": BUTTON_2, "role": "tombol", "label": "tombol-08", "zone": 5, "house": 8, "hops": 1},
    {"node": POST, "role": "sirene", "label": "sirene-1", "zone": 5, "house": 0, "hops": 1},
    {"node": POST_2, "role": "sirene", "label": "sirene-2", "zone": 6, "house": 0, "hops": 2},
    {"node": RECEIVER, "role": "penerima", "label": "penerima-1", "zone": 5, "house": 12, "hops": 1},
    {"node": REPEATER, "role": "penerus", "label": "penerus-1", "zone": 5, "house": 0, "hops": 1},
]
ROLES = {
    BUTTON: m.TOMBOL,
    BUTTON_2: m.TOMBOL,
    POST: m.SIRENE,
    POST_2: m.SIRENE,
    RECEIVER: m.PENERIMA,
    REPEATER: m.PENERUS,
    GATEWAY_2: m.GATEWAY,
    GATEWAY: m.GATEWAY,
}


def alarm(
    src=BUTTON, counter=100, kind=1, attempt=0, zone=5, flags=0, incident=None, under_c=False, proof_key=None
):
    """Payload of an alarm, under A when it sounds and nothing else is said."""
    body = m.Alarm(attempt, counter & 0xFFFF if incident is None else incident, zone, kind, flags, 150)
    loud = m.is_loud(zone, kind, flags) and not under_c
    key, proof = (SITE.a if loud else SITE.c)(src, m.TOMBOL, 0), proof_key or SITE.c(src, m.TOMBOL, 0)
    return m.encode(m.ALARM, m.TOMBOL, 0, counter, src, body, key, SITE.r(src, m.TOMBOL, 0), proof)


def message(kind, src, counter, body):
    """Payload of any other message of its sender: a gateway's receipts under A, all else under C."""
    about = src, ROLES[src], 0
    key = (SITE.a if m.posts_judge(kind, ROLES[src]) else SITE.c)(*about)
    return m.encode(kind, ROLES[src], 0, counter, src, body, key, SITE.r(*about))


def button_status(src=BUTTON, counter=200, stage=0, of=100):
    """A tombol's STATUS that names this stage of its alarm `of`."""
    flags = stage << m.TOMBOL_STATUS_STAGE_SHIFT
    body = m.ButtonStatus(flags, 150, 27, -80, 1, 0, 1, of if stage else 0)
    return message(m.STATUS, src, counter, body)


def node_status(src=POST, counter=300, last_control=0, flags=m.STATUS_MAINS):
    return message(
        m.STATUS, src, counter, m.NodeStatus(flags, 12_600, 30, -70, 20, 1, 5, 10, last_control, 0, (0, 1, 0))
    )


def report(src=POST, counter=310, origin=BUTTON, alarm_counter=100, state=m.STATE_SOUNDING):
    return message(m.SIREN_REPORT, src, counter, m.SirenReport(origin, alarm_counter, state, m.SOURCE_DIRECT))


def stage_1(src=POST, counter=320, origin=BUTTON, alarm_counter=100):
    key = SITE.a(origin, m.TOMBOL, 0)
    entry = m.receipt_entry(src, origin, alarm_counter, m.STAGE_SOUNDING, 1, 0, 0, key)
    return message(m.RECEIPTS, src, counter, m.Receipts((entry,)))


def coming(src=RECEIVER, counter=60, origin=BUTTON, first=100):
    """A penerima's "saya datang" to the incident of that button and first counter."""
    return message(m.EVENT, src, counter, m.Event(m.EVENT_COMING, 0, origin, first))


def forged(src=BUTTON, counter=100, **how):
    """Forge an alarm of a stolen post's alarm_root: it sounds, its proof under no C."""
    return alarm(src, counter, proof_key=bytes(32), **how)


def starts(bench):
    """[(ms, counter of the alarm, posts)] of the orders to start on the air."""
    return [
        (at, order.body.counter, [post for post, _ in order.body.targets])
        for at, _, order in bench.sent(m.SIREN_ORDER)
        if order.body.action == m.ACTION_START
    ]


class Bench:
    """One core with its spool; performs Store at once unless `disk_ok` is False; keeps every action.

    state: what a former run kept; {} is a new card, None a gateway that has its memory and heard nobody yet.
    spool: the disk of a former run; age_ms: how long ago that run stored its alarms, -1 where none can tell.
    """

    def __init__(self, state=None, config=None, devices=DEVICES, spool=None, age_ms=5_000, **directory):
        self.state = new_state() if state is None else state
        config = config or CoreConfig(GATEWAY, "gateway-1", 5)
        self.node = config.node
        self.core = GatewayCore(
            config, SITE, Directory.from_dict({"devices": devices, **directory}), dict(self.state)
        )
        self.spool = spool or Spool(":memory:")
        self.now_ms = 1_000_000
        self.disk_ok = True
        self.done = []
        self.events = []
        self.first = []  # what the start itself told
        self.rows = {}
        self._packet_id = 0
        self.hub_says_new = True  # of every alarm that it takes
        self.faults_expected = False
        self.do(self.core.tick(self.now_ms, 1))
        for event_id, event, taken in self.spool.alarms(1_000):
            row_id, todo = self.core.resume(event, age_ms, self.now_ms, 1, taken)
            if not taken:
                self.rows[event_id] = row_id
            self.do(todo)

    def do(self, todo):
        for action in todo:
            self.done.append((self.now_ms, action))
            # the core outlives its own faults, and a test is not to overlook one for that
            assert self.faults_expected or getattr(action, "step", "") != "fault", action
            if isinstance(action, actions.Persist):
                self.state[action.name] = action.data
            elif isinstance(action, actions.Store) and self.disk_ok:
                self.rows[self.spool.put(action.event)] = action.row_id
                # Each start tells the hub that earlier troubles are over: the first event of every bench.
                fresh = action.event.get("name") == troubles.ALL
                (self.first if fresh else self.events).append(action.event)
                self.do(self.core.on_committed(action.row_id, self.now_ms, 7))

    def hear(self, payload, src=BUTTON, hops=0, hop_start=1, relay_node=None, packet_id=None, to=BROADCAST):
        """One frame arrives; hops relays carried it, the last with this low byte."""
        self._packet_id += 1
        heard = Heard(
            src,
            to,
            packet_id or self._packet_id,
            hop_start - hops,
            hop_start,
            src & 0xFF if relay_node is None else relay_node,
            payload,
            -90,
            12,
            "uji",
        )
        self.do(self.core.on_frame(heard, self.now_ms, 12345))

    def run(self, ms, hub_ok_every_ms=None):
        """Let time pass, with a tick at every deadline; the hub takes everything each hub_ok_every_ms."""
        end = self.now_ms + ms
        next_ok = self.now_ms if hub_ok_every_ms else None
        while True:
            deadline = self.core.next_deadline()
            times = [t for t in (deadline, next_ok) if t is not None and t <= end]
            if not times:
                break
            assert not (deadline is not None and deadline < self.now_ms - 1), "a deadline stays behind"
            self.now_ms = max(self.now_ms, min(times))
            if next_ok is not None and self.now_ms >= next_ok:
                self.hub_takes_all()
                next_ok += hub_ok_every_ms
            self.do(self.core.tick(self.now_ms, 99))
        self.now_ms = end

    def hub_takes_all(self):
        rows = [self.rows[event_id] for event_id, _ in self.spool.unsent(1000) if event_id in self.rows]
        self.spool.mark_sent(list(self.rows))
        self.do(self.core.on_hub_reply(rows, self.now_ms, rows if self.hub_says_new else ()))

    def order(self, **order):
        self.do(self.core.on_order(order, self.now_ms, 5))

    def all(self, kind):
        return [action for _, action in self.done if isinstance(action, kind)]

    def times(self, kind):
        return [at for at, action in self.done if isinstance(action, kind)]

    def notes(self):
        return [note.step for note in self.all(actions.Note)]

    def of_type(self, name):
        return [event for event in self.events if event["type"] == name]

    def sent(self, message_type=None):
        """[(ms, Send, opened message)] of what went on the air."""
        out = []
        for at, action in self.done:
            if isinstance(action, actions.Send):
                opened = verify.open_message(action.payload, self.node, BROADCAST, SITE)
                if message_type in (None, opened.type):
                    out.append((at, action, opened))
        return out

    def entries(self, node=None):
        """[(ms, Send, Entry)] of the receipts sent, each tag checked as the device would."""
        out = []
        for at, action, opened in self.sent(m.RECEIPTS):
            for entry in opened.body.entries:
                role = ROLES.get(entry.node, m.TOMBOL)
                key = SITE.c(entry.node, role, opened.generation)
                assert m.entry_tag(self.node, entry, key) == entry.tag4
                if node in (None, entry.node):
                    out.append((at, action, entry))
        return out
