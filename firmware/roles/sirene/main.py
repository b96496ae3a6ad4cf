"""sirene: role.mpy is joined from role.py here; board.mpy is one of ../../boards."""
import micropython

micropython.kbd_intr(-1)  # a stray 0x03 ends nothing; see launch.py for the way to the prompt

import board  # noqa: E402
import machine  # noqa: E402

machine.Pin(board.SIRENE["siren"], machine.Pin.OUT, value=0)  # before anything that takes time or could fail

try:
    import role
except Exception as fault:  # torn: at the prompt for a technician, then once more
    import sys

    import machine
    sys.print_exception(fault)
    micropython.kbd_intr(3)
    machine.WDT(timeout=600_000)
else:
    role.serve(board)
