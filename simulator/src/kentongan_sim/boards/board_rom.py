"""ROM of a virtual board: its flash as littlefs at /, then main.py or the prompt, as on a chip.

MicroPython subset, started by virtual_board.py as `micropython -i board_rom.py`. Everything that runs
afterwards comes from the flash image, but for what reaches for hardware: serve() of the role's one file is
ours, which hands the core's actions to the simulator over the socket
KENTONGAN_FD and prints notes on the serial line.
"""

import os
import struct
import sys

import vfs  # type: ignore[import-not-found]  # of MicroPython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

BLOCK_BYTES = 4096
RESET_CODE = 7  # exit code of machine.reset(), known to virtual_board.py
STATE_DIR = "/state"


class Flash:
    """The block device in one file of the PC; a kill in the middle of a write leaves a torn block."""

    def __init__(self, path: str):
        self._file = open(path, "r+b")
        self._blocks = os.stat(path)[6] // BLOCK_BYTES

    def readblocks(self, number: int, buffer: "Any", offset: int = 0) -> None:
        self._file.seek(number * BLOCK_BYTES + offset)
        self._file.readinto(buffer)

    def writeblocks(self, number: int, buffer: "Any", offset: int = 0) -> None:
        self._file.seek(number * BLOCK_BYTES + offset)
        self._file.write(buffer)

    def ioctl(self, what: int, number: int) -> int:
        if what == 4:
            return self._blocks
        if what == 5:
            return BLOCK_BYTES
        if what == 6:
            self.writeblocks(number, b"\xff" * BLOCK_BYTES)
        return 0


# What the simulator asks a role's one file for, by the folders that it is in where there are many files.
ROOMS = {"base": ("actions",), "shell": ("settings", "runner", "console", "selftest")}


class Hardware:
    """esp32 and lora: they are imported, and nothing here calls them."""

    SX1262 = SX1276 = None


class Pin:
    IN, OUT = 1, 3

    def __init__(self, *args: object, **names: object):
        pass


class Part:
    """A module of ours in the one file of a role: what clashes there has its module's name behind it."""

    def __init__(self, role: "Any", name: str):
        self._role, self._name = role, name

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._role, name + "_" + self._name, None) or getattr(self._role, name)


class Machine:
    """The little of `machine` that a prompt and main.py need."""

    Pin = Pin

    @staticmethod
    def WDT(timeout: int) -> None:
        pass

    @staticmethod
    def reset() -> None:
        sys.exit(RESET_CODE)


class Micropython:
    """micropython, but for kbd_intr: on a PC, Ctrl-C without a meaning kills the interpreter.

    To a program of ours virtual_board.py hands it as the character that it is on a chip then.
    """

    def __init__(self) -> None:
        import micropython  # type: ignore[import-not-found]  # of MicroPython

        self._real: Any = micropython

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._real, name)

    def kbd_intr(self, char: int) -> None:
        pass


class Served:
    """A virtual board's program: serve() runs until a technician asks for the prompt, a reset or a power
    cut."""

    def __init__(self, pipe: "BinaryIO", port_source: str):
        self._pipe = pipe
        self._source = port_source
        self._hosted: Any = None
        self._console: Any = None
        self._asked = b""
        self._over = False  # a technician has the prompt

    def of(self, role: "Any") -> None:
        """Take the role's one file, with the core and the modules that the simulator asks for."""
        modules: Any = sys.modules  # whatever stands there is imported
        modules["kentongan_node"] = package = Hardware()
        for folder, names in ROOMS.items():
            room = modules["kentongan_node." + folder] = Hardware()
            for name in names:
                part = modules["kentongan_node." + folder + "." + name] = Part(role, name)
                setattr(room, name, part)
        setattr(package, "roles", self)  # noqa: B010 - Hardware has no such field for a type checker
        self._role = role
        role.serve = self.serve

    def make(self, settings: "dict[str, Any]", state: "dict[str, bytes]") -> "Any":
        """Make a core as roles.make does, of the class that the file holds."""
        return getattr(self._role, settings["role"][0].upper() + settings["role"][1:])(settings, state)

    def serve(self, board: object) -> None:
        from kentongan_node.shell import settings

        scope: Any = {"__name__": "kentongan_sim.port"}
        exec(self._source, scope)
        with open("/device.json") as file:
            checked = settings.load(file.read())
        self._settings = checked
        self._hosted = scope["Hosted"](checked, self._state())
        try:
            while self._step():
                pass
        finally:
            self._pipe.close()

    @staticmethod
    def _state() -> "dict[str, bytes]":
        if STATE_DIR[1:] not in os.listdir("/"):
            os.mkdir(STATE_DIR)
        state = {}
        for name in os.listdir(STATE_DIR):
            with open(STATE_DIR + "/" + name, "rb") as file:
                state[name] = file.read()
        return state

    def _step(self) -> bool:
        """Answer one request of the simulator; False at the end of the line."""
        head = self._pipe.read(4)
        if not head or len(head) < 4:
            return False
        request = eval(self._pipe.read(struct.unpack("<I", head)[0]))
        actions, deadline = self._answer(request)
        told = []
        for action in actions:
            name = type(action).__name__
            if name == "Persist":
                with open(STATE_DIR + "/" + action.name, "wb") as file:
                    file.write(action.data)
            elif name == "HostWrite":
                sys.stdout.buffer.write(action.data)
            elif name == "Note" and self._settings["role"] != "modem":
                print("{} #{} {} {}".format(action.device, action.counter, action.step, action.detail))
            told.append((name, tuple(action)))
        if self._over:
            print("servis; alat mulai lagi sendiri dalam 10 menit")
            told.append(("Service", ()))
        answer = repr((told, deadline)).encode()
        self._pipe.write(struct.pack("<I", len(answer)) + answer)
        return not self._over

    def _answer(self, request: "tuple[Any, ...]") -> "tuple[list[Any], int | None]":
        hosted = self._hosted
        if request[0] == "boot":
            return hosted.boot(request[1], request[2], request[3])
        if request[0] == "typed" and self._settings["role"] == "modem":
            data = bytes([ord(char) for char in request[1][0]])
            if self._asks(data):
                return [], hosted.deadline()
            return hosted.deliver("host", (data,), request[2], request[3])
        if request[0] == "typed":
            from kentongan_node.shell.console import noise

            actions, deadline = [], hosted.deadline()
            for word in self._words(bytes([ord(char) for char in request[1][0]])):
                if word == "uji":
                    more, deadline = hosted.deliver("key", ("uji", True), request[2], request[3])
                    actions.extend(more)
                elif word == "periksa":
                    self._inspect()
                elif word == "servis":
                    self._over = True
                elif not noise(word):
                    print("tidak dikenal: {}; tulis uji, periksa atau servis".format(word))
            return actions, deadline
        return hosted.deliver(request[0], request[1], request[2], request[3])

    def _asks(self, data: bytes) -> bool:
        """Tell whether a technician asks a modem for the prompt."""
        from kentongan_node.shell.console import Service, asked

        try:
            self._asked = asked(self._asked, data)
        except Service:
            self._over = True
        return self._over

    def _words(self, data: bytes) -> "list[str]":
        if self._console is None:
            from kentongan_node.shell.console import Console

            self._console = Console()
        return self._console.feed(data)

    def _inspect(self) -> None:
        from kentongan_node.shell import selftest

        selftest.tell(sys.stdout, self._settings, [], [], [], 3900, None, os.listdir(STATE_DIR))


def start() -> None:
    with open(os.getenv("KENTONGAN_PORT_SOURCE") or "") as file:
        port_source = file.read()
    pipe = open(int(os.getenv("KENTONGAN_FD") or 0), "r+b")
    stay = os.getenv("KENTONGAN_STAY")
    flash = Flash(os.getenv("KENTONGAN_FLASH") or "")
    modules: Any = sys.modules  # whatever stands there is imported
    modules["machine"] = Machine
    modules["micropython"] = Micropython()
    served = Served(pipe, port_source)
    for name in ("esp32", "lora"):
        modules[name] = Hardware
    vfs.umount("/")
    try:
        vfs.mount(vfs.VfsLfs2(flash), "/")
    except OSError:  # blank: as the port's own boot code does
        vfs.VfsLfs2.mkfs(flash)
        vfs.mount(vfs.VfsLfs2(flash), "/")
    os.chdir("/")
    sys.path[:] = ["", "/lib", ".frozen"]
    if stay or "main.py" not in os.listdir("/"):
        pipe.close()
        return
    try:
        if "role.mpy" in os.listdir("/"):
            import role  # type: ignore[import-not-found]  # from the flash

            served.of(role)
        with open("/main.py") as file:
            source = file.read()
        exec(source, {"__name__": "__main__"})
    finally:
        pipe.close()


start()
