"""The post says kind and place aloud, and of a confidential alarm nothing; real words of espeak-ng."""

import os
import shutil
import stat
import wave

import pytest
from kentongan_gateway.core.answers import words
from kentongan_gateway.core.answers.announce import JOBS_LIMIT
from kentongan_gateway.core.base import actions
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_gateway.outputs import voice
from kentongan_hub.base import words as hub_words
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, BUTTON_2, GATEWAY, Bench, alarm
from kits.gateway.gateway_process import wait_for


def bench(**more):
    return Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, voice=True), **more)


def said(bench):
    return [action.text for action in bench.all(actions.Speak)]


def test_kind_and_place_are_said_at_once_and_twice_more():
    b = bench()
    b.hear(alarm(kind=m.KIND_KEBAKARAN))
    b.run(200)
    assert said(b) == ["Perhatian. Kebakaran di er te 5, rumah nomor 7."]
    b.run(120_000)
    assert len(said(b)) == 3


def test_a_crime_asks_for_calm_and_a_drill_says_so_before_and_after():
    assert "jangan main hakim sendiri" in words.sentence(m.KIND_MALING, 5, 7, False)
    drill = words.sentence(m.KIND_MALING, 5, 7, True)
    assert drill.startswith("Ini latihan.") and drill.endswith("Ini latihan.")
    unknown = words.sentence(200, 5, 0, False)
    assert unknown == "Perhatian. Bahaya di er te 5. Amankan, jangan main hakim sendiri."


@pytest.mark.parametrize("kind", [*range(16), 200])
def test_the_post_asks_for_calm_exactly_where_the_hub_does(kind):
    if kind not in m.NEVER_SOUND:
        read = hub_words.advice({"kind": kind, "confidential": 0, "drill": 0}, {"polisi": "110"})
        said = words.sentence(kind, 5, 7, False)
        assert ("jangan main hakim sendiri" in said) == ("jangan main hakim sendiri" in str(read))


@pytest.mark.parametrize(
    "payload",
    [
        alarm(flags=m.FLAG_SILENT),
        alarm(kind=m.KIND_KEKERASAN),
        alarm(under_c=True),
        alarm(kind=m.KIND_UJI),
        alarm(zone=6),
        alarm(zone=0),
    ],
)
def test_nothing_is_said_of_what_not_everybody_here_may_know(payload):
    b = bench()
    b.hear(payload)
    b.run(120_000)
    assert not said(b)


def test_no_more_is_said_once_somebody_comes_or_the_key_is_pressed():
    for end in (
        lambda b: b.order(id=1, type="stage", device=BUTTON, counter=100, stage=3),
        lambda b: b.order(
            id=1, type="siren", action="stop", origin=BUTTON, counter=100, targets="zone", zone=5
        ),
        lambda b: b.do(b.core.on_silence_key(b.now_ms, 1)),
        lambda b: b.hear(alarm(counter=101, incident=100, flags=m.FLAG_CANCEL)),
    ):
        b = bench()
        b.hear(alarm())
        b.run(1_000)
        end(b)
        assert b.all(actions.Hush)
        b.run(120_000)
        assert len(said(b)) == 1


def test_a_crowd_is_said_once_each_and_never_at_the_same_time():
    b = bench()
    for src in (BUTTON, BUTTON_2):
        b.hear(alarm(src), src)
    b.hear(alarm(BUTTON, 101, kind=2, incident=101))
    b.run(200_000)
    times = b.times(actions.Speak)
    assert min(later - sooner for sooner, later in zip(times, times[1:], strict=False)) >= 9_000
    assert len(said(b)) <= 9


def test_espeak_makes_real_sound_of_a_sentence(tmp_path, require):
    require(shutil.which("espeak-ng"), "espeak-ng", "apt install espeak-ng")
    path = tmp_path / "x.wav"
    voice.speech(words.sentence(m.KIND_MALING, 5, 7, False), str(path))
    with wave.open(str(path)) as sound:
        assert 3 < sound.getnframes() / sound.getframerate() < voice.SAY_S
        assert any(sound.readframes(sound.getnframes()))


@pytest.fixture(name="programs")
def _programs(tmp_path, monkeypatch):
    def program(name, text):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program("espeak-ng", f'cat > {tmp_path}/text; for last; do :; done; echo sound > "$last"')
    program("aplay", f'echo "$@" >> {tmp_path}/played')
    return program


def test_the_voice_holds_the_siren_while_it_speaks_and_keeps_the_text_out_of_the_process_list(
    tmp_path, programs
):
    held = []
    speaker = voice.Voice("plughw:1", held.append)
    speaker.say("Maling di er te 5.")
    wait_for(lambda: held == [True, False], "the sentence")
    assert (tmp_path / "text").read_text() == "Maling di er te 5."
    assert "-D plughw:1" in (tmp_path / "played").read_text()


def test_a_sound_card_that_fails_is_a_trouble_with_its_remedy_and_over_when_it_works(tmp_path, programs):
    programs("aplay", "echo 'no such card' >&2; exit 1")
    troubles = []
    speaker = voice.Voice()
    speaker.on_trouble = troubles.append
    speaker.say("satu")
    wait_for(lambda: troubles, "the trouble")
    assert "no such card" in troubles[0] and "aplay -L" in troubles[0]
    programs("aplay", "exit 0")
    speaker.say("dua")
    wait_for(lambda: troubles[-1] is None, "its end")


def test_one_buttons_many_alarms_keep_no_other_alarm_unsaid():
    b = bench()
    for n in range(JOBS_LIMIT + 4):
        b.hear(alarm(src=BUTTON_2, counter=1_000 + 10 * n, kind=m.KIND_MALING), src=BUTTON_2)
    b.hear(alarm(kind=m.KIND_KEBAKARAN))
    b.run(400_000)
    assert any("Kebakaran" in text for text in said(b))


def test_what_people_have_said_is_said_twice_and_waits_for_an_alarm():
    b = bench()
    b.hear(alarm(kind=m.KIND_KEBAKARAN))
    b.run(200)
    b.order(id=5, type="say", text="Pengumuman. Kerja bakti hari Minggu.")
    b.run(300_000)
    alarms, told = said(b)[:3], said(b)[3:]
    assert len([text for text in alarms if "Kebakaran" in text]) == 3
    assert told == ["Pengumuman. Kerja bakti hari Minggu."] * 2
    assert (5, "ok") in [(done.order_id, done.result) for done in b.all(actions.OrderDone)]


def test_an_empty_sentence_and_the_key_at_the_post_end_what_people_have_said():
    b = bench()
    b.order(id=5, type="say", text="Kumpul di lapangan.")
    b.run(1_000)
    b.order(id=6, type="say", text="")
    b.run(60_000)
    assert said(b) == ["Kumpul di lapangan."] and b.all(actions.Hush)


def test_a_post_without_a_voice_says_nothing_and_has_not_failed():
    b = Bench(config=CoreConfig(GATEWAY, "gateway-1", 5))
    b.order(id=5, type="say", text="Kumpul di lapangan.")
    assert [done.result for done in b.all(actions.OrderDone)] == ["ok"]
    assert said(b) == []


@pytest.mark.parametrize("text", [None, 7, "x" * 241, "a\nb", "a\x1b[2J"])
def test_a_sentence_that_is_none_is_refused(text):
    b = bench()
    b.order(id=5, type="say", text=text)
    assert said(b) == [] and b.all(actions.OrderDone)[0].result.startswith("failed: text ")
