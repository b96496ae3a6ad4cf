"""The program of one node under MicroPython: answers each request of the simulator with its actions.

MicroPython subset. Both directions carry a length (u32 little-endian) and the repr of a tuple, over
the blocking stream socket whose number is in KENTONGAN_FD; end of file ends the program.
"""

import os
import struct

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_sim.port import Hosted

if TYPE_CHECKING:
    from typing import BinaryIO


def serve(pipe: "BinaryIO") -> None:
    node: Hosted | None = None
    while True:
        head = pipe.read(4)
        if not head or len(head) < 4:
            return
        said: object = None
        request = eval(pipe.read(struct.unpack("<I", head)[0]))
        if request[0] == "boot":
            node = Hosted(request[1], request[2])
            actions, deadline = node.boot(request[3], request[4], request[5])
        elif node is None:  # the simulator boots it first
            return
        elif request[0] == "counters":
            said, actions, deadline = node.counters, [], None
        else:
            actions, deadline = node.deliver(request[0], request[1], request[2], request[3])
        if request[0] != "counters":
            said = [(type(action).__name__, tuple(action)) for action in actions]
        answer = repr((said, deadline)).encode()
        pipe.write(struct.pack("<I", len(answer)))
        pipe.write(answer)


if __name__ == "__main__":
    serve(open(int(os.getenv("KENTONGAN_FD") or 0), "r+b"))
