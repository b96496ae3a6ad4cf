"""A device whose flash or another part fails goes on; a technician is told while its STATUS says so."""

import pytest
from kentongan_wire.message import messages as m

FLASH = ("memori tetapnya (flash) menolak tulisan", "flash gagal", "ganti papannya sebelum", 1)
PART = ("sebuah bagiannya (lampu, tombol atau sensor)", "bagian rusak", "tulis periksa di kabelnya", 0)


@pytest.mark.parametrize(
    ("role", "which", "flags", "bit", "told"),
    [
        (1, "button", 0, m.TOMBOL_STATUS_FLASH_FAILING, FLASH),
        (2, "post", m.STATUS_MAINS, m.STATUS_FLASH_FAILING, FLASH),
        (1, "button", 0, m.TOMBOL_STATUS_PART_FAILING, PART),
        (2, "post", m.STATUS_MAINS, m.STATUS_PART_FAILING, PART),
    ],
)
def test_it_stands_at_the_device_and_among_the_warnings_with_its_owner(site, role, which, flags, bit, told):
    words, what, remedy, urgent = told

    def status(flags):
        event = site.event("status", device=getattr(site, which), role=role, body={"flags": flags})
        assert not site.post_events(event)["rejected"]
        site.clock.advance(60_000)
        site.hub.dispatch.step()
        open_now = [one for one in site.warnings() if one["what"] == what]
        browser = site.enter("admin")
        return browser.get("/perangkat").text, browser.get("/peringatan").text, open_now

    devices, warnings, (row,) = status(flags | bit)
    assert words in devices and what in warnings and remedy in warnings
    assert (row["owner"], row["urgent"]) == ("teknisi", urgent)
    devices, _, rows = status(flags)
    assert words not in devices and not rows
