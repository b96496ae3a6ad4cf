"""Records of the messages that the core stores and answers: alarms, siren reports, people's events."""

import struct
from typing import TYPE_CHECKING

from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.units import Incident, Ms, Node

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Body

RECORDS_LIMIT = 512  # answered messages remembered
STORED_LIMIT = 1024  # alarms remembered as stored, over restarts: an old one of them is a replay, not "late"
STORED = "<IBI4s"  # node, generation, counter, digest of the content
STORED_BYTES = 13
DIRECT, OVER_OURS, OVER_STOCK = 0, 1, 2  # who carried a frame to us

Key = tuple[Node, int, int, bytes]  # sender, generation, counter, digest: the name of a message here
Answer = tuple[int, int, bytes]  # packet id, hop limit, payload


def taken(heard: Heard) -> int:
    """Relays between the sender and us, as the header says, which anybody can write."""
    return max(0, heard.hop_start - heard.hop_limit)


def first_counter(counter: int, body: "Body") -> int:
    """Return the whole first counter of an alarm's incident, of which the frame carries the low 16 bits."""
    return (counter - ((counter - body.incident) & 0xFFFF)) & 0xFFFFFFFF


def key_of(message: Message) -> Key:
    """Return the name of a message here: its sender, generation, counter and content."""
    return message.src, message.generation, message.counter, message.digest


class Record:
    """One stored (or to be stored) message of a sender, and our answer to it.

    Identity is content: the same counter with another digest is another message.
    """

    def __init__(self, key: Key, role: int, body: "Body", silent: bool, message_type: int = m.ALARM) -> None:
        self.key = key  # key_of(): whose, and what
        self.src, self.generation, self.counter, self.digest = key
        self.role, self.type, self.body, self.silent = role, message_type, body, silent
        self.late = self.drill = False
        self.altered = False  # its counter has come with other content as well
        self.doubted = False  # its counter may be old: nobody has vouched for it (memory.py)
        self.known = False  # of a former run, or the hub's affair: answered, and starts nothing
        self.first = True  # False: heard before, in a former run of ours
        self.hops = self.farthest = 0  # of the first copy, and of the one with most
        self.carried = DIRECT
        self.over_stock = 0  # hops of the longest way over stock relays
        self.stored = False
        self.first_ms: Ms = 0  # when it was heard first, known once its Store is asked for
        self.called_ms: Ms = 0  # when sirens were looked for first, known once they were
        self.alarmed = False  # sirens, voice and pages know of it
        self.row_id = 0  # of an alarm of a former run that is still under way, 0: none
        self.asked_ms: Ms | None = None  # when the last Store was asked for
        self.attempt = getattr(body, "attempt", 0)  # the highest that was heard
        self.same = 0  # answers to what was heard before, since a new attempt
        self.cached: Answer | None = None  # ours
        self.answered = 0  # the counter of that frame

    @classmethod
    def of(
        cls, message: Message, heard: Heard, carried: int, late: bool = False, drill: bool = False
    ) -> "Record":
        """Make the record of a message that is heard for the first time."""
        record = cls(key_of(message), message.role, message.body, message.silent, message.type)
        record.late, record.drill = late, drill
        record.hops, record.carried = taken(heard), carried
        record.came_again(heard, carried)
        return record

    def came_again(self, heard: Heard, carried: int) -> None:
        """Another copy: the first one's header may have been a stranger's."""
        self.farthest = max(self.farthest, taken(heard))
        if carried == OVER_STOCK:
            self.over_stock = max(self.over_stock, taken(heard))

    @property
    def about(self) -> tuple[Node, int]:
        return self.src, self.counter

    @property
    def first_counter(self) -> int:
        """Return the counter of the first alarm of this one's incident."""
        return first_counter(self.counter, self.body)

    @property
    def is_alarm(self) -> bool:
        return self.type == m.ALARM

    @property
    def cancel(self) -> bool:
        return self.is_alarm and bool(self.body.flags & m.FLAG_CANCEL)

    @property
    def sounding(self) -> bool:
        """Tell whether sirens are meant to sound for this: a real, current, public alarm on a real zone."""
        return (
            self.is_alarm
            and not self.silent
            and not self.late
            and not self.cancel
            and self.body.kind not in m.NEVER_SOUND
            and self.body.zone != 0
        )

    @property
    def calls(self) -> bool:
        """Tell whether somebody is to come: sirens or pages, for a current alarm."""
        return self.sounding or (self.is_alarm and self.silent and not self.late and not self.cancel)

    @property
    def stage(self) -> int:
        """Return the stage that our answer to it names."""
        return m.STAGE_CANCELLED if self.cancel else m.STAGE_STORED

    @property
    def names_zone(self) -> bool:
        """Tell if the answer tells posts that did not hear it where and what to sound (wire-format 4)."""
        return self.sounding and self.first and not self.drill and not self.doubted


class Records:
    """The latest answered messages by (src, generation, counter, digest).

    The oldest of whoever has most gives way: nobody's own messages push out another's running alarm.
    """

    def __init__(self, saved: bytes | None = None) -> None:
        self._records: dict[Key, Record] = {}
        self._stored: dict[Key, None] = {}
        saved = saved or b""
        for at in range(0, len(saved) - STORED_BYTES + 1, STORED_BYTES):
            self._stored[struct.unpack_from(STORED, saved, at)] = None

    def get(self, key: Key) -> Record | None:
        return self._records.get(key)

    def add(self, record: Record) -> None:
        put(self._records, record.key, record, RECORDS_LIMIT, owner)

    def find(self, src: Node, counter: int) -> Record | None:
        """Find the alarm of this sender and counter in any generation, or None; of two, the calling one."""
        found = [
            record
            for record in self._records.values()
            if record.src == src and record.counter == counter and record.is_alarm
        ]
        return max(reversed(found), key=lambda record: record.calls, default=None)

    def pressed_since(self, incident: Incident, counter: int, since_ms: Ms) -> bool:
        """Tell whether that press or a later one of it came since then: what sounds may be meant for it."""
        return any(
            record.sounding
            and (record.src, record.first_counter) == incident
            and record.counter >= counter
            and record.first_ms >= since_ms
            for record in self._records.values()
        )

    def answered(self, src: Node, counter: int) -> int:
        """Return our last counter in an answer to this sender's message, 0: none in this run."""
        return max(
            (record.answered for record in self._records.values() if record.about == (src, counter)),
            default=0,
        )

    def has_other(self, key: Key) -> bool:
        """Tell whether an alarm with this counter and other content is known."""
        alarms = [other for other, record in self._records.items() if record.is_alarm]
        return any(other[:3] == key[:3] and other != key for other in (*alarms, *self._stored))

    def was_stored(self, key: Key) -> bool:
        return key in self._stored

    def knows(self, src: Node, counter: int) -> bool:
        """Tell whether an alarm of this sender and counter was ever stored, as far as is remembered."""
        return any(key[0] == src and key[2] == counter for key in self._stored)

    def remember_stored(self, key: Key) -> None:
        put(self._stored, key, None, STORED_LIMIT, owner)

    def forget_stored(self, key: Key) -> None:
        self._stored.pop(key, None)

    def dump(self) -> bytes:
        return b"".join(struct.pack(STORED, *key) for key in self._stored)
