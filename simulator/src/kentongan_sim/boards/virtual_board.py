"""A virtual board: blank flash, a serial port, and real MicroPython that boots from what is written on it.

Its flash is one littlefs image in a file; its serial port is a pty with MicroPython's own prompt. While
main.py runs, the board's core takes part in the world like every other: this is the engine of that one node.
The word `servis` on the serial line ends the program, machine.reset() or a soft reset starts it anew, as on a
chip; Ctrl-C ends a program that is not ours, and is a character like others to one that is.
"""

import ast
import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from kentongan_node.base import actions as node_actions

from kentongan_sim.engines.fork_server import die_with_parent
from kentongan_sim.engines.micropython import ANSWER_TIMEOUT_S, EngineError, available, read_exactly
from kentongan_sim.physics.shapes import Answer, Boot, Chance, Counters, Ms, Settings, State
from kentongan_sim.world.bridges import PtyBridge
from kentongan_sim.world.node_host import NodeHost
from kentongan_sim.world.realtime import LiveWorld

RESET_CODE = 7  # of machine.reset() in board_rom.py, which only MicroPython can import
FLASH_BYTES = 2 << 20  # the file system's partition on a 4 MB board
HEAP = "256wK"  # an ESP32-S3's grows beyond 200 KB
HERE = Path(__file__).resolve().parent
MICROPYTHON = Path(sys.executable).parent / "micropython"
READ_BYTES = 4096
POLL_S = 0.1
CTRL_A, CTRL_B, CTRL_C = b"\x01", b"\x02", b"\x03"
PROMPT = b">>> "
SOFT_REBOOT = b"MPY: soft reboot\r\n"
PROMPT_S = 3.0  # from Ctrl-C to the prompt
RESET_S = 10.0  # from reset to power
BOOT_S = 1.5  # from power to a program or prompt that reads the line
TYPED_MAX = 256  # bytes that a running program is handed at once


class Board:
    """The engine of one node. `live` is the LiveWorld; `attach(host)` names the NodeHost that it drives."""

    name = "micropython"

    def __init__(self, live: LiveWorld, folder: str | Path, port: str | Path):
        if not available():
            raise EngineError("a virtual board needs real MicroPython, which there is for x86_64 Linux only")
        self.flash = Path(folder) / "flash.bin"
        if not self.flash.exists():
            self.flash.write_bytes(b"\xff" * FLASH_BYTES)
        self.port = Path(port)
        self._live = live
        self._host: NodeHost | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: socket.socket | None = (
            None  # while main.py runs, and until the world notices that it ended
        )
        self._prompted = False  # the prompt was seen since the start
        self._raw = False  # what the tool asked the prompt for last
        self._modem = False  # a gateway's radio: its line carries messages
        self._serving = False  # a program of ours runs: it reads the line itself
        self._raw_again = False  # a soft reset from the raw prompt comes back to it
        self._held: bytearray | None = (
            None  # bytes that wait, as in a chip's FIFO, until somebody reads them ...
        )
        self._held_until_s = 0.0  # ... or this long
        self._lock = threading.Lock()
        self._master, self._slave = pty.openpty()
        _plain_line(self._slave)
        os.set_blocking(self._master, False)
        self._bridge: PtyBridge | Unplugged = PtyBridge(self.port, self._typed)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="board", daemon=True)
        self._thread.start()

    def attach(self, host: NodeHost) -> None:
        self._host = host

    @property
    def running(self) -> bool:
        """True while main.py drives the node; else the board is blank, or at its prompt."""
        return self._pipe is not None and not self._prompted

    # The engine's face, in the world's thread

    def boot(
        self, label: str, settings: Settings, state: State, boot: Boot, now_ms: Ms, rnd: Chance
    ) -> Answer:
        """Start main.py from the flash, or the prompt, as at power on."""
        self._spawn(stay=False)
        return self._ask(("boot", tuple(boot), now_ms, int(rnd)))

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: Ms, rnd: Chance) -> Answer:
        return self._ask((name, args, now_ms, int(rnd)))

    def counters(self, label: str) -> Counters:
        return {}

    def kill(self, label: str) -> None:
        """Cut the power."""
        self._hang_up()
        with self._lock:
            child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGKILL)
            child.wait()

    def _spawn(self, stay: bool) -> None:
        self.kill("")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.settimeout(ANSWER_TIMEOUT_S)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "KENTONGAN_FD": str(theirs.fileno()),
            "KENTONGAN_FLASH": str(self.flash),
            "KENTONGAN_PORT_SOURCE": str(HERE.parent / "port.py"),
        }
        if stay:
            environment["KENTONGAN_STAY"] = "1"
        _plain_line(self._slave)  # a killed prompt leaves the line raw

        def own_line() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            die_with_parent()

        self._hold(self._held or b"", BOOT_S)
        with self._lock:
            self._prompted = self._modem = self._serving = False
            self._pipe = ours
            self._child = subprocess.Popen(
                [MICROPYTHON, "-X", f"heapsize={HEAP}", "-i", HERE / "board_rom.py"],
                stdin=self._slave,
                stdout=self._slave,
                stderr=self._slave,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=own_line,
            )
        theirs.close()

    def _ask(self, request: tuple[object, ...]) -> Answer:
        pipe = self._pipe
        if pipe is None:
            return [], None
        data = repr(request).encode()
        try:
            pipe.sendall(struct.pack("<I", len(data)) + data)
            size = struct.unpack("<I", read_exactly(pipe, 4))[0]
            actions, deadline = ast.literal_eval(read_exactly(pipe, size).decode())
            self._modem = self._modem or any(name == "HostWrite" for name, _ in actions)
            self._serving = actions[-1:] != [("Service", ())]
            if not self._serving:
                self._modem = False
                actions = actions[:-1]
        except TimeoutError as error:
            if request[0] == "boot":  # a main.py of somebody else's: no core of ours runs here
                self._hang_up()
                return [], None
            raise EngineError(f"{self.port.name} (virtual board) hung in {request[0]!r}") from error
        except OSError:  # blank, or its program ended at the prompt
            self._hang_up()
            self._live.world.report(self._node.label, "prompt", {})
            return [], None
        return [getattr(node_actions, name)(*fields) for name, fields in actions], deadline

    def _hang_up(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()

    @property
    def _node(self) -> NodeHost:
        assert self._host is not None, "attach() names it before the board is switched on"
        return self._host

    def _reset(self) -> None:
        self._node.reset("reset")

    def _deliver_typed(self, text: str) -> None:
        self._node.deliver("typed", text)

    def _prompt_again(self) -> None:
        self._spawn(stay=True)
        self._hang_up()

    # The serial line, in threads of its own

    def _typed(self, data: bytes) -> None:
        """Take bytes from whoever has the port open."""
        for key in data:
            if key in CTRL_A + CTRL_B:
                self._raw = bytes([key]) == CTRL_A
        if self._held is not None:
            self._held += data
        else:
            self._take(data)

    def _hold(self, data: bytes | bytearray, for_s: float) -> None:
        self._held, self._held_until_s = bytearray(data), time.monotonic() + for_s

    def _release(self) -> None:
        held, self._held = self._held, None
        if held:
            self._take(bytes(held))

    def _take(self, data: bytes) -> None:
        if self.running and not self._serving and CTRL_C in data:
            self._hold(data.partition(CTRL_C)[2], PROMPT_S)
            self._feed(CTRL_C)
        elif self.running:
            for start in range(0, len(data), TYPED_MAX):
                self._live.call(self._deliver_typed, data[start : start + TYPED_MAX].decode("latin-1"))
        else:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def _watch(self) -> None:
        """Pass on what the board says; start it again when it has ended by itself."""
        while not self._ending.is_set():
            if select.select([self._master], [], [], POLL_S)[0]:
                self._said(os.read(self._master, READ_BYTES))
            if self._held is not None and time.monotonic() > self._held_until_s:
                self._release()
            with self._lock:
                child = self._child
                ended = child is not None and child.poll() is not None
                if ended:
                    self._child = None
            if child is not None and ended:
                self._ended(child.returncode)

    def _said(self, data: bytes) -> None:
        self._bridge.write(data)
        if PROMPT in data and not self._modem:
            self._prompted = True
            if self._raw_again:
                self._raw_again = False
                self._feed(CTRL_A)
            self._release()

    def _ended(self, code: int) -> None:
        self._hold(self._held or b"", RESET_S)
        if code == 0 and self._raw:  # Ctrl-D at the raw prompt
            self._raw_again = True
            self._bridge.write(SOFT_REBOOT)
            self._live.call(self._prompt_again)
            return
        if code == 0:
            self._bridge.write(SOFT_REBOOT)
        elif code != RESET_CODE:
            self._bridge.write(b"abort: exit %d\r\n" % code)
        self._live.call(self._reset)

    def press_reset(self) -> None:
        """Press the RESET key: a board that sleeps or hangs starts anew."""
        self._live.call(self._reset)

    def unplug(self) -> None:
        """Pull the USB cable; the board goes on with its battery."""
        bridge, self._bridge = self._bridge, Unplugged()
        bridge.close()

    def replug(self) -> None:
        """Plug the cable in again, at the same port."""
        self._bridge = PtyBridge(self.port, self._typed)

    def close(self) -> None:
        self._ending.set()
        self._thread.join(timeout=5)
        self._bridge.close()
        self.kill("")
        os.close(self._master)
        os.close(self._slave)


class Unplugged:
    """A serial port with nobody at its other end."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def _plain_line(descriptor: int) -> None:
    """Pass bytes as they are, each at once, without echo; only Ctrl-C is a signal, as on a chip."""
    mode = termios.tcgetattr(descriptor)
    mode[0] &= ~(termios.ICRNL | termios.IXON)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    mode[3] |= termios.ISIG
    mode[6][termios.VQUIT] = mode[6][termios.VSUSP] = b"\x00"
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
