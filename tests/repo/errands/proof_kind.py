"""On a copy with a kind `banjir`: chosen on a button, sounded by posts and gateway, called and shown."""

from kentongan_gateway.core.answers import words as post_words
from kentongan_gateway.core.base.actions import Siren
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_hub.base import language
from kentongan_hub.policies import policy
from kentongan_wire.message import messages as m
from kits.gateway import gateway_kit
from kits.gateway.gateway_kit import alarm
from kits.node import buttonkit, sirenkit

CODE = (4, 1)  # of the profile polri: **** . * -


def test_a_button_sends_it_and_the_posts_beat_its_code():
    box = buttonkit.Box(strokes=[m.KIND_BANJIR])
    buttonkit.held(box)
    assert {one.body.kind for one in box.alarms()} == {m.KIND_BANJIR}
    for profile, pattern in (("polri", "banjir"), ("jawa_umum", "titir")):
        post = sirenkit.Post(profile=profile)
        post.hear(sirenkit.pressed(kind=m.KIND_BANJIR))
        assert post.patterns() == [pattern]
    assert len(post.sounds()[0].steps) == 1


def test_the_gateway_beats_it_by_itself_and_says_it_aloud():
    bench = gateway_kit.Bench(config=CoreConfig(gateway_kit.GATEWAY, "gateway-1", 5, profile="polri"))
    bench.hear(alarm(kind=m.KIND_BANJIR))
    bench.run(60_000)
    assert {action.pattern for action in bench.all(Siren)} == {"banjir"}
    said = post_words.sentence(m.KIND_BANJIR, 5, 7, False)
    assert said == "Perhatian. Banjir di er te 5, rumah nomor 7."


def test_the_hub_shows_it_in_both_languages_calls_for_it_and_offers_its_code(site):
    site.post_events(site.alarm(kind=m.KIND_BANJIR))
    admin = site.enter("admin")
    assert "Banjir" in admin.get("/papan").text and "Banjir" in admin.get("/lapor").text
    language.use("en")
    assert language.shown(language.Text("Banjir")) == "Flood"
    language.use("id")
    assert "Banjir" in admin.get("/kebijakan").text and policy.default(m.KIND_BANJIR)["sirene_kali"]
    assert f'name="kode{m.KIND_BANJIR}"' in admin.get("/kentongan").text
    strokes = str([0, 1, 2, 3, 4, 5, 6, 7, m.KIND_BANJIR])
    told = str(admin.client.get("/api/v1/openapi.json").json)
    assert strokes in told, "what a technician may give a button"
