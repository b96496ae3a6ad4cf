"""On a copy with a page `Tentang`: open to those who may see, shut to others, linked, in both languages."""

from kits.hub.hub_kit import Person


def test_the_page_is_there_for_who_may_see_it(site):
    assert Person(site.app).get("/tentang").status_code == 302
    admin = site.enter("admin")
    page = admin.get("/tentang").text
    assert "Tentang pusat data ini" in page and "RT 05 Sukamaju" in page
    assert 'href="/tentang"' in admin.get("/lainnya").text
    admin.client.set_cookie("kentongan_bahasa", "en")
    assert "About this hub" in admin.get("/tentang").text
