"""Failures on the way from a blank board to a device: the hub, the board and the laptop end clean."""

import json
import re
import signal
import stat
import threading
import time

import pytest
from kentongan_tool import cli
from kentongan_tool.base.failures import ToolError
from kentongan_tool.commands import arguments
from kentongan_tool.site import journal
from kits.hub.hub_kit import PASSWORD
from kits.patience import LOOK_S, PATIENCE_S
from kits.tool.board_kit import CommandLines, need_board
from kits.tool.technician_kit import Bench, Office
from kits.tool.tool_kit import need_tools

UNHURRIED = 0.2  # a button falls asleep after 10 s of its clock: on a busy machine before the tool is there
KEY = re.compile(rb"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("hub"))
    yield made
    made.process.kill()


@pytest.fixture
def bench(office, tmp_path, require):
    need_board(require)
    need_tools(require, "mpremote", "mpy-cross")
    made = Bench(office.alive(), tmp_path, speed=UNHURRIED)
    yield made
    made.alone.close()


def test_a_board_that_nobody_hears_is_withdrawn_and_no_key_is_seen_anywhere(bench):
    kept = bench.alone.board.flash
    keys, looked_ns = set(), 0
    with CommandLines() as lines:
        process = bench.start()
        while process.poll() is None:
            if (changed_ns := kept.stat().st_mtime_ns) != looked_ns:
                looked_ns = changed_ns
                keys |= set(KEY.findall(kept.read_bytes()))
            time.sleep(LOOK_S)
        said = process.stdout.read()
    assert process.returncode == 1, said
    assert "Alarm uji belum diterima" in said and "Periksa" in said and "ditarik kembali" in said
    assert len(keys) >= 3  # channel key, key_a and key_c went over the line to the board
    bench.assert_taken_back(said)
    secrets = [key.decode() for key in keys] + [bench.token_file.read_text().strip()]
    shown = said + b"\0".join(lines.seen).decode(errors="replace") + "".join(bench.office.process.errors)
    assert "mpremote" in shown
    for secret in secrets:
        assert secret not in shown
    for path in bench.laptop.rglob("*"):
        assert path.is_dir() or not KEY.search(path.read_bytes()), path


def test_the_staging_folder_is_for_its_owner_only_and_goes_away():
    from kentongan_tool.board.prompt import staging

    with pytest.raises(KeyError), staging() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        raise KeyError
    assert not folder.exists()


def when_said(bench, process, words, function):
    """Call function once the tool has printed these words."""
    said = []

    def read():
        for line in process.stdout:
            said.append(line)
            if words in line:
                function()

    reader = threading.Thread(target=read)
    reader.start()
    process.wait(PATIENCE_S)
    reader.join()
    return "".join(said)


def test_a_terminal_that_is_closed_takes_everything_back(bench):
    process = bench.start("--wait", 60)
    said = when_said(bench, process, "Menunggu alarm uji", lambda: process.send_signal(signal.SIGHUP))
    assert process.returncode == 130 and "ditarik kembali" in said, said
    bench.assert_taken_back(said)


def cut_while_written(bench):
    empty = bench.alone.board.flash.read_bytes()
    bench.alone.wait("files arrive", lambda: bench.alone.board.flash.read_bytes() != empty)
    bench.alone.board.unplug()


def test_a_cable_that_is_pulled_is_named_and_the_number_is_refused_everywhere(bench):
    process = bench.start()
    said = when_said(bench, process, "Menulis", lambda: cut_while_written(bench))
    assert process.returncode == 1 and "GAGAL" in said and "belum dapat dikosongkan" in said
    assert "Papan terputus" in said and "tidak rusak karenanya" in said, said
    assert "tombol-21" not in bench.devices() and not bench.pending_files()
    bench.alone.board.replug()
    code, said = bench.run("--erase")  # what was half written is no device: cleared and begun again
    assert code == 1 and "Alarm uji belum diterima" in said
    bench.assert_taken_back(said)


def test_a_laptop_that_dies_is_settled_at_the_next_start(bench):
    process = bench.start("--wait", 60)
    when_said(bench, process, "Menunggu alarm uji", process.kill)
    assert bench.devices()["tombol-21"] == "pending" and len(bench.pending_files()) == 1
    code, said = bench.run("--erase")
    assert "yang terputus sudah ditarik" in said and code == 1
    bench.assert_taken_back(said)


def test_a_hub_that_is_gone_is_named_before_anything_is_written(bench):
    bench.office.process.kill()
    code, said = bench.run()
    assert code == 1 and "Pusat data tidak terjangkau" in said
    assert bench.files_on_board() == []


def test_a_hub_that_dies_in_the_middle_is_told_at_the_next_start(bench):
    process = bench.start()
    said = when_said(bench, process, "Menunggu alarm uji", bench.office.process.kill)
    assert process.returncode == 1 and "belum ditarik" in said
    assert len(bench.pending_files()) == 1
    bench.office.alive()
    code, later = bench.run()
    assert "yang terputus sudah ditarik" in later
    bench.assert_taken_back(said + later)


def test_a_board_that_is_a_device_already_is_not_touched(bench):
    from kentongan_tool.board.prompt import Prompt

    file = {"role": "tombol", "label": "tombol-03", "node": 0x6B74F003, "site": "rt-05"}
    Prompt(bench.alone.port).write({"device.json": json.dumps(file).encode()})
    code, said = bench.run()
    assert code == 1 and "tombol tombol-03 6b74f003" in said and "sudah berisi alat lain" in said
    assert bench.files_on_board() == ["/device.json"] and "tombol-21" not in bench.devices()


WRONG = [
    (["--label", "tombol-07"], "in use"),
    (["--zone", "300"], "zone"),
    (["--gain", "9"], "EIRP"),
    (["--press", "gosok"], "--press gosok"),
    (["--port", "/dev/tidak-ada"], "Papan tidak ditemukan"),
]


def test_what_was_asked_wrongly_is_named_and_nothing_is_begun(bench):
    blank = bench.alone.board.flash.read_bytes()
    for more, said in WRONG:
        code, text = bench.run(*more)
        assert code in (1, 2) and said in text and "Traceback" not in text, (more, text)
        assert "tombol-21" not in bench.devices() and not bench.pending_files(), more
    assert bench.alone.board.flash.read_bytes() == blank  # not a byte was written, not even in passing
    bench.assert_clean()


def test_a_token_that_others_can_read_or_that_is_wrong_is_refused(bench):
    bench.token_file.chmod(0o644)
    code, said = bench.run()
    assert code == 1 and "chmod 600" in said
    bench.token_file.chmod(0o600)
    bench.token_file.write_text("ktt_bukan-token\n")
    code, said = bench.run()
    assert code == 1 and "tidak mengenal token" in said and "ktt_bukan" not in said


def test_a_password_is_asked_for_and_a_wrong_one_is_refused(office, tmp_path, monkeypatch, capsys):
    office.alive()
    sheet = tmp_path / "label.pdf"
    words = ["label", "--hub", office.address, "--login", "admin", "--out", str(sheet), "tombol-07"]
    for typed, code in ((PASSWORD, 0), ("sandi yang salah", 1)):
        monkeypatch.setattr(arguments.getpass, "getpass", lambda prompt, typed=typed: typed)
        assert cli.main(words) == code
        said = "".join(capsys.readouterr())
        assert typed not in said
        assert ("1 label di" if code == 0 else "tidak mengenal token") in said
    assert cli.main([*words, "--token-file", "x"]) == 2 and "one of them" in capsys.readouterr().err


def test_an_answer_that_got_lost_is_withdrawn_by_its_request(bench, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", bench.home["XDG_STATE_HOME"])
    fields = {"role": "tombol", "label": "tombol-30", "zone": 5}
    made = bench.hub.register(fields, None, "permintaan-hilang")
    entry = {"request": "permintaan-hilang", "fields": fields, "replaces": None, "node": None}
    journal.Journal(bench.hub.url).write({**entry, "written": False})
    told = []
    journal.settle(bench.hub, told.append)
    assert "tombol-30" not in bench.devices() and told and not bench.pending_files()
    assert bench.hub.device(made["node"])["state"] == "revoked"


def test_two_programs_of_one_laptop_do_not_take_each_others_registration_back(
    office, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    words = [
        "provision",
        "--hub",
        office.alive().address,
        "--token-file",
        str(office.folder / "token"),
        "--role",
        "tombol",
        "--label",
        "tombol-31",
        "--zone",
        "5",
        "--port",
        "/dev/tidak-ada",
    ]
    with journal.Journal(office.address).alone():
        assert cli.main(words) == 1
        assert "sedang mendaftarkan alat lain" in capsys.readouterr().err
    assert cli.main(words) == 1
    assert "Papan tidak ditemukan" in capsys.readouterr().err


def test_a_damaged_journal_is_named_not_overwritten(bench, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", bench.home["XDG_STATE_HOME"])
    path = journal.Journal(bench.hub.url).path
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(ToolError, match="pending-"):
        journal.settle(bench.hub, print)
    assert path.read_text() == "{"


ELSEWHERE = {"role": "tombol", "label": "tombol-99", "node": 0x6B74F099, "site": "rt-05"}


def test_erase_names_what_is_on_the_board_and_asks_and_takes_no_silence_for_a_yes(bench):
    from kentongan_tool.board.prompt import Prompt

    Prompt(bench.alone.port).write({"device.json": json.dumps(ELSEWHERE).encode()})
    code, said = bench.run("--erase")
    assert code == 1 and "tombol tombol-99 6b74f099, tidak dikenal" in said and "`--yes`" in said
    assert bench.files_on_board() == ["/device.json"] and "tombol-21" not in bench.devices()
    code, said = bench.run("--erase", "--yes")
    assert "Menghapus isi lama papan" in said
    bench.assert_taken_back(said)


def test_a_hub_that_is_gone_or_a_label_that_is_taken_erases_nothing(bench):
    from kentongan_tool.board.prompt import Prompt

    Prompt(bench.alone.port).write({"device.json": json.dumps(ELSEWHERE).encode()})
    sheet = bench.folder / "none/label.pdf"
    pending = {"role": "tombol", "label": "tombol-40", "zone": 5}  # only the hub itself says no to that one
    bench.hub.register(pending, None, "permintaan-laptop-lain")
    for more, words in (
        (("--label", "tombol-07"), "in use"),
        (("--label", "tombol-40"), "Pusat data menolak"),
        (("--label-out", sheet), "tidak ada"),
        (("--hub", "http://127.0.0.1:9"), "Pusat data tidak terjangkau"),
        (("--place", "x" * 81), "place: 81"),
    ):
        code, said = bench.run("--erase", "--yes", *more)
        assert code in (1, 2) and words in said and "Menghapus" not in said, said
    assert bench.files_on_board() == ["/device.json"]
