"""penerus: role.mpy is joined from role.py here; board.mpy is one of ../../boards."""
import micropython

micropython.kbd_intr(-1)  # a stray 0x03 ends nothing; see launch.py for the way to the prompt

import sys  # noqa: E402

sys.path[:] = [""]  # ours lie beside this; role.mpy sets it back

try:
    import board
    import role
except Exception as fault:  # torn: at the prompt for a technician, then once more
    import machine
    sys.print_exception(fault)
    micropython.kbd_intr(3)
    machine.WDT(timeout=600_000)
else:
    role.serve(board)
