"""Keeper of a core's state: RTC memory and flash, which may take no write (full, worn, read-only). Pure.

what                              RTC memory         flash
sequence                          first              before its first value is used
running incident, silent alarm    first              while the frame flies
anything else                     -                  at once
any of it, flash takes no write   as far as it fits  tried again every RETRY_MS, while nothing is going on
A write that fails stops nothing: frame and siren go on, and the core is told (sense "flash"). The sequence
then has a second home beside the files, `spare` (hal.py: NVS, its own partition), so that a power cut loses
no value of it either.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.shell import rtcmem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kentongan_wire.base.shapes import Bytes

RETRY_MS = 600_000
IN_ONE_PIECE = 1_400  # bytes of one file that RTC memory can take beside the others


class Keeper:
    """`memory`: rtcmem.Memory; `write(name, data)`: to flash, OSError when that takes it not;
    `remember(memory)`: into RTC memory; `spare(data)`: the sequence's second home.
    `idle`: this start has time to try a flash that failed before."""

    def __init__(
        self,
        memory: "rtcmem.Memory",
        write: "Callable[[str, Bytes], object]",
        remember: "Callable[[rtcmem.Memory], object]",
        spare: "Callable[[bytes], object]",
        now_ms: int,
        idle: bool = False,
    ) -> None:
        self._memory, self._write, self._remember, self._spare = memory, write, remember, spare
        self._late: dict[str, Bytes] = {}  # in RTC memory, and not on flash yet
        self._owed: dict[str, Bytes] = {}  # what the flash has refused
        self._told = False
        self._again_ms = now_ms + (0 if idle else RETRY_MS)
        if memory.failing:
            self._owed = dict(memory.files)

    @property
    def failing(self) -> bool:
        return self._memory.failing

    def persist(self, name: str, data: "Bytes", now_ms: int) -> None:
        """Keep a file; when this returns it is as durable as it can be."""
        memory = self._memory
        if name in rtcmem.FIRST:
            memory.files[name] = bytes(data)
            self._note()
            if not name.startswith("seq"):
                self._late[name] = data
                return
        if memory.failing:
            self._refused(name, data)
        else:
            self._to_flash(name, data, now_ms)

    def poll(self, now_ms: int, quiet: bool, calm: bool) -> "tuple[str, tuple[str, int]] | None":
        """Try a write that waits. `quiet`: the radio can spare the time of one; `calm`: nothing else goes on.

        The event ("sense", ("flash", 1 or 0)) when the flash began or ceased to fail, else None.
        """
        memory = self._memory
        if memory.failing != self._told:
            self._told = memory.failing
            return "sense", ("flash", int(self._told))
        if self._late and quiet:
            self._write_late(now_ms)
        elif memory.failing and calm and now_ms >= self._again_ms:
            name = sorted(self._owed)[0] if self._owed else None
            if name is None:
                memory.failing = memory.stale = False
                self._note()
            else:
                self._to_flash(name, self._owed[name], now_ms)
        return None

    def flush(self, now_ms: int) -> None:
        """Write everything that waits, before sleep."""
        while self._late:
            self._write_late(now_ms)

    def _write_late(self, now_ms: int) -> None:
        name = sorted(self._late)[0]
        data = self._late.pop(name)
        if self._memory.failing:
            self._owed[name] = data
        else:
            self._to_flash(name, data, now_ms)

    def _to_flash(self, name: str, data: "Bytes", now_ms: int) -> None:
        memory = self._memory
        try:
            self._write(name, data)
        except OSError:
            memory.failing = True
            self._again_ms = now_ms + RETRY_MS
            self._refused(name, data)
            return
        self._owed.pop(name, None)
        if name not in rtcmem.FIRST and memory.files.pop(name, None) is not None:
            self._note()  # the flash is the newer one again

    def _refused(self, name: str, data: "Bytes") -> None:
        memory = self._memory
        self._owed[name] = data
        if name.startswith("seq"):
            self._spare(bytes(data))
        else:
            memory.files.pop(name, None)
            try:
                if len(data) <= IN_ONE_PIECE:
                    memory.files[name] = bytes(data)
            except MemoryError:
                pass  # a heap in small pieces: as if it were too long
            memory.stale = memory.stale or name == "guard" and name not in memory.files
        self._note()

    def _note(self) -> None:
        """Into RTC memory; where the heap has no room for that, what is there beside the first files goes."""
        memory = self._memory
        try:
            self._remember(memory)
        except MemoryError:
            for name in list(memory.files):
                if name not in rtcmem.FIRST:
                    memory.stale = memory.stale or name == "guard"
                    del memory.files[name]
            self._remember(memory)
