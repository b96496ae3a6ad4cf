"""Sirens: whether any post sounds, the order when none does, and the siren on this very machine.

what a post says                                    what it changes here
stage 1, SIREN_REPORT sounding or driven            no order for that incident, but in a day of forgeries
SIREN_REPORT silenced, for a stored alarm           that one post is not ordered for that incident any more
SIREN_REPORT refused, for a current alarm           that very post is ordered to start
"""

import json
from collections.abc import Iterable, Sequence
from typing import Protocol

from kentongan_wire.base import patterns
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message
from kentongan_wire.settings import compose

from kentongan_gateway.core.base.actions import Siren, SirenOff
from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.context import Context, mix
from kentongan_gateway.core.base.directory import Device
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Incident, Ms, Node
from kentongan_gateway.core.devices import device_settings
from kentongan_gateway.core.sirens.siren_orders import SECONDS_MAX, Command, SirenOrders

NO_SIREN_MS = 2_000  # after storing a sounding alarm without a stage 1 or report
CURRENT_MS = SECONDS_MAX * 1_000  # a post that refused an alarm is ordered to sound it for so long
# For another zone's alarm: so much later, each gateway at another time.
OTHER_ZONE_MS, OTHER_ZONE_SPREAD_MS = 1_000, 3_000
ASK_AGAIN_MS = 2_000  # what waits for another alarm's siren is looked at again then
SOUNDING_MS = SECONDS_MAX * 1_000 + 10_000  # a post's word that it sounds holds for so long
SOUNDING = (m.STATE_SOUNDING, m.STATE_DRIVEN)
WATCH_LIMIT = 128
OWN_SOUNDINGS_MAX = 3  # of one incident on our own siren
OWN_INCIDENTS_MAX = 3  # of one button in OWN_WINDOW_MS; further ones only by order
OWN_WINDOW_MS = 30 * 60_000
CHANGES_MAX = 6  # times that one sounding is told to have failed or to sound again; then that it failed

Driven = tuple[Node, int, int]  # what our own siren sounds for: origin, counter, first counter
Codes = Sequence[tuple[int, tuple[int, ...]]]  # of an RT: kind, groups


class Others(Protocol):
    """Tells whose alarm it is among the site's gateways, as Neighbours does."""

    def yields(self, record: Record) -> bool: ...
    def waits_to_order(self, record: Record) -> bool: ...
    def orders(self, record: Record) -> bool: ...


class Watch:
    """For every stored sounding alarm: has any siren been heard of within two seconds?"""

    def __init__(self, context: Context, orders: SirenOrders, neighbours: Others) -> None:
        self._context = context
        self._orders = orders
        self._neighbours = neighbours
        self._due: dict[Incident, tuple[Ms, Record]] = {}  # (origin, first counter) -> (due_ms, record)
        self._turns: dict[Node, int] = {}  # origin -> when in the row its alarm was ordered last
        # {post: (state, ms)} of the latest WATCH_LIMIT
        self._sounding: dict[Incident, dict[Node, tuple[int, Ms]]] = {}
        self._public: dict[Incident, Record] = {}  # its first record, the latest WATCH_LIMIT
        # (origin, counter) -> {posts that took it for a replay}, the latest WATCH_LIMIT
        self._refused: dict[tuple[Node, int], set[Node]] = {}

    def on_alarm(self, record: Record) -> None:
        key = (record.src, record.first_counter)
        if record.sounding and key not in self._public:
            put(self._public, key, record, WATCH_LIMIT, owner)
        if record.cancel:
            self._due.pop(key, None)
            self._public.pop(key, None)
            self._orders.cancel_starts(record.src, record.counter)
        elif self._wanted(record):
            wait_ms = NO_SIREN_MS
            if self._neighbours.yields(record):
                wait_ms += OTHER_ZONE_MS + mix(self._context.rnd, record.counter) % OTHER_ZONE_SPREAD_MS
            self._wait(key, wait_ms, record)
        for post in self._refused.pop((record.src, record.counter), ()):
            self._overrule(post, record)

    def _meant(self, record: Record) -> bool:
        return record.sounding and not record.drill and not self._context.quiet.holds(record)

    def _wanted(self, record: Record) -> bool:
        """Tell whether a siren is ours to ask for, should none be heard of."""
        heard = self.sounds(record) and not self._context.forgeries.lately
        return self._meant(record) and not heard

    def on_post_refused(self, post: Node, origin: Node, counter: int, record: Record | None) -> None:
        """Take a post's word on an authentic alarm below its last counter; `record`: that alarm, or None."""
        if record is not None and record.stored:
            self._overrule(post, record)
            return
        known = self._refused.get((origin, counter), set())
        put(self._refused, (origin, counter), known | {post}, WATCH_LIMIT, owner)

    def _overrule(self, post: Node, record: Record) -> None:
        """We know better, from the sender's own proof: that post starts, and no other."""
        old = record.known or record.doubted or self._context.now_ms - record.first_ms > CURRENT_MS
        device = self._context.directory.get(post)
        if old or device is None or not self._meant(record) or self._context.quiet.silenced(post, record):
            return
        if self._orders.ordered(post, record.src, record.counter):
            return
        self._context.note_about("refused_at_post", record.src, record.counter, device.label)
        self._order(record, [device], by_posts=True)

    def stood_in(self, record: Record) -> None:
        """We have answered it in place of its own gateway, so its sirens are ours to order as well."""
        key = (record.src, record.first_counter)
        if self._wanted(record) and key not in self._due and self._neighbours.yields(record):
            self._wait(key, NO_SIREN_MS, record)

    def _wait(self, key: Incident, wait_ms: Ms, record: Record) -> None:
        record.called_ms = self._context.now_ms
        put(self._due, key, (self._context.now_ms + wait_ms, record), WATCH_LIMIT, owner)

    def ordered(self, message: Message) -> None:
        """Another gateway orders sirens for that alarm: where we would only stand in, it is done."""
        order = message.body
        if order.action == m.ACTION_START and self._orders.overheard(message):
            for key, (_, record) in list(self._due.items()):
                yields = self._neighbours.yields(record)
                if yields and (record.src, record.counter) == (order.origin, order.counter):
                    del self._due[key]

    def on_siren_state(self, post: Node, origin: Node, first: int, counter: int, state: int) -> None:
        """Take what a post's siren does for this alarm of an incident, by receipt or report under its C."""
        if len(self._sounding) >= WATCH_LIMIT and (origin, first) not in self._sounding:
            self._sounding.pop(next(iter(self._sounding)))
        self._sounding.setdefault((origin, first), {})[post] = (state, self._context.now_ms)
        if state in SOUNDING and not self._context.forgeries.lately:
            self._due.pop((origin, first), None)
            self._orders.sounding_heard(origin, counter)

    def asked(self, post: Node, record: Record) -> bool:
        """Tell whether this post sounds, or is to sound, for that alarm: only then has it one to silence."""
        of_zone = [device.node for device in self._context.directory.posts(record.body.zone)]
        return (
            post in of_zone
            or post in self._sounding.get((record.src, record.first_counter), {})
            or self._orders.ordered(post, record.src, record.counter)
        )

    def sounds(self, record: Record) -> bool:
        """Tell whether some siren is known to sound for this alarm's incident."""
        if not record.is_alarm:
            return False
        return bool(self.posts_sounding(record))

    def posts_sounding(self, record: Record) -> list[Node]:
        """Posts whose last word was that they sound for it, not longer ago than a sounding can last."""
        told = self._sounding.get((record.src, record.first_counter), {})
        since = self._context.now_ms - SOUNDING_MS
        return [post for post, (state, at) in told.items() if state in SOUNDING and at >= since]

    def _joins(self, record: Record) -> bool:
        """Tell whether a post of the zone beats the same for another alarm: one siren, many alarms."""
        posts = {device.node for device in self._context.directory.posts(record.body.zone)}
        return any(
            key[0] != record.src
            and other.body.kind == record.body.kind
            and not other.drill
            and posts.intersection(self.posts_sounding(other))
            for key, other in self._public.items()
        )

    def tick(self) -> None:
        for key, (due, record) in list(self._due.items()):
            if self._context.now_ms < due:
                continue
            del self._due[key]
            if self._context.quiet.holds(record):
                continue
            if self._neighbours.waits_to_order(record):
                self._due[key] = (due + ASK_AGAIN_MS, record)
                continue
            if not self._neighbours.orders(record):
                continue
            posts = self._to_order(record)
            if not posts:
                continue
            stands_in, sure = self._neighbours.yields(record), not self._context.forgeries.lately
            joins = self._joins(record) or self._orders.starting(record.body.kind, posts, stands_in)
            if sure and (joins or self._is_behind(record)):
                # Its own report comes when the crowd is over; until then the street hears the other's.
                if self._context.now_ms - record.called_ms < SECONDS_MAX * 1000:
                    self._due[key] = (due + ASK_AGAIN_MS, record)
                continue
            self._context.note_about(
                "no_siren_heard", record.src, record.counter, f"{len(posts)} sirene diperintah"
            )
            self._turns[record.src] = max(self._turns.values(), default=0) + 1
            self._order(record, posts, any_answer=sure)

    def _is_behind(self, record: Record) -> bool:
        """Buttons take turns: whether another that was ordered longer ago has waited for the same beat."""
        turn, since_ms = self._turns.get(record.src, 0), self._context.now_ms - ASK_AGAIN_MS
        return any(
            self._turns.get(other.src, 0) < turn
            for _, other in self._due.values()
            if other.body.kind == record.body.kind and other.called_ms < since_ms
        )

    def _to_order(self, record: Record) -> list[Device]:
        """Posts of the alarm's zone that nobody has silenced for it and that do not sound themselves."""
        told = self._sounding.get((record.src, record.first_counter), {})
        there = set(self.posts_sounding(record))
        there |= {post for post, (state, _) in told.items() if state == m.STATE_SILENCED}
        return [
            device
            for device in self._context.directory.posts(record.body.zone)
            if device.node not in there
            and not self._context.quiet.silenced(device.node, record)
            and not self._orders.ordered(device.node, record.src, record.counter)
        ]

    def replayed(self, device: Device, origin: Node, first: int, counter: int) -> None:
        """End the sounding of a post for an alarm that was over long ago; its next press sounds as ever."""
        self._orders.silenced(device.node, origin, first, until=counter)
        self._sounding.get((origin, first), {}).pop(device.node, None)
        if not self._orders.ordered(device.node, origin, counter, m.ACTION_REST):
            self._context.note_about("replayed_at_post", origin, counter, device.label)
            self._orders.send(Command(m.ACTION_REST, origin, counter, first=first, by_posts=True), [device])

    def in_earnest(self, record: Record, devices: Iterable[Device], obeyed: bool = True) -> None:
        """Order each of these posts after a drill; obeyed: it may beat the alarm already, as a drill."""
        if self._meant(record):
            self._order(record, devices, obeyed=obeyed)

    def _order(
        self,
        record: Record,
        devices: Iterable[Device],
        any_answer: bool = False,
        obeyed: bool = False,
        by_posts: bool = False,
    ) -> None:
        about = record.src, record.counter, record.body.kind
        command = Command(m.ACTION_START, *about, SECONDS_MAX, record.first_counter, any_answer, obeyed)
        self._orders.send(command._replace(by_posts=by_posts), devices)

        if not self._due:
            self._turns = {}

    def next_deadline(self) -> Ms | None:
        return min(due for due, _ in self._due.values()) if self._due else None


class OwnSiren:
    """The siren on this machine: by order or when the hub is silent, never for a confidential alarm."""

    def __init__(self, context: Context, saved: bytes | None = None) -> None:
        self._context = context
        self._profile: str = context.config.profile
        self._patterns: Codes = ()
        if saved:
            try:
                self._take_codes(json.loads(saved))
            except (ValueError, RecursionError, LocalError):
                context.count("codes_lost")
        self._until_ms: Ms | None = None
        self._alarm: Driven | None = None
        self._drill = False
        self._trouble = self._broken = False  # it does not work now; it was told to have failed
        self._changes = 0  # of that during this sounding
        self._times: dict[Incident, int] = {}  # -> soundings
        self._incidents: dict[Node, list[tuple[int, Ms]]] = {}  # origin -> [(first counter, first_ms)]

    @property
    def alarm(self) -> Driven | None:
        """(origin, counter, first counter) while it sounds as far as anybody knows, else None."""
        return None if self._broken else self._alarm

    def codes(self, raw: object) -> None:
        """Take the RT's own codes from a `codes` order; LocalError, and nothing changes."""
        self._take_codes(raw)
        self._context.persist("codes", json.dumps([self._profile, self._patterns]).encode())

    def _take_codes(self, raw: object) -> None:
        if not (isinstance(raw, list) and len(raw) == 2):
            raise LocalError("config: codes are a profile and patterns")
        settings = dict(zip(("profile", "patterns"), raw, strict=True))
        compose.split(device_settings.items(settings))
        self._profile, self._patterns = raw

    def sound(
        self, origin: Node, counter: int, first: int, kind: int, drill: bool, seconds: int, source: str
    ) -> bool:
        """Sound for an incident unless it may not; False says that it did not."""
        config = self._context.config
        name, steps = patterns.steps_for(self._profile, kind, drill, self._patterns)
        if not config.own_siren or not steps:
            return False
        if drill and self._alarm and not self._drill:
            return False  # a drill drowns nothing that sounds in earnest
        if source != "order" and not self._allowed(origin, first, counter):
            self._context.note_about("own_siren_limit", origin, counter)
            return False
        if self._alarm and self._alarm != (origin, counter, first):
            self._tell("stopped", "replaced")
        self._times[origin, first] = self._times.pop((origin, first), 0) + 1
        if len(self._times) > WATCH_LIMIT:
            self._times.pop(next(iter(self._times)))
        total_ms = max(1, min(seconds, SECONDS_MAX)) * 1000
        self._until_ms = self._context.now_ms + total_ms
        self._alarm, self._drill = (origin, counter, first), drill
        self._broken, self._changes = self._trouble, 0
        self._context.out.append(Siren(name, steps, total_ms))
        self._tell_driven(source)
        return True

    def _allowed(self, origin: Node, first: int, counter: int) -> bool:
        if self._context.quiet.stopped(origin, first, counter):
            return False
        now = self._context.now_ms
        recent = [(i, at) for i, at in self._incidents.get(origin, ()) if now - at <= OWN_WINDOW_MS]
        if first not in [i for i, _ in recent]:
            if len(recent) >= OWN_INCIDENTS_MAX:
                return False
            recent.append((first, now))
        if origin not in self._incidents and len(self._incidents) >= WATCH_LIMIT:
            self._incidents.pop(next(iter(self._incidents)))
        self._incidents[origin] = recent
        return self._times.get((origin, first), 0) < OWN_SOUNDINGS_MAX

    def stop(self, state: str, source: str, origin: Node | None = None, first: int | None = None) -> None:
        """Stop, for any alarm or only for this one's; `state` is what the hub is told."""
        if self._alarm is None or (origin is not None and self._alarm[0] != origin):
            return
        if first is not None and self._alarm[2] != first:
            return
        self._context.out.append(SirenOff())
        origin, counter, first = self._alarm
        self._context.quiet.stop(origin, first, counter)  # a stop holds for the whole incident
        self._tell(state, source)
        self._alarm = self._until_ms = None

    def broken(self, is_so: bool) -> None:
        """Note that the siren does not do what it is told, or does again: nobody is told meanwhile it sounds.

        It is driven on: a board comes back, and a line that senses nothing may itself be at fault.
        """
        was, self._trouble = self._broken, is_so
        self._broken = is_so or self._changes >= CHANGES_MAX
        if self._alarm is not None and was != self._broken:
            self._changes += 1
            self._tell_driven("board")

    def _tell_driven(self, source: str) -> None:
        self._tell(*(("failed", "board") if self._broken else ("sounding", source)))

    def _tell(self, state: str, source: str) -> None:
        if self._alarm is None:
            return
        origin, counter, _ = self._alarm
        self._context.store(
            {"type": "gateway_siren", "origin": origin, "counter": counter, "state": state, "source": source}
        )
        self._context.note_about("own_siren_" + state, origin, counter, source)

    def tick(self) -> None:
        if self._until_ms is not None and self._context.now_ms >= self._until_ms:
            self._context.out.append(SirenOff())
            if not self._broken:
                self._tell("ended", "time")
            self._alarm = self._until_ms = None

    def next_deadline(self) -> Ms | None:
        return self._until_ms
