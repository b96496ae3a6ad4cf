# runs: cpython micropython
"""Counters: new, repeated, replayed, altered; bounded memory; what survives a restart."""

from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.base.crypto import sha256
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import CONTROL_ROWS, NEW, REPEAT, Guard, ReplyBudget
from kentongan_wire.message.verify import Message, open_message, own_order
from kits.both import raises, random_bytes


def heard(counter, src=101, type=m.ALARM, role=m.TOMBOL, generation=0, content=b"same"):
    return Message(type, role, generation, src, counter, None, False, content)


def receipt(counter, src=301, content=b"same"):
    return heard(counter, src, m.RECEIPTS, m.GATEWAY, 0, content)


def room_for(others):
    """A Guard with so many places for others, and as many for SIREN_ORDER, CONFIG and PAGE."""
    return Guard(2 * others)


def refused(guard, message):
    return raises(RemoteError, guard.check, message).reason


def accepted(guard, message):
    verdict = guard.check(message)
    guard.accept(message)
    return verdict


def test_greater_is_new_equal_is_a_repeat_smaller_is_a_replay():
    guard = Guard()
    assert accepted(guard, heard(7)) == NEW
    assert accepted(guard, heard(7)) == REPEAT
    assert accepted(guard, heard(8)) == NEW
    assert refused(guard, heard(7)) == "replay"
    assert guard.check(heard(0xFFFFFFFF)) == NEW


def test_the_same_counter_with_other_content_is_altered():
    guard = Guard()
    guard.accept(heard(7))
    assert refused(guard, heard(7, content=b"else")) == "altered"
    assert guard.check(heard(7)) == REPEAT


def test_checking_changes_nothing():
    guard = Guard()
    for _ in range(3):
        assert guard.check(heard(7)) == NEW
    guard.accept(heard(7))
    before = guard.dump()
    guard.check(heard(8))
    guard.check(receipt(1))
    raises(RemoteError, guard.check, heard(6))
    assert guard.dump() == before


def test_a_button_has_one_counter_for_all_it_sends():
    guard = Guard()
    guard.accept(heard(7, type=m.ALARM))
    assert refused(guard, heard(6, type=m.STATUS)) == "replay"
    assert guard.check(heard(8, type=m.EVENT)) == NEW
    assert guard.last(101, 0, m.STATUS) == guard.last(101, 0, m.ALARM) == 7


def test_the_others_have_one_counter_a_type():
    guard = Guard()
    guard.accept(heard(7, 201, m.SIREN_REPORT, m.SIRENE))
    assert guard.check(heard(6, 201, m.STATUS, m.SIRENE)) == NEW
    assert refused(guard, heard(6, 201, m.SIREN_REPORT, m.SIRENE)) == "replay"
    assert guard.last(201, 0, m.SIREN_REPORT) == 7
    assert guard.last(201, 0, m.STATUS) is None


def test_a_new_generation_and_another_sender_start_afresh():
    guard = Guard()
    guard.accept(heard(700))
    assert guard.check(heard(1, generation=1)) == NEW
    assert guard.check(heard(1, 102)) == NEW
    assert guard.last(101, 1, m.ALARM) is None
    assert guard.last(102, 0, m.ALARM) is None


def test_accepting_a_late_alarm_never_lowers_the_counter():
    guard = Guard()
    guard.accept(heard(9))
    guard.accept(heard(4, content=b"late"))
    assert guard.last(101, 0, m.ALARM) == 9
    assert guard.check(heard(9)) == REPEAT


def test_receipts_come_in_any_order_within_a_window_of_64():
    guard = Guard()
    for counter in (100, 70, 99, 37):
        assert accepted(guard, receipt(counter)) == NEW
    for counter in (100, 70, 99, 37):
        assert guard.check(receipt(counter)) == REPEAT
    assert guard.check(receipt(38)) == NEW
    assert guard.old_receipts == 0
    assert guard.check(receipt(36)) == REPEAT  # 64 below the highest: only counted
    assert guard.old_receipts == 1
    assert guard.last(301, 0, m.RECEIPTS) == 100


def test_the_window_moves_on_and_jumps():
    guard = Guard()
    for counter in (1, 2, 64):
        guard.accept(receipt(counter))
    assert (guard.check(receipt(1)), guard.check(receipt(3))) == (REPEAT, NEW)
    guard.accept(receipt(65))
    assert (guard.check(receipt(2)), guard.check(receipt(3))) == (REPEAT, NEW)
    guard.accept(receipt(65 + 64))
    assert (guard.check(receipt(66)), guard.check(receipt(65))) == (NEW, REPEAT)
    guard.accept(receipt(0xFFFFFFFF))
    assert guard.check(receipt(0xFFFFFFFE)) == NEW
    assert guard.check(receipt(129)) == REPEAT


def test_a_window_agrees_with_a_list_of_everything_heard():
    guard, known, highest = Guard(), set(), 0
    noise = random_bytes(5)
    for _ in range(2000):
        counter = max(1, highest + next(noise) % 80 - 72)
        expected = REPEAT if counter in known or counter <= highest - 64 else NEW
        assert accepted(guard, receipt(counter)) == expected
        if counter > highest - 64:
            known.add(counter)
        highest = max(highest, counter)


def test_memory_is_bounded_and_what_acts_is_kept_longest():
    guard = room_for(4)
    guard.accept(heard(1, 201, m.STATUS, m.SIRENE))
    for src in (101, 102, 103):
        guard.accept(heard(5, src))
    guard.accept(heard(5, 104))  # the status goes first
    assert guard.evicted == 1
    assert guard.last(201, 0, m.STATUS) is None
    guard.accept(heard(6, 101))
    guard.accept(heard(5, 105))  # then the button heard longest ago
    assert guard.evicted == 2
    assert guard.last(102, 0, m.ALARM) is None
    assert [guard.last(src, 0, m.ALARM) for src in (101, 103, 104, 105)] == [6, 5, 5, 5]
    for n in range(1000):
        guard.accept(heard(1, 1000 + n))
    assert guard.evicted == 1002
    assert len(guard.dump()) == 3 + 2 + 4 * 21 + 4


def test_a_repeat_keeps_a_sender_from_being_the_longest_unheard():
    guard = room_for(2)
    guard.accept(heard(1, 101))
    guard.accept(heard(1, 102))
    guard.accept(heard(1, 101))
    guard.accept(heard(1, 103))
    assert guard.last(101, 0, m.ALARM) == 1
    assert guard.last(102, 0, m.ALARM) is None


def test_a_counter_table_only_raises():
    guard = Guard()
    guard.raise_to(101, 0, 0, 50)
    assert refused(guard, heard(49)) == "replay"
    assert guard.check(heard(50)) == REPEAT  # its content is not known: never new
    assert guard.check(heard(51)) == NEW
    guard.raise_to(101, 0, 0, 40)
    assert guard.last(101, 0, m.ALARM) == 50
    guard.accept(heard(50))
    assert refused(guard, heard(50, content=b"else")) == "altered"
    guard.raise_to(301, 0, m.RECEIPTS, 90)
    assert (guard.check(receipt(60)), guard.check(receipt(91))) == (REPEAT, NEW)
    for generation, type, counter in ((0, 0, 0), (16, 0, 1), (0, 5, 1), (0, 0, 1 << 32)):
        raises(LocalError, guard.raise_to, 101, generation, type, counter)


def test_revoked_senders_and_ended_generations_are_forgotten():
    guard = Guard()
    guard.accept(heard(5))
    guard.accept(heard(5, 102))
    guard.accept(heard(5, generation=1))
    guard.forget(102)
    guard.forget(999)
    assert guard.last(102, 0, m.ALARM) is None
    guard.keep((1,))
    assert guard.last(101, 0, m.ALARM) is None
    assert guard.last(101, 1, m.ALARM) == 5


def filled():
    guard = Guard(8)
    guard.accept(heard(7))
    for counter in (9, 3, 70):
        guard.accept(receipt(counter))
    guard.accept(heard(0xFFFFFFFF, 0xFFFFFFFE, m.SIREN_ORDER, m.GATEWAY, 15))
    guard.raise_to(102, 3, 0, 8)
    return guard


def test_a_dump_brings_back_the_same_judgement():
    saved = filled().dump()
    assert len(saved) == 3 + 2 + 4 * 21 + 4
    guard = Guard(8)
    guard.accept(heard(1, 999))
    guard.load(saved)
    assert guard.dump() == saved
    assert guard.last(999, 0, m.ALARM) is None
    assert guard.check(heard(7)) == REPEAT
    assert refused(guard, heard(6)) == "replay"
    assert refused(guard, heard(7, content=b"else")) == "altered"
    assert [guard.check(receipt(counter)) for counter in (9, 10, 3)] == [REPEAT, NEW, REPEAT]
    empty = Guard().dump()
    guard.load(empty)
    assert guard.dump() == empty


def test_a_device_writes_the_table_as_it_lies_in_memory_which_never_moves():
    guard = Guard(8)
    first = guard.image()
    for n in range(20):
        guard.accept(heard(1, 100 + n))
        guard.forget(100 + n - 3)
    whole = guard.image()
    assert bytes(whole[:3]) == b"KG1" and bytes(whole) == guard.dump()
    first[0] = 0  # the same memory
    assert whole[0] == 0
    assert bytes(guard.image())[:3] == b"KG1"


def test_a_sender_is_not_found_in_the_middle_of_another_ones_row():
    guard = Guard(8)
    guard.raise_to(0x53000100, 0, 0, 0x53000007)  # counter and content: the bytes of 0x53000007's key
    assert guard.last(0x53000007, 0, m.ALARM) is None
    guard.accept(heard(7, 0x53000007))
    assert guard.last(0x53000007, 0, m.ALARM) == 7
    assert guard.last(0x53000100, 0, m.ALARM) == 0x53000007


def test_the_longest_unheard_is_still_known_after_a_restart():
    guard = room_for(3)
    guard.load(filled().dump())
    guard.accept(heard(7))  # the first becomes the latest
    guard.accept(heard(1, 999))  # receipts cannot act: they go
    guard.accept(heard(1, 998))
    assert guard.last(301, 0, m.RECEIPTS) is None
    assert guard.last(102, 3, m.ALARM) is None
    assert guard.last(0xFFFFFFFE, 15, m.SIREN_ORDER) == 0xFFFFFFFF  # it has a place of its own
    assert guard.last(101, 0, m.ALARM) == 7


def test_a_damaged_dump_is_refused_and_changes_nothing():
    saved = filled().dump()
    guard = Guard(8)
    guard.accept(heard(1, 999))
    before = guard.dump()

    def spoilt(data):
        assert raises(RemoteError, guard.load, data).reason == "length"
        assert guard.dump() == before

    for n in range(len(saved)):
        spoilt(saved[:n])
        spoilt(saved[:n] + bytes([saved[n] ^ 0x10]) + saved[n + 1 :])
    spoilt(saved + b"\x00")
    spoilt(bytes(len(saved)))

    def signed(body):
        return body + sha256(body)[:4]

    record = b"\x65\x00\x00\x00\x01\x07\x00\x00\x00same\x00\x00\x00\x00\x01\x00\x00\x00"
    guard.load(signed(b"KG1\x01\x00" + record))
    assert guard.last(101, 0, m.ALARM) == 7
    guard.load(before)
    for body in (
        b"KG2\x01\x00" + record,  # another layout
        b"KG1\x02\x00" + record,  # a count that lies
        b"KG1\x00\x00" + record,
        b"KG1\x01\x00" + record[:-1],
        b"KG1\x02\x00" + record + record,  # one sender twice
        b"KG1\x01\x00" + record[:5] + bytes(4) + record[9:],  # counter 0
        b"KG1\x01\x00" + record[:4] + b"\x05" + record[5:],  # a type that does not exist
        b"KG1\x01\x00" + record[:9] + b"\xff" * 8 + record[17:],  # content of more than four bytes
        b"KG1\x01\x00" + record[:4] + b"\x08" + record[5:9] + bytes(8) + record[17:],  # no top
        b"KG1",
    ):
        spoilt(signed(body))
    small = Guard(3)
    raises(RemoteError, small.load, saved)


def test_any_bytes_load_or_are_refused():
    noise = random_bytes(6)
    guard = Guard()
    for _ in range(300):
        data = b"KG1" + bytes([next(noise) for _ in range(next(noise))])
        assert raises(RemoteError, guard.load, data).reason == "length"


def test_a_repeat_is_answered_every_two_seconds_and_thirty_times():
    budget = ReplyBudget()
    assert budget.allow(101, 7, 5_000)
    assert not budget.allow(101, 7, 6_999)
    assert budget.allow(101, 7, 7_000)
    assert budget.allow(101, 8, 7_000)
    assert budget.allow(102, 7, 7_000)
    answered = 2 + sum(budget.allow(101, 7, 9_000 + 500 * n) for n in range(1000))
    assert answered == 30 and not budget.allow(101, 7, 10_000_000)
    slower = ReplyBudget(pace=188)  # where frames take longer
    assert [slower.allow(101, 7, at_ms) for at_ms in (5_000, 8_759, 8_760)] == [True, False, True]


def test_an_answer_that_never_went_out_does_not_count_but_the_two_seconds_do():
    budget = ReplyBudget()
    for n in range(100):
        assert budget.allow(101, 7, 3_000 * n)
        budget.unsaid(101, 7)
    assert not budget.allow(101, 7, 298_000)
    budget.unsaid(101, 7)
    budget.unsaid(102, 7)
    assert sum(budget.allow(101, 7, 300_000 + 2_000 * n) for n in range(100)) == 30


def test_the_reply_budget_is_bounded_and_forgets_the_longest_unanswered():
    budget = ReplyBudget(3)
    assert budget.allow(101, 0, 0), "the first answer is free at time zero"
    for counter in range(100):
        assert budget.allow(101, counter + 1, counter)
    assert len(budget._answers) == 3
    assert not budget.allow(101, 100, 200)
    assert not budget.allow(101, 98, 200)


def test_a_status_heard_last_still_goes_before_a_button():
    guard = room_for(2)
    guard.accept(heard(5, 101))
    guard.accept(heard(1, 201, m.STATUS, m.SIRENE))
    guard.accept(heard(5, 102))
    assert guard.last(201, 0, m.STATUS) is None
    assert guard.last(101, 0, m.ALARM) == 5


def test_any_mix_of_hearing_forgetting_and_restarting_agrees_with_a_plain_list():
    noise = random_bytes(7)
    guard, known = room_for(6), []  # known: [src, counter], the longest unheard first
    for _ in range(3000):
        src, what = 101 + next(noise) % 9, next(noise)
        mine = [pair for pair in known if pair[0] == src]
        if what < 20:
            guard.forget(src)
            known = [pair for pair in known if pair[0] != src]
        elif what < 30:
            saved = guard.dump()
            guard = room_for(6)
            guard.load(saved)
        else:
            counter = (mine[0][1] if mine else 0) + 1 + what % 2
            assert accepted(guard, heard(counter, src)) == NEW
            known = [pair for pair in known if pair[0] != src] + [[src, counter]]
            known = known[-6:]
        for src in range(101, 110):
            mine = [pair[1] for pair in known if pair[0] == src]
            assert guard.last(src, 0, m.ALARM) == (mine[0] if mine else None)


def test_the_rows_are_what_a_table_carries():
    guard = Guard()
    guard.accept(heard(7))
    guard.accept(heard(9, src=201, type=m.STATUS, role=m.PENERUS, generation=1))
    assert guard.rows() == [(101, 0, 0, 7), (201, 1, m.STATUS, 9)]
    other = Guard()
    for row in guard.rows():
        other.raise_to(*row)
    assert refused(other, heard(6)) == "replay"


SITE = bytes(range(32))
ROOTS = site_keys.alarm_root(SITE, 0), site_keys.control_root(SITE, 0)
SITE_KEYS = site_keys.SiteKeys({0: ROOTS[0]}, {0: ROOTS[1]}, 0)
POST, GATE = 201, 301
POST_KEYS = keys.PostKeys(POST, {0: site_keys.held(ROOTS[0], ROOTS[1], POST, m.SIRENE, 0)}, 0)


def made_by_a_stolen_post(type, role, src, counter, body):
    """A true frame in another's name, with all that an alarm root gives."""
    a, r = POST_KEYS.a(src, role, 0), POST_KEYS.r(src, role, 0)
    return m.encode(type, role, 0, counter, src, body, a, r, a)


def gate_says(type, body, counter, key):
    return m.encode(type, m.GATEWAY, 0, counter, GATE, body, key, SITE_KEYS.r(GATE, m.GATEWAY, 0))


def config_and_order(counter):
    """Return the messages that a post accepts of its gateway at that counter: settings and an order."""
    own = POST_KEYS.c(POST, m.SIRENE, 0)
    settings = gate_says(m.CONFIG, m.Config(POST, counter, 0, 1, b""), counter, own)
    target = m.order_target(GATE, counter, POST, 0, 0, m.ACTION_TEST, 0, 0, own)
    order = gate_says(m.SIREN_ORDER, m.SirenOrder(0, 0, m.ACTION_TEST, 0, 0, (target,)), counter,
                      SITE_KEYS.c(GATE, m.GATEWAY, 0))  # fmt: skip
    return [open_message(settings, GATE, BROADCAST, POST_KEYS), own_order(order, GATE, POST, POST_KEYS)]


def test_276_true_alarms_of_senders_that_do_not_exist_bring_no_old_order_and_no_old_settings_back():
    guard = Guard(256)  # as a post has it
    for message in config_and_order(9) + config_and_order(10):
        assert accepted(guard, message) == NEW
    flood = m.Alarm(0, 1, 5, m.KIND_MALING, 0, 150)
    for i in range(276):
        src = 0x60000000 + i
        payload = made_by_a_stolen_post(m.ALARM, m.TOMBOL, src, 1, flood)
        assert accepted(guard, open_message(payload, src, BROADCAST, POST_KEYS)) == NEW
    assert guard.evicted == 276 - (256 - CONTROL_ROWS)
    for message in config_and_order(9):
        assert refused(guard, message) == "replay"
    for message in config_and_order(10):
        assert guard.check(message) == REPEAT
    saved = guard.dump()
    guard = Guard(256)
    guard.load(saved)
    for message in config_and_order(9):
        assert refused(guard, message) == "replay"


def test_receipts_of_gateways_that_do_not_exist_bring_no_old_report_event_or_status_back():
    guard = Guard(256)
    chime, button = 401, 101
    about = (chime, m.PENERIMA, 0)
    coming = [open_message(m.encode(m.EVENT, m.PENERIMA, 0, n, chime, m.Event(m.EVENT_COMING, 0, button, n),
                                    SITE_KEYS.c(*about), SITE_KEYS.r(*about)), chime, BROADCAST, SITE_KEYS)
              for n in (1, 2)]  # fmt: skip
    for message in coming:
        guard.accept(message)
    guard.accept(heard(3, 201, m.SIREN_REPORT, m.SIRENE))
    guard.accept(heard(3, 201, m.STATUS, m.SIRENE))
    for i in range(300):
        src = 0x60000000 + i
        entry = m.receipt_entry(src, button, 1, m.STAGE_SOUNDING, 1, 0, 0, POST_KEYS.a(button, m.TOMBOL, 0))
        payload = made_by_a_stolen_post(m.RECEIPTS, m.GATEWAY, src, 1, m.Receipts((entry,)))
        assert accepted(guard, open_message(payload, src, BROADCAST, SITE_KEYS)) == NEW
    assert guard.evicted > 90
    assert refused(guard, coming[0]) == "replay"
    for type in (m.SIREN_REPORT, m.STATUS):
        assert refused(guard, heard(2, 201, type, m.SIRENE)) == "replay"


def test_no_alarm_reaches_the_gateways_counters_without_its_proof():
    forged = made_by_a_stolen_post(m.ALARM, m.TOMBOL, 101, 0xFFFFFFFF, m.Alarm(0, 1, 5, 1, 0, 150))
    assert raises(RemoteError, open_message, forged, 101, BROADCAST, SITE_KEYS).reason == "unproved"


def control(counter, src, type):
    return heard(counter, src, type, m.GATEWAY)


def test_the_places_of_control_hold_seven_gateways_in_two_generations():
    guard, kept = Guard(256), 0
    for generation in (0, 1):
        for src in range(301, 308):
            for type in (m.SIREN_ORDER, m.CONFIG, m.PAGE):
                guard.accept(heard(5, src, type, m.GATEWAY, generation))
                kept += 1
    assert kept <= guard.reserved == CONTROL_ROWS
    for n in range(600):
        guard.accept(heard(1, 1000 + n))
        guard.accept(receipt(1, 2000 + n))
    rows = guard.rows()
    assert len(rows) == 256 - (CONTROL_ROWS - kept) and len([row for row in rows if row[0] < 308]) == kept


def test_control_beyond_its_places_takes_those_of_others_and_at_last_its_own_oldest():
    guard = room_for(3)
    for src in (101, 102, 103):
        guard.accept(heard(1, src))
    for n in range(4):
        guard.accept(control(1, 301 + n, m.CONFIG))
    assert guard.last(101, 0, m.ALARM) is None and guard.last(102, 0, m.ALARM) == 1
    for n in range(4, 9):
        guard.accept(control(1, 301 + n, m.CONFIG))
    assert [row[0] for row in sorted(guard.rows())] == [304, 305, 306, 307, 308, 309]


def test_a_table_from_before_with_more_alarms_than_now_have_room_is_loaded_and_shrinks_by_no_control():
    old = Guard(16)
    for n in range(8):
        old.accept(heard(1, 101 + n))
    guard = room_for(4)
    guard.load(old.dump())
    guard.accept(control(1, 301, m.SIREN_ORDER))
    for n in range(20):
        guard.accept(heard(1, 1000 + n))
    assert guard.last(301, 0, m.SIREN_ORDER) == 1
    assert len(guard.rows()) <= 8
