"""CONFIG: every device is sent its settings until a STATUS of it reports their version.

what happens                                        what follows
the hub wants other settings                        a round now, if the device was heard lately
a STATUS with another version, mains device         a round when the gap since the last one is over
a STATUS with another version, tombol               a round at once: it listens for 2 s after each of its own
a STATUS with the version wanted                    nothing more is sent
an alarm                                            no round for 120 s: the air belongs to it
a number is to be shut out, an alarm or not         a round at once, as an order, by a budget of its own
a round has to wait                                 the hub is told why and until when
rounds used up                                      the device rests until other settings are wanted
A round is all parts, each under a counter of its own. The seconds of air that rounds take are budgeted.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kentongan_wire.air.flood import CLASS_ORDER, CLASS_REST
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard
from kentongan_wire.settings import compose, config

from kentongan_gateway.core.base.air import OWN_S, SETTING, SHUT
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.directory import Device
from kentongan_gateway.core.base.units import Ms, Node
from kentongan_gateway.core.devices import device_settings as wanted_settings
from kentongan_gateway.core.devices import waiting
from kentongan_gateway.core.devices.device_settings import Wanted

if TYPE_CHECKING:
    from kentongan_wire.settings.config import Settings

GAPS_MS = (5_000, 15_000, 60_000, 180_000, 600_000, 1_800_000, 3_600_000)  # after round 1, 2, ..
ROUNDS_MAX = 60  # of one version: for a tombol at four statuses a day, two weeks
# Further rounds to one device come after others' first ones and leave so much of the air for them: whoever
# never says that it has its settings takes half.
FIRST_ROUNDS, LEFT_SHARE = 2, 0.5
EXTRA_MAX = 400  # rounds for statuses that were refused for their counter
HEARD_MS = 600_000  # a mains device silent for longer is not sent to: it may be switched off
QUIET_MS = 120_000  # after an alarm (wire-format 3)
QUIET_MAX_MS = 600_000  # but no longer in all: somebody who presses on and on is not to hold settings up
WINDOW_MS = 1_500  # of the 2 s that a tombol listens, the part in which a frame still arrives
PART_GAP_MS = 250  # between the parts of a round, beside their air time
PART_BYTES = 22  # of a payload beside its items
TABLE_ROWS = 200  # counters in one table: a post keeps 256
OWN_TYPES = (m.RECEIPTS, m.SIREN_ORDER, m.CONFIG)


class Configs:
    """The settings that the hub wants, and the rounds that bring them to the devices."""

    def __init__(self, context: Context, guard: Guard, saved: bytes | None = None) -> None:
        self._context, self._guard = context, guard
        try:
            self._wanted = wanted_settings.load(saved)
        except LocalError:
            self._wanted = {}
            context.count("configs_lost")
        # (ms, version, generation) of devices of which the hub has told nothing yet
        self._heard: dict[Node, tuple[Ms, int, int]] = {}
        self._quiet_until_ms: Ms | None = None
        self._quiet_since_ms: Ms = 0
        self._air_free_ms = 0  # the parts of the last round are out by then

    # what happens

    def want(self, entries: Iterable[object]) -> None:
        """Take a `config` order: newer versions replace what was wanted; LocalError, nothing taken then."""
        checked = [wanted_settings.check(raw) for raw in entries]
        for raw in checked:
            old = self._wanted.get(raw["node"])
            if old and not 0 <= raw["version"] - old.version & 0xFFFF < 0x8000:
                continue  # an order from before that is handed out again
            if old is None and len(self._wanted) >= wanted_settings.DEVICES_LIMIT:
                raise LocalError("config: too many devices")
            new = self._wanted[raw["node"]] = wanted_settings.Wanted(raw)
            if old:
                new.proven, new.tabled, new.shut = old.proven, old.tabled, old.shut
                new.reported, new.heard_ms = old.reported, old.heard_ms
                if old.version == new.version:
                    new.rounds, new.last_ms = old.rounds, old.last_ms
            elif new.node in self._heard:
                new.heard_ms, new.reported, new.proven = self._heard.pop(new.node)
            now = self._context.now_ms
            self._plan(new, now, new.heard_ms is not None and now - new.heard_ms <= WINDOW_MS)
        self._keep()

    def follow(self) -> None:
        """Forget devices that the directory names no more: they are revoked or gone."""
        gone = [node for node in self._wanted if self._context.directory.get(node) is None]
        for node in gone:
            del self._wanted[node]
        if gone:
            self._keep()

    def hold(self) -> None:
        """Let settings wait while somebody calls for help, but not without end."""
        now = self._context.now_ms
        if self._quiet_until_ms is None or now >= self._quiet_until_ms:
            self._quiet_since_ms = now
        self._quiet_until_ms = min(now + QUIET_MS, self._quiet_since_ms + QUIET_MAX_MS)

    def on_status(self, node: Node, role: int, version: int, generation: int) -> None:
        """Take the version that a STATUS told; one under older keys than it has shown may be forged."""
        one, now = self._wanted.get(node), self._context.now_ms
        if one is None and (node in self._heard or len(self._heard) < wanted_settings.DEVICES_LIMIT):
            self._heard[node] = now, version, generation
        if one is None or generation < one.proven:
            return
        one.heard_ms = now
        changed = generation > one.proven
        one.proven = generation
        one.reported = version
        if self._has(one, role):
            one.due_ms = None
            has = one.counters, one.revoked()
            changed = changed or (one.tabled, one.shut) != has
            one.tabled, one.shut = has
        else:
            self._plan(one, now, role == m.TOMBOL)
        if changed:
            self._keep()

    def on_old_status(self, node: Node, role: int, generation: int) -> None:
        """Take an authentic STATUS refused for its counter while the device waits for its new keys.

        A stolen post can use up the counters of others under the old keys. That must not keep them from the
        new ones, under which counters begin anew: the device is there, so it is sent to.
        """
        one, now = self._wanted.get(node), self._context.now_ms
        if one is None or one.next is None or max(one.proven, generation) >= one.next:
            return
        if one.extra >= EXTRA_MAX or now - (one.last_ms or -GAPS_MS[0]) < GAPS_MS[0]:
            return
        one.extra += 1
        one.heard_ms = one.due_ms = now

    def _has(self, one: Wanted, role: int) -> bool:
        """Tell whether the device holds what is wanted: the version, and keys of a generation that counts."""
        mask = 0xFF if role == m.TOMBOL else 0xFFFF
        behind = one.next is not None and one.proven < one.next
        return one.reported == one.version & mask and not behind

    def pending(self) -> int:
        """Count the devices that have not reported the wanted version."""
        return sum(1 for one in self._wanted.values() if not self._has(one, self._role(one)))

    # when

    def _role(self, one: Wanted) -> int:
        device = self._context.directory.get(one.node)
        return device.role if device else 0

    def _plan(self, one: Wanted, now: Ms, listening: bool = False) -> None:
        """Set when the next round to this device is due, or None while it cannot or need not be sent."""
        role = self._role(one)
        one.due_ms = None
        heard = one.heard_ms is not None and now - one.heard_ms <= HEARD_MS
        if one.rounds >= ROUNDS_MAX or not role or self._has(one, role):
            return
        if role == m.TOMBOL:
            if listening and (one.last_ms is None or now - one.last_ms >= GAPS_MS[0]):
                one.due_ms = now
        elif heard:
            gap = GAPS_MS[min(one.rounds, len(GAPS_MS)) - 1] if one.rounds else 0
            one.due_ms = now if one.last_ms is None else max(now, one.last_ms + gap)

    def _free_ms(self, now: Ms) -> Ms:
        """Return the time from which a round may go out at all."""
        free = max(now, self._air_free_ms)
        if self._quiet_until_ms is not None and self._quiet_until_ms > now:
            free = max(free, self._quiet_until_ms)
        return free

    def tick(self) -> None:
        now = self._context.now_ms
        for one in self._wanted.values():
            if one.due_ms is not None and self._role(one) == m.TOMBOL and now - one.due_ms > WINDOW_MS:
                one.due_ms = None  # it sleeps again; its next status asks anew
        due = [one for one in self._wanted.values() if one.due_ms is not None and one.due_ms <= now]
        if self._free_ms(now) > now:
            held_up = [one for one in due if not self._urgent(one)]
            if held_up:
                about = waiting.SETTINGS, waiting.ALARM, self._free_ms(now)
                self._context.waiting.until(*about, self.pending())
            due = [one for one in due if one not in held_up]
        if not due or self._air_free_ms > now:
            return
        one = min(due, key=self._urgency)
        if now - (one.heard_ms or now) > HEARD_MS:
            one.due_ms = None
            return
        self._round(one, now)

    def _urgent(self, one: Wanted) -> bool:
        """Tell whether a post is to refuse a number that it still obeys: a thief's button, or worse."""
        return self._role(one) == m.SIRENE and not set(one.revoked()) <= set(one.shut)

    def _urgency(self, one: Wanted) -> tuple[bool, bool, bool, bool, Ms, Node]:
        """Sort devices that soon sleep again first, then posts, then by the time that they have waited."""
        role, again = self._role(one), one.rounds >= FIRST_ROUNDS
        return not self._urgent(one), again, role != m.TOMBOL, role != m.SIRENE, one.due_ms or 0, one.node

    def next_deadline(self) -> Ms | None:
        now = self._context.now_ms
        free_ms, soon_ms = self._free_ms(now), max(now, self._air_free_ms)
        due = [
            max(one.due_ms, soon_ms if self._urgent(one) else free_ms)
            for one in self._wanted.values()
            if one.due_ms is not None
        ]
        return min(due) if due else None

    # what

    def _round(self, one: Wanted, now: Ms) -> None:
        """All parts to one device, if the air budget allows; else when it will."""
        device = self._context.directory.get(one.node)
        if device is None:  # gone meanwhile
            one.due_ms = None
            return
        try:
            parts = compose.split(self._items(one, device))
        except LocalError as error:
            self._context.note("config_failed", device.label, 0, str(error))
            one.due_ms = None
            one.rounds = ROUNDS_MAX
            return
        times_s = [self._context.air_s(PART_BYTES + len(part)) for part in parts]
        urgent = self._urgent(one)
        kind, what = (SHUT, waiting.REVOCATION) if urgent else (SETTING, waiting.SETTINGS)
        left_s = OWN_S[kind] * LEFT_SHARE if one.rounds >= FIRST_ROUNDS else 0.0
        ready_ms = self._context.air.ready_ms(kind, sum(times_s), now, left_s)
        if ready_ms > now:
            one.due_ms = None if device.role == m.TOMBOL else ready_ms
            self._context.waiting.until(what, waiting.AIR, ready_ms, self.pending())
            return
        self._context.waiting.over(what, self.pending())
        key_generation = max(one.proven, self._context.keys.generations[0])
        at_ms = 0
        for number, part in enumerate(parts):
            self._part(one, device, number, len(parts), part, key_generation, at_ms, kind)
            at_ms += PART_GAP_MS + int(times_s[number] * 1000)
        one.rounds += 1
        one.last_ms = now
        self._air_free_ms = now + at_ms
        self._context.note("config_sent", device.label, 0, f"version {one.version} round {one.rounds}")
        self._plan(one, now)

    def _items(self, one: Wanted, device: Device) -> "Settings":
        items = wanted_settings.items(one.settings)
        items["generations"] = (one.send, one.lowest)
        if one.next is not None and one.proven < one.next:
            items["next_keys"] = self._next_keys(device, one.next)
        if device.role == m.SIRENE and one.tabled < one.counters:
            items["counters"] = self._table(device)
        return items

    def _next_keys(self, device: Device, generation: int) -> tuple[int, *tuple[bytes, ...]]:
        """Return the keys that wire-format 4 gives this role of the next generation."""
        ring = self._context.keys
        if generation not in ring.control_roots:
            raise LocalError(f"no roots of generation {generation} yet")
        roots = ring.alarm_roots[generation], ring.control_roots[generation]
        held = site_keys.held(*roots, device.node, device.role, generation)
        return generation, *(*held, *[bytes(keys.KEY_BYTES)] * (3 - len(held)))

    def _table(self, post: Device) -> list[tuple[Node, int, int, int]]:
        """Last counters: of the buttons, those of the post's zone first, of posts' reports, and our own."""
        context, rows = self._context, []
        for src, generation, message_type, counter in self._guard.rows():
            device = context.directory.get(src)
            if (
                device is None
                or src in context.directory.revoked
                or generation not in context.keys.generations
            ):
                continue
            if message_type == 0 or message_type == m.SIREN_REPORT and src != post.node:
                order = message_type != 0, device.zone != post.zone
                rows.append((*order, src, generation, message_type, counter))
        own = [
            (context.config.node, generation, message_type, context.sequence.last)
            for generation in context.keys.generations
            for message_type in OWN_TYPES
        ]
        return own + [row[2:] for row in sorted(rows)[: TABLE_ROWS - len(own)]]

    def _part(
        self,
        one: Wanted,
        device: Device,
        number: int,
        count: int,
        part: bytes,
        generation: int,
        delay_ms: Ms,
        kind: str,
    ) -> None:
        context = self._context
        counter = context.take()
        key = context.key_c(device.node, device.role, generation)
        sealed = config.seal(part, key, context.config.node, counter)
        body = m.Config(device.node, one.version, number, count, sealed)
        payload = context.frame(m.CONFIG, generation, counter, body, device.node, device.role)
        klass = CLASS_ORDER if kind == SHUT else CLASS_REST
        context.send(counter, device.hops, payload, klass, delay_ms, kind=kind)

    def _keep(self) -> None:
        self._context.persist("configs", wanted_settings.dump(self._wanted))
