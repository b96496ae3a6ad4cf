"""On a copy whose riots have a policy of their own: it is whole, shown, and what the gateway calls by."""

from kentongan_hub.policies import policy
from kentongan_wire.message import messages as m


def test_the_policy_is_good_and_what_a_new_site_plays(site):
    ours = policy.default(m.KIND_KERIBUTAN)
    assert policy.check(m.KIND_KERIBUTAN, ours) is ours and ours["langkah"][1]["detik"] == 60
    assert policy.default(m.KIND_MALING)["langkah"][1]["detik"] == 120
    page = site.enter("admin").get(f"/kebijakan?jenis={m.KIND_KERIBUTAN}&rt=5").text
    assert "Babinsa" in page
