"""Starts a board: watchdog, settings, program, radio; and what happens when one of them fails.

fault                                    what follows
settings missing or wrong                the board waits for a technician, and says what is wrong
anything else, once or twice in a row    siren off, a fresh start after RESTART_MS
the same, for the third time             the board waits for a technician
Ctrl-C on the serial line                siren off, the prompt; a fresh start after SERVICE_MS

Waiting for a technician: the lamp says so, nothing is sent, no siren sounds. A mains device tries again after
TECHNICIAN_MS (a wet radio may have dried), a button sleeps after TECHNICIAN_TOMBOL_MS until its key is
pressed.
"""
import select
import sys
import time

from kentongan_wire.errors import LocalError

from kentongan_node import hal

FAULTS_MAX = 3
RESTART_MS = 5_000
SERVICE_MS = 600_000
TECHNICIAN_MS = 600_000
TECHNICIAN_TOMBOL_MS = 60_000
LOOK_MS = 100


def outputs_off(pins):
    hal.siren_off(pins)
    hal.healthy_off(pins)


def serve(board, pins):
    """Read the device file, make the core, run it; does not come back but to the prompt."""
    memory = hal.recall()
    watchdog = hal.watchdog(hal.WATCHDOG_MS)  # from here on a start that hangs ends in a reset
    memory.faults += 1                        # until this start has proved a good one; wake() keeps it
    try:
        run(board, pins, hal.wake(board, pins, memory), memory, watchdog)
    except KeyboardInterrupt:
        outputs_off(pins)
        hal.watchdog(SERVICE_MS)
        memory.faults = 0
        hal.remember(memory)
        print("berhenti; alat mulai lagi sendiri dalam {} menit".format(SERVICE_MS // 60_000))
        raise
    except LocalError as fault:
        wait_for_technician(board, pins, watchdog, str(fault))
    except Exception as fault:  # an uncaught one would leave the board at its prompt, deaf
        outputs_off(pins)
        sys.print_exception(fault)
        if memory.faults >= FAULTS_MAX:
            wait_for_technician(board, pins, watchdog, repr(fault))
        watchdog.feed()
        time.sleep_ms(RESTART_MS)  # no faster than this, should the fault be there at once again
        hal.restart()


def run(board, pins, boot, memory, watchdog):
    from asyncio import run as run_loop

    from kentongan_node import roles
    try:
        text = hal.device_text()
    except (OSError, ValueError):  # not there, or no text
        raise LocalError("device.json is missing or torn; provision the board with kentongan-tool")

    def read_state():
        state = hal.read_state()
        state.update(memory.files)  # RTC memory is written first, so it is never older
        return state

    def own(settings):
        if role_of(board, pins) != settings["role"]:
            raise LocalError("device.json is for a {}, main.py for another role; provision again".format(
                settings["role"]))
        memory.belongs_to(settings["node"])

    checked, core = roles.start(text, read_state, own)
    watchdog.feed()
    i2c = hal.power_chip(board)
    from kentongan_node import radio, runner  # after the core: they need no room in one piece
    chip = radio.Radio(hal.radio_pins(board), checked)
    port = hal.Port(board, pins, checked, chip, boot, memory, watchdog, i2c)
    run_loop(runner.run(core, port))


def role_of(board, pins):
    for role in ("TOMBOL", "SIRENE", "PENERUS", "PENERIMA", "MODEM"):
        if getattr(board, role) is pins:
            return role.lower()
    return ""


def wait_for_technician(board, pins, watchdog, reason):
    """Show it and say it, over and over; then sleep (tombol) or try again (the others)."""
    from kentongan_node import feedback
    outputs_off(pins)
    tombol = pins is board.TOMBOL
    lamp = hal.lamp_of(board, pins)
    if lamp is not None:
        lamp.play(feedback.STEPS[feedback.TECHNICIAN][0], None)
    waits_ms = TECHNICIAN_TOMBOL_MS if tombol else TECHNICIAN_MS
    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    print("perlu teknisi: " + reason)
    for _ in range(waits_ms // LOOK_MS):
        watchdog.feed()
        if poller.poll(0):
            sys.stdin.read(1)
            print("perlu teknisi: " + reason)
        time.sleep_ms(LOOK_MS)
    if lamp is not None:
        lamp.stop()
    if tombol:
        hal.sleep_until_key(board, pins)
    hal.restart()
