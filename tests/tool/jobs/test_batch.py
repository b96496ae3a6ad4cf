"""A list of houses is checked whole before anything is written, and a stopped run goes on where it was."""

import csv
from types import SimpleNamespace

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.commands.board_commands import CHOICES
from kentongan_tool.jobs import batch

LIST = (
    "role,label,zone,house,place,hops,press\n"
    "tombol,tombol-01,5,1,Gang Mawar,1,tekan\n"
    'tombol,tombol-02,5,2,"Gang Melati, ujung",2,ketuk\n'
    "sirene,pos-1,5,,Pos ronda,1,\n"
)


def rows_of(tmp_path, text):
    path = tmp_path / "houses.csv"
    path.write_text(text, encoding="utf-8")
    return batch.read_rows(path, CHOICES)


def test_a_list_is_read_as_registrations(tmp_path):
    one, two, post = rows_of(tmp_path, LIST)
    assert one == {
        "role": "tombol",
        "label": "tombol-01",
        "zone": 5,
        "house": 1,
        "place": "Gang Mawar",
        "hops": 1,
        "one_press": True,
    }
    assert two["one_press"] is False and two["place"] == "Gang Melati, ujung"
    assert post == {"role": "sirene", "label": "pos-1", "zone": 5, "place": "Pos ronda", "hops": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column 'role'"),
        ("role,label,zone\n", "0 rows"),
        ("role,label,zone,nik\na,b,1,2\n", "unknown column 'nik'"),
        (LIST.replace("tombol-02", "tombol-01"), "houses.csv:3: label tombol-01 stands twice"),
        (LIST.replace(",5,1,", ",lima,1,"), "houses.csv:2: column zone: 'lima'"),
        (LIST.replace("ketuk", "gosok"), "houses.csv:3: column press: 'gosok'"),
        ("role,label,zone\ntombol,tombol-01\n", "houses.csv:2: as many values"),
        ("role,label,zone\ntombol,tombol-01,5,9,9\n", "houses.csv:2: as many values"),
        ("role,label,zone\ntombol,,x\n", "column zone"),
    ],
)
def test_a_list_that_is_wrong_names_line_and_column(tmp_path, text, said):
    with pytest.raises(ToolError, match=said):
        rows_of(tmp_path, text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ((",5,1,", ",500,1,"), "houses.csv:2: zone: 500"),
        ((",2,ketuk", ",9,ketuk"), "houses.csv:3: hops: 9"),
        (("tombol,tombol-02", "tombl,tombol-02"), "houses.csv:3: role: 'tombl'"),
        (("tombol-02,", "tombol 02,"), "houses.csv:3: label: 'tombol 02'"),
        (("Gang Mawar", "G" * 81), "houses.csv:2: place: 81"),
        (("Pos ronda", "Pos \x07"), "houses.csv:4: place"),
    ],
)
def test_every_field_of_every_row_is_checked_before_the_first_board(tmp_path, changed, said):
    with pytest.raises(ToolError, match=said):
        rows_of(tmp_path, LIST.replace(*changed))


@pytest.mark.parametrize("elsewhere", [{"house": 9}, {"role": "penerima"}, {"zone": 6}])
def test_a_label_that_stands_for_another_house_or_role_is_no_device_of_the_list(tmp_path, elsewhere):
    hub = FakeHub()
    hub.there = [{"label": "tombol-02", "role": "tombol", "zone": 5, "house": 2, "node": 1, **elsewhere}]
    with pytest.raises(ToolError, match="label tombol-02: "):
        go(rows_of(tmp_path, LIST), hub, FakeJob(hub), tmp_path / "hasil.csv", [])
    assert len(hub.there) == 1


class FakeHub:
    def __init__(self):
        self.there = []

    def devices(self):
        return list(self.there)


class FakeJob:
    """Provisions at once; stops as if the cable was pulled when it comes to the label `fails`."""

    alarm = {"gateway": "gateway-1", "rssi": -70, "snr_q": 38, "hops": 0}

    def __init__(self, hub, fails=None):
        self.hub, self.fails = hub, fails

    def run(self, row):
        if row["label"] == self.fails:
            raise ToolError("no_answer", "/dev/ttyUSB0")
        device = {"label": row["label"], "id": f"{len(self.hub.there):08x}", "node": len(self.hub.there)}
        self.hub.there.append(device)
        return device


def go(rows, hub, job, path, said):
    coming = SimpleNamespace(next_blank=lambda label, wait_s: "/dev/ttyUSB0")
    return batch.run(rows, coming, hub, lambda port: job, path, 1, said.append)


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path):
    rows, hub, said, path = rows_of(tmp_path, LIST), FakeHub(), [], tmp_path / "hasil.csv"
    with pytest.raises(ToolError):
        go(rows, hub, FakeJob(hub, "pos-1"), path, said)
    assert [one["label"] for one in hub.there] == ["tombol-01", "tombol-02"]
    assert "2/3  pos-1" in said[-1]
    said.clear()
    devices = go(rows, hub, FakeJob(hub), path, said)
    assert [one["label"] for one in devices] == ["tombol-01", "tombol-02", "pos-1"]
    assert said[0].startswith("2 alat sudah terpasang") and "[########################] 3/3" in said[-1]
    with open(path, newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["label"] for row in written] == ["tombol-01", "tombol-02", "pos-1"]
    assert written[0]["snr"] == "9.5" and written[0]["gateway"] == "gateway-1"


def test_the_bar_is_full_only_at_the_end():
    assert batch.bar(0, 40, "x").count("#") == 0
    assert batch.bar(39, 40, "x").count("#") == batch.BAR - 1
    assert batch.bar(40, 40, "x").count("#") == batch.BAR


class FakePrompt:
    """Stand-in of the prompt: boards by the path of their port."""

    devices = {}
    left = []

    def __init__(self, port):
        self.port = port

    def probe(self):
        return SimpleNamespace(device=FakePrompt.devices[self.port])

    def leave(self):
        FakePrompt.left.append(self.port)


def test_a_board_that_was_just_made_is_not_taken_for_the_next(tmp_path, monkeypatch):
    first, second = tmp_path / "usb0", tmp_path / "usb1"
    monkeypatch.setattr(batch, "Prompt", FakePrompt)
    monkeypatch.setattr(batch, "LOOK_S", 0)
    first.touch()
    FakePrompt.devices = {str(first): None, str(second): ["tombol", "tombol-09", 9, "rt"]}
    said = []
    ports = batch.Ports([first, second], said.append, erase=False)
    assert ports.next_blank("tombol-01", 5) == str(first)
    with pytest.raises(ToolError, match="tombol-02"):
        ports.next_blank("tombol-02", 0)
    second.touch()  # already a device: named, not touched, and it goes on at once
    with pytest.raises(ToolError):
        ports.next_blank("tombol-02", 0)
    assert FakePrompt.left == [str(second)]
    assert any("sudah tombol tombol-09" in line for line in said)
    first.unlink()  # unplugged ...
    with pytest.raises(ToolError):
        ports.next_blank("tombol-02", 0)
    first.touch()  # ... and another blank one plugged in
    assert ports.next_blank("tombol-02", 5) == str(first)


def test_a_port_that_has_just_come_is_given_a_moment_and_one_that_stays_shut_is_named(tmp_path, monkeypatch):
    port = tmp_path / "usb0"
    port.touch()
    monkeypatch.setattr(batch, "LOOK_S", 0)
    looks = [ToolError(name, str(port)) for name in ("port_denied", "port_busy", "port_missing")]

    class Opens(FakePrompt):
        def probe(self):
            if looks:
                raise looks.pop(0)
            return SimpleNamespace(device=None)

    monkeypatch.setattr(batch, "Prompt", Opens)
    assert batch.Ports([port], print, erase=False).next_blank("tombol-01", 5) == str(port) and not looks
    for name, settle_s in (("no_answer", 60), ("port_busy", 0)):
        looks += [ToolError(name, str(port))] * 1_000
        monkeypatch.setattr(batch, "SETTLE_S", settle_s)
        with pytest.raises(ToolError) as caught:
            batch.Ports([port], print, erase=False).next_blank("tombol-01", 5)
        assert caught.value.name == name
        looks.clear()
