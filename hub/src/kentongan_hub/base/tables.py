"""The rows of the database as code reads them: one TypedDict a table, its columns as storage/ made them.

SQL alone says which columns a row has, so a query gives what its reader declares: `rows: list[Incident] =
db.all("SELECT * FROM incidents ...")`, or the type that a function returns; `db.one(..., of=Incident)`. Where
nothing is declared it is a Row.

`_ms` columns are steady milliseconds, `_wall` those of the wall clock; truth is 0 or 1.
"""

from typing import TYPE_CHECKING, Any, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # the standard one knows no default before Python 3.13

    # no dict as its default, nor a bound: mypy takes that for every Optional, whatever is declared
    R = TypeVar("R", default=Any)

Row = dict[str, Any]  # of a query whose reader declares nothing
Value = str | int | float | bytes | None  # SQLite's own types
Cell = Any  # one value of a query that only SQL knows the type of
House = tuple[int, int]  # RT and number; (0, 0) where nobody knows
Home = tuple[int, int, int]  # RT, number, 1 when outside the RTs of this hub


class Database(Protocol):
    """An open connection, as the lowest rooms read it: storage/store.py has it."""

    def all(self, sql: str, *values: Value) -> "list[R]": ...
    def value(self, sql: str, *values: Value) -> Cell: ...
    def setting(self, key: str, default: str = "") -> str: ...
    def number(self, key: str, default: int = 0) -> int: ...


# people


class At(TypedDict):
    """Place of something or somebody."""

    zone: int
    house: int


class Lives(At):
    """Home of an account, as access.home() reads it."""

    outside: int


class Account(Lives):
    id: int
    login: str
    name: str
    role: str
    password: str
    pin: str | None
    named_for_confidential: int
    once_named: int
    stand_in: int
    active: int
    created_wall: int
    paired_by: str
    language: str


class Person(At):
    """Somebody of the register."""

    id: int
    name: str
    head: int
    account: int | None
    health_note: str
    consent_wall: int | None
    health_consent_wall: int | None
    withdrawn_wall: int | None
    erased_wall: int | None
    created_wall: int


class Invitation(Lives):
    id: int
    token: str
    name: str
    role: str
    account: int | None
    made_by: str
    made_account: int | None
    made_wall: int
    expires_ms: int
    expires_wall: int
    used_wall: int | None
    used_by: int | None
    ended_wall: int | None


class Excluded(At):
    """A house whose confidential incidents an account may not know of."""

    account: int


class Contact(TypedDict):
    """A number that people call."""

    id: int
    name: str
    number: str
    service: str
    kinds: str
    zone: int
    verified_wall: int | None
    verified_ms: int | None
    verified_by: str


# the field


class Gateway(TypedDict):
    label: str
    node: int
    zone: int
    token: str | None
    boot_id: str | None
    heard_ms: int | None
    heard_wall: int | None
    own_counter: int
    codes_order: int | None
    clock_off_ms: int | None


class Linked(TypedDict):
    """The columns of a device that say whether it is lost."""

    node: int
    role: str
    heard_ms: int | None
    heard_by: str | None
    link: str
    period_s: int


class Placed(At):
    """The columns of a device that say where it hangs."""

    node: int


class Device(Placed, Linked):
    label: str
    place: str
    hops: int
    revoked: int
    pending: int
    replaces: int | None
    request: str | None
    registered_by: str
    created_wall: int
    created_ms: int
    heard_wall: int | None
    battery_mv: int | None
    rssi: int | None
    snr_q: int | None
    lid: int
    low_battery: int
    battery_unread: int
    siren_fault: int
    jammed: int
    key_stuck: int
    flash_failing: int
    part_failing: int
    mains: int | None
    mains_wall: int | None
    senses: int | None
    days_left: int | None
    siren_checked_ms: int
    siren_ms: int | None
    muted_until_ms: int | None
    muted_reason: str | None
    test_wall: int | None
    test_ms: int | None
    tested_wall: int | None
    tested_ms: int | None
    status_counter: int | None
    settings: str
    base_generation: int
    config_version: int
    config_body: str
    config_wall: int | None
    phase_version: int
    stranded: int
    table_wanted: int
    table_ms: int | None
    reported_version: int | None
    reported_generation: int | None
    reported_wall: int | None
    revoked_ms: int | None
    revoked_wall: int | None
    revoked_by: str | None
    revoked_why: str | None
    revoked_upto: int
    erased: int
    x: float | None
    y: float | None


class Sent(TypedDict):
    """Common to everything that a gateway tells (api/events.py checks it)."""

    id: str
    type: str
    at_ms: int  # steady, of the gateway's boot
    age_ms: int  # since the gateway stored it; -1: it cannot tell
    boot_id: str
    wall: str  # ISO 8601; "" where the gateway knows no time


class Event(Sent, total=False):
    """One event of a gateway; which of these fields it has follows from its type."""

    device: int
    counter: int  # of a status perhaps None
    report_counter: int | None
    origin: int
    generation: int | None
    attempt: int | None
    rssi: int | None
    snr_q: int | None
    hops: int | None
    body: dict[str, Any] | None  # of a STATUS, as the wire's parser names its fields
    kind: int
    incident: int | None
    zone: int
    silent: bool
    cancel: bool
    lid: bool
    drill: bool
    late: bool
    altered: bool
    doubted: bool
    unread: bool
    digest: str
    battery: int | None
    label: str
    stored_wall: str
    state: int | str  # a siren's by the wire's number, a gateway's word for one of its own or a device
    source: int | str
    event: int
    person: int
    name: str
    active: bool
    detail: str
    up: bool
    counters: dict[str, int]  # refusals by reason
    stage: int
    what: str
    reason: str
    seconds: int
    devices: int
    number: int
    open: bool
    news: bool  # by alarms.py: False where its counter is an old one


# incidents


class Concerns(At):
    """House that an incident concerns; id 0: an imagined one."""

    id: int
    confidential: int
    device: int
    kind: int
    opened_ms: int
    facts_ms: int | None  # up to when a change of who may know counts for it; None: opened_ms


class Called(Concerns):
    """Facts that decide the calls for an incident, and their times."""

    drill: int
    cancelled: int
    late: int
    muted: int
    answered_ms: int | None
    closed_ms: int | None
    help_ms: int | None
    merged_into: int | None
    alerts: int
    next_alert_ms: int | None
    gateway: str | None
    slug: str


class Incident(Called):
    state: str
    first_counter: int
    last_counter: int
    lid: int
    battery_mv: int | None
    presses: int
    place: str
    opened_wall: int
    holder: str | None
    holder_account: int | None
    answered_wall: int | None
    answered_by: str | None
    closed_wall: int | None
    closed_by: str | None
    reason: str | None
    flashed_ms: int | None
    erased_wall: int | None
    raised_by: str  # who had the siren sounded on purpose; "" of every other incident
    raised_at: str  # on which screen, "" on a page of the hub
    raised_account: int | None


class Absence(TypedDict):
    """A stretch in which nobody listened; sure: its length was measured, not guessed from a wall clock."""

    from_ms: int
    to_ms: int
    sure: int
    from_wall: NotRequired[int | None]  # the hub's own, for pages
    to_wall: NotRequired[int]


class Line(TypedDict):
    """The columns that timeline and audit record share."""

    actor: str  # a code (said.Actor), "" for a person
    who: str
    address: str
    what: str  # a code
    said: str  # packed (said.py)
    detail: str  # what people typed


class Warned(TypedDict):
    """A row of warnings."""

    id: int
    what: str  # a code
    subject: str  # a name of the site's, or a packed sentence
    said: str  # packed (said.py)
    detail: str
    urgent: int
    owner: str
    taken_by: str | None
    taken_wall: int | None
    note: str
    opened_ms: int
    opened_wall: int
    next_ms: int | None  # when it is told, or told again; of a closed one: when its end may be told
    told: int
    closed_ms: int | None
    closed_wall: int | None


class OutboxRow(TypedDict):
    id: int
    channel: str
    type: str
    body: str  # JSON
    incident: int | None
    state: str
    created_ms: int
    expires_ms: int
    not_before_ms: int
    lease_ms: int
    attempts: int
    result: str | None
    done_ms: int | None


class Claimed(OutboxRow):
    """A row of the outbox that is leased to its caller; repeat: an earlier try ended unknown."""

    repeat: bool


class ChannelRow(TypedDict):
    name: str
    settings: str  # JSON
    enabled: int
    tried_wall: int | None
    worked_wall: int | None
    failed_wall: int | None
    problem: str
    fails: int
    inbox_problem: str
    inbox_fails: int
    inbox_room: str


# policies (policies/policy.py), as JSON and pages spell them


class PolicyStep(TypedDict):
    detik: int  # seconds after the press
    sirene: str  # tidak | rt | rw
    kepada: list[str]
    kartu: str


class Pace(TypedDict):
    ulang: int
    ulang_kali: int
    pelan: int
    sirene_kali: int
    tindak: int
    akhir: int


class Policy(Pace):
    langkah: list[PolicyStep]
