"""The silence key and the lamp at the post, on fake lines and a fake lamp of the kernel."""

import pytest
from kentongan_gateway.outputs import gpio, key, lamp, player
from kentongan_gateway.service.settings import FIELDS
from kits.gateway.gateway_process import wait_for
from kits.gateway.gpio_fake import CHIP, Lines


@pytest.fixture(name="lines")
def _lines(monkeypatch):
    monkeypatch.setattr(gpio.glob, "glob", lambda _pattern: [CHIP])
    monkeypatch.setattr(key, "WAIT_S", 0.05)
    monkeypatch.setattr(key, "REOPEN_S", 0.05)
    return Lines("LAMPU", "TOMBOL")


class Pressed:
    """A key on a fake line, what it said and when it was pressed."""

    def __init__(self, lines):
        self.presses, self.troubles = [], []
        self.key = key.Key(
            gpio.KeyLine("TOMBOL", api=lines), lambda: self.presses.append(1), self.troubles.append
        )


def test_a_press_of_the_silence_key_is_told_once_each(lines):
    pressed = Pressed(lines)
    try:
        wait_for(lambda: "TOMBOL" in lines.taken, "the line being taken")
        for n in range(1, 4):
            lines.edges["TOMBOL"].put("down")
            wait_for(lambda n=n: len(pressed.presses) == n, f"press {n}")
        assert not pressed.troubles
    finally:
        pressed.key.close()
    assert "TOMBOL" not in lines.taken, "the line is given back"


def test_a_key_whose_line_is_busy_is_a_trouble_once_and_works_when_the_line_is_free(lines):
    lines.broken = True
    pressed = Pressed(lines)
    try:
        wait_for(lambda: pressed.troubles, "the trouble")
        lines.broken = False
        wait_for(lambda: pressed.troubles[-1] is None, "the end of the trouble")
        assert len(pressed.troubles) == 2 and "busy" in pressed.troubles[0]
        lines.edges["TOMBOL"].put("down")
        wait_for(lambda: pressed.presses, "the press")
    finally:
        pressed.key.close()


def test_a_line_that_is_not_there_names_the_remedy(lines):
    troubles = []
    one = key.Key(gpio.KeyLine("SALAH", api=lines), lambda: None, troubles.append)
    try:
        wait_for(lambda: troubles, "the trouble")
        assert "no GPIO line is named 'SALAH'" in troubles[0] and "gpioinfo" in troubles[0]
    finally:
        one.close()


def test_a_post_without_a_key_has_none():
    none = key.make(type("Button", (), {"line": ""}), None, None)
    assert none.trouble() is None and none.close() is None


class Relay:
    """Counts flashes; the lamp's own clock is the Player's."""

    def __init__(self):
        self.flashes, self.lit, self.open_ = 0, False, False

    def open(self):
        self.open_ = True

    def set(self, on):
        self.flashes += on and not self.lit
        self.lit = bool(on)

    def sense(self):
        return None

    def close(self):
        self.lit = False


@pytest.mark.parametrize("code", list(lamp.CODES))
def test_a_person_counts_as_many_flashes_as_the_code_has(code):
    steps = lamp.steps_of(code)
    assert len(steps) == code
    assert all(on == lamp.FLASH_MS and off == lamp.GAP_MS for on, off in steps[:-1])
    assert steps[-1][1] >= 4 * lamp.GAP_MS, "the pause is plain to see"


def test_the_lamp_goes_dark_when_the_loop_no_longer_asks_for_it(monkeypatch):
    """Every code is asked for by the loop: a gateway that hangs does not go on saying that all is well."""
    now = [0]
    monkeypatch.setattr(player, "now_ms", lambda: now[0])
    relay = Relay()
    shown = lamp.Lamp(player.Player(relay, 1, name="lamp"))
    shown._player._begin = lambda: None  # no thread: the test steps it

    def run(ms):
        for _ in range(ms // 20):
            now[0] += 20
            shown._player.step(now[0])

    shown.show(lamp.FINE)
    run(10_000)
    assert relay.flashes == 5
    shown.show(lamp.FINE)  # asked for again: it goes on
    run(14_000)
    before = relay.flashes
    assert before >= 11
    run(30_000)
    assert relay.flashes - before <= 1 and not relay.lit


def test_a_lamp_of_the_kernel_is_taken_from_its_trigger_and_switched_by_files(tmp_path):
    led = tmp_path / "ACT"
    led.mkdir()
    (led / "trigger").write_text("mmc0")
    (led / "brightness").write_text("0")
    one = lamp.Led("ACT", tmp_path)
    one.open()
    assert (led / "trigger").read_text() == "none"
    one.set(True)
    assert (led / "brightness").read_text() == "1" and one.sense() is None
    one.close()
    assert (led / "brightness").read_text() == "0"
    with pytest.raises(OSError):
        lamp.Led("tidak-ada", tmp_path).open()


def test_each_lamp_driver_of_the_settings_makes_its_lamp(lines, tmp_path, monkeypatch):
    monkeypatch.setattr(gpio, "GpioRelay", lambda name: Relay())
    monkeypatch.setattr(lamp, "LEDS", tmp_path)
    base = {"driver": "none", "line": "LAMPU", "name": "ACT", "file": str(tmp_path / "lamp")}
    for driver in FIELDS["lamp"]["driver"].kind:
        made = lamp.make(type("Lamp", (), {**base, "driver": driver}))
        made.show(lamp.FINE)
        made.close()
    assert '"lamp":1' in (tmp_path / "lamp").read_text()
