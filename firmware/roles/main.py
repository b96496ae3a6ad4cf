"""Every role's start: role.mpy is joined from <role>/role.py, board.mpy made of one of ../boards.

kentongan-tool writes the pin of a post's relay, which is low before anything that takes time or could fail.
"""

import micropython

micropython.kbd_intr(-1)  # a stray 0x03 ends nothing; see launch.py for the way to the prompt

import sys  # noqa: E402

sys.path[:] = [".frozen"]  # so that what the chip has built in is not looked for in its flash

import machine  # noqa: E402

RELAY = None
if RELAY is not None:
    machine.Pin(RELAY, machine.Pin.OUT, value=0)

try:  # the start's reads by a second mount, with pieces of 512 bytes in place of 128; hal.py takes it away
    import flashbdev
    import vfs

    vfs.mount(vfs.VfsLfs2(flashbdev.bdev, readsize=128), "/wide", readonly=True)
    sys.path[:] = ["/wide"]  # role.mpy sets it back
except Exception:  # whatever it is: by the port's mount
    sys.path[:] = [""]

try:
    import board
    import role
except Exception as fault:  # torn: at the prompt for a technician, then once more
    sys.print_exception(fault)
    micropython.kbd_intr(3)
    machine.WDT(timeout=600_000)
else:
    role.serve(board)
