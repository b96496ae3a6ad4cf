"""A stolen device is shut out of the running village: no siren obeys it, and nobody else misses a moment.

Real node cores, the real gateway core and the real hub store; 8 % of the frames are lost beside what the air
takes. A failure names the seed; `pytest tests/simulator/world/test_trust.py` runs it again.
"""

import json
import os

import pytest
from kentongan_hub.devices import codes
from kentongan_hub.devices.trust import generations, status_plan
from kentongan_sim.engines import micropython
from kentongan_wire.base import patterns
from kentongan_wire.message import messages as m
from kits.village.trust_kit import SPOTS, ZONE, Village

ENGINES = ["cpython", "micropython"] if micropython.available() else ["cpython"]
HOUR_S = 3_600
LONG = bool(os.environ.get("KENTONGAN_SOAK"))  # `make soak`: as long as in life, minutes of this machine
BUTTONS_S = 21_600 if LONG else 600  # status period of the buttons: 10 minutes in place of 6 hours
DAY_S = (24 if LONG else 2.5) * HOUR_S
TURN_S = DAY_S / 7.5  # two of them are more than a button's status period


@pytest.fixture(params=ENGINES)
def village(request, tmp_path, monkeypatch):
    monkeypatch.setattr(status_plan, "BUTTON_PERIOD_S", BUTTONS_S)
    made = Village(tmp_path / "data", monkeypatch, seed=7, engine=request.param)
    made.advance(400)
    yield made
    made.close()


def test_a_stolen_button_that_was_revoked_sounds_no_siren_any_more(village):
    before = village.press("tombol-01")
    assert before["sounded"] and before["stored"] and "stored" in before["shown"]
    with village.hub.store.write() as db:  # somebody has seen to it, or its sirens are asked for again
        db.run("UPDATE incidents SET state = 'selesai', closed_ms = opened_ms, next_alert_ms = NULL")
    village.advance(200)
    village.revoke("tombol-01")
    after = village.press("tombol-01")
    assert not after["stored"], "the hub and the gateway refuse it at once"
    assert village.until(lambda: village.revocation("tombol-01")["done"], 900), "every post reports it"
    for post in ("pos-1", "pos-2", "pos-3"):
        assert village.kept(post).settings["revoked"] == [village.nodes["tombol-01"]], post
    gone = village.press("tombol-01", 120)
    assert gone["sounded"] == set() and not gone["stored"]
    assert not gone["shown"] & {"sounding", "stored", "coming"}
    others = village.press("tombol-02")
    assert others["sounded"] and others["stored"] and "stored" in others["shown"]
    assert set(village.order_results) == {"ok"}


def test_an_rts_own_codes_come_over_the_air_to_everything_that_beats(village):
    own = [[m.KIND_MALING, [4, 1]], [m.KIND_KERIBUTAN, []]]
    with village.hub.store.write() as db:
        codes.choose(db, village.hub.now(), {"login": "uji"}, ZONE, "polri", own)
    village.hub_works()

    def everybody():
        with village.hub.store.read() as db:
            return [label for label, has in codes.holders(db, ZONE) if not has] == []

    assert village.until(everybody, 900), village.seed
    for label in ("pos-1", "pos-2", "pos-3", "penerima-1"):
        kept = village.kept(label).settings
        name, steps = patterns.of(kept, m.KIND_MALING)
        assert (name, len(steps)) == ("maling", 5), label
        assert patterns.of(kept, m.KIND_KERIBUTAN)[0] == "titir", label
        assert len(patterns.of(kept, m.KIND_BENCANA)[1]) == 4, "what is left out beats by the profile"
    assert json.loads(village.house.state["codes"]) == ["polri", own]
    village.house.power(False)
    village.house.power(True)
    assert village.press("tombol-02")["stored"]


def goes_on(village, label):
    """A neighbour's press is heard by sirens and stored, and the presser sees it: at any moment."""
    pressed = village.press(label)
    assert pressed["sounded"] and pressed["stored"], (village.seed, label, village.phase(), pressed)
    assert "stored" in pressed["shown"], (village.seed, label, village.phase(), pressed)


def test_a_stolen_posts_forgeries_end_with_the_rotation_and_nobody_else_misses_a_moment(village):
    world, neighbours = village.world, ["tombol-01", "tombol-02", "tombol-03"]
    goes_on(village, "tombol-01")
    village.advance(200)
    world.switch("pos-1", False)  # it is in the thief's bag
    world.switch("penerima-1", False)  # and this one is unplugged for a day
    village.revoke("pos-1")
    assert village.phase() == generations.SHARE
    start = len(village.events)
    village.on_air(village.forged_order("pos-2", 900_001))
    village.advance(10)
    assert village.sounding_at(start) == set(), "a stolen post gives no order, before or after"
    village.on_air(village.forged_alarm("tombol-03", 900_002))
    village.advance(10)
    assert "pos-2" in village.sounding_at(start), "what a stolen post can do until the keys are changed"
    for turn in range(2):
        village.advance(TURN_S)
        goes_on(village, neighbours[1 - turn])
        village.advance(TURN_S)
        if turn == 0:
            world.switch("gateway-1", False)
            village.advance(60)
            world.switch("gateway-1", True)
            village.advance(60)
        if turn == 1:
            village.kill_hub()
            village.advance(120)
            village.start_hub()
    waiting = village.revocation("pos-1")["rotation"]["waiting"]
    assert [one["label"] for one in waiting] == ["penerima-1"], "listed: somebody must walk there"
    assert village.phase() == generations.SHARE and not village.revocation("pos-1")["done"]
    village.advance(DAY_S - 6 * TURN_S)
    goes_on(village, "tombol-01")
    world.switch("penerima-1", True)
    for turn in range(6):
        if village.phase() == generations.DONE:
            break
        village.advance(TURN_S)
        goes_on(village, neighbours[1 - turn % 2])
    assert village.until(lambda: village.phase() == generations.DONE, 12 * TURN_S), village.phase()
    assert village.revocation("pos-1")["done"]
    for label, role, *_ in SPOTS:
        if label != "pos-1":
            kept = village.kept(label)
            assert (kept.send, kept.lowest) == (1, 1) or role != "sirene" and kept.send == 1, label
    village.advance(600)
    start = len(village.events)
    for frame in (
        village.forged_alarm("tombol-02", 900_010),
        village.forged_order("pos-3", 900_011),
        village.forged_stage_1("tombol-02", 900_012),
    ):
        village.on_air(frame)
        village.advance(10)
    assert village.sounding_at(start) == set(), "every post refuses the old keys"
    assert world.counters()["pos-2"]["generation"] >= 2 and world.counters()["gateway-1"]["generation"] >= 3
    village.advance(1_900)  # whatever incident ran is over
    for label in neighbours:
        goes_on(village, label)
    assert set(village.order_results) == {"ok"}
