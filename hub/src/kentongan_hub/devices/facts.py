"""The facts that supervision.findings() judges, as upkeep/warnings.py collects them: rows and counts."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Absence, ChannelRow, Linked
from kentongan_hub.devices.deaf import Unwatched
from kentongan_hub.people.watch import turns


class GatewayFacts(TypedDict):
    label: str
    heard_ms: int
    clock_off_ms: int | None


class RadioFacts(TypedDict):
    gateway: str
    name: str


class TroubleFacts(RadioFacts):
    urgent: bool


class Labelled(Linked):
    label: str


class Sought(Labelled):
    """The columns by which a device is looked for in the list."""

    zone: int
    house: int
    place: str
    lid: int
    low_battery: int
    muted_until_ms: int | None
    siren_fault: int


class DeviceFacts(Labelled):
    created_ms: int
    siren_fault: int
    lid: int
    jammed: int
    mains: int | None
    key_stuck: int
    flash_failing: int
    part_failing: int
    battery_unread: int
    days_left: int | None
    battery_mv: int | None
    low_battery: int
    muted_until_ms: int | None
    muted_reason: str | None


class Stuck(TypedDict):
    label: str
    count: int


class Silent(TypedDict):
    label: str
    state: str


class Damage(TypedDict):
    why: str | Said


class Missed(TypedDict):
    """A drill by its id."""

    id: int


class AccessFacts(TypedDict, total=False):
    """Of those who may know of confidential incidents, without a name of one who is agreed."""

    agreed_missing: bool
    homeless: Sequence[str]
    restored: bool
    chimes_waiting: int


class Facts(TypedDict):
    """Facts that findings() judges, as upkeep/warnings.gather() collects them."""

    gateways: Sequence[GatewayFacts]
    troubles: Sequence[TroubleFacts]
    broken_chains: Sequence[tuple[str, int]]
    radios: Sequence[RadioFacts]
    devices: Sequence[DeviceFacts]
    stuck: Sequence[Stuck]
    silent: Sequence[Silent]
    damage: NotRequired[Damage | None]
    gone: NotRequired[Unwatched]
    was_away: NotRequired[Absence | None]
    disk_free: float | None
    clock_back_ms: int
    backed_up: bool
    unsaved_ms: int
    failed: Said | None
    odd: NotRequired[Sequence[tuple[str, str]]]
    keys: NotRequired[str]
    broken_policies: Sequence[Said]
    old_contacts: Sequence[str]
    access: NotRequired[AccessFacts]
    unended: NotRequired[Sequence[str]]
    missed_drills: Sequence[Missed]
    watch: NotRequired[Sequence[turns.Missed]]
    channels: Sequence[ChannelRow]
