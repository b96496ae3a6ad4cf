"""Settings on their way to devices: orders of the hub, reports of devices, and what goes out over the air."""

from kentongan_gateway.core.base.actions import OrderDone, Send
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kentongan_wire.settings import config
from kits.gateway.gateway_kit import GATEWAY, POST, ROLES, SITE_KEY

NEW = {g: (site_keys.alarm_root(SITE_KEY, g), site_keys.control_root(SITE_KEY, g)) for g in range(3)}
BOTH = site_keys.SiteKeys({g: NEW[g][0] for g in NEW}, {g: NEW[g][1] for g in NEW}, 0)


def entry(node=POST, version=3, settings=None, generation=0, lowest=0, next=None, counters=0):
    settings = {"status_period_s": 140} if settings is None else settings
    return {"node": node, "version": version, "settings": settings, "generation": generation,
            "lowest": lowest, "next": next, "counters": counters}  # fmt: skip


def status(src=POST, version=0, counter=300, generation=0, last_control=0):
    role = ROLES[src]
    if role == m.TOMBOL:
        body = m.ButtonStatus(0, 150, 27, -80, 1, version & 0xFF, 1, 0)
    else:
        body = m.NodeStatus(1, 12_600, 30, -70, 20, 1, 5, 10, last_control, version, (0, 1, 0))
    of = src, role, generation
    return m.encode(m.STATUS, role, generation, counter, src, body, BOTH.c(*of), BOTH.r(*of))


def configs(bench, node=None):
    """[(ms, generation, body, settings)] of every CONFIG part on the air, read as its target reads it."""
    out = []
    for at, action in bench.done:
        if not isinstance(action, Send):
            continue
        envelope = m.parse(action.payload)
        if envelope.type != m.CONFIG:
            continue
        opened = verify.open_message(action.payload, GATEWAY, BROADCAST, BOTH)
        body = opened.body
        if node in (None, body.target):
            key = BOTH.c(body.target, ROLES[body.target], opened.generation)
            out.append((at, opened.generation, body, config.read(body.items, key, GATEWAY, opened.counter)))
    return out


def order(bench, type_, **fields):
    bench.orders = getattr(bench, "orders", 100) + 1
    bench.order(id=bench.orders, type=type_, **fields)
    return [done.result for done in bench.all(OrderDone) if done.order_id == bench.orders][0]


def heard(bench, src=POST, version=0, generation=0):
    bench.counter = getattr(bench, "counter", 1000) + 1
    bench.hear(status(src, version, bench.counter, generation), src)
