"""A printed sheet says who each device is, a phone reads its code, and long words are made to fit."""
import re
import shutil
import subprocess

import pytest
from kentongan_tool import labels
from kentongan_tool.failures import ToolError
from tool_kit import label_data

DOTS_PER_INCH = 200


def text_of(path, require):
    require(_has("pdftotext"), "pdftotext", "apt install poppler-utils")
    words = ["pdftotext", "-layout", path, "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _has(program):
    return shutil.which(program) is not None


def codes_on(path, require):
    """Every QR code on every page, as a phone's camera would read it."""
    require(_has("pdftoppm"), "pdftoppm", "apt install poppler-utils")
    import zxingcpp
    from PIL import Image
    subprocess.run(["pdftoppm", "-r", str(DOTS_PER_INCH), "-png", path, path.with_suffix("")], check=True)
    pages = sorted(path.parent.glob(f"{path.stem}-*.png"))
    return [code.text for page in pages for code in zxingcpp.read_barcodes(Image.open(page))]


def test_every_label_of_a_sheet_is_read_back_from_its_qr(tmp_path, require):
    many = [label_data(number) for number in range(1, 20)]
    labels.sheet(many, tmp_path / "sheet.pdf")
    assert sorted(codes_on(tmp_path / "sheet.pdf", require)) == sorted(label["qr"] for label in many)


def test_a_label_says_place_number_and_three_steps(tmp_path, require):
    labels.sheet([label_data(7), label_data(3, house=0, place="Pos ronda", role_word="sirene pos")],
                 tmp_path / "sheet.pdf")
    text = text_of(tmp_path / "sheet.pdf", require)
    for words in ("TOMBOL DARURAT", "Rumah 07", "Gang Mawar", "6b74 f007", "tombol-07", "Salah tekan?",
                  "SIRENE POS", "Pos ronda", "RT 05 Sukamaju"):
        assert words in text


def test_a_sheet_that_was_begun_is_used_up(tmp_path, require):
    labels.sheet([label_data(1), label_data(2)], tmp_path / "sheet.pdf", first=8)
    pages = text_of(tmp_path / "sheet.pdf", require).split("\f")
    assert "Rumah 01" in pages[0] and "Rumah 02" not in pages[0] and "Rumah 02" in pages[1]
    with pytest.raises(ToolError, match="places 1..8"):
        labels.sheet([label_data(1)], tmp_path / "none.pdf", first=9)


def test_long_and_strange_words_stay_on_their_label(tmp_path, require):
    step = "Tekan dan tahan sampai lampu menyala, lalu ketuk: satu bahaya, dua maling, tiga kebakaran. " * 2
    place = "Gang Haji Muhammad Yusuf Wiryokusumo Barat Dalam Nomor Tujuh \u2192 \U0001F514"
    long = label_data(1, house=0, place=place, steps=[step, step, step])
    labels.sheet([long], tmp_path / "sheet.pdf")
    text = text_of(tmp_path / "sheet.pdf", require)
    assert "Dalam Nomor Tujuh" in text and text.count("Tekan dan tahan") == 6
    require(_has("pdftotext"), "pdftotext", "apt install poppler-utils")
    words = ["pdftotext", "-bbox", tmp_path / "sheet.pdf", "-"]
    boxes = subprocess.run(words, capture_output=True, text=True).stdout
    points = 72 / 25.4
    right = max(float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes))
    below = max(float(y) for y in re.findall(r'yMax="([\d.]+)"', boxes))
    assert right <= (labels.LEFT_MM + labels.LABEL_MM[0]) * points
    assert below <= (labels.TOP_MM + labels.LABEL_MM[1]) * points


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ToolError, match="sheet.pdf"):
        labels.sheet([label_data()], tmp_path / "none/sheet.pdf")
