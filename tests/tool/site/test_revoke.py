"""`revoke` is done when every post has reported it and not before; until then it names who lacks."""

import threading
from types import SimpleNamespace

import pytest
from kentongan_hub.devices.provision import technicians
from kentongan_tool import cli
from kentongan_tool.base.failures import ToolError
from kentongan_tool.site import revoke
from kits.village.trust_kit import Village
from werkzeug.serving import make_server

NODE = 0x6B74F007


class Answers:
    """A hub whose revocation goes on as told, one look each."""

    def __init__(self, *looks):
        self.looks, self.asked, self.begun = list(looks), [], []
        self.in_service = [{"node": NODE, "label": "tombol-07", "id": f"{NODE:08x}"}]

    def devices(self):
        return self.in_service

    def revocations(self):
        return self.begun

    def revoke(self, node, why, erased):
        self.asked.append((node, why, erased))
        return {"label": "tombol-07"}

    def revocation(self, node):
        assert node == NODE
        waiting = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return {
            "label": "tombol-07",
            "done": waiting == [],
            "waiting": [{"label": label} for label in waiting],
        }


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(revoke, "LOOK_S", 0)


def test_each_post_that_has_not_reported_is_named_until_none_is_left(quick):
    said, hub = [], Answers(["pos-1", "pos-2"], ["pos-2"], ["pos-2"], [])
    revoke.revoke(hub, "tombol-07", "dicuri", False, 60, said.append)
    assert hub.asked == [(NODE, "dicuri", False)] and not hub.looks[0]
    assert [line for line in said if line.startswith("Menunggu")] == [
        "Menunggu laporan: pos-1, pos-2",
        "Menunggu laporan: pos-2",
    ]
    assert said[-1].startswith("Selesai")


def test_a_post_that_never_reports_keeps_it_undone_and_is_named(quick):
    said = []
    with pytest.raises(ToolError) as caught:
        revoke.revoke(Answers(["pos-3"]), "tombol-07", "hilang", True, 0.3, said.append)
    assert caught.value.name == "not_revoked" and caught.value.what == "tombol-07 6b74f007: pos-3"
    assert not any(line.startswith("Selesai") for line in said)


def test_a_revocation_that_was_begun_is_asked_for_by_its_number_and_a_wrong_name_is_refused(quick):
    hub = Answers([])
    revoke.revoke(hub, "6b74f007", "dicuri", False, 1, lambda _: None)
    assert hub.asked[0][0] == NODE
    with pytest.raises(ToolError):
        revoke.revoke(Answers([]), "tombol-99", "dicuri", False, 1, lambda _: None)


def begun(hub, done=False):
    """As after a first try: out of service, and the posts have not all reported."""
    hub.begun = [{"node": NODE, "label": "tombol-07", "done": done}]
    hub.in_service = []
    return hub


@pytest.mark.parametrize("done", [False, True])
def test_the_same_command_again_goes_on_with_what_it_began(quick, done):
    said, hub = [], begun(Answers([]), done)
    revoke.revoke(hub, "tombol-07", "dicuri", False, 1, said.append)
    assert hub.asked == [] and "dilanjutkan" in said[0] and said[-1].startswith("Selesai")


def test_a_label_that_passed_to_another_board_revokes_neither_and_names_both_numbers(quick):
    hub = begun(Answers([]))
    hub.in_service = [{"node": NODE + 1, "label": "tombol-07", "id": f"{NODE + 1:08x}"}]
    with pytest.raises(ToolError) as caught:
        revoke.revoke(hub, "tombol-07", "dicuri", False, 1, print)
    assert "6b74f007" in caught.value.what and "6b74f008" in caught.value.what and hub.asked == []
    hub.begun[0]["done"] = True  # nothing is left of the old one: the label is the new board's
    hub.revocation = lambda node: {"label": "tombol-07", "done": True, "waiting": []}
    revoke.revoke(hub, "tombol-07", "dicuri", False, 1, lambda _: None)
    assert hub.asked == [(NODE + 1, "dicuri", False)]


STOLEN, LATE = "tombol-01", "pos-2"
SETTLED_S, DAY_S = 400, 86_400


class Street:
    """Three posts in the air, the real gateway and hub, the hub's API on a port; the tool's waiting is the
    street's time."""

    def __init__(self, folder, monkeypatch):
        self.village = Village(folder / "data", monkeypatch, seed=11, engine="cpython")
        self.village.advance(SETTLED_S)
        self.server = make_server("127.0.0.1", 0, self.village.app)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.token = folder / "token"
        self.token.touch(0o600)
        with self.village.hub.store.write() as db:
            self.token.write_text(technicians.new_token(db, self.village.hub.now(), "Pak Teknisi"))
        clock = SimpleNamespace(sleep=self.village.advance, monotonic=lambda: self.village.world.now_us / 1e6)
        monkeypatch.setattr(revoke, "time", clock)

    def revoke(self, name, wait_s):
        return cli.main(
            [
                "revoke",
                name,
                "--why",
                "dicuri",
                "--wait",
                str(wait_s),
                "--token-file",
                str(self.token),
                "--hub",
                f"http://127.0.0.1:{self.server.port}",
            ]
        )

    def refused_by(self):
        """The posts that hold the stolen number in their flash."""
        number = self.village.nodes[STOLEN]
        return [
            post
            for post in ("pos-1", "pos-2", "pos-3")
            if number in (self.village.kept(post).settings or {}).get("revoked", ())
        ]

    def close(self):
        self.server.shutdown()
        self.village.close()


@pytest.fixture
def street(tmp_path, monkeypatch):
    made = Street(tmp_path, monkeypatch)
    yield made
    made.close()


def test_in_a_street_done_is_said_when_the_last_post_holds_the_number_and_not_before(street, capsys):
    village = street.village
    village.world.switch(LATE, False)
    assert street.revoke(STOLEN, 1_800) == 1
    said = capsys.readouterr()
    steps = [line for line in said.out.splitlines() if not line.startswith(" ")]  # beside the progress
    assert "Selesai" not in said.out and steps[-1] == f"Menunggu laporan: {LATE}"
    assert f"GAGAL  Pencabutan belum selesai: {STOLEN} {village.nodes[STOLEN]:08x}: {LATE}" in said.err
    assert street.refused_by() == ["pos-1", "pos-3"]

    village.world.switch(LATE, True)
    assert street.revoke(STOLEN, DAY_S) == 0
    said = capsys.readouterr().out
    assert said.rstrip().endswith("Selesai: semua pos sudah melaporkan pencabutan.")
    assert street.refused_by() == ["pos-1", LATE, "pos-3"]
    assert village.press(STOLEN)["sounded"] == set()
