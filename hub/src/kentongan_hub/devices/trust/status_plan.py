"""Planned status load of a site (wire-format.md 3): how often devices report, and the air it costs.

Pure. A status of a device one hop away is carried by nobody; one from farther is carried by every mains
device in reach, so the worst node pays for its own and for all of those. Only devices of one gateway's
domain are summed: an RW has a gateway per RT, and statuses travel no farther than their gateway.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import Text, _

LOAD_LIMIT_S = 12.0  # air a node may spend on statuses in an hour; the law's other 24 s are for alarms
PERIOD_S = 140  # of a mains device: three are lost within the 5 minutes of wire-format.md
PERIOD_STEP_S = 20
PERIOD_MAX_S = 600  # longer, and a dead post would be noticed after more than 12 minutes
BUTTON_PERIOD_S = 21_600
LOST_AFTER_S = 160  # silence beyond a period until a device counts as lost (gateway's supervision)
STATUS_BYTES = {"tombol": 22, "mains": 36}  # whole messages: header 6, body 8 or 22, tag 8
OVERHEAD_BYTES = 24  # packet header 16, Data's fields 8


class Plan(NamedTuple):
    period_s: dict[int, int]  # by node
    load_s: float  # planned air of the node that carries most
    worst: int | None  # that node
    stretched: bool  # any beyond 140 s
    problem: str  # why the limit cannot be kept; "" when it is


class Member(NamedTuple):
    node: int
    role: str
    zone: int
    hops: int
    hop_limit: int
    label: str


def status_air_s(preset: str, role: str) -> float:
    """Return the seconds of air that one STATUS takes."""
    size = STATUS_BYTES["tombol" if role == "tombol" else "mains"] + OVERHEAD_BYTES
    return phy.airtime_us(phy.preset(preset), size) / 1e6


def supervision_s(period_s: int) -> int:
    """Return the silence after which a device with this status period is shown as lost."""
    return period_s + LOST_AFTER_S


def carried(member: Member) -> bool:
    """Tell whether others carry its statuses: hops - 1 of a mains device, the hop limit of a button."""
    return member.hop_limit >= 1 if member.role == "tombol" else member.hops >= 2


def load_s(members: Sequence[Member], period_s: Mapping[int, int], preset: str) -> dict[int, float]:
    """{node: planned seconds of air an hour} of the mains devices of one domain."""
    spent = {m.node: 3600 / period_s[m.node] * status_air_s(preset, m.role) for m in members}
    relayed = sum(spent[m.node] for m in members if carried(m))
    return {
        m.node: spent[m.node] + relayed - (spent[m.node] if carried(m) else 0)
        for m in members
        if m.role != "tombol"
    }


def make(members: Iterable[Member], gateway_zones: Collection[int], preset: str) -> Plan:
    """Make the Plan of a site; `problem` says with figures and remedy why 12 s an hour cannot be kept."""
    domains: dict[int, list[Member]] = {}
    for member in members:
        domains.setdefault(member.zone if member.zone in gateway_zones else 0, []).append(member)
    period_s: dict[int, int] = {}
    worst: int | None = None
    worst_load, stretched, problem = 0.0, False, ""
    for zone, domain in sorted(domains.items()):
        periods, loads = _fit(domain, preset)
        period_s.update(periods)
        stretched = stretched or any(periods[node] > PERIOD_S for node in loads)
        for node, load in loads.items():
            if load > worst_load:
                worst, worst_load = node, load
        if max(loads.values(), default=0) > LOAD_LIMIT_S:
            problem = _problem(zone, domain, max(loads.values()))
    return Plan(period_s, round(worst_load, 2), worst, stretched, problem)


def check(plan: Plan) -> None:
    """Raise LocalError with the figures when the plan does not keep 12 s an hour."""
    if plan.problem:
        raise LocalError(plan.problem)


def _problem(zone: int, domain: Sequence[Member], load: float) -> Text:
    far = sum(1 for member in domain if member.role != "tombol" and member.hops >= 2)
    where = _("RT %(zone)s", zone=zone) if zone else _("RT tanpa gerbang")
    return _("rencana laporan alat: %(load)s detik per jam di satu alat di %(where)s, paling banyak "
             "%(limit)s detik; %(far)s alat listrik berjarak dua langkah atau lebih: beri RT ini gerbang "
             "sendiri, dekatkan gerbangnya, atau lepas satu penerus",
             load=f"{load:.1f}", where=where, limit=f"{LOAD_LIMIT_S:.0f}", far=far)  # fmt: skip


def _fit(domain: Sequence[Member], preset: str) -> tuple[dict[int, int], dict[int, float]]:
    """Periods by node and loads: what others carry is stretched first, step by step, then the rest."""
    far_s = near_s = PERIOD_S
    while True:
        periods = {}
        for member in domain:
            if member.role == "tombol":
                periods[member.node] = BUTTON_PERIOD_S
            else:
                periods[member.node] = far_s if member.hops >= 2 else near_s
        loads = load_s(domain, periods, preset)
        if max(loads.values(), default=0) <= LOAD_LIMIT_S or near_s >= PERIOD_MAX_S:
            return periods, loads
        if far_s < PERIOD_MAX_S:
            far_s += PERIOD_STEP_S
        else:
            near_s += PERIOD_STEP_S
