"""A device whose flash takes no write goes on, and a technician is told until its STATUS says otherwise."""
import pytest
from kentongan_wire import messages as m

WORDS = "memori tetapnya (flash) menolak tulisan"


@pytest.mark.parametrize(("role", "which", "flags", "bit"), [
    (1, "button", 0, m.TOMBOL_STATUS_FLASH_FAILING),
    (2, "post", m.STATUS_MAINS, m.STATUS_FLASH_FAILING),
])
def test_it_stands_at_the_device_and_among_the_warnings_with_its_owner(site, role, which, flags, bit):
    def status(flags):
        event = site.event("status", device=getattr(site, which), role=role, body={"flags": flags})
        assert not site.post_events(event)["rejected"]
        site.clock.advance(60_000)
        site.hub.dispatch.step()
        open_now = site.rows("SELECT * FROM warnings WHERE what = 'flash gagal' AND closed_ms IS NULL")
        browser = site.enter("admin")
        return browser.get("/perangkat").text, browser.get("/peringatan").text, open_now

    devices, warnings, (row,) = status(flags | bit)
    assert WORDS in devices and "flash gagal" in warnings and "ganti papannya sebelum" in warnings
    assert (row["owner"], row["urgent"]) == ("teknisi", 1)
    devices, _, rows = status(flags)
    assert WORDS not in devices and not rows
