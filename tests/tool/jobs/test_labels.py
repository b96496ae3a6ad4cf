"""A printed sheet says who each device is, a phone reads its code, and long words are made to fit."""

import re
import subprocess

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.jobs import labels
from kits.tool.tool_kit import codes_on, label_data, text_of


def test_every_label_of_a_sheet_is_read_back_from_its_qr(tmp_path, require):
    many = [label_data(number) for number in range(1, 20)]
    labels.sheet(many, tmp_path / "sheet.pdf")
    assert sorted(codes_on(tmp_path / "sheet.pdf", require)) == sorted(label["qr"] for label in many)


def test_a_label_says_place_number_and_three_steps(tmp_path, require):
    labels.sheet(
        [label_data(7), label_data(3, house=0, place="Pos ronda", role_word="sirene pos")],
        tmp_path / "sheet.pdf",
    )
    text = text_of(tmp_path / "sheet.pdf", require)
    for words in (
        "TOMBOL DARURAT",
        "Rumah 07",
        "Gang Mawar",
        "6b74 f007",
        "tombol-07",
        "Salah tekan?",
        "SIRENE POS",
        "Pos ronda",
        "RT 05 Sukamaju",
    ):
        assert words in text


def test_the_name_of_the_rt_stands_once_whatever_a_device_has_of_a_place(tmp_path, require):
    nowhere = "RT 05/RW 03"  # what the hub says where nobody gave a place
    for number, (more, title) in enumerate(
        (
            ({}, "Rumah 04"),
            ({"place": nowhere}, "Rumah 04"),
            ({"house": 0}, "Gang Mawar"),
            ({"house": 0, "place": nowhere}, "tombol-04"),
        )
    ):
        path = tmp_path / f"{number}.pdf"
        labels.sheet([label_data(4, **more)], path)
        text = text_of(path, require)
        assert text.count("RT 05 Sukamaju") == 1 and title in text, text
        assert text.count(nowhere) == (1 if "place" in more else 0)


def test_a_sheet_that_was_begun_is_used_up(tmp_path, require):
    labels.sheet([label_data(1), label_data(2)], tmp_path / "sheet.pdf", first=8)
    pages = text_of(tmp_path / "sheet.pdf", require).split("\f")
    assert "Rumah 01" in pages[0] and "Rumah 02" not in pages[0] and "Rumah 02" in pages[1]
    with pytest.raises(ToolError, match="places 1..8"):
        labels.sheet([label_data(1)], tmp_path / "none.pdf", first=9)


def test_long_and_strange_words_stay_on_their_label(tmp_path, require):
    step = "Tekan dan tahan sampai lampu menyala, lalu ketuk: satu bahaya, dua maling, tiga kebakaran. " * 2
    place = "Gang Haji Muhammad Yusuf Wiryokusumo Barat Dalam Nomor Tujuh \u2192 \U0001f514"
    long = label_data(1, house=0, place=place, steps=[step, step, step])
    labels.sheet([long], tmp_path / "sheet.pdf")
    text = text_of(tmp_path / "sheet.pdf", require)
    assert "Dalam Nomor Tujuh" in text and text.count("Tekan dan tahan") == 6
    words = ["pdftotext", "-bbox", tmp_path / "sheet.pdf", "-"]
    boxes = subprocess.run(words, capture_output=True, text=True).stdout
    points = 72 / 25.4
    right = max(float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes))
    below = max(float(y) for y in re.findall(r'yMax="([\d.]+)"', boxes))
    assert right <= (labels.LEFT_MM + labels.LABEL_MM[0]) * points
    assert below <= (labels.TOP_MM + labels.LABEL_MM[1]) * points


TYPESET = "Gang \u2018Mawar\u2019 \u2013 \u201cpojok\u201d \u2014 Pos\u2026 \u20ac5 caf\u00e9"


def test_typographic_signs_print_as_they_are_and_others_as_what_they_look_like(tmp_path, require):
    labels.sheet([label_data(7, place=TYPESET)], tmp_path / "sheet.pdf")
    assert TYPESET in text_of(tmp_path / "sheet.pdf", require)
    assert labels.printable("a\u2192b\u00a0c\u2011d \u1e0dalam \u0101") == "a->b c-d dalam a"
    assert labels.printable("lonceng \U0001f514") == "lonceng ?"


@pytest.mark.parametrize("house", [0, 7])
@pytest.mark.parametrize(
    "place", ["W" * 80, "Pos ronda barat " * 5, "Gang Haji Wiryokusumo Barat Dalam, di belakang musala " * 2]
)
def test_nothing_runs_into_the_qr_or_into_the_line_below(tmp_path, require, house, place):
    long = label_data(
        1,
        house=house,
        place=place[:80],
        label="w" * 32,
        role_word="sirene pos " * 4,
        name="RT 05 Sukamaju " * 8,
    )
    labels.sheet([long], tmp_path / "sheet.pdf")
    words = ["pdftotext", "-bbox", tmp_path / "sheet.pdf", "-"]
    boxes = subprocess.run(words, capture_output=True, text=True).stdout
    found = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"', boxes)
    points = 72 / 25.4
    qr_left = (labels.LEFT_MM + labels.LABEL_MM[0] - labels.PAD_MM - labels.QR_MM) * points
    qr_below = (labels.TOP_MM + labels.PAD_MM + labels.QR_MM) * points
    words_found = [tuple(map(float, box)) for box in found]
    assert words_found
    for left, top, right, below in words_found:
        assert right <= qr_left or top >= qr_below, (left, top, right, below)
        assert below <= (labels.TOP_MM + labels.LABEL_MM[1]) * points
    for one in words_found:
        for other in words_found:
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            assert one == other or across <= 0 or down <= 2.5, (one, other)  # boxes are taller than letters
    assert codes_on(tmp_path / "sheet.pdf", require) == [long["qr"]]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ToolError, match="sheet.pdf"):
        labels.sheet([label_data()], tmp_path / "none/sheet.pdf")
