"""`revoke` is done when every post has reported it and not before; until then it names who lacks."""
import pytest
from kentongan_tool import revoke
from kentongan_tool.failures import ToolError

NODE = 0x6B74F007


class Answers:
    """A hub whose revocation goes on as told, one look each."""

    def __init__(self, *looks):
        self.looks, self.asked = list(looks), []

    def find(self, name):
        if name != "tombol-07":
            raise ToolError("argument", name)
        return {"node": NODE}

    def revoke(self, node, why, erased):
        self.asked.append((node, why, erased))
        return {"label": "tombol-07"}

    def revocation(self, node):
        assert node == NODE
        waiting = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return {"done": waiting == [], "waiting": [{"label": label} for label in waiting]}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(revoke, "LOOK_S", 0)


def test_each_post_that_has_not_reported_is_named_until_none_is_left():
    said, hub = [], Answers(["pos-1", "pos-2"], ["pos-2"], ["pos-2"], [])
    revoke.revoke(hub, "tombol-07", "dicuri", False, 60, said.append)
    assert hub.asked == [(NODE, "dicuri", False)] and not hub.looks[0]
    assert [line for line in said if line.startswith("Menunggu")] == [
        "Menunggu laporan: pos-1, pos-2", "Menunggu laporan: pos-2"]
    assert said[-1].startswith("Selesai")


def test_a_post_that_never_reports_keeps_it_undone_and_is_named():
    said = []
    with pytest.raises(ToolError) as caught:
        revoke.revoke(Answers(["pos-3"]), "tombol-07", "hilang", True, 0.3, said.append)
    assert caught.value.name == "not_revoked" and caught.value.what == "pos-3"
    assert not any(line.startswith("Selesai") for line in said)


def test_a_revocation_that_was_begun_is_asked_for_by_its_number_and_a_wrong_name_is_refused():
    hub = Answers([])
    revoke.revoke(hub, "6b74f007", "dicuri", False, 1, lambda _: None)
    assert hub.asked[0][0] == NODE
    with pytest.raises(ToolError):
        revoke.revoke(Answers([]), "tombol-99", "dicuri", False, 1, lambda _: None)
