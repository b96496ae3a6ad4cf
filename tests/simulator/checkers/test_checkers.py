"""Each checker lets a healthy history pass and is tripped by the one lie that it is there for."""

import pytest
from kentongan_node.base.actions import Transmit
from kentongan_sim.checkers import ALL, UNDER_ATTACK, check_all
from kentongan_sim.checkers.air_within_law import HOUR_US, worst_hours
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.history import History
from kentongan_sim.world.world import World
from kentongan_wire.message import messages as m

BUTTON, POST, MODEM = 0x101, 2, 6
PLACES = {
    "tombol-01": {"role": "tombol", "node": BUTTON, "zone": 1},
    "pos-1": {"role": "sirene", "node": POST, "zone": 1},
    "penerima-1": {"role": "penerima", "node": 4, "zone": 1},
    "modem-1": {"role": "modem", "node": MODEM, "zone": 1},
    "gateway-1": {"role": "gateway", "node": MODEM, "zone": 1},
    "pengganggu": {"role": "jammer", "node": 0, "zone": 0},
    "pemutar": {"role": "replayer", "node": 0, "zone": 0},
}
PRESS = (10_000_000, "tombol-01", "main", 1, None)
END_US = 200_000_000


def frame(t_us, label, number, kind, src, counter=65, airtime_us=90_000, **more):
    return (t_us, label, "tx", {"tx": number, "type": kind, "src": src, "counter": counter, "bytes": 45,
                                "airtime_us": airtime_us, **more})  # fmt: skip


def healthy():
    """One press: heard by the post, which sounds; stored, receipted, shown, answered by a person."""
    return [
        (1_000_000, "gateway-1", "boot", {"cause": "power", "key": ""}),
        frame(10_350_000, "tombol-01", 1, "ALARM", BUTTON),
        (10_440_000, "pos-1", "rx", {"tx": 1, "rssi": -90, "snr_q": 30}),
        (10_440_000, "pos-1", "sound", {"pattern": "titir", "steps": [], "total_ms": 180_000}),
        (10_440_000, "modem-1", "rx", {"tx": 1, "rssi": -90, "snr_q": 30}),
        (10_460_000, "gateway-1", "store", {"type": "alarm", "device": BUTTON, "counter": 65}),
        frame(10_500_000, "modem-1", 2, "RECEIPTS", MODEM, 9, answers=[[BUTTON, 65, 2]]),
        (10_600_000, "tombol-01", "show", {"state": "stored", "steps": []}),
        (18_000_000, "gateway-1", "answer", {"device": BUTTON, "counter": 65}),
        (18_300_000, "tombol-01", "show", {"state": "coming", "steps": []}),
        (190_000_000, "pos-1", "quiet", {}),
    ]


def judge(events, pressed=(PRESS,), unreachable=()):
    """The names of the checkers that complain."""
    history = History(
        sorted(events, key=lambda e: e[0]), PLACES, {"gateway-1": "modem-1"}, pressed, END_US, unreachable
    )
    return [name for name, problems in check_all(history).items() if problems]


def without(what, label=None):
    return [e for e in healthy() if not (e[2] == what and label in (None, e[1]))]


def test_a_healthy_history_passes_every_checker():
    assert judge(healthy()) == []
    assert len(ALL) == 7


def test_an_alarm_that_was_never_stored_is_lost():
    bare = [e for e in without("store") if e[2] != "show" and e[3].get("type") != "RECEIPTS"]
    nobody = (40_000_000, "tombol-01", "show", {"state": "nobody", "steps": []})
    assert judge([*bare, nobody]) == ["no_alarm_lost"]


def test_an_alarm_without_a_radio_path_is_not_counted_as_lost():
    nobody = [
        (1_000_000, "gateway-1", "boot", {}),
        frame(10_350_000, "tombol-01", 1, "ALARM", BUTTON),
        (40_000_000, "tombol-01", "show", {"state": "nobody", "steps": []}),
    ]
    assert judge(nobody, unreachable=["tombol-01"]) == []


def test_without_a_gateway_a_siren_is_enough_and_silence_is_a_loss():
    sounded = [e for e in healthy() if e[1] not in ("gateway-1", "modem-1") and e[2] != "show"]
    sounded.append((11_000_000, "tombol-01", "show", {"state": "sounding", "steps": []}))
    assert judge(sounded) == []
    silent = [
        frame(10_350_000, "tombol-01", 1, "ALARM", BUTTON),
        (40_000_000, "tombol-01", "show", {"state": "nobody", "steps": []}),
    ]
    assert judge(silent) == ["no_alarm_lost"]


def test_a_siren_that_nobody_pressed_for_is_false():
    assert judge(healthy(), pressed=()) == ["no_false_siren"]


def test_a_siren_before_its_press_is_false():
    early = [
        (5_000_000, "pos-1", "sound", {"pattern": "titir", "steps": [], "total_ms": 1}),
        (6_000_000, "pos-1", "quiet", {}),
    ]
    assert judge([*healthy(), *early]) == ["no_false_siren"]


def test_a_siren_that_never_heard_of_the_press_is_false():
    assert "no_false_siren" in judge(without("rx", "pos-1"))


def test_a_siren_by_order_of_the_gateway_is_not_false():
    ordered = [e for e in healthy() if e[1] != "pos-1" and e[2] != "show"] + [
        frame(12_500_000, "modem-1", 7, "SIREN_ORDER", MODEM, 11, about=[BUTTON, 65]),
        (12_600_000, "pos-1", "rx", {"tx": 7, "rssi": -90, "snr_q": 30}),
        (12_600_000, "pos-1", "sound", {"pattern": "titir", "steps": [], "total_ms": 180_000}),
        (12_700_000, "tombol-01", "show", {"state": "sounding", "steps": []}),
    ]
    assert judge(ordered) == []


def test_a_siren_for_a_test_or_a_silent_alarm_is_false():
    for key in ("test", "silent"):
        shown = [e for e in healthy() if e[2] != "show"]
        assert judge(shown, pressed=((10_000_000, "tombol-01", key, 1, None),)) == ["no_false_siren"]


def test_the_chime_in_a_house_may_sound_for_a_silent_alarm():
    silent = [e for e in healthy() if e[1] != "pos-1" and e[2] != "show"]
    chime = [(30_000_000, "penerima-1", "sound", {"pattern": "panggil", "steps": [], "total_ms": 1_000})]
    assert judge(silent + chime, pressed=((10_000_000, "tombol-01", "silent", 1, None),)) == []


def test_a_receipt_before_the_alarm_is_on_disk_is_a_lie():
    early = frame(10_450_000, "modem-1", 3, "RECEIPTS", MODEM, 8, answers=[[BUTTON, 65, 2]])
    assert judge([*healthy(), early]) == ["ack_means_stored"]


def test_a_receipt_that_is_not_the_senders_own_word_is_not_held_against_it():
    for label in ("pos-1", "orang-asing"):
        carried = frame(10_450_000, label, 3, "RECEIPTS", MODEM, 8, answers=[[BUTTON, 65, 2]])
        assert judge([*healthy(), carried]) == []


def test_a_siren_receipt_needs_nothing_stored():
    stage1 = frame(10_445_000, "pos-1", 3, "RECEIPTS", POST, 8, answers=[[BUTTON, 65, 0x81]])
    assert judge([*healthy(), stage1]) == []


def test_more_than_36_seconds_of_air_in_an_hour_breaks_the_law():
    def busy(step_us):
        return [frame(20_000_000 + k * step_us, "pos-1", 100 + k, "STATUS", POST, k) for k in range(401)]

    assert judge([*healthy(), *busy(HOUR_US // 402)]) == ["air_within_law"]
    assert judge([*healthy(), *busy(HOUR_US // 399)]) == []


def test_a_relay_in_the_running_village_that_ignores_the_law_is_caught():
    class Lawless:
        """Sends the longest frames as fast as they go, as a penerus whose ledger is broken would."""

        node, counters = 0x6B7400F0, {}

        def start(self, boot, now_ms, rnd):
            return [Transmit(bytes(255))]

        def sent(self, ok, now_ms, rnd):
            return [Transmit(bytes(255))]

        def next_deadline(self):
            return None

    with World(scenario("line3"), 1) as world:
        world.host_core("penerus-9", Lawless(), 0, 0, role="penerus", loss_db={})
        for until_s, broken in ((30, []), (45, ["penerus-9"])):
            world.run_until(until_s * 1_000_000)
            found = check_all(History.of(world))["air_within_law"]
            assert [sentence.split()[0] for sentence in found] == broken


def test_the_worst_hour_is_a_rolling_one():
    two = [
        frame(t_us, "pos-1", k, "STATUS", POST, k, 20_000_000)
        for k, t_us in enumerate((HOUR_US - 60_000_000, HOUR_US + 60_000_000))
    ]
    assert worst_hours(History(two, PLACES, {}, (), 2 * HOUR_US)) == {"pos-1": 40_000_000}


def test_a_button_that_says_stored_and_nothing_is_stored_lies():
    early = (10_370_000, "tombol-01", "show", {"state": "stored", "steps": []})
    assert judge([*healthy(), early]) == ["presser_knows_truth"]


def test_a_button_that_says_a_siren_sounds_and_none_does_lies():
    for t_us in (10_400_000, 195_000_000):
        lie = (t_us, "tombol-01", "show", {"state": "sounding", "steps": []})
        assert judge([*healthy(), lie]) == ["presser_knows_truth"]


def test_a_button_that_says_somebody_is_coming_and_nobody_answered_lies():
    assert judge(without("answer")) == ["presser_knows_truth"]


def test_a_button_that_never_shows_anything_leaves_its_presser_alone():
    assert judge(without("show")) == ["presser_knows_truth"]


def test_a_silent_alarm_that_shows_anything_betrays_its_presser():
    silent = [e for e in healthy() if e[1] != "pos-1"]
    assert judge(silent, pressed=((10_000_000, "tombol-01", "silent", 1, None),)) == ["presser_knows_truth"]


def test_the_second_press_of_a_button_is_its_second_counter():
    again = [
        frame(30_350_000, "tombol-01", 5, "ALARM", BUTTON, 66),
        (30_500_000, "gateway-1", "store", {"type": "alarm", "device": BUTTON, "counter": 66}),
    ]
    events = sorted([*healthy(), *again], key=lambda e: e[0])
    history = History(events, PLACES, {"gateway-1": "modem-1"}, [PRESS, (30_000_000, *PRESS[1:])], END_US)
    assert [(a.counter, a.stored_us) for a in history.alarms] == [(65, 10_460_000), (66, 30_500_000)]


def test_two_presses_that_became_one_alarm_are_both_answered_for():
    history = History(healthy(), PLACES, {"gateway-1": "modem-1"}, [PRESS, (11_000_000, *PRESS[1:])], END_US)
    assert [(a.counter, a.merged, a.stored_us) for a in history.alarms] == [
        (65, False, 10_460_000),
        (65, True, 10_460_000),
    ]


def test_an_alarm_whose_cancel_is_stored_is_not_lost():
    gone = ("show", "answer", "store")
    cancelled = [e for e in healthy() if e[2] not in gone and e[3].get("type") != "RECEIPTS"]
    cancel = [
        (20_000_000, "gateway-1", "store", {"type": "alarm", "device": BUTTON, "counter": 66}),
        (20_100_000, "tombol-01", "show", {"state": "cancelled", "steps": []}),
    ]
    assert judge(cancelled + cancel) == []


def test_a_press_on_a_button_without_power_is_no_alarm():
    cut = [(9_000_000, "tombol-01", "off", {}), (11_000_000, "tombol-01", "boot", {"cause": "power"})]
    assert History(cut, PLACES, {}, [PRESS], END_US).alarms == []
    assert len(History(cut, PLACES, {}, [(12_000_000, *PRESS[1:])], END_US).alarms) == 1


def test_a_cancelling_hold_is_no_alarm():
    history = History([], PLACES, {}, [(1, "tombol-01", "main", 1, 3_200)], END_US)
    assert history.alarms == []


def replayed(t_us=100_000_000):
    """Somebody sends the alarm once more, and the post that hears it beats the kentongan again."""
    return [
        frame(t_us, "pemutar", 8, "ALARM", BUTTON),
        (t_us + 90_000, "pos-1", "rx", {"tx": 8, "rssi": -90, "snr_q": 30}),
        (t_us + 90_000, "pos-1", "sound", {"pattern": "titir", "steps": [], "total_ms": 1_000}),
        (t_us + 1_090_000, "pos-1", "quiet", {}),
    ]


def test_a_siren_that_a_replayed_frame_starts_is_an_accepted_replay():
    short = [e for e in healthy() if e[2] != "quiet"] + [(15_000_000, "pos-1", "quiet", {})]
    assert judge(short) == []
    assert judge([*short, *replayed()]) == ["no_accepted_replay"]
    genuine = frame(95_000_000, "tombol-01", 9, "ALARM", BUTTON)
    heard = (95_090_000, "pos-1", "rx", {"tx": 9, "rssi": -90, "snr_q": 30})
    assert judge([*short, genuine, heard, *replayed()]) == []


def test_a_siren_that_goes_on_after_a_power_cut_is_no_replay():
    cut = [e for e in healthy() if e[2] != "quiet"] + [
        (50_000_000, "pos-1", "quiet", {}),
        (50_000_000, "pos-1", "off", {}),
        (60_000_000, "pos-1", "boot", {"cause": "power", "key": ""}),
        (60_000_000, "pos-1", "sound", {"pattern": "titir", "steps": [], "total_ms": 1_000}),
        (61_000_000, "pos-1", "quiet", {}),
    ]
    assert judge(cut) == []


def test_an_alarm_that_one_gateway_stores_twice_is_an_accepted_replay():
    again = (90_000_000, "gateway-1", "store", {"type": "alarm", "device": BUTTON, "counter": 65})
    assert judge([*healthy(), again]) == ["no_accepted_replay"]


def jam(share, from_us=20_000_000):
    step_us = 600_000
    return [
        frame(from_us + k * step_us, "pengganggu", 100 + k, "FOREIGN", 0, airtime_us=int(share * step_us))
        for k in range(300)
    ]


def test_jamming_of_which_no_gateway_was_told_is_a_failure():
    status = {"type": "status", "device": POST, "counter": 3, "jamming": True}
    told = (150_000_000, "gateway-1", "store", status)
    late_us = 500_000_000
    for events, broken in ((jam(0.6), ["jamming_is_reported"]), ([*jam(0.6), told], []), (jam(0.4), [])):
        history = History(sorted(events, key=lambda e: e[0]), PLACES, {"gateway-1": "modem-1"}, (), late_us)
        assert [name for name, problems in check_all(history).items() if problems] == broken


def test_strangers_are_not_held_to_the_law():
    history = History(jam(0.9), PLACES, {}, (), 500_000_000)
    assert worst_hours(history) == {}


# under attack: (what, sentence) of each violation

STORED = {
    "type": "alarm",
    "device": BUTTON,
    "counter": 65,
    "zone": 1,
    "kind": 0,
    "silent": False,
    "cancel": False,
}


def attacked(*more, gone=(), stored=STORED, pressed=(PRESS,)):
    """The same history as an attack's walk writes it: what was stored is told with its content."""
    events = [e for e in healthy() if e[2] != "store" and e[2] not in gone]
    events.append((10_460_000, "gateway-1", "store", dict(stored)))
    events = sorted([*events, *more], key=lambda e: e[0])
    return History(events, PLACES, {"gateway-1": "modem-1"}, pressed, END_US)


def complaints(history):
    """{checker: what it complains of} under attack."""
    found = {name: check(history) for name, check in UNDER_ATTACK.items()}
    return {name: [what for what, _ in some] for name, some in found.items() if some}


def test_a_healthy_history_passes_every_checker_under_attack():
    assert complaints(attacked()) == {}
    assert set(UNDER_ATTACK) == {"lost", "false_sirens", "false_words", "muted"}


def test_a_press_that_is_stored_as_something_else_is_lost_and_its_stage_is_a_false_word():
    for odd in ({"kind": 15}, {"zone": 0}, {"cancel": True}, {"silent": True}):
        found = complaints(attacked(stored={**STORED, **odd}))
        assert found == {"lost": ["lost"], "false_words": ["stored"]}, odd


def test_an_overtaken_press_is_stored_under_the_counter_that_it_went_on_with():
    later = frame(12_000_000, "tombol-01", 3, "ALARM", BUTTON, 70)
    stored = (13_000_000, "gateway-1", "store", {**STORED, "counter": 70})
    history = attacked(later, stored, gone=("show", "answer"), stored={**STORED, "kind": 15})
    assert "lost" not in complaints(history)


def test_a_beat_long_after_the_press_or_in_another_pattern_is_a_false_siren():
    again = [(180_000_000 + 600_000_000, "pos-1", "sound", {"pattern": "titir"})]
    assert complaints(attacked(*again)) == {"false_sirens": ["post"]}
    for seconds, what in ((14, "brief"), (16, "post")):
        beat = (150_000_000, "pos-1", "sound", {"pattern": "doro_muluk"})
        stopped = [beat, (beat[0] + seconds * 1_000_000, "pos-1", "quiet", {})]
        assert complaints(attacked(*stopped))["false_sirens"] == [what]
    other = [(50_000_000, "gateway-1", "sound", {"pattern": "doro_muluk"})]
    assert complaints(attacked(*other)) == {"false_sirens": ["own"]}
    chime = [(5_000_000, "penerima-1", "sound", {"pattern": "titir"})]
    assert complaints(attacked(*chime)) == {"false_sirens": ["chime"]}


def test_an_order_for_what_no_button_raised_is_a_false_siren():
    start = {"action": m.ACTION_START}
    about = frame(30_000_000, "modem-1", 8, "SIREN_ORDER", MODEM, 12, about=[BUTTON, 65], **start)
    assert complaints(attacked(about)) == {}
    other = frame(30_000_000, "modem-1", 8, "SIREN_ORDER", MODEM, 12, about=[BUTTON, 66], **start)
    assert complaints(attacked(other)) == {"false_sirens": ["order"]}
    quiet = frame(30_000_000, "modem-1", 8, "SIREN_ORDER", MODEM, 12, about=[0, 0], action=m.ACTION_TEST)
    assert complaints(attacked(quiet)) == {}


def test_words_without_their_reason_are_false_words():
    for state in ("closed", "cancelled"):
        history = attacked((15_000_000, "tombol-01", "show", {"state": state}))
        assert complaints(history) == {"false_words": [state]}, state
    assert complaints(attacked(gone=("answer",)))["false_words"] == ["coming"]
    early = attacked((5_000_000, "tombol-01", "show", {"state": "stored"}))
    assert complaints(early) == {"false_words": ["stored"]}
    lie = attacked((10_900_000, "tombol-01", "show", {"state": "sounding"}), gone=("sound", "quiet"))
    assert complaints(lie)["false_words"] == ["sounding"]


def test_an_answer_of_before_the_press_earns_nothing_after_it():
    second = (100_000_000, "tombol-01", "main", 1, None)
    history = attacked(
        frame(100_300_000, "tombol-01", 5, "ALARM", BUTTON, 80),
        (100_500_000, "gateway-1", "store", {**STORED, "counter": 80}),
        frame(100_600_000, "modem-1", 6, "RECEIPTS", MODEM, 10, answers=[[BUTTON, 80, 2]]),
        (101_000_000, "tombol-01", "show", {"state": "stored"}),
        (103_000_000, "tombol-01", "show", {"state": "coming"}),
        pressed=(PRESS, second),
    )
    assert complaints(history) == {"false_words": ["coming"]}


def test_a_cancel_and_an_answer_at_a_penerima_earn_their_words():
    held = (14_000_000, "tombol-01", "main", 1, 3_300)
    assert (
        complaints(attacked((18_500_000, "tombol-01", "show", {"state": "cancelled"}), pressed=(PRESS, held)))
        == {}
    )
    come = (15_000_000, "penerima-1", "come", 1, None)
    shown = (15_200_000, "penerima-1", "show", {"state": "answered"})
    assert complaints(attacked(shown, gone=("answer",), pressed=(PRESS, come))) == {}
    assert complaints(attacked(shown))["false_words"] == ["answered"]
    unasked = attacked((5_000_000, "penerima-1", "show", {"state": "page"}))
    assert complaints(unasked) == {"false_words": ["page"]}


def test_no_siren_within_ten_seconds_and_no_stage_within_sixty_is_muted():
    assert complaints(attacked(gone=("sound", "quiet"))) == {"muted": ["siren"]}
    late = [(45_000_000, "pos-1", "sound", {"pattern": "titir"})]
    assert complaints(attacked(*late, gone=("sound", "quiet"))) == {"muted": ["siren"]}
    assert complaints(attacked(gone=("show",))) == {"muted": ["stage", "stage"]}


# a gateway that stores and says nothing


def said(t_us=10_500_000, label="modem-1", src=MODEM, answers=((BUTTON, 65, 2),)):
    return frame(t_us, label, 2, "RECEIPTS", src, 9, answers=[list(one) for one in answers])


def unsaid(*more):
    """Tell whether the checker misses the gateway's word in the healthy history, its own receipt put out."""
    events = [e for e in healthy() if e[2] != "store" and e[3].get("type") != "RECEIPTS"]
    events.append((10_460_000, "gateway-1", "store", dict(STORED)))
    events = sorted([*events, *more], key=lambda e: e[0])
    history = History(events, PLACES, {"gateway-1": "modem-1"}, (PRESS,), END_US)
    return "unsaid" in [what for what, _ in UNDER_ATTACK["muted"](history)]


def test_a_gateway_that_stores_and_says_nothing_to_the_presser_within_ten_seconds_is_muted():
    assert unsaid()
    assert not unsaid(said()) and not unsaid(said(12_000_000, answers=[(BUTTON, 65, 3)]))
    for name, receipt in (
        ("of another press", said(answers=[(BUTTON, 64, 2)])),
        ("of a siren only", said(answers=[(BUTTON, 65, 0x81)])),
        ("another's word", said(label="pos-1")),
        ("carried for another", said(src=POST)),
        ("late", said(30_000_000)),
    ):
        assert unsaid(receipt), name


def test_a_gateway_without_power_owes_no_word():
    assert not unsaid((12_000_000, "gateway-1", "off", {}))
    assert not unsaid((12_000_000, "gateway-1", "boot", {"cause": "power", "key": ""}))


def hour_of(origin, count=300):
    """Receipts for one button, in the seconds before the press; 300 of them are 27 s of air."""
    return [
        frame(
            1_000_000 + k * 20_000,
            "modem-1",
            1_000 + k,
            "RECEIPTS",
            MODEM,
            9_000 + k,
            answers=[[origin, 65, 2]],
        )
        for k in range(count)
    ]


def test_an_hour_that_went_for_presses_excuses_a_gateway_and_one_that_a_thief_spent_does_not():
    thief = frame(2_000_000, "pemutar", 900, "FOREIGN", 0)
    assert not unsaid(*hour_of(0x7777)), "where nobody attacks"
    assert unsaid(thief, *hour_of(0x7777))
    assert unsaid(thief, *hour_of(BUTTON, 200)), "18 s leave air for its receipt"
    assert not unsaid(thief, *hour_of(BUTTON))


@pytest.mark.parametrize("seed", range(1, 5))
def test_no_honest_walk_at_8_percent_loss_looks_muted(seed):
    """In one RT, over four hops, and with ten presses in a row."""
    for place, presses in (("rt", 1), ("line3", 1), ("rt", 10)):
        with World(scenario(place), seed, loss=0.08) as world:
            buttons = sorted(label for label, host in world.nodes.items() if host.place.role == "tombol")
            for number, label in enumerate(buttons[:presses]):
                world.press(label, 60_000_000 + number * 300_000)
            world.run_until(140_000_000)
            found = UNDER_ATTACK["muted"](History.of(world))
        assert [text for what, text in found if what == "unsaid"] == [], (place, presses)


def test_a_village_that_honestly_spends_its_gateways_hour_is_not_called_muted():
    """Every house of the RT, again and again, until there is no air left for words."""
    with World(scenario("rt"), 1) as world:
        buttons = sorted(label for label, host in world.nodes.items() if host.place.role == "tombol")
        for number in range(110):
            world.press(buttons[number % len(buttons)], 60_000_000 + number * 6_000_000)
        world.run_until(740_000_000)
        history, counters = History.of(world), world.counters()["gateway-1"]
    assert counters.get("air_alarm") or counters.get("air_answer"), "its hour is spent"
    assert [text for what, text in UNDER_ATTACK["muted"](history) if what == "unsaid"] == []
