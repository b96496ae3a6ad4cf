"""SIRENE DIAM is believed: the hub waits as long as the real post holds a report back, and no longer."""

import json

import pytest
from kentongan_hub.incidents import actions, soundings
from kentongan_wire.air import flood
from kentongan_wire.message import messages as m
from kits.node.nodekit import CHANNEL, packet_of
from kits.node.sirenkit import NODE, TOMBOL, Post, next_id, order, pressed

SECOND_MS = 1_000
BUTTONS = 12


class Street:
    """A real post beside the hub: the post hears every press, the hub what the post sends of its siren."""

    def __init__(self, site, dead=False):
        self.site, self.post, self.dead = site, Post(), dead
        self.seen = len(self.post.sent)
        with site.hub.store.write() as db:
            db.run("UPDATE devices SET node = ? WHERE node = ?", NODE, site.post)

    def press(self, number, counter=10, kind=1, heard=True, drill=False):
        """Button `number` presses; the hub has it at once, the post unless it does not hear it."""
        if heard:
            self.post.hear(pressed(counter, src=TOMBOL + number, kind=kind))
        self.site.post_events(self.site.alarm(counter, kind, TOMBOL + number, drill=drill))

    def wait(self, seconds):
        for _ in range(seconds * 2):
            self.post.wait(SECOND_MS // 2)
            self.site.clock.advance(SECOND_MS // 2)
            sent, self.seen = self.post.sent[self.seen :], len(self.post.sent)
            ours = [frame for _, frame in sent if packet_of(frame).src == NODE]
            if any(self._is_report(frame) for frame in ours) and not self.dead:
                for report in self.post.messages(m.SIREN_REPORT)[-len(ours) :]:
                    body = report.body
                    fields = {"origin": body.origin, "counter": body.counter, "state": body.state}
                    self.site.post_events(self.site.event("siren_report", device=NODE, source=1, **fields))
            self.site.hub.dispatch.step()

    @staticmethod
    def _is_report(frame):
        return m.parse(CHANNEL.open(packet_of(frame)).payload).type == m.SIREN_REPORT

    def silent(self):
        """Count the soundings that the hub has given up."""
        return self.site.rows("SELECT count(*) AS n FROM soundings WHERE state = 'silent'")[0]["n"]


def test_two_neighbours_who_press_the_same_raise_no_false_siren_warning(site):
    street = Street(site)
    street.press(0)
    street.wait(9)
    street.press(1)
    street.wait(100)
    assert street.silent() == 0
    assert {row["state"] for row in site.rows("SELECT state FROM soundings")} == {"driven"}


@pytest.mark.parametrize("gap_s", [0, 1, 7])
def test_a_crowd_whose_reports_the_post_holds_back_for_minutes_raises_none(site, gap_s):
    street = Street(site)
    for number in range(BUTTONS):
        street.press(number, kind=1 + number % 2)
        street.wait(gap_s)
    street.wait(260)
    assert street.silent() == 0


def test_an_alarm_that_comes_while_a_siren_rests_raises_none(site):
    street = Street(site)
    street.press(0, kind=1)
    street.wait(100)
    street.press(1, kind=2)
    street.wait(90)  # driven for 180 s on end: it rests now
    street.press(2, kind=3)
    street.wait(100)
    assert street.silent() == 0


def test_a_siren_that_truly_does_not_sound_is_said_within_fifteen_seconds(site):
    street = Street(site, dead=True)
    street.press(0)
    street.wait(14)
    assert street.silent() == 0
    street.wait(2)
    assert street.silent() == 1
    assert flood.SIREN_TOLD_MS == 15_000


def test_a_post_that_did_not_hear_is_said_within_fifteen_seconds_also_while_others_press(site):
    street = Street(site)
    for number in range(3):
        street.press(number, heard=False)
        street.wait(1)
    street.wait(15)
    assert street.silent() == 3


@pytest.mark.parametrize("dead", [False, True])
def test_in_a_crowd_the_first_word_may_come_by_its_repeat_and_no_later(site, dead):
    street = Street(site, dead=True)  # its first word is lost among the alarms
    for number in range(5):
        street.press(number)
    street.wait(12)
    street.dead = dead
    street.wait((flood.SIREN_TOLD_MS + flood.HELD_MS) // SECOND_MS - 13)
    assert street.silent() == 0
    street.wait(2)
    assert (street.silent() > 0) is dead


def restarted(site):
    assert site.client.get("/api/v1/orders?after=0&fresh=1", headers=site.headers).status_code == 200


def test_while_a_gateway_starts_anew_nobody_hears_a_post_and_it_has_its_time_again(site):
    street = Street(site, dead=True)
    street.press(0)
    street.wait(12)
    restarted(site)
    street.wait(14)
    assert street.silent() == 0, "its report was said while nobody listened"
    street.wait(3)
    assert street.silent() == 1, "and was not said again"


def reports(site, counter, state=m.STATE_SOUNDING):
    fields = {"origin": site.button, "counter": counter, "state": state}
    site.post_events(site.event("siren_report", device=site.post, source=1, **fields))


def wait(site, seconds):
    for _ in range(seconds):
        site.clock.advance(SECOND_MS)
        site.hub.dispatch.step()


@pytest.mark.parametrize("then", [m.STATE_SOUNDING, m.STATE_STOPPED])
def test_a_post_whose_word_comes_before_its_alarm_is_not_said_to_be_silent(site, then):
    """The press found the gateway starting, which heard the posts' reports first and then its repeat."""
    reports(site, 10)
    reports(site, 10, then)
    site.post_events(site.alarm(10, age_ms=0))
    wait(site, 60)
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["sounded"]
    assert any(row["what"] == "siren_sounding" for row in site.rows("SELECT what FROM timeline"))
    assert site.rows("SELECT * FROM siren_reports WHERE state = 1")[0]["post"] == site.post


@pytest.mark.parametrize("fact", ["drill", "late"])
def test_nor_where_the_first_gateway_that_told_it_took_it_for_less(site, fact):
    reports(site, 10)
    same = {"counter": 10, "incident": 10, "digest": "aa", "age_ms": 0}
    site.post_events(site.alarm(**same, **{fact: True}))
    site.post_events(site.alarm(**same))
    wait(site, 60)
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["sounded"]


def test_nor_one_that_sounds_for_the_first_press_where_only_the_second_reached_a_gateway(site):
    site.post_events(site.alarm(11, incident=10, age_ms=0))
    reports(site, 10)
    wait(site, 60)
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["sounded"]


@pytest.mark.parametrize("reported", ["before", "after"])
@pytest.mark.parametrize("told", [[12], [10, 12]])
def test_nor_one_that_tells_of_a_press_between_which_reached_no_gateway(site, told, reported):
    """A post names the press that it heard last."""
    if reported == "before":
        reports(site, 11)
    for counter in told:
        site.post_events(site.alarm(counter, incident=10, age_ms=0))
    if reported == "after":
        reports(site, 11)
    wait(site, 60)
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["sounded"]


@pytest.mark.parametrize(
    "state, then", [(m.STATE_SOUNDING, "beside"), (m.STATE_FAILED, "silent"), (m.STATE_STOPPED, "silent")]
)
def test_nor_one_that_tells_of_a_later_press_which_never_reaches_a_gateway(site, state, then):
    site.post_events(site.alarm(10, age_ms=0))
    reports(site, 11, state)
    wait(site, 60)
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == [then]


@pytest.mark.parametrize("before", [[m.STATE_STOPPED], [m.STATE_SOUNDING, m.STATE_FAILED]])
def test_a_word_before_the_alarm_that_is_no_sounding_hides_no_silent_siren(site, before):
    for state in before:
        reports(site, 10, state)
    site.post_events(site.alarm(10, age_ms=0))
    wait(site, 60)
    with site.hub.store.read() as db:
        assert len(soundings.silent(db)) == 1


def test_the_first_press_word_hides_no_siren_that_is_silent_at_a_press_after_the_end(site):
    site.post_events(site.alarm(10, incident=10, age_ms=0))
    reports(site, 10)
    with site.hub.store.write() as db:
        db.run("UPDATE soundings SET state = 'silent'")
        db.run("UPDATE incidents SET state = 'selesai', closed_ms = ?", site.clock.now_ms)
    site.post_events(site.alarm(11, incident=10, age_ms=0))
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["awaited"]


def test_a_gateway_that_starts_again_and_again_hides_no_silent_siren(site):
    street = Street(site, dead=True)
    street.press(0)
    for _ in range(8):
        street.wait(8)
        restarted(site)
    assert street.silent() == 1


def test_a_post_that_has_sounded_and_died_is_said_when_nothing_of_its_program_can_hold_it_any_more(site):
    street = Street(site)
    street.press(0)
    street.wait(5)
    street.press(1, heard=False)
    street.wait((flood.SIREN_TOLD_MS + flood.HELD_MS + flood.HELD_SPAN_MS) // SECOND_MS - 1)
    assert street.silent() == 0
    street.wait(3)
    assert street.silent() == 1


def test_a_rest_is_shorter_than_what_the_hub_waits_beside_another_alarm():
    assert flood.HELD_MS + flood.HELD_SPAN_MS > flood.REST_MS


def test_a_report_that_a_person_wrote_down_waits_for_no_siren(site):
    person = site.enter("admin")
    for kind in (str(m.KIND_KEBAKARAN), str(m.KIND_MALING), "110", "112"):  # also of kinds that a button has
        person.post("/lapor", page="/lapor", jenis=kind, isi="mobil asing", rt="5")
    assert {one["kind"] for one in site.incidents()} >= {m.KIND_KEBAKARAN, m.KIND_MALING, 110}
    assert site.rows("SELECT * FROM soundings") == []
    site.clock.advance(20 * SECOND_MS)
    site.hub.dispatch.step()
    assert not site.rows("SELECT 1 FROM timeline WHERE what = 'siren_unreported'")


def test_nobody_waits_for_a_kind_that_the_posts_settings_leave_out_but_for_what_is_ordered(site):
    with site.hub.store.write() as db:
        table = json.dumps({"table": [[5, 1 << m.KIND_KEBAKARAN]]})
        db.run("UPDATE devices SET settings = ? WHERE node = ?", table, site.post)
    site.post_events(site.alarm(counter=9, kind=m.KIND_MALING))
    assert site.rows("SELECT * FROM soundings") == []
    site.post_events(site.alarm(counter=50, kind=m.KIND_KEBAKARAN, device=site.other))
    assert len(site.rows("SELECT * FROM soundings")) == 1
    with site.hub.store.write() as db:
        soundings.expect(db, site.hub.now(), actions.find(db, "kejadian-1"), [5], ordered=True)
    assert len(site.rows("SELECT * FROM soundings")) == 2


def test_a_post_that_refuses_has_its_time_again_for_the_gateways_order(site):
    site.post_events(site.alarm(counter=9))
    site.clock.advance(10 * SECOND_MS)
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    site.post_events(site.event("siren_report", state=m.STATE_REFUSED, **report))
    site.clock.advance(10 * SECOND_MS)
    site.hub.dispatch.step()
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["awaited"]
    assert "sirene tidak berbunyi sendiri" in site.enter("admin").get("/kejadian/kejadian-1").text
    site.clock.advance(6 * SECOND_MS)
    site.hub.dispatch.step()
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["silent"]


@pytest.mark.parametrize("knows", [True, False])
def test_a_real_press_inside_a_drill_is_reported_at_once_by_who_knows_and_held_by_who_does_not(site, knows):
    street = Street(site)
    site.enter("admin").post("/latihan", page="/latihan", menit="20", rt="5")
    if knows:
        street.post.hear(order(m.ACTION_DRILL, next_id(), 0, 5, 1_200))
        site.post_events(site.event("drill_known", device=NODE, number=1, open=True))
    street.press(0, drill=True)
    street.wait(5)
    street.press(1, counter=10, drill=True)
    street.wait(5)
    street.press(0, counter=11)
    street.wait(70)
    assert street.silent() == 0


# A press after the end: its posts were stopped, and are silent for it by themselves


ENDS = {
    "closed": lambda site: site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan"),
    "cancelled": lambda site: site.post_events(site.alarm(counter=11, incident=10, kind=1, cancel=True)),
    "drill": lambda site: site.enter("admin").post(
        "/kejadian/kejadian-1/latihan", page="/kejadian/kejadian-1", alasan="latihan"
    ),
}


def started(site):
    bodies = [json.loads(row["body"]) for row in site.rows("SELECT body FROM outbox WHERE type = 'siren'")]
    return [(body["counter"], body["targets"]) for body in bodies if body["action"] == "start"]


@pytest.mark.parametrize("end", ENDS)
def test_a_press_after_the_end_of_its_incident_is_beaten_by_order(site, end):
    """Its button has not heard of the end, or somebody jammed that word: so it is the same incident."""
    site.post_events(site.alarm(counter=10, incident=10, kind=1))
    ENDS[end](site)
    assert site.incidents()[0]["state"] != "baru" and not started(site)
    site.post_events(site.alarm(counter=12, incident=10, kind=1))
    assert site.incidents()[0]["state"] == "baru" and started(site) == [(12, [site.post])]


@pytest.mark.parametrize(
    "changed", [{"age_ms": 3_600_000}, {"age_ms": -1}, {"kind": 15}, {"drill": True}, {"late": True}]
)
def test_what_came_late_or_never_sounds_starts_no_siren_after_the_end(site, changed):
    site.post_events(site.alarm(counter=10, incident=10, kind=1))
    ENDS["closed"](site)
    site.post_events({**site.alarm(counter=12, incident=10, kind=1), **changed})
    assert not started(site)


def test_a_post_that_does_not_beat_that_kind_by_itself_is_not_ordered_after_the_end(site):
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET settings = ?", json.dumps({"table": [[5, 1 << 2]]}))
    site.post_events(site.alarm(counter=10, incident=10, kind=1))
    ENDS["closed"](site)
    site.post_events(site.alarm(counter=12, incident=10, kind=1))
    assert not started(site)


def test_a_silent_press_after_the_end_starts_no_siren(site):
    site.post_events(site.alarm(counter=10, incident=10, kind=1, silent=True))
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET state = 'selesai', closed_ms = 1")
    site.post_events(site.alarm(counter=12, incident=10, kind=1, silent=True))
    assert not started(site)
