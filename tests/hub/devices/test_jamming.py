"""A post that finds the channel taken by others says so, and a person reads it until it is over."""

from kentongan_wire.message import messages as m


def status(site, flags):
    answer = site.post_events(site.event("status", device=site.post, role=2, body={"flags": flags}))
    assert not answer["rejected"]


def pages(site):
    browser = site.enter("admin")
    return browser.get("/papan").text, browser.get("/perangkat").text


def test_jamming_stands_on_the_board_and_at_the_device_until_its_status_says_otherwise(site):
    status(site, m.STATUS_MAINS | m.STATUS_JAMMING)
    board, devices = pages(site)
    assert "RADIO DIGANGGU</strong> pos-1" in board and "saluran radio diganggu" in devices
    status(site, m.STATUS_MAINS)
    board, devices = pages(site)
    assert "RADIO DIGANGGU" not in board and "saluran radio diganggu" not in devices


def test_a_button_has_no_such_flag(site):
    site.post_events(site.event("status", device=site.button, role=1, body={"flags": 0xFF}))
    assert "RADIO DIGANGGU" not in pages(site)[0]
