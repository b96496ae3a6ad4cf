"""Odd frames in short through every core, and that the campaign finds what it is there to find.

`make soak ONLY=attack` is the long version. A failure names the frame, the seed and the command.
"""

import shutil
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.paths import status_path
from kentongan_hub.incidents import alarms as hub_alarms
from kentongan_node.air import mesh
from kentongan_node.common.node import Node
from kentongan_node.roles import button, receiver, siren
from kentongan_node.roles.modem import Modem
from kentongan_node.sounding import soundings
from kentongan_sim.engines import micropython
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kentongan_wire.message.replay import NEW, Guard
from soak.frames import attack_frames as campaign
from soak.frames import odd_frames
from soak.frames.frame_rigs import PROOF_EVERY

ROOT = Path(__file__).resolve().parents[3]

OUTSIDE, INSIDE = 7, 5  # seeds: thieves without, and with every key of the site
SHORT, SHORT_HUB = 2_000, 600
REMEMBERED = 20_000  # objects of the simulator's (kentongan_sim.engines.memo) where other tests ran before


@pytest.fixture(autouse=True)
def silent_hub(caplog):
    caplog.set_level("CRITICAL", "kentongan.hub")


@pytest.fixture(autouse=True)
def in_company(monkeypatch):
    """Every object of a process is counted: here what other tests left comes on top of the core's own."""
    monkeypatch.setattr(campaign, "GROWTH_OBJECTS", REMEMBERED)


def alone(*about):
    """A part in a process of its own, as the campaign runs it, where growth is the core's and no other's."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=campaign.quiet) as pool:
        return pool.submit(campaign.part, *about).result()


def found(role, frames=SHORT, seed=OUTSIDE):
    """Return the campaign's complaint of a part on CPython; "" when all holds."""
    return campaign.part(role, frames, seed, micropython=False).get("failed", "")


@pytest.mark.parametrize("role", campaign.DEVICES)
@pytest.mark.parametrize("seed", (OUTSIDE, INSIDE))
def test_no_odd_frame_breaks_a_device_and_both_interpreters_answer_the_same(role, seed, require):
    require(micropython.available(), "the MicroPython wheel", "use x86-64 or arm64 Linux")
    result = alone(role, SHORT, seed)
    assert "failed" not in result, result["failed"]
    assert result["micropython"]["frames"] >= SHORT and result["micropython"]["checks"] >= 2
    assert result["cpython"]["proved"] == (SHORT // PROOF_EVERY if seed == OUTSIDE else 0)


@pytest.mark.parametrize("role, frames", (("gateway", SHORT), ("hub", SHORT_HUB)))
def test_no_odd_frame_breaks_gateway_or_hub(role, frames):
    result = alone(role, frames, OUTSIDE)
    assert "failed" not in result, result["failed"]
    assert "micropython" not in result and result["cpython"]["proved"] == frames // PROOF_EVERY
    assert "failed" not in alone(role, frames, INSIDE)


def test_every_kind_of_odd_frame_is_among_them_and_most_are_refused():
    told_ = alone("sirene", SHORT, OUTSIDE, False)["cpython"]
    hows = {how for _, how in odd_frames.HOWS} - {"thief"}
    hows |= {"thief: " + holder for holder in odd_frames.HOLDERS}
    assert set(told_["how"]) == hows
    assert told_["outcomes"]["refused"] > 1_000
    reasons = {"tag", "replay", "protobuf", "channel", "short", "length", "version", "role", "header"}
    assert reasons <= set(told_["refused"])


def test_a_part_is_the_same_again_under_its_seed():
    def calls():
        written = []
        campaign.on_cpython("penerima", 300, OUTSIDE, written.append)
        return b"".join(written)

    assert calls() == calls()


# planted faults: each is found, and the words say which


def test_a_post_that_believes_every_tag_is_found_out(monkeypatch):
    monkeypatch.setattr(verify, "_holds", lambda *about: True)
    assert "a forged message was not refused" in found("sirene")


def test_a_post_that_sounds_for_what_a_relay_can_make_is_found_out(monkeypatch):
    deliver = siren.Sirene._deliver

    def believes(self, frame, envelope, proved, heard):
        if proved and envelope.type == m.ALARM and envelope.role == m.TOMBOL:
            record = self._add(heard[0].src, envelope.counter, envelope.counter & 0xFFFF, 0, 5)
            record.order(envelope.counter, self.now_ms, soundings.SOUND_MS)
            self._drive()
        deliver(self, frame, envelope, proved, heard)

    monkeypatch.setattr(siren.Sirene, "_deliver", believes)
    assert "whom nobody heard" in found("sirene")


def test_a_post_that_forgets_counters_is_found_out(monkeypatch):
    monkeypatch.setattr(Guard, "check", lambda self, message: NEW)
    assert "again" in found("sirene", 3_000)


def test_a_deaf_post_is_found_out(monkeypatch):
    monkeypatch.setattr(siren.Sirene, "_in_table", lambda self, zone, kind: False)
    assert "is true and does not sound" in found("sirene")


def test_a_button_that_believes_every_receipt_is_found_out(monkeypatch):
    monkeypatch.setattr(verify, "equal", lambda one, other: True)
    assert "is shown, and the gateway has given stage 0" in found("tombol")


def test_a_button_that_says_more_than_it_was_told_is_found_out(monkeypatch):
    shown = button.Incident.shown
    monkeypatch.setattr(button.Incident, "shown", lambda self, now_ms: shown(self, now_ms) and "coming")
    assert "is shown, and the gateway has given stage" in found("tombol")


def test_a_button_that_sends_nothing_is_found_out(monkeypatch):
    monkeypatch.setattr(mesh.Mesh, "submit", lambda self, *about, **more: True)
    assert "an alarm under way is not sent" in found("tombol")


def test_a_relay_that_carries_nothing_is_found_out(monkeypatch):
    monkeypatch.setattr(mesh.Mesh, "offer", lambda self, *about: False)
    assert "is not carried" in found("penerus")


def test_a_chime_that_pages_for_anybody_is_found_out(monkeypatch):
    monkeypatch.setattr(verify, "_holds", lambda *about: True)
    assert "a page that nobody sent is shown" in found("penerima")


def test_a_chime_that_answers_by_itself_is_found_out(monkeypatch):
    message = receiver.Penerima.on_message

    def answers(self, what, repeat, heard):
        message(self, what, repeat, heard)
        self._come()

    monkeypatch.setattr(receiver.Penerima, "on_message", answers)
    assert '"saya datang" by itself' in found("penerima")


def test_a_modem_that_keeps_a_frame_to_itself_is_found_out(monkeypatch):
    monkeypatch.setattr(Modem, "receive", lambda self, *about: [])
    assert "a frame reaches no host" in found("modem")


def test_a_core_that_raises_is_found_out_with_its_frame(monkeypatch):
    def carries(self, packet, data, *about):
        if data.portnum == 67:
            raise IndexError("planted")

    monkeypatch.setattr(Node, "_carry", carries)
    assert "IndexError: planted" in found("penerus") and found("penerus").startswith("frame ")


def test_a_core_that_does_not_count_what_it_refuses_is_found_out(monkeypatch):
    monkeypatch.setattr(Node, "count", lambda self, reason: None)
    assert "but counted as {}" in found("tombol")


def test_a_core_that_grows_is_found_out(monkeypatch):
    kept, receive = [], Node.receive

    def keeps(self, frame, *about):
        kept.extend([frame] for _ in range(20))
        return receive(self, frame, *about)

    monkeypatch.setattr(Node, "receive", keeps)
    assert "more objects at the end" in found("penerus")


def test_a_core_that_never_rests_is_found_out(monkeypatch):
    monkeypatch.setattr(Node, "next_deadline", lambda self: 0)
    assert "never comes to rest" in found("penerus")


def test_a_core_that_answers_otherwise_on_micropython_is_found_out(tmp_path, require):
    require(micropython.available(), "the MicroPython wheel", "use x86-64 or arm64 Linux")
    path, other = tmp_path / "calls", tmp_path / "firmware"
    with path.open("wb") as file:
        campaign.on_cpython("penerus", 300, OUTSIDE, file.write)
    assert campaign.on_micropython(path)["frames"] >= 300
    shutil.copytree(ROOT / "firmware/src", other)
    node = other / "kentongan_node/common/node.py"
    text = node.read_text(encoding="utf-8").replace("get(reason, 0) + 1", "get(reason, 0) + 2")
    node.write_text(text, encoding="utf-8")
    with pytest.raises(RuntimeError, match="answered otherwise than on CPython"):
        campaign.on_micropython(path, [other, *campaign.PATH])


def test_a_gateway_that_says_received_before_the_disk_has_it_is_found_out(monkeypatch):
    store = Context.store

    def at_once(self, event, then=None, otherwise=None):
        if then and event["type"] == "alarm":
            then(0)
        return store(self, event, None, otherwise)

    monkeypatch.setattr(Context, "store", at_once)
    assert "which is on no disk" in found("gateway")


def test_a_gateway_that_asks_for_no_proof_is_found_out(monkeypatch):
    monkeypatch.setattr(verify, "_check_proof", lambda *about: None)
    assert "that it never raised" in found("gateway")


def test_a_fault_that_the_gateway_contains_is_found_out(monkeypatch):
    monkeypatch.setattr(status_path.StatusPath, "on_status", lambda self, *about: 1 // 0)
    assert "a part of the core raised" in found("gateway")


def test_a_hub_that_fails_on_an_event_is_found_out(monkeypatch):
    monkeypatch.setitem(hub_alarms.HANDLERS, "stage_seen", lambda *about: 1 // 0)
    assert "neither taken nor refused" in found("hub", SHORT_HUB)


def test_a_hub_that_takes_anybody_s_answer_is_found_out(monkeypatch):
    def takes(db, now, gateway, event):
        db.run("UPDATE incidents SET answered_ms = 1, answered_by = 'x' WHERE device = ?", event["origin"])

    monkeypatch.setitem(hub_alarms.HANDLERS, "event", takes)
    assert "nobody was asked" in found("hub", SHORT_HUB)


# the command


def arguments(folder, *roles, frames=200, seed=OUTSIDE):
    about = {"roles": list(roles), "frames": frames, "seed": seed, "keep": str(folder)}
    return Namespace(part=100, jobs=1, page=None, **about)


class Here:
    """A pool that works in this very process, at once."""

    def __init__(self, *_, **__):
        return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def submit(self, function, *about):
        self.result = lambda: function(*about)
        return type("Done", (), {"result": staticmethod(self.result)})()


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(campaign, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(campaign, "as_completed", list)


def test_a_campaign_that_is_ended_goes_on_where_it_stopped(tmp_path, here, capsys):
    assert campaign.run(arguments(tmp_path, "gateway"))
    assert "| gateway | 200 | is a CPython program |" in capsys.readouterr().out
    next(tmp_path.glob("*/gateway-100-8.json")).write_text("torn", encoding="utf-8")
    assert campaign.run(arguments(tmp_path, "gateway"))
    told_ = capsys.readouterr()
    assert "1 of 2 parts are left" in told_.err and "| gateway | 200 |" in told_.out


def test_what_was_done_by_other_code_is_done_again(tmp_path, here, capsys, monkeypatch):
    assert campaign.run(arguments(tmp_path, "gateway"))
    monkeypatch.setattr(campaign, "CODE", campaign.CODE[1:])  # as if a file of it had changed
    assert campaign.run(arguments(tmp_path, "gateway"))
    assert "goes on" not in capsys.readouterr().err


def test_a_failure_names_seed_and_command_and_is_not_kept(tmp_path, here, capsys, monkeypatch):
    monkeypatch.setattr(verify, "_check_proof", lambda *about: None)
    monkeypatch.setattr(campaign, "part", broken)
    assert not campaign.run(arguments(tmp_path, "gateway"))
    words = ".venv/bin/python tests/soak/frames/attack_frames.py gateway --frames 100 --part 100 --seed 8"
    assert words in capsys.readouterr().out and not list(tmp_path.glob("*/*.json"))


def broken(role, frames, seed):
    return {"role": role, "frames": frames, "seed": seed, "failed": "planted"}
