"""The power budget: arithmetic that can be done by hand, and a page that says what the model says."""

import xml.etree.ElementTree as xml

import pytest
from kentongan_hw.power import figures, model, page
from kentongan_node.roles import button
from kits.node.buttonkit import BOOT_MS, Box

BOARD, CELL = figures.BOARDS[0], figures.CELLS[0]


def test_a_status_is_boot_checks_frame_and_listening():
    # 45 bytes at SF8, 250 kHz: 16 + 4.25 + 8 + 60 symbols of 1.024 ms; three checks of two symbols
    assert model.air_ms("ShortSlow") == pytest.approx(90.4, abs=0.1)
    by_hand = 350 * 40 / 1e3 + 90.4 * (118 + 20) / 1e3 + 6.14 * 25.3 / 1e3 + 2_000 * 25.3 / 1e3
    assert model.status_mas(BOARD) == pytest.approx(by_hand, rel=0.005)


def test_the_mean_current_adds_sleep_converter_self_discharge_and_events():
    loss = 2_700 * 0.015 * 12 / 8_766
    events = (24 * model.status_mas(BOARD) / 24 + 4 * model.answered_mas(BOARD) / 8_766) / 3_600
    assert model.mean_ma(BOARD, CELL, 24) == pytest.approx(0.015 + 0.0033 + 0.004 + loss + events, rel=1e-9)


def test_more_status_presses_or_sleep_current_never_lengthen_a_life():
    for cell in figures.CELLS:
        lives = [model.years(BOARD, cell, n) for n in page.PER_DAY]
        assert lives == sorted(lives, reverse=True) and lives[0] > lives[-1] > 0
        assert model.years(BOARD, cell, 4, 52) < model.years(BOARD, cell, 4, 0)
        boards = [model.years(board, cell, 4) for board in figures.BOARDS]
        assert boards == sorted(boards, reverse=True)


def test_a_cell_is_worn_out_at_its_age_however_little_is_drawn():
    rested = CELL._replace(month_percent=0, drain_ma=0, shelf_years=2)
    assert model.years(BOARD, rested, 1) == 2


def test_seeded_fault_a_forgotten_pin_and_a_longer_listening_show_in_the_figures(monkeypatch):
    """The model feels the mistakes it is there to show: the firmware's times feed it."""
    before = model.years(BOARD, CELL, 24)
    monkeypatch.setattr(button, "LISTEN_STATUS_MS", 60_000)
    assert model.years(BOARD, CELL, 24) < before / 2
    assert model.years(figures.BOARDS[-1], CELL, 4) < 0.5


def measured(box):
    """(mA s, awake ms, frames) of what the device's own code did from wake-up to sleep, in virtual time."""
    while not box.asleep():
        box.wait(100)
    air = sum(model.air_ms(n_bytes=len(frame)) for frame in box.frames())
    awake = box.now_ms - BOOT_MS
    mas = (
        BOOT_MS * figures.BOOT.ma
        + air * (BOARD.tx.ma + figures.CPU.ma)
        + (awake - air) * (BOARD.rx.ma + figures.CPU.ma)
    ) / 1_000
    return mas, awake, len(box.frames())


def test_a_status_takes_what_the_devices_own_code_takes():
    assert BOOT_MS == model.BOOT_MS
    mas, awake, frames = measured(Box("wake_timer", ""))
    assert frames == 1 and awake < 3_000
    assert model.status_mas(BOARD) == pytest.approx(mas, rel=0.05)


def test_a_press_that_nobody_hears_takes_what_the_devices_own_code_takes():
    mas, _, frames = measured(Box())
    shown = model.shown_mas(model.feedback.NOBODY, model.incident.LISTEN_MS)
    assert frames == 21
    assert model.unheard_mas(BOARD) - shown == pytest.approx(mas, rel=0.1)


def test_seeded_fault_a_model_that_forgets_the_listening_is_seen(monkeypatch):
    monkeypatch.setattr(button, "LISTEN_STATUS_MS", 500)
    modelled = model.status_mas(BOARD)
    monkeypatch.undo()
    assert modelled != pytest.approx(measured(Box("wake_timer", ""))[0], rel=0.05)


def test_the_siren_post_keeps_a_day_and_half_an_hour_of_its_worst_sound():
    hours = model.standby_h(page.POST_AH, figures.POST_IDLE_WORST.ma, page.SOUNDING_MIN, figures.SIREN_ON.ma)
    assert hours == pytest.approx((7_000 * 0.64 - 0.5 * (1_200 + 75)) / 75)
    assert hours >= page.POST_STANDBY_H
    just = page.smallest_post_ah()
    kept = model.standby_h(just, figures.POST_IDLE_WORST.ma, page.SOUNDING_MIN, figures.SIREN_ON.ma)
    assert kept == pytest.approx(page.POST_STANDBY_H)
    assert model.standby_h(0.5, 60, 30, 1_200) == 0


def test_a_steady_tone_is_all_on_and_a_panel_gives_more_than_a_penerus_takes():
    assert model.pattern_duty(((65, 65),)) == 0.5
    assert model.panel_surplus(figures.PENERUS_AWAKE.ma) > 1.5
    assert model.panel_surplus(100) < 1


def test_every_figure_has_a_source_and_stands_on_the_page():
    found = [value for value in vars(figures).values() if isinstance(value, figures.Figure | figures.Cell)]
    found += [board.sleep for board in figures.BOARDS] + list(figures.CELLS)
    assert len(found) > 15
    for one in found:
        assert len(one.source) > 15 and one.source in page.text()


def test_the_page_and_the_plot_are_what_the_model_says():
    remedy = "run: make hardware-files"
    assert page.PAGE.read_text(encoding="utf-8") == page.text(), remedy
    words = " ".join(xml.parse(page.PLOT).getroot().itertext())
    assert "STATUS sehari" in words and "rev A" in words and "belum diukur" in words
    assert all(cell.name.split(",")[0] in words for cell in figures.CELLS)


def test_seeded_fault_a_figure_changed_without_the_page_is_seen(monkeypatch):
    monkeypatch.setattr(figures, "CPU", figures.CPU._replace(ma=figures.CPU.ma + 5))
    assert page.PAGE.read_text(encoding="utf-8") != page.text()
