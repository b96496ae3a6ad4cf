"""`NamedTuple` with the types of its fields; a plain namedtuple on MicroPython, which has no typing module.

A board's one file has neither: the types of ours are taken out when it is joined (tool: trees.py). Types that
MicroPython cannot evaluate stand as text; what only a type checker needs is imported under TYPE_CHECKING.
"""

try:
    from typing import NamedTuple
except ImportError:
    from collections import namedtuple

    def NamedTuple(name, fields):  # type: ignore[no-redef,no-untyped-def]  # the checker's is the one above
        return namedtuple(name, [field for field, _ in fields])


TYPE_CHECKING = False
if TYPE_CHECKING:
    Bytes = bytes | bytearray | memoryview  # what is only read
