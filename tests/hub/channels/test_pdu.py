"""SMS at PDU level: bytes that others published, every alphabet, every refusal, and any bytes at all."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kentongan_hub.channels import pdu
from kits.outside import gsm_pdu

# PDUs that real networks made, as published in the tests of python-messaging (messaging/test/test_gsm.py);
# the first one is from the tutorial "SMS and the PDU format", with which most codecs are tried
PUBLISHED = {
    "an answer in seven bits": (
        "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
        ("+31641600986", "How are you?", None),
    ),
    "UCS-2": (
        "07914306073011F0040B914316709807F2000880604290224080084E2D5174901A8BAF",
        ("+34610789702", "中兴通讯", None),
    ),
    "a sender with a name": (
        "07919471060040340409D0C6A733390400009060920173018093CC74595C96838C4F6772085AD6DDE4320B444E9741D4B03C6D7EC3"
        "E9E9B71B9474D3CB727799DEA286CFE5B9991DA6CBC3F432E85E9793CBA0F09A9EB6A7CB72BA0B9474D3CB727799DE72D6E9FABAFB"
        "0CBAA7E56490BA4CD7D34170F91BE4ACD3F575F7794E0F9F4161F1B92C2F8FD1EE32DD054AA2E520E3D3991C82A8E5701B",
        (
            "FONIC",
            "Lieber FONIC Kunde, die Tarifoption Internet-Tagesflatrate wurde aktiviert. Internet-Nutzung "
            "wird jetzt pro Nutzungstag abgerechnet. Ihr FONIC Team",
            None,
        ),
    ),
    "the first of two parts, with a sign of the extension table": (
        "07919471227210244405852122F039F101506271217180A005000319020198E9B2B82C0759DFE4B0F9ED2EB7967537B9CC02B5D37450"
        "122D2FCB41EE303DFD7687D96537881A96A7CD6F383DFD7683F46134BBEC064DD36550DA0D22A7CBF3721BE42CD3F5A0198B56036DCA"
        "20B8FC0D6A0A4170767D0EAAE540433A082E7F83A6E5F93CFD76BB40D7B2DB0D9AA6CB2072BA3C2F83926EF31BE44E8FD17450BB8C96"
        "83CA",
        (
            "12220",
            "Lieber Vodafone-Kunde, mit Ihrer nationalen Tarifoption zahlen Sie in diesem Netz 3,45 € pro MB "
            "plus 59 Ct pro Session. Wenn Sie diese Info nicht mehr e",
            (0x19, 2, 1),
        ),
    ),
    "the second of two parts": (
        "07919471227210244405852122F039F101506271218180"
        "4F050003190202E4E8309B5E7683DAFC319A5E76B340F73D9A5D7683A6E93268FD9ED3CB6EF67B0E5AD172B19B2C2693C9602E90355D"
        "6683A6F0B007946E8382F5393BEC26BB00",
        ("12220", "rhalten möchten, wählen Sie kostenlos +4917212220. Viel Spaß im Ausland.", (0x19, 2, 2)),
    ),
}
PUBLISHED_REPORT = "07914306073011F006270B913426565711F7012081111345400120811174054043"
SITI = "+6281211110001"


def read(line):
    found = pdu.read(pdu.octets_of(line, gsm_pdu.length_of(line)))
    return found.sender, found.text, found.part


def refusal(line):
    with pytest.raises(pdu.Refused) as refused:
        read(line)
    return refused.value.reason


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_networks_sent_is_read_as_published(name):
    line, expected = PUBLISHED[name]
    assert read(line) == expected


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_models_own_codec_agrees_with_what_networks_sent(name):
    line, (sender, text, part) = PUBLISHED[name]
    header = gsm_pdu.joined(*part) if part else b""
    made = gsm_pdu.deliver(sender, text, header=header)
    assert read(made) == (sender, text, part)
    coding = gsm_pdu.UCS2 if name == "UCS-2" else gsm_pdu.GSM7
    assert line.endswith(gsm_pdu.user_data(text, coding, header)[1].hex().upper()), "the same octets of text"


@pytest.mark.parametrize(
    "text",
    [
        "OK", "DATANG 12", "baris satu\nbaris dua\r\nOK", "@£$¥ é", "{[~]} € ^|\\", "€" * 80, "a" * 160, "",
        "DATANG 1 🙏", "👍🏽", "ＤＡＴＡＮＧ １", "ध" * 70, "\n+CMGL: 7,0,,24\n0591",
    ],
)  # fmt: skip
def test_every_alphabet_comes_back_as_it_was_written(text):
    assert read(gsm_pdu.deliver(SITI, text)) == (SITI, text, None)
    assert read(gsm_pdu.deliver("081211110001", text)) == ("081211110001", text, None)


@pytest.mark.parametrize("dcs", [0x10, 0xF0, 0xF1, 0x11, 0xC8, 0xD0])
def test_classes_and_waiting_marks_are_letters_like_others(dcs):
    assert read(gsm_pdu.deliver(SITI, "DATANG 1", dcs=dcs & ~0x08))[1] == "DATANG 1"


@pytest.mark.parametrize("dcs", [0x18, 0x19, 0xE0, 0xE8])
def test_ucs2_is_seen_in_every_group_of_codings(dcs):
    body = gsm_pdu.deliver(SITI, "DATANG 1 🙏", dcs=gsm_pdu.UCS2)
    at = body.index("0008") + 2
    assert read(body[:at] + f"{dcs:02X}" + body[at + 2 :])[1] == "DATANG 1 🙏"


@pytest.mark.parametrize("reference", [0, 0x1B, 0x36, 0x7F, 0xFF])
@pytest.mark.parametrize("wide", [False, True])
def test_parts_are_known_by_either_header_and_by_any_reference(reference, wide):
    found = [read(line) for line in gsm_pdu.parts(SITI, ["DATANG {1}", " pak"], reference, wide)]
    assert [one[1] for one in found] == ["DATANG {1}", " pak"]
    assert [one[2][1:] for one in found] == [(2, 1), (2, 2)]
    assert found[0][2][0] == found[1][2][0]


def test_a_part_is_known_beside_other_elements_of_its_header():
    header = bytes([8, 0x24, 1, 1, 0, 3, 7, 2, 1])  # a national table before the join
    assert read(gsm_pdu.deliver(SITI, "DATANG", header=header))[2] == (7, 2, 1)


@pytest.mark.parametrize("numbers", [(0, 0), (2, 0), (2, 3), (1, 1)])
def test_senseless_numbers_of_parts_are_no_parts(numbers):
    line = gsm_pdu.deliver(SITI, "DATANG 1", header=bytes([5, 0, 3, 7, *numbers]))
    assert read(line) == (SITI, "DATANG 1", None)


def test_what_is_no_text_for_a_person_is_refused_by_its_kind():
    ports = bytes([6, 5, 4, 0x0B, 0x84, 0, 0])
    assert refusal(gsm_pdu.deliver(SITI, b"\1\2\3", dcs=4)) == pdu.BINARY
    assert refusal(gsm_pdu.deliver(SITI, b"\1\2\3", dcs=0xF5)) == pdu.BINARY
    assert refusal(gsm_pdu.deliver(SITI, "DATANG 1", dcs=0x20)) == pdu.BINARY, "compressed"
    assert refusal(gsm_pdu.deliver(SITI, "DATANG 1", header=ports)) == pdu.BINARY, "for a program"
    assert refusal(gsm_pdu.report(SITI)) == refusal(PUBLISHED_REPORT) == pdu.REPORT
    assert refusal(pdu.written(SITI, "KEBAKARAN", 1)[0][1]) == pdu.OWN
    assert refusal(gsm_pdu.deliver(SITI, "a", header=gsm_pdu.joined(7, 11, 1))) == pdu.TOO_LONG


@pytest.mark.parametrize(
    ("line", "length"),
    [("", 0), ("00", 0), ("0", 1), ("zz", 1), ("0591", 24), ("00" * 200, 199), ("FF00", 1)],
)
def test_a_line_that_is_not_as_long_as_the_modem_said_is_refused(line, length):
    with pytest.raises(pdu.Refused, match=pdu.BROKEN):
        pdu.octets_of(line, length)


def test_a_modem_that_leaves_the_service_centre_out_is_understood():
    line = gsm_pdu.deliver(SITI, "DATANG 1")
    bare = line[len(gsm_pdu.CENTRE) :]
    assert pdu.read(pdu.octets_of(bare, len(bare) // 2)).text == "DATANG 1"


def test_the_same_message_by_another_service_centre_is_the_same_message():
    line = gsm_pdu.deliver(SITI, "DATANG 1")
    other = "07912618000001F1" + line[len(gsm_pdu.CENTRE) :]
    assert pdu.digest_of(bytes.fromhex(line)) == pdu.digest_of(bytes.fromhex(other))
    assert pdu.digest_of(bytes.fromhex(line)) != pdu.digest_of(
        bytes.fromhex(gsm_pdu.deliver(SITI, "DATANG 1", when="26/11/24,22:30:01+28"))
    )


@given(st.text(alphabet=st.characters(codec="ascii", min_codepoint=32), max_size=600), st.integers(0, 255))
def test_what_goes_out_is_read_back_by_an_independent_codec(text, reference):
    found = [gsm_pdu.read_submit(line) for _, line in pdu.written(SITI, text, reference)]
    assert "".join(one["text"] for one in found) == pdu.plain(text)[: len("".join(pdu.pieces(text)))]
    assert {(one["number"], one["dcs"]) for one in found} == {(SITI, 0)}
    for (length, line), one in zip(pdu.written(SITI, text, reference), found, strict=True):
        assert length == gsm_pdu.length_of(line)
        assert len(found) == 1 or one["part"][1] == len(found)


SEEDS = st.sampled_from([bytes.fromhex(line) for line, _ in PUBLISHED.values()])


@settings(max_examples=400)
@given(
    st.binary(max_size=190) | SEEDS, st.lists(st.tuples(st.integers(0, 189), st.integers(0, 255)), max_size=4)
)
@example(bytes([0, 0x44] + [0xFF] * 170), [])
def test_any_bytes_are_a_message_or_refused_with_a_documented_reason(octets, flips):
    octets = bytearray(octets)
    for at, value in flips:
        if at < len(octets):
            octets[at] = value
    line = octets.hex()
    for length in {len(octets), len(octets) - 1 - (octets[0] if octets else 0)}:
        try:
            found = pdu.read(pdu.octets_of(line, length))
        except pdu.Refused as refused:
            assert refused.reason in (pdu.BROKEN, pdu.BINARY, pdu.REPORT, pdu.OWN, pdu.TOO_LONG)
        else:
            assert len(found.text) <= 160 and isinstance(found.sender, str)
