"""Parts beside the alarm: readings, lamp, line, files. Any of them may fail, and stops nothing. Pure."""

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


FAULTS = (OSError, ValueError, RuntimeError, MemoryError)  # of a part; not the call for service


class Beside:
    """`tell(text)`: to whoever holds the serial line, which may be the part that fails."""

    def __init__(self, tell: "Callable[[str], object]") -> None:
        self.failing: dict[str, str] = {}  # part: what it raised last
        self._tell = tell

    def do(self, part: str, function: "Callable[..., Any]", *args: object) -> "Any":
        """Return function(*args), or None when it fails: told once, and named until it is well again."""
        try:
            answer = function(*args)
        except FAULTS as fault:
            if part not in self.failing:
                self.failing[part] = repr(fault)
                try:
                    self._tell("rusak: {} {!r}\n".format(part, fault))
                except FAULTS:
                    pass
            return None
        if part in self.failing:
            del self.failing[part]
        return answer
