# runs: cpython micropython
"""CONFIG at a device: all parts or nothing, old or new after a power cut, keys step by step, no replay."""

from kentongan_node.base import actions as act
from kentongan_node.common import configure
from kentongan_node.roles.button import Tombol
from kentongan_node.roles.repeater import Penerus
from kentongan_node.roles.siren import Sirene, new_post_state
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kentongan_wire.settings import compose, config
from kits.node.nodekit import (
    CHANNEL,
    GATEWAY,
    SITE_KEY,
    Shell,
    alarm,
    frame,
    message_of,
    of,
    packet_of,
    settings,
)

POST = 0x52000021
RELAY = 0x52000031
BUTTON = 0x53000007
STOLEN = 0x53000009
ROLES = {
    "sirene": (Sirene, POST, m.SIRENE),
    "penerus": (Penerus, RELAY, m.PENERUS),
    "tombol": (Tombol, BUTTON, m.TOMBOL),
}


SITE = site_keys.SiteKeys(
    *[{g: make(SITE_KEY, g) for g in (0, 1, 2)} for make in (site_keys.alarm_root, site_keys.control_root)], 0
)


def root(make, generation):
    return make(SITE_KEY, generation)


def own_keys(role, generation):
    """(first, second, third) that CONFIG gives a device of this role."""
    _, node, number = ROLES[role]
    roots = [root(make, generation) for make in (site_keys.alarm_root, site_keys.control_root)]
    held = site_keys.held(roots[0], roots[1], node, number, generation)
    return held + (bytes(32),) * (3 - len(held))


def config_frames(role, version, counter, changed, generation=0, more=b""):
    """The frames of one version; every part has a counter of its own."""
    _, node, _ = ROLES[role]
    key = own_keys(role, generation)[1]
    parts = compose.split(changed)
    parts[-1] += more
    out = []
    for number in range(len(parts)):
        body = m.Config(
            node, version, number, len(parts), config.seal(parts[number], key, GATEWAY, counter + number)
        )
        payload = m.encode(m.CONFIG, m.GATEWAY, generation, counter + number, GATEWAY, body, key, bytes(32))
        out.append(CHANNEL.seal(GATEWAY, counter + number, 1, payload))
    return out


def device(role, state=None):
    core, node, _ = ROLES[role]
    if state is None:
        state = new_post_state() if role == "sirene" else {}
    shell = Shell(core(settings(role, node), state))
    shell.state.update({name: state[name] for name in state if name not in shell.state})
    if role == "tombol":
        shell.wait(15_000)  # its first STATUS is over, and it sleeps
        shell.sent.clear()
    return shell


def statuses(shell):
    """(generation, version) of every STATUS that was sent."""
    out = []
    for sent in shell.frames():
        envelope = message_of(sent)
        if envelope.type == m.STATUS:
            packet = packet_of(sent)
            opened = verify.open_message(envelope.payload, packet.src, packet.to, SITE)
            out.append((envelope.generation, opened.body.config_version))
    return out


LONG = {"revoked": [STOLEN + i for i in range(100)], "profile": "polri", "status_period_s": 200}


def test_settings_in_several_parts_are_used_when_the_last_one_is_in():
    shell = device("sirene")
    frames = config_frames("sirene", 5, 100, LONG)
    assert len(frames) > 1
    for one in frames[:-1]:
        shell.hear(one)
    assert shell.core.config_version == 0 and shell.core.settings["revoked"] == []
    assert configure.NAME not in shell.state
    shell.hear(frames[-1])
    assert shell.core.config_version == 5 and len(shell.core.settings["revoked"]) == 100
    assert shell.core.settings["profile"] == "polri"


def test_a_part_that_was_lost_comes_with_the_next_round():
    shell = device("sirene")
    first, second = config_frames("sirene", 5, 100, LONG), config_frames("sirene", 5, 200, LONG)
    for one in first[1:]:
        shell.hear(one)
    shell.hear(second[0])
    assert shell.core.config_version == 5


def test_a_device_says_at_once_that_the_settings_are_here():
    for role in ("sirene", "penerus", "tombol"):
        shell = device(role)
        shell.sent.clear()
        for one in config_frames(role, 9, 100, {"status_period_s": 300}):
            shell.hear(one)
        shell.wait(4_000)
        assert (0, 9) in statuses(shell), role


def test_after_a_power_cut_the_old_settings_or_the_new_ones_are_there():
    frames = config_frames("sirene", 5, 100, LONG)
    whole = device("sirene")
    for one in frames:
        whole.hear(one)
    writes = [action for action in whole.all if isinstance(action, act.Persist)]
    seen = set()
    for cut in range(len(writes) + 1):
        state = new_post_state()
        for action in writes[:cut]:
            state[action.name] = bytes(action.data)
        core = Sirene(settings("sirene", POST), state)
        seen.add((core.config_version, len(core.settings["revoked"]), core.settings["profile"]))
    assert seen == {(0, 0, "jawa_umum"), (5, 100, "polri")}


OWN = [(m.KIND_MALING, (4, 1)), (m.KIND_KEBAKARAN, ())]


def beaten(shell, kind):
    """Name and steps that the post plays for an alarm of this kind."""
    shell.hear(alarm(BUTTON, 900, kind=kind))
    return [(sound.pattern, sound.steps) for sound in of(shell.all, act.Sound)][-1]


def test_a_post_beats_the_code_of_its_rt_before_and_after_a_restart():
    shell = device("sirene")
    for one in config_frames("sirene", 5, 100, {"patterns": OWN, "profile": "polri"}):
        shell.hear(one)
    again = device("sirene", shell.state)
    for post in (shell, again):
        name, steps = beaten(post, m.KIND_MALING)
        assert (name, [off_ms for _, off_ms in steps]) == ("maling", [250, 250, 250, 500, 950])


def test_an_own_code_that_was_taken_back_or_torn_leaves_the_profile_s():
    shell = device("sirene")
    for one in config_frames("sirene", 5, 100, {"patterns": OWN}):
        shell.hear(one)
    torn = dict(shell.state)
    torn[configure.NAME] = torn[configure.NAME][:-9]
    for one in config_frames("sirene", 6, 200, {"patterns": []}):
        shell.hear(one)
    for post in (shell, device("sirene", torn)):
        assert len(beaten(post, m.KIND_MALING)[1]) == 2


def test_after_a_power_cut_the_old_codes_or_the_new_ones_are_there():
    shell = device("sirene")
    changed = {"patterns": OWN, "profile": "polri", "revoked": [STOLEN + i for i in range(100)]}
    for one in config_frames("sirene", 5, 100, changed):
        shell.hear(one)
    writes = [action for action in shell.all if isinstance(action, act.Persist)]
    seen = set()
    for cut in range(len(writes) + 1):
        state = new_post_state()
        for action in writes[:cut]:
            state[action.name] = bytes(action.data)
        core = Sirene(settings("sirene", POST), state)
        seen.add((core.settings["profile"], len(core.settings.get("patterns", ()))))
    assert seen == {("jawa_umum", 0), ("polri", 2)}


def test_a_code_that_must_not_be_beaten_is_refused_with_the_whole_part():
    shell = device("sirene")
    for one in config_frames("sirene", 5, 100, {"profile": "polri"}, more=b"\x0a\x03\x01\x01\x00"):
        shell.hear(one)
    assert (shell.core.config_version, shell.core.settings["profile"]) == (0, "jawa_umum")
    assert shell.core.counters["field"] == 1


def test_a_torn_file_reads_as_no_settings_and_never_as_wrong_ones():
    shell = device("sirene")
    for one in config_frames("sirene", 5, 100, LONG):
        shell.hear(one)
    data = shell.state[configure.NAME]
    for at in list(range(0, len(data), 7)):
        for torn in (data[:at], data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]):
            kept = configure.Kept(torn)
            assert (kept.version, kept.settings, kept.keys) == (0, {}, []), at


def test_unknown_items_are_skipped_and_known_ones_beside_them_are_used():
    shell = device("penerus")
    for one in config_frames("penerus", 3, 100, {"status_period_s": 200}, more=b"\xf0\x03abc\x7f\x00"):
        shell.hear(one)
    assert (shell.core.config_version, shell.core.settings["status_period_s"]) == (3, 200)


def test_senseless_counters_and_generations_change_nothing_and_the_device_goes_on():
    shell = device("sirene")
    changed = {"counters": [(BUTTON, 0, 5, 7), (BUTTON, 0, 0, 0), (BUTTON, 0, 0, 40)], "generations": (7, 7)}
    for one in config_frames("sirene", 3, 100, changed):
        shell.hear(one)
    assert shell.core.config_version == 3 and shell.core.keys.generations == (0,)
    assert shell.core.guard.last(BUTTON, 0, m.ALARM) == 40
    assert shell.core.counters["config_counters"] == 2 and shell.core.counters["config_generations"] == 1


def test_an_old_config_is_refused_and_stays_so_when_the_counters_are_lost():
    shell = device("sirene")
    old = config_frames("sirene", 4, 100, {"revoked": []})
    for one in old + config_frames("sirene", 5, 200, {"revoked": [STOLEN]}):
        shell.hear(one)
    for one in old:
        shell.hear(one)
    assert shell.core.settings["revoked"] == [STOLEN] and shell.core.counters["replay"] == 1
    lost = Shell(Sirene(settings("sirene", POST), {configure.NAME: shell.state[configure.NAME]}))
    for one in old:
        lost.hear(one)
    assert lost.core.settings["revoked"] == [STOLEN] and lost.core.config_version == 5


def test_a_revoked_number_sounds_nothing_any_more():
    shell = device("sirene")
    shell.hear(alarm(STOLEN, 10))
    assert of(shell.all, act.Sound)
    shell = device("sirene")
    for one in config_frames("sirene", 5, 100, {"revoked": [STOLEN]}):
        shell.hear(one)
    shell.hear(alarm(STOLEN, 20))
    assert not of(shell.all, act.Sound) and shell.core.counters["revoked"] == 1


def test_new_keys_show_in_the_status_and_nowhere_else_until_they_are_to_be_used():
    for role in ("sirene", "penerus", "tombol"):
        shell = device(role)
        for one in config_frames(role, 5, 100, {"next_keys": (1,) + own_keys(role, 1)}):
            shell.hear(one)
        shell.wait(4_000)
        assert statuses(shell)[-1] == (1, 5), role
        assert shell.core.keys.generation == 0 and shell.core.keys.generations == (0, 1)
        core, node, _ = ROLES[role]
        again = core(settings(role, node), shell.state)
        assert again.keys.generation == 0 and again.keys.generations == (0, 1)


def rotated(role, until=2):
    """A device in the middle of a rotation (1: it sends with the new keys) or after it (2)."""
    shell = device(role)
    steps = ({"next_keys": (1,) + own_keys(role, 1)}, {"generations": (1, 0)}, {"generations": (1, 1)})
    for number, changed in enumerate(steps[: until + 1]):
        generation = 1 if number == 2 else 0
        for one in config_frames(role, 5 + number, 100 + 10 * number, changed, generation):
            shell.hear(one)
        shell.wait(4_000)
    return shell


def test_both_generations_count_until_the_old_one_is_dropped_for_good():
    old = alarm(BUTTON, 10)
    body = m.Alarm(0, 11, 5, 0, 0, 150)
    a, c, r = own_keys("tombol", 1)
    payload = m.encode(m.ALARM, m.TOMBOL, 1, 11, BUTTON, body, a, r, c)
    new = CHANNEL.seal(BUTTON, 11, 1, payload)
    during = rotated("sirene", 1)
    during.hear(old)
    during.hear(new)
    assert "generation" not in during.core.counters and len(of(during.all, act.Sound)) >= 1
    after = rotated("sirene", 2)
    after.hear(old)
    assert not of(after.all, act.Sound) and after.core.counters["generation"] == 1
    after.hear(new)
    assert of(after.all, act.Sound)
    again = Shell(Sirene(settings("sirene", POST), after.state))
    again.hear(alarm(BUTTON, 30))
    assert again.core.counters["generation"] == 1 and again.core.keys.generations == (1,)


def test_a_relay_forgets_what_was_counted_under_keys_that_hold_no_more():
    """A thief of the keys raised a house's count, and its alarms were old ones for ever."""
    for until, forgotten in ((1, False), (2, True)):
        shell = rotated("sirene", 0)
        shell.hear(alarm(BUTTON, 40_000_000, packet_id=10))
        assert shell.core.mesh.carried.row(BUTTON)[1] == 40_000_000
        new_keys = (1,) + own_keys("sirene", 1)
        steps = ({"next_keys": new_keys}, {"generations": (1, 0)}, {"generations": (1, 1)})
        for n in range(until + 1):
            for one in config_frames("sirene", n + 2, 300 + 10 * n, steps[n], 0):
                shell.hear(one)
            shell.wait(4_000)
        assert (shell.core.mesh.carried.row(BUTTON)[1] == 0) == forgotten
        again = Shell(Sirene(settings("sirene", POST), shell.state))
        assert (again.core.mesh.carried.row(BUTTON)[1] == 0) == forgotten


def test_no_generation_ever_comes_back():
    shell = rotated("sirene", 2)
    for one in config_frames("sirene", 9, 500, {"generations": (0, 0), "profile": "polri"}, 1):
        shell.hear(one)
    assert shell.core.keys.generations == (1,) and shell.core.keys.generation == 1
    assert shell.core.counters["config_generations"] == 1 and shell.core.settings["profile"] == "polri"
    shell.hear(alarm(BUTTON, 10))
    assert not of(shell.all, act.Sound)


def test_a_button_presses_under_the_new_keys_once_it_was_told_to():
    for until, generation in ((0, 0), (1, 1), (2, 1)):
        shell = rotated("tombol", until)
        shell.wait(10_000)
        shell.sent.clear()
        shell.take(shell.core.key("main", True, shell.now_ms, shell.rnd()))
        sent = [message_of(one) for one in shell.frames()]
        assert [one.generation for one in sent if one.type == m.ALARM] == [generation], until


def test_nothing_changes_while_an_incident_of_the_button_runs():
    shell = device("tombol")
    shell.take(shell.core.key("main", True, shell.now_ms, shell.rnd()))
    for one in config_frames("tombol", 5, 100, {"hop_limit": 4}):
        shell.hear(one)
    assert shell.core.config_version == 0 and shell.core.settings["hop_limit"] == 1


def test_a_second_rotation_follows_the_first_one():
    shell = rotated("penerus", 2)
    steps = ({"next_keys": (2,) + own_keys("penerus", 2)}, {"generations": (2, 1)}, {"generations": (2, 2)})
    for number, changed in enumerate(steps):
        for one in config_frames("penerus", 20 + number, 300 + 10 * number, changed, 2 if number == 2 else 1):
            shell.hear(one)
    again = Penerus(settings("penerus", RELAY), shell.state)
    assert again.keys.generations == (2,) and again.keys.generation == 2


def test_a_config_of_another_devices_key_is_refused():
    shell = device("penerus")
    body = m.Config(RELAY, 9, 0, 1, compose.split({"status_period_s": 200})[0])
    shell.hear(frame(m.CONFIG, m.GATEWAY, GATEWAY, 100, body, own_keys("sirene", 0)[1]))
    assert shell.core.config_version == 0 and shell.core.counters == {"tag": 1}
