"""The adversary in short: every attack once, both engines, and that a credulous village is found out.

`make soak ONLY=attack` is the long version. A failure names the seed; the command runs it again.
"""

import json

import pytest
from kentongan_gateway.core.answers.chime_pages import ChimePages
from kentongan_gateway.core.answers.copies import Copies
from kentongan_gateway.core.base import air, memory, shares
from kentongan_gateway.core.base.memory import Memory
from kentongan_gateway.core.gateway_core import GatewayCore
from kentongan_hub.incidents import chimes
from kentongan_node.press.incident import Incident
from kentongan_node.roles.siren import Sirene
from kentongan_sim import cli
from kentongan_sim.attack import run
from kentongan_sim.attack.attacks import ATTACKS, HUB
from kentongan_sim.attack.bag import Bag
from kentongan_sim.attack.siege import Siege, Thief
from kentongan_sim.engines import micropython
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.gateways.model_hub import ModelHubHost
from kentongan_wire.air import packet, phy
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import bodies, verify
from kentongan_wire.message import messages as m

LONG = ("hour-",)  # over an hour
IN_AIR = [name for name, attack in ATTACKS.items() if attack.scene != HUB and not name.startswith(LONG)]
AT_HUB = ("hub-answers-tombol-05", "hub-answers-silent-pos-1", "hub-answers-penerima-rumah")
BY_PEOPLE = ("raised-two", "raised-two-elsewhere", "raised-missed", "raised-missed-beside")
OWN_WORDS = [name for name in ATTACKS if name.startswith("gateway-hour-own-")]
ON_CHIP = ("answers-no-hub-penerus", "race-sirene")  # those in which the devices' own judging is all there is


def found(name, seed=1, engine="cpython", loss=0.08):
    """Return the checkers' findings in one walk, by column."""
    walked = run.walk(ATTACKS[name], seed, engine, loss)
    return {column: some for column, some in walked["problems"].items() if some}


@pytest.mark.parametrize("name", IN_AIR)
def test_an_attack_in_the_air_achieves_no_more_than_its_thief_is_known_to(name):
    assert found(name) == {}


@pytest.mark.parametrize("name, seed", [("low-ahead-far", 14), ("low-late", 16)])
def test_a_press_that_copies_with_few_hops_left_once_ended_is_stored_within_ten_seconds(name, seed):
    """Every attempt's copy met the thief's at the second relay, which carried his."""
    walked = run.walk(ATTACKS[name], seed, loss=0.08)
    assert not any(walked["problems"].values()) and walked["stored_ms"] <= run.WITHIN_MS


@pytest.mark.parametrize("name", AT_HUB)
def test_nobody_answers_at_the_hub_who_was_not_asked(name):
    assert found(name) == {}


@pytest.mark.parametrize("name", [*BY_PEOPLE, "press-while-closing"])
def test_what_people_end_ends_and_nothing_else(name):
    assert found(name) == {}


@pytest.mark.parametrize("name", ["raised-missed", "raised-missed-beside"])
def test_a_post_that_ends_whatever_is_raised_is_found_out(name, monkeypatch):
    judged = Sirene._ordered
    monkeypatch.setattr(Sirene, "_ordered", lambda post, order, counter, _: judged(post, order, counter, 0))
    assert list(found(name)) == ["muted"]


def test_a_button_that_takes_an_older_closing_for_its_own_is_found_out(monkeypatch):
    def answer(incident, counter, stage, now_ms, rnd):
        return judged(incident, max(counter, incident.since), stage, now_ms, rnd)

    judged = Incident.answer
    monkeypatch.setattr(Incident, "answer", answer)
    assert "lost" in found("press-while-closing")


@pytest.mark.parametrize("name", AT_HUB)
def test_a_hub_that_believes_whoever_answers_is_found_out(name, monkeypatch):
    refused, asked = chimes.refusal, []

    def believes(db, incident, chime):
        asked.append(refused(db, incident, chime))
        return None if incident else asked[-1]

    if "penerima" not in name:  # of another role no gateway hands it on
        monkeypatch.setattr(bodies, "_check_event", lambda *about: None)
    monkeypatch.setattr(chimes, "refusal", believes)
    assert found(name).get("false_words") and all(asked), "then it is the hub that keeps it out"


def test_the_devices_judge_the_same_on_micropython(require):
    require(micropython.available(), "the MicroPython wheel", "use x86-64 or arm64 Linux")
    for name in ON_CHIP:
        assert found(name, engine="micropython") == {}, name


def test_what_a_thief_is_known_to_achieve_happens_and_is_counted_apart():
    paged = run.walk(ATTACKS["answers-no-hub-penerima"], 2, loss=0.08)
    assert paged["allowed"] and not any(paged["problems"].values())
    strict = ATTACKS["answers-no-hub-penerima"]._replace(allowed=())
    assert run.walk(strict, 2, loss=0.08)["problems"]["false_words"]


def test_a_gateway_that_believes_whoever_answers_is_found_out(monkeypatch):
    def believes(self, penerima, origin, first_counter):
        return next((job.record for job in self._jobs.values() if job.record.src == origin), None)

    monkeypatch.setattr(ChimePages, "answered", believes)
    paged = ATTACKS["answers-no-hub-penerima"]._replace(allowed=())
    walked = run.walk(paged._replace(go=lambda siege: answers_at_once(siege)), 1)
    assert walked["problems"]["false_words"]


def answers_at_once(siege):
    """Of a penerima in his hand, while it is not the one that was paged about this alarm."""
    siege.press()
    siege.run(40)
    label = siege.stolen[0]
    about = siege.button, siege.counter() + 7
    siege.send(siege.bag.event(siege.node(label), m.PENERIMA, siege.high(), *about))


def test_a_gateway_that_asks_for_no_proof_is_found_out(monkeypatch):
    monkeypatch.setattr(verify, "_check_proof", lambda *about: None)
    problems = found("planted-loud-sirene")
    assert problems.get("false_sirens"), "it orders sirens for what no button raised"


@pytest.mark.parametrize("name", ["strange-gateway", "strange-gateway-no-hub"])
def test_a_gateway_that_nobody_told_who_alarmed_is_found_out(name, monkeypatch):
    monkeypatch.setattr(ModelHubHost, "hub_knows", lambda self, *rows: None)
    if "no-hub" not in name:
        assert found(name) == {}, "the hub's word on the alarm itself is enough"
    monkeypatch.setattr(Memory, "doubts", lambda self, record, yields: False)
    assert any("which no button had raised" in text for text in found(name)["false_sirens"])


def test_a_gateway_with_a_new_card_that_takes_one_post_s_word_is_found_out(monkeypatch):
    monkeypatch.setattr(memory, "POSTS_VOUCH", 1)
    assert found("own-witness").get("false_sirens")


@pytest.mark.parametrize("name", OWN_WORDS)
def test_a_gateway_that_keeps_no_air_for_another_s_press_is_found_out(name, monkeypatch):
    def pays(self, kind, who, seconds, hour_s, now_ms):
        return shares.OWN if hour_s + seconds <= air.LIMITS_S[air.AGAIN] else None

    monkeypatch.setattr(shares.Shares, "purse", pays)
    said = found(name).get("muted", [])
    assert any("no gateway sent it a receipt" in text for text in said)


def test_a_gateway_that_carries_whatever_comes_is_found_out(monkeypatch):
    def carries(self, who, message, payload_bytes):
        self._context.spend_air(air.COPY, payload_bytes)
        return True

    monkeypatch.setattr(Copies, "allow", carries)
    said = found("gateway-hour-receipts").get("muted", [])
    assert any("'stored'" in text and "was not shown" in text for text in said)


def test_a_gateway_that_never_rests_is_found_out_and_holds_up_no_campaign(monkeypatch):
    monkeypatch.setattr(GatewayCore, "next_deadline", lambda core: 0)
    with pytest.raises(AssertionError, match="without end"):
        found("hops")


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("hour-houses-penerus", 1),
        ("hour-houses-penerus", 5),
        ("muzzle-on-penerus", 6),
        ("muzzle-on-penerus", 8),
    ],
)
def test_all_the_air_of_who_stole_a_relay_mutes_no_house_behind_three_relays(name, seed):
    """These walks once ended without the press stored: each relay carried one frame in half a minute."""
    walked = run.walk(ATTACKS[name], seed, loss=0.08)
    assert walked["thief_air_ms"] > 35_000 and walked["stored_ms"] is not None
    assert walked["stored_ms"] <= 300_000


def test_the_thief_keeps_the_law_of_the_air():
    thief = Thief(phy.preset("ShortSlow"))
    thief.start(None, 0, 0)
    for _ in range(1_000):
        thief.host(bytes(45), 1_000, 0)
        thief.sent(True, 1_000, 0)
    assert 35_000 < thief.sent_ms <= phy.AIR_LIMIT_MS and thief.counters["law"]
    thief.host(bytes(45), 3_700_000, 0)
    assert thief.sent_ms > 35_900, "an hour later there is air again"


def test_the_bag_holds_the_keys_of_what_was_stolen_and_noise_in_their_place():
    siege = Siege(ATTACKS["planted-loud-sirene"], 1)
    with siege.world:
        keys = site_keys.SiteKeys(
            {0: site_keys.alarm_root(bytes(range(32)), 0)},
            {0: site_keys.control_root(bytes(range(32)), 0)},
            0,
        )
        button, post = siege.button, siege.node(siege.stolen[0])
        assert siege.bag.a(button, m.TOMBOL) == keys.a(button, m.TOMBOL, 0)
        assert siege.bag.r(button, m.TOMBOL) == keys.r(button, m.TOMBOL, 0)
        assert siege.bag.c(post, m.SIRENE) == keys.c(post, m.SIRENE, 0)
        assert siege.bag.c(button, m.TOMBOL) != keys.c(button, m.TOMBOL, 0)
        assert Bag(siege.bag.channel).a(button, m.TOMBOL) != keys.a(button, m.TOMBOL, 0)
        frame = packet.parse_packet(siege.bag.alarm(button, 9))
        payload = siege.bag.channel.open(frame).payload
        assert verify.carries(m.parse(payload), button, packet.BROADCAST, keys)
        with pytest.raises(RemoteError, match="unproved"):
            verify.open_message(payload, button, packet.BROADCAST, keys)


def test_every_holder_and_every_row_of_the_air_has_an_attack():
    held = {holder for attack in ATTACKS.values() for holder in attack.holder.split("+")}
    assert {"nobody", "channel", "tombol", "penerima", "penerus", "sirene"} <= held
    assert {1, 2, 4, 5, 6, 8, 9, 10} <= {attack.row for attack in ATTACKS.values()}


def test_the_trace_reads_every_entry_of_receipts():
    channel = packet.Channel(CHANNEL_NAME, CHANNEL_KEY)
    entries = tuple(
        m.receipt_entry(6, 0x101 + i, 65 + i, m.STAGE_COMING, 0, 0, 0, bytes(32)) for i in range(3)
    )
    payload = m.encode(m.RECEIPTS, m.GATEWAY, 0, 9, 6, m.Receipts(entries), bytes(32), bytes(32))
    read = Describer().describe(channel.seal(6, 9, 1, payload))
    assert read["answers"] == [[0x101, 65, 3], [0x102, 66, 3], [0x103, 67, 3]]


# the command


def test_the_command_prints_one_object_and_ends_well_when_everything_holds(capsys):
    assert cli.main(["attack", "hops", "--seeds", "1-2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    columns = ("attacks", "walks", "lost", "false_sirens", "false_words", "muted")
    assert [told[name] for name in columns] == [1, 2, 0, 0, 0, 0]
    assert told["rows"][0]["holder"] == "nobody" and told["rows"][0]["failures"] == []


def test_the_command_names_the_seed_and_how_to_run_it_again(capsys, monkeypatch):
    monkeypatch.setattr(verify, "_check_proof", lambda *about: None)
    assert cli.main(["attack", "planted-loud-sirene", "--seeds", "3", "--loss", "0"]) == 1
    told = capsys.readouterr()
    assert "planted-loud-sirene" in told.out and "false_sirens" in told.out
    assert "kentongan-sim attack planted-loud-sirene --seeds 3 --engine cpython --loss 0" in told.err


def test_the_command_lists_what_there_is_and_refuses_what_there_is_not(capsys):
    assert cli.main(["attack", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ATTACKS)
    for words, remedy in (
        (["mencuri"], "choose one of"),
        (["--seeds", "9-1"], "lower one first"),
        (["--seeds", "x"], "1-20"),
    ):
        assert cli.main(["attack", *words]) == 2
        assert remedy in capsys.readouterr().err
    with pytest.raises(LocalError):
        run.seeds("1-999999999")


def test_a_walk_without_the_thief_is_the_calm_one():
    calm = run.walk(ATTACKS["air-mixed"], 1, loss=0.08, thief=False)
    assert calm["thief_air_ms"] == 0 and not any(calm["problems"].values())
