"""Announcements without a siren: by role, on the board, by the posts' voices, and with an end."""

import json

import pytest
from kentongan_gateway.core.answers import words as spoken_words
from kentongan_gateway.core.hub import order_forms
from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now
from kentongan_hub.incidents.told import announcements, raised, voice
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

NOON_WALL = 1_767_243_600_000  # 1 January 2026, 12.00 WIB
NIGHT_WALL = NOON_WALL + 11 * 3_600_000  # 23.00, in the quiet hours


def who(site, role="ketua_rt", login="sari"):
    number = site.account(login, role)
    (row,) = site.rows("SELECT * FROM accounts WHERE id = ?", number)
    return row


def make(site, by, kind=announcements.WORK, wall=NOON_WALL, **more):
    given = {"zone": 5, "text": "Minggu jam 7, bawa cangkul", "minutes": 360, "spoken": True, **more}
    with site.hub.store.write() as db:
        return announcements.make(db, Now(site.clock.now_ms, wall), by, kind, **given)


def evacuate(site, by, **more):
    given = {"text": "Kumpul di lapangan", "minutes": 30, "sure": True, **more}
    return make(site, by, announcements.EVACUATE, **given)


def round_at(site, wall):
    with site.hub.store.write() as db:
        return announcements.run_due(db, Now(site.clock.now_ms, wall))


def said(site):
    rows = site.rows("SELECT body FROM outbox WHERE type = 'say' ORDER BY id")
    return [json.loads(row["body"])["text"] for row in rows]


def test_work_together_is_said_once_and_sounds_no_siren(site):
    make(site, who(site))
    assert said(site) == ["Pengumuman kerja bakti di er te 5. Minggu jam 7, bawa cangkul"]
    site.clock.advance(600_000)
    assert round_at(site, NOON_WALL + 600_000) == 0
    assert site.rows("SELECT 1 FROM outbox WHERE type = 'siren'") == [] and site.incidents() == []


def test_in_quiet_hours_it_is_shown_and_said_after_them(site):
    make(site, who(site), wall=NIGHT_WALL, minutes=1440)
    assert said(site) == []
    assert "bawa cangkul" in site.enter("admin").get("/papan").text
    site.clock.advance(7 * 3_600_000)
    round_at(site, NIGHT_WALL + 7 * 3_600_000)
    assert len(said(site)) == 1


def test_an_evacuation_is_said_every_two_minutes_at_any_hour_until_it_ends(site):
    sari = who(site, "petugas_ronda")
    number = evacuate(site, sari, wall=NIGHT_WALL)
    for _ in range(4):
        site.clock.advance(60_000)
        round_at(site, NIGHT_WALL)
    assert said(site) == ["Perhatian, evakuasi di er te 5. Kumpul di lapangan"] * 3
    with site.hub.store.write() as db:
        announcements.end(db, site.hub.now(), sari, number)
    assert said(site)[-1] == "", "the voice stops as well"
    site.clock.advance(600_000)
    assert round_at(site, NIGHT_WALL) == 0


def test_it_ends_by_itself_and_leaves_the_board(site):
    evacuate(site, who(site))
    site.clock.advance(30 * 60_000)
    site.hub.dispatch.step()
    (row,) = site.rows("SELECT * FROM announcements")
    assert row["ended_wall"] is not None and row["ended_by"] == ""
    assert "Kumpul di lapangan" not in site.enter("admin").get("/papan").text


@pytest.mark.parametrize("role", roles.ROLES)
@pytest.mark.parametrize("kind", announcements.KINDS)
def test_who_may_announce_what(site, role, kind):
    by, minutes = who(site, role), announcements.KINDS[kind].minutes[0]
    if roles.allows(role, announcements.KINDS[kind].permission):
        assert make(site, by, kind, minutes=minutes, sure=True) == 1
    else:
        with pytest.raises(LocalError):
            make(site, by, kind, minutes=minutes, sure=True)


@pytest.mark.parametrize(
    "wrong", [{"text": " "}, {"text": "x" * 161}, {"minutes": 7}, {"zone": 256}, {"sure": False}]
)
def test_what_cannot_be_announced_is_refused(site, wrong):
    with pytest.raises(LocalError):
        evacuate(site, who(site), **wrong)
    assert said(site) == [] and site.rows("SELECT 1 FROM announcements") == []


def test_one_person_does_not_fill_the_board_but_an_evacuation_is_always_taken_from_him(site):
    sari = who(site)
    for _ in range(announcements.PERSON_MAX):
        make(site, sari)
    with pytest.raises(LocalError, match="terlalu banyak"):
        make(site, sari)
    assert evacuate(site, sari)


def test_the_record_names_who_announced_and_who_ended_it(site):
    number = make(site, who(site), screen="Pos Mawar")
    budi = who(site, "wakil", "budi")
    with site.hub.store.write() as db:
        announcements.end(db, site.hub.now(), budi, number)
    lines = site.lines("audit", "what IN ('announced', 'announcement_ended') ORDER BY id")
    assert [(line["who"], line["what"]) for line in lines] == [
        ("sari", "mengumumkan"), ("budi", "mengakhiri pengumuman"),
    ]  # fmt: skip
    assert "dari layar Pos Mawar" in lines[0]["detail"]


def test_only_gateways_of_its_rt_are_to_say_it(site):
    with site.hub.store.write() as db:
        db.insert("gateways", label="gateway-2", node=77, zone=6, token="x")
    make(site, who(site))
    assert [row["channel"] for row in site.rows("SELECT channel FROM outbox WHERE type = 'say'")] == [
        "gateway:gateway-1"
    ]
    make(site, who(site, "wakil", "budi"), zone=0)
    assert len(site.rows("SELECT 1 FROM outbox WHERE type = 'say'")) == 3


@pytest.mark.parametrize("kind", raised.KINDS)
def test_a_siren_on_purpose_is_said_as_a_gateway_says_an_alarm_that_it_heard(kind):
    assert voice.of_alarm(kind, 5) == spoken_words.sentence(kind, 5, 0, False)


def test_the_longest_sentence_is_one_that_a_gateway_takes():
    longest = {"kind": announcements.EVACUATE, "zone": 255, "text": "x" * announcements.TEXT_LIMIT}
    assert len(announcements.sentence(longest)) <= voice.TEXT_MAX


def test_old_ones_are_forgotten_and_the_record_stays(site):
    make(site, who(site))
    site.clock.advance(360 * 60_000)
    site.hub.dispatch.step()
    with site.hub.store.write() as db:
        later = site.clock.now_ms + announcements.KEEP_MS + 1
        assert announcements.expire(db, Now(later, NOON_WALL)) == 1
    assert site.lines("audit", "what = 'announced'")


def test_a_gateway_reads_every_order_of_these(site):
    sari = who(site)
    evacuate(site, sari)
    with site.hub.store.write() as db:
        raised.sound(db, site.hub.now(), sari, m.KIND_MEDIS, 5, "dilihat saat ronda")
    site.clock.advance(121_000)
    site.was_there()
    site.hub.dispatch.step()
    orders = [one for one in site.orders() if one["type"] in ("say", "siren", "page")]
    assert {order_forms.read(one).type for one in orders} == {"say", "siren", "page"}


def test_the_voice_says_a_siren_on_purpose(site):
    sari = who(site)
    with site.hub.store.write() as db:
        raised.sound(db, site.hub.now(), sari, m.KIND_MALING, 5, "dilihat saat ronda")
    assert said(site) == ["Perhatian. Maling di er te 5. Amankan, jangan main hakim sendiri."]
