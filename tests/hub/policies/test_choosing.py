"""A policy is chosen on its page: what the form shows is what is kept, and nobody spells anything."""

import copy
from html.parser import HTMLParser

import pytest
from kentongan_hub.base import words
from kentongan_hub.policies import choosing, policy, policy_store
from kentongan_hub.web.pages.site.policy import KINDS
from kentongan_wire.message import messages as m


class Form(HTMLParser):
    """The fields that a browser would send of the form with a field `detik`, and every field's kind."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.kinds, self.offered, self._select = {}, {}, {}, None
        begin = page.index('<form method="post" action="/kebijakan"')
        self.feed(page[begin : page.index("</form>", begin)])

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "select":
            self._select, self._first = at["name"], True
            self.kinds[at["name"]] = "select"
        elif tag == "option":
            self.offered.setdefault(self._select, []).append(at["value"])
            if self._first:
                self._add(self._select, at["value"])
            elif "selected" in at:
                self.fields[self._select][-1] = at["value"]
            self._first = False
        elif tag == "input":
            self.kinds.setdefault(at["name"], at.get("type", "text"))
            if at.get("type") == "checkbox":
                self.offered.setdefault(at["name"], []).append(at["value"])
            if at.get("type") != "checkbox" or "checked" in at:
                self._add(at["name"], at.get("value", ""))

    def _add(self, name, value):
        self.fields.setdefault(name, []).append(value)


def shown(person, kind):
    return Form(person.get(f"/kebijakan?jenis={kind}&rt=5").text)


def kept(site, kind):
    with site.hub.store.read() as db:
        return policy_store.stored(db, 5, kind)


def by_set(body):
    """The order of who is called in one step says nothing."""
    return {**body, "langkah": [{**step, "kepada": set(step["kepada"])} for step in body["langkah"]]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_that_is_sent_unchanged_keeps_the_same_policy(site, kind):
    admin = site.enter("admin")
    fields = shown(admin, kind).fields
    assert admin.post("/kebijakan", page="/kebijakan", **fields).status_code == 303
    assert by_set(kept(site, kind)) == by_set(policy.default(kind))


def test_nothing_is_typed_but_the_words_on_the_card(site):
    form = shown(site.enter("admin"), m.KIND_MALING)
    typed = {name for name, kind in form.kinds.items() if kind == "text"}
    assert typed == {name for name in form.fields if name.startswith("kata-")} and len(typed) == 4


def test_a_step_is_added_between_two_others_and_taken_out_again(site):
    admin = site.enter("admin")
    fields = shown(admin, m.KIND_MALING).fields
    fields["detik"][-1] = "60"
    number = len(fields["detik"])
    fields |= {
        f"kepada-{number}": ["tugas:linmas"],
        f"telepon-{number}": ["polsek"],
        f"kata-{number}": ["segera"],
    }
    assert admin.post("/kebijakan", page="/kebijakan", **fields).status_code == 303
    steps = kept(site, m.KIND_MALING)["langkah"]
    assert [step["detik"] for step in steps] == [0, 60, 120, 240]
    assert steps[1] == {
        "detik": 60,
        "sirene": "tidak",
        "kepada": ["tugas:linmas"],
        "kartu": "{polsek} segera",
    }
    fields = shown(admin, m.KIND_MALING).fields
    fields["detik"][1] = ""
    assert admin.post("/kebijakan", page="/kebijakan", **fields).status_code == 303
    assert [step["detik"] for step in kept(site, m.KIND_MALING)["langkah"]] == [0, 120, 240]


@pytest.mark.parametrize("kind", words.CONFIDENTIAL_KINDS)
def test_for_a_confidential_kind_nothing_is_offered_that_would_be_refused(site, kind):
    form = shown(site.enter("admin"), kind)
    allowed = policy.confidential_to(kind)
    for name, offered in form.offered.items():
        if name.startswith("kepada-"):
            assert set(offered) <= set(allowed)
        assert not name.startswith(("dekat-", "orang-"))
    assert form.offered["sirene"] == ["tidak"] * len(form.fields["sirene"])


def test_a_person_is_chosen_by_name_by_who_may_read_the_register(site):
    admin = site.enter("admin")
    form = {"rt": "5", "rumah": "7", "nama": "Budi Santoso", "nomor": "081234567890", "setuju": "1"}
    assert admin.post("/warga", page="/warga", **form).status_code == 303
    site.account("rw", "ketua_rw")
    page = admin.get("/kebijakan?jenis=1&rt=5").text
    assert "Budi Santoso, Rumah 7" in page and "orang:1" in page
    fields = Form(page).fields
    fields["orang-2"] = ["orang:1"]
    assert admin.post("/kebijakan", page="/kebijakan", **fields).status_code == 303
    assert "orang:1" in kept(site, m.KIND_MALING)["langkah"][1]["kepada"]
    other = site.enter("rw")
    fields = shown(other, m.KIND_MALING).fields
    assert fields["orang-2"] == ["orang:1"], "who may not read the register loses nobody who was chosen"
    assert other.get("/kebijakan?jenis=1&rt=5").text.count("Budi Santoso, Rumah 7") == 0
    assert other.post("/kebijakan", page="/kebijakan", **fields).status_code == 303
    assert "orang:1" in kept(site, m.KIND_MALING)["langkah"][1]["kepada"]


def test_what_somebody_kept_before_is_one_more_choice(site):
    body = copy.deepcopy(policy.default(m.KIND_MALING))
    body["langkah"][1].update(
        detik=77, kepada=["dekat:7"], kartu="{bpbd+pln}, {sar}, {polisi}, {polsek} dulu"
    )
    body.update(ulang=61, akhir=601)
    admin = site.enter("admin")
    with site.hub.store.write() as db:
        by = db.one("SELECT * FROM accounts WHERE login = 'admin'")
        policy_store.save(db, site.hub.now(), by, 5, m.KIND_MALING, body)
    fields = shown(admin, m.KIND_MALING).fields
    assert admin.post("/kebijakan", page="/kebijakan", **fields).status_code == 303
    assert by_set(kept(site, m.KIND_MALING)) == by_set(body)


@pytest.mark.parametrize(
    "card",
    ["", "{polisi}", "{polisi}, {polsek}", "{bpbd+darurat}, {sar}; titik kumpul", "{polisi} bila bahaya",
     "{sapa}, UPTD PPA, {ambulans}", "titik kumpul", "{raja}", "{polisi}, {raja}",
     "{sar}, {pln}, {ppa}, {sapa}"],
)  # fmt: skip
def test_a_card_is_split_and_joined_without_loss(card):
    assert choosing.card_of(*choosing.card_parts(card)) == card


def test_every_choice_may_be_kept():
    for key, (low, high) in policy.LIMITS.items():
        assert low <= min(choosing.PACES[key]) and max(choosing.PACES[key]) <= high, key
        assert all(body[key] in choosing.PACES[key] for body in policy.DEFAULTS.values()), key
    assert max(choosing.SECONDS) <= policy.AFTER_MAX_S and max(choosing.NEAR_CHOICES) <= words.NEAR_MAX
