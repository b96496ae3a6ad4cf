"""A site in memory for tests of the cores: keys, settings, frames and a shell; MicroPython subset."""

from binascii import hexlify

from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_wire.air.packet import Channel, parse_packet
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages
from kentongan_wire.settings.device_file import check

SITE_KEY = bytes(range(32))
CHANNEL_KEY = bytes(range(32, 64))
CHANNEL = Channel("kentongan", CHANNEL_KEY)
GATEWAY = 0x51000001
ROLE_NUMBERS = {"tombol": 1, "sirene": 2, "penerus": 3, "penerima": 5, "modem": 4}
ALARM_ROOT = site_keys.alarm_root(SITE_KEY, 0)
CONTROL_ROOT = site_keys.control_root(SITE_KEY, 0)


def key_a(node, role):
    return keys.node_key(ALARM_ROOT, node, role, 0)


def key_c(node, role):
    return keys.node_key(CONTROL_ROOT, node, role, 0)


def key_r(node, role):
    return keys.node_key(keys.relay_root(ALARM_ROOT), node, role, 0)


def own_key(kind, role, src, body):
    """The key that the sender's own firmware takes for such a message of its own."""
    loud = kind == messages.ALARM and messages.is_loud(body.zone, body.kind, body.flags)
    return (key_a if loud or messages.posts_judge(kind, role) else key_c)(src, role)


def settings(role, node, **changes):
    """Checked settings of one device of the site."""
    number = ROLE_NUMBERS[role]
    raw = {"format": 1, "site": "uji", "role": role, "node": node, "label": "{}-{}".format(role, node & 0xFF)}
    if role in ("tombol", "sirene"):
        raw["zone"] = 5
    if role != "modem":
        raw["channel_name"] = "kentongan"
        raw["channel_key"] = hexlify(CHANNEL_KEY).decode()
        raw["gateway"] = GATEWAY
        held = site_keys.held(ALARM_ROOT, CONTROL_ROOT, node, number, 0)
        for i in range(len(held)):
            raw[keys.HELD[number][i]] = hexlify(held[i]).decode()
    raw.update(changes)
    return check(raw, "test")


def frame(
    kind,
    role,
    src,
    counter,
    body,
    key=None,
    packet_id=None,
    hop_limit=1,
    relay_node=None,
    hop_start=None,
    carry=None,
):
    """A whole frame as a device of the site seals it."""
    payload = messages.encode(
        kind,
        role,
        0,
        counter,
        src,
        body,
        key or own_key(kind, role, src, body),
        carry or key_r(src, role),
        key_c(src, role),
    )
    return CHANNEL.seal(src, packet_id or counter, hop_limit, payload, hop_start, relay_node)


def alarm(
    src,
    counter,
    attempt=0,
    kind=0,
    zone=5,
    flags=0,
    packet_id=None,
    hop_limit=1,
    relay_node=None,
    hop_start=None,
    key=None,
):
    body = messages.Alarm(attempt, counter & 0xFFFF, zone, kind, flags, 150)
    return frame(
        messages.ALARM, messages.TOMBOL, src, counter, body, key, packet_id, hop_limit, relay_node, hop_start
    )


def receipt(origin, counter, stage=2, packet_id=900, hop_limit=0, sender=GATEWAY, key=None):
    entry = messages.receipt_entry(
        sender, origin, counter, stage, 0, 5 if stage == 2 else 0, 0, key or key_c(origin, messages.TOMBOL)
    )
    return frame(
        messages.RECEIPTS,
        messages.GATEWAY,
        sender,
        packet_id,
        messages.Receipts((entry,)),
        hop_limit=hop_limit,
    )


def gaps(times):
    """Differences of neighbours."""
    return [times[i + 1] - times[i] for i in range(len(times) - 1)]


def of(actions, kind):
    """The actions of one kind, in order."""
    return [a for a in actions if isinstance(a, kind)]


class Shell:
    """Answers Cad with a free channel and Transmit with success after its air time; keeps what was sent."""

    def __init__(self, core, cause="power", now_ms=1_000):
        self.core = core
        self.now_ms = now_ms
        self.sent = []  # (time, frame)
        self.all = []
        self.busy = False
        self.calls = 0
        self.state = {}
        self.take(core.start(act.Boot(cause, "", False), now_ms, self.rnd()))

    def rnd(self):
        self.calls += 1
        return mix(7, self.calls)

    def take(self, actions):
        for action in actions:
            self.all.append(action)
            if isinstance(action, act.Persist):
                self.state[action.name] = bytes(action.data)
            elif isinstance(action, act.Cad):
                self.now_ms += 4
                self.take(self.core.cad(self.busy, self.now_ms, self.rnd()))
            elif isinstance(action, act.Transmit):
                self.sent.append((self.now_ms, action.frame))
                self.now_ms += self.core.mesh.airtime_ms(len(action.frame))
                self.take(self.core.sent(True, self.now_ms, self.rnd()))

    def hear(self, frame, rssi=-90, snr_q=20):
        self.take(self.core.receive(frame, rssi, snr_q, self.now_ms, self.rnd()))

    def run(self, until_ms):
        """Tick at every deadline up to that time."""
        for _ in range(10_000):
            deadline = self.core.next_deadline()
            if deadline is None or deadline > until_ms:
                self.now_ms = max(self.now_ms, until_ms)
                return
            self.now_ms = max(self.now_ms, deadline)
            self.take(self.core.tick(self.now_ms, self.rnd()))
        raise AssertionError("the core never comes to rest")

    def wait(self, ms):
        self.run(self.now_ms + ms)

    def frames(self):
        return [f for _, f in self.sent]


def packet_of(frame_bytes):
    return parse_packet(frame_bytes)


def message_of(frame_bytes):
    """The kentongan envelope in a frame."""
    return messages.parse(CHANNEL.open(parse_packet(frame_bytes)).payload)
