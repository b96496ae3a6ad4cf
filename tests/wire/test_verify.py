# runs: cpython micropython
"""Forged, foreign, revoked, outdated: what each holder of keys believes, and why it refuses the rest."""
from both import raises, random_bytes
from kentongan_wire import keys, site_keys
from kentongan_wire import messages as m
from kentongan_wire.errors import REASONS, RemoteError
from kentongan_wire.packet import BROADCAST
from kentongan_wire.verify import open_message, own_entry, own_order

SITE = bytes(range(32))
ALARM_ROOTS = {g: site_keys.alarm_root(SITE, g) for g in (0, 1)}
CONTROL_ROOTS = {g: site_keys.control_root(SITE, g) for g in (0, 1)}
SITE_KEYS = site_keys.SiteKeys(ALARM_ROOTS, CONTROL_ROOTS, 0)
BUTTON, OTHER, POST, POST2, GATE, CHIME = 101, 102, 201, 202, 301, 401
A, C = SITE_KEYS.a, SITE_KEYS.c
POST_KEYS = keys.PostKeys(POST, {0: ALARM_ROOTS[0]}, {0: C(POST, m.SIRENE, 0)}, 0)
BUTTON_KEYS = keys.OwnKeys(BUTTON, m.TOMBOL, {0: (A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0))}, 0)
CHIME_KEYS = keys.OwnKeys(CHIME, m.PENERIMA, {0: (A(CHIME, m.PENERIMA, 0), C(CHIME, m.PENERIMA, 0))}, 0)


def alarm_body(attempt=0, kind=m.KIND_MALING, flags=0):
    return m.Alarm(attempt, 77, 3, kind, flags, 150, 0)


def alarm(body=None, counter=77, src=BUTTON, key=None, generation=0):
    return m.encode(m.ALARM, m.TOMBOL, generation, counter, src, body or alarm_body(),
                    key or A(src, m.TOMBOL, generation))


def from_gate(type, body, key=None, counter=5):
    return m.encode(type, m.GATEWAY, 0, counter, GATE, body, key or A(GATE, m.GATEWAY, 0))


def refused(payload, src, ring, revoked=(), to=BROADCAST):
    return raises(RemoteError, open_message, payload, src, to, ring, revoked).reason


def order(targets=(POST,), seconds=90):
    tags = tuple([m.order_target(GATE, 5, t, BUTTON, 77, m.ACTION_START, 1, seconds, C(t, m.SIRENE, 0))
                  for t in targets])
    return from_gate(m.SIREN_ORDER, m.SirenOrder(BUTTON, 77, m.ACTION_START, 1, seconds, tags))


def receipts(entries, role=m.GATEWAY, src=GATE):
    return m.encode(m.RECEIPTS, role, 0, 6, src, m.Receipts(tuple(entries)), A(src, role, 0))


def entry(stage=m.STAGE_STORED, node=BUTTON, sender=GATE, key=None):
    key = key or (A if stage == 1 else C)(node, m.TOMBOL, 0)
    zone, kind = (3, m.KIND_MALING) if stage == 2 else (0, 0)
    return m.receipt_entry(sender, node, 77, stage, 1, zone, kind, key)


def test_a_post_and_a_gateway_read_an_alarm_alike():
    for ring in (POST_KEYS, SITE_KEYS, BUTTON_KEYS):
        message = open_message(alarm(), BUTTON, BROADCAST, ring)
        assert tuple(message)[:7] == (m.ALARM, m.TOMBOL, 0, BUTTON, 77, alarm_body(), False)


def test_a_silent_alarm_is_read_by_the_gateway_only():
    silent = alarm(alarm_body(0, m.KIND_KEKERASAN, m.FLAG_SILENT), key=C(BUTTON, m.TOMBOL, 0))
    assert open_message(silent, BUTTON, BROADCAST, SITE_KEYS).silent
    assert refused(silent, BUTTON, POST_KEYS) == "tag"


def test_whatever_hints_at_silence_is_silent():
    under_c = alarm(alarm_body(), key=C(BUTTON, m.TOMBOL, 0))
    assert open_message(under_c, BUTTON, BROADCAST, SITE_KEYS).silent is True
    flagged = alarm(alarm_body(0, m.KIND_MALING, m.FLAG_SILENT))
    kind_8 = alarm(alarm_body(0, m.KIND_KEKERASAN, 0))
    for payload in (flagged, kind_8):
        for ring in (POST_KEYS, SITE_KEYS):
            assert open_message(payload, BUTTON, BROADCAST, ring).silent is True
    assert open_message(alarm(alarm_body(0, 99)), BUTTON, BROADCAST, POST_KEYS).silent is False


def test_a_page_says_silent_for_silent_kinds():
    for kind, flags, silent in ((1, 0, False), (m.KIND_KEKERASAN, 0, True), (1, m.FLAG_SILENT, True)):
        page = from_gate(m.PAGE, m.Page(CHIME, 77, kind, 12, 3, flags), C(CHIME, m.PENERIMA, 0))
        message = open_message(page, GATE, BROADCAST, CHIME_KEYS)
        assert message.body == m.Page(CHIME, 77, kind, 12, 3, flags)
        assert message.silent is silent


def test_one_flipped_bit_anywhere_is_refused():
    payload = alarm()
    for bit in range(8 * len(payload)):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        assert refused(bytes(forged), BUTTON, POST_KEYS) in (
            "tag", "version", "type", "role", "generation", "length")


def test_sender_and_destination_are_under_the_tag():
    assert refused(alarm(), OTHER, SITE_KEYS) == "tag"
    assert refused(alarm(), BUTTON, SITE_KEYS, (), GATE) == "tag"
    for src in (0, 3, BROADCAST):
        assert refused(alarm(), src, SITE_KEYS) == "header"


def test_a_stolen_button_key_raises_no_alarm_of_another_and_no_other_role():
    stolen = A(BUTTON, m.TOMBOL, 0)
    assert refused(alarm(src=OTHER, key=stolen), OTHER, SITE_KEYS) == "tag"
    report = m.encode(m.SIREN_REPORT, m.SIRENE, 0, 9, BUTTON, m.SirenReport(OTHER, 7, 1, 1), stolen)
    assert refused(report, BUTTON, SITE_KEYS) == "tag"
    fake_order = m.encode(m.SIREN_ORDER, m.GATEWAY, 0, 9, GATE,
                          m.SirenOrder(OTHER, 7, 1, 1, 60, ((POST, bytes(8)),)), stolen)
    assert refused(fake_order, GATE, POST_KEYS) == "tag"


def test_a_stolen_post_fakes_alarms_but_gives_no_order_and_no_stage_above_one():
    a_gate, c_post = A(GATE, m.GATEWAY, 0), C(POST, m.SIRENE, 0)  # alarm_root gives it A of everyone
    fake = m.encode(m.SIREN_ORDER, m.GATEWAY, 0, 9, GATE, m.SirenOrder(BUTTON, 7, 1, 1, 60, (
        m.order_target(GATE, 9, POST2, BUTTON, 7, 1, 1, 60, c_post),)), a_gate)
    message = open_message(fake, GATE, BROADCAST, SITE_KEYS)
    assert raises(RemoteError, own_order, message, POST2, C(POST2, m.SIRENE, 0)).reason == "tag"
    coming = receipts([entry(m.STAGE_COMING, key=A(BUTTON, m.TOMBOL, 0))])
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    assert raises(RemoteError, own_entry, coming, GATE, BUTTON, a, c).reason == "tag"


def test_the_checks_come_in_the_written_order():
    assert refused(alarm(), BUTTON, SITE_KEYS, (BUTTON,)) == "revoked"
    bad_tag = alarm()[:-8] + bytes(8)
    assert refused(bad_tag, BUTTON, SITE_KEYS, {BUTTON}) == "revoked"
    assert refused(bytes([bad_tag[0], bad_tag[1] | 7]) + bad_tag[2:], BUTTON, SITE_KEYS) == "generation"
    assert refused(bytes([0x20]) + bad_tag[1:], BUTTON, SITE_KEYS, {BUTTON}) == "version"
    assert refused(bad_tag, BUTTON, SITE_KEYS) == "tag"
    assert open_message(alarm(), BUTTON, BROADCAST, SITE_KEYS, (OTHER,)).src == BUTTON


def test_both_generations_are_accepted_during_a_rotation_and_only_then():
    new = alarm(generation=1)
    assert open_message(new, BUTTON, BROADCAST, SITE_KEYS).generation == 1
    assert refused(new, BUTTON, POST_KEYS) == "generation"
    relabelled = bytes([new[0], new[1] & 0xF0]) + new[2:]
    assert refused(relabelled, BUTTON, SITE_KEYS) == "tag"


def test_without_the_key_nothing_is_judged():
    assert refused(alarm(src=OTHER), OTHER, BUTTON_KEYS) == "no_key"
    assert refused(receipts([entry()]), GATE, BUTTON_KEYS) == "no_key"


def test_config_and_page_are_read_by_their_target_and_the_site_only():
    config = from_gate(m.CONFIG, m.Config(POST, 3, 0, 1, b"tlv"), C(POST, m.SIRENE, 0))
    for ring in (POST_KEYS, SITE_KEYS):
        assert open_message(config, GATE, BROADCAST, ring).body == m.Config(POST, 3, 0, 1, b"tlv")
    assert refused(config, GATE, CHIME_KEYS) == "not_for_us"
    forged = from_gate(m.CONFIG, m.Config(POST, 3, 0, 1, b"tlv"), A(POST, m.SIRENE, 0))
    assert refused(forged, GATE, POST_KEYS) == "tag"
    assert refused(forged, GATE, SITE_KEYS) == "tag"
    page = from_gate(m.PAGE, m.Page(CHIME, 77, 1, 12, 3, 0), C(CHIME, m.PENERIMA, 0))
    assert open_message(page, GATE, BROADCAST, SITE_KEYS).body.house == 12
    assert refused(page, GATE, POST_KEYS) == "not_for_us"


def test_statuses_reports_and_events_are_read_under_the_senders_key():
    status = m.NodeStatus(1, 2, -3, -4, -5, 6, 7, 8, 9, 10, (1, 2, 3))
    for type, role, src, body in (
            (m.STATUS, m.TOMBOL, BUTTON, m.ButtonStatus(1, 150, 30, -90, 1, 2, 3, 0)),
            (m.STATUS, m.SIRENE, POST, status), (m.STATUS, m.PENERIMA, CHIME, status),
            (m.SIREN_REPORT, m.SIRENE, POST, m.SirenReport(BUTTON, 77, 1, 1)),
            (m.EVENT, m.PENERIMA, CHIME, m.Event(m.EVENT_COMING, 1, 77))):
        payload = m.encode(type, role, 0, 9, src, body, A(src, role, 0))
        assert open_message(payload, src, BROADCAST, SITE_KEYS).body == body
        assert refused(m.encode(type, role, 0, 9, src, body, C(src, role, 0)), src, SITE_KEYS) == "tag"


def test_a_post_receipts_stage_one_and_nothing_above():
    one = receipts([entry(1, sender=POST)], m.SIRENE, POST)
    assert open_message(one, POST, BROADCAST, POST_KEYS).body.entries[0].stage == 1
    two = bytearray(receipts([entry(2)]))
    two[1] = m.SIRENE << 4
    two[-8:] = m.outer_tag(A(POST, m.SIRENE, 0), POST, BROADCAST, bytes(two[:-8]))
    assert refused(bytes(two), POST, POST_KEYS) == "stage"
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    assert raises(RemoteError, own_entry, bytes(two), POST, BUTTON, a, c).reason == "stage"


def test_a_button_judges_only_its_own_entry_and_ignores_the_outer_tag():
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    payload = receipts([entry(2, OTHER), entry(2), entry(4, OTHER)])[:-8] + bytes(8)
    envelope, own = own_entry(payload, GATE, BUTTON, a, c)
    assert envelope.role == m.GATEWAY and envelope.counter == 6
    assert (own.node, own.counter, own.stage, own.sounding) == (BUTTON, 77, 2, 1)
    assert own_entry(receipts([entry(2, OTHER)]), GATE, BUTTON, a, c)[1] is None
    assert own_entry(receipts([entry(1)]), GATE, BUTTON, a, c)[1].stage == 1
    for stage in (2, 3, 4, 5):
        assert own_entry(receipts([entry(stage)]), GATE, BUTTON, a, c)[1].stage == stage


def test_a_forged_own_entry_is_refused():
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    payload = receipts([entry(3)])
    for bit in range(8 * 7, 8 * 22):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        try:
            assert own_entry(bytes(forged), GATE, BUTTON, a, c)[1] is None  # no longer ours
            assert 7 <= bit // 8 < 11
        except RemoteError as error:
            assert error.reason in ("tag", "stage", "field")
    assert raises(RemoteError, own_entry, payload, POST, BUTTON, a, c).reason == "tag"  # another sender
    assert raises(RemoteError, own_entry, payload, GATE, BUTTON, a, None).reason == "no_key"
    assert raises(RemoteError, own_entry, alarm(), BUTTON, BUTTON, a, c).reason == "type"


def test_an_order_counts_for_its_targets_only():
    message = open_message(order((POST, POST2)), GATE, BROADCAST, POST_KEYS)
    assert own_order(message, POST, C(POST, m.SIRENE, 0)) is True
    assert own_order(message, POST2, C(POST2, m.SIRENE, 0)) is True
    assert raises(RemoteError, own_order, message, 203, C(203, m.SIRENE, 0)).reason == "not_for_us"
    assert raises(RemoteError, own_order, message, POST, C(POST2, m.SIRENE, 0)).reason == "tag"
    assert raises(RemoteError, own_order, message, POST, None).reason == "no_key"
    other = open_message(alarm(), BUTTON, BROADCAST, POST_KEYS)
    assert raises(RemoteError, own_order, other, POST, C(POST, m.SIRENE, 0)).reason == "type"


def test_an_order_above_180_seconds_is_sent_and_judged_as_180():
    message = open_message(order((POST,), 600), GATE, BROADCAST, POST_KEYS)
    assert message.body.seconds == 180
    assert own_order(message, POST, C(POST, m.SIRENE, 0)) is True


def test_the_digest_is_equal_over_attempts_and_differs_for_all_else():
    def digest(body, counter=77, key=None):
        return open_message(alarm(body, counter, key=key), BUTTON, BROADCAST, SITE_KEYS).digest

    first = digest(alarm_body())
    assert len(first) == 4
    assert digest(alarm_body(19)) == first
    for other in (digest(alarm_body(0, 2)), digest(alarm_body(0, 1, m.FLAG_CANCEL)), digest(alarm_body(), 78),
                  digest(alarm_body(), key=C(BUTTON, m.TOMBOL, 0))):
        assert other != first


def test_any_payload_is_read_or_refused_with_a_known_reason():
    noise = random_bytes(4)
    good = (alarm(), order(), receipts([entry()]), from_gate(m.CONFIG, m.Config(POST, 3, 0, 1, b"tlv"),
                                                             C(POST, m.SIRENE, 0)))
    rings = (POST_KEYS, SITE_KEYS, BUTTON_KEYS)
    for n in range(2000):
        payload = bytearray([next(noise) for _ in range(next(noise))])
        if n % 2:
            payload = bytearray(good[next(noise) % len(good)])
            payload[next(noise) % len(payload)] = next(noise)
            payload = payload[: len(payload) - (next(noise) % 3)]
        try:
            open_message(bytes(payload), GATE, BROADCAST, rings[n % 3])
        except RemoteError as error:
            assert error.reason in REASONS
        try:
            own_entry(bytes(payload), GATE, BUTTON, SITE, SITE)
        except RemoteError as error:
            assert error.reason in REASONS
