"""Coverage, lists and empty houses: on a phone and at a desk, in both languages, from file to register."""

import pytest

pytestmark = pytest.mark.browser

SIZES = ((360, 740), (1366, 768))
SIDEWAYS = "return document.documentElement.scrollWidth <= innerWidth"
LIST = """rumah;nama;kepala;telepon;setuju;kesehatan;setuju kesehatan;NIK
21;Raden Mas Haryo Kusumowardhono Sastronegoro;ya;0812-3456-789;ya;;;3273
22;Siti;;;tidak;;;
23A;Budi;;satu dua;ya;asma;;
24;;;;;;;
"""


def look(night, name):
    """Look at the page at both sizes; what is wrong with it."""
    found = []
    for size in SIZES:
        night.browser.resize(size)
        night.browser.shot(f"rumah-{name}-{size[0]}")
        if not night.driver.execute_script(SIDEWAYS):
            found.append((name, size, "sideways"))
        found += [(name, size, *one) for one in night.browser.axe()]
    return found


@pytest.mark.parametrize("language", ["id", "en"])
def test_coverage_and_lists_fit_each_screen_and_axe_finds_nothing(night, village, language, tmp_path):
    night.enter("ketua")
    night.browser.press({"id": "Bahasa Indonesia", "en": "English"}[language])
    night.driver.get(village.address + "/cakupan")
    found = look(night, f"cakupan-{language}")
    night.driver.get(village.address + "/rumah-kosong?rumah=7")
    if language == "id":
        night.driver.execute_script(
            "document.querySelector('[name=sampai]').value = document.querySelector('[name=dari]').value"
        )
        night.browser.press("Catat rumah kosong")
    night.browser.wait_text("Rumah 7" if language == "id" else "House 7")
    found += look(night, f"kosong-{language}")
    night.driver.get(village.address + "/keadaan")
    found += look(night, f"keadaan-{language}")
    night.driver.get(village.address + "/warga/daftar")
    found += look(night, f"daftar-{language}")
    file = tmp_path / "warga.csv"
    file.write_bytes(LIST.encode("cp1252"))
    night.browser.find("[name=daftar]").send_keys(str(file))
    night.browser.press({"id": "Lihat dulu", "en": "Look first"}[language])
    night.browser.wait_text("NIK")
    found += look(night, f"daftar-lihat-{language}")
    if language == "en":
        before = village.value("SELECT count(*) FROM people")
        night.browser.press("Store 2 rows")
        night.browser.wait_text("1 people and 2 houses registered.")
        assert village.value("SELECT count(*) FROM people") == before + 1
    night.browser.press("Bahasa Indonesia")
    assert found == []
