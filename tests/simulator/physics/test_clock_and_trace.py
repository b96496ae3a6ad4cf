"""Virtual time never runs backwards, and a trace is as good as its hash."""

import hashlib
import json

from kentongan_sim.physics.clock import Clock
from kentongan_sim.world.trace import Trace


def test_things_happen_in_order_of_time_then_of_asking():
    clock, seen = Clock(), []
    for name, t_us in (("late", 20), ("first", 10), ("second", 10)):
        clock.at(t_us, seen.append, name)
    clock.run_until(15)
    assert seen == ["first", "second"] and clock.now_us == 15 and clock.next_us() == 20


def test_what_is_asked_for_in_the_past_happens_now():
    clock, seen = Clock(), []
    clock.run_until(100)
    clock.at(5, lambda: seen.append(clock.now_us))
    clock.run_until(100)
    assert seen == [100]


def test_a_cancelled_entry_does_not_run_and_is_not_next():
    clock, seen = Clock(), []
    clock.cancel(clock.at(10, seen.append, "never"))
    assert clock.next_us() is None
    clock.run_until(50)
    assert seen == []


def test_the_hash_tells_any_two_histories_apart(tmp_path):
    one, same, other = Trace(), Trace(), Trace()
    for trace, value in ((one, 1), (same, 1), (other, 2)):
        trace.add(10, "pos-1", "sound", {"b": value, "a": "x"})
    assert one.sha256() == same.sha256() != other.sha256()
    one.write(tmp_path / "trace.txt")
    assert (tmp_path / "trace.txt").read_text() == '10 pos-1 sound {"a":"x","b":1}\n'


def test_listeners_hear_every_event_as_it_happens():
    trace, seen = Trace(keep=False), []
    trace.listen(lambda *event: seen.append(event))
    trace.add(1, "a", "boot", {})
    assert seen == [(1, "a", "boot", {})] and trace.events == []


def test_a_timer_runs_once_at_the_time_set_last_and_in_the_order_of_that_call():
    clock, seen = Clock(), []
    timer = clock.timer(lambda: seen.append(("timer", clock.now_us)))
    timer.set(30)
    timer.set(20)  # earlier than before
    clock.at(40, seen.append, "asked first")
    timer.set(40)  # put off, and asked for last
    clock.run_until(100)
    assert seen == ["asked first", ("timer", 40)]
    timer.set(110)
    timer.cancel()
    clock.run_until(120)
    timer.set(5)
    clock.run_until(120)
    assert seen[2:] == [("timer", 120)]


def test_the_hash_goes_on_where_it_was_asked_for_and_is_the_same_without_keeping():
    kept, gone = Trace(), Trace(keep=False)
    events = [
        (1, "a", "rx", {"tx": 7, "rssi": -90, "snr_q": -3}),
        (2, "b", "miss", {"tx": 7, "why": "lost"}),
        (3, "b", "miss", {"tx": 8, "why": "collision", "by": 7}),
        (4, "a", "key", {"key": "é", "down": True}),
    ]
    for event in events:
        kept.add(*event)
        gone.add(*event)
        assert kept.sha256() == gone.sha256()
    plain = "".join(
        f"{t_us} {label} {what} "
        + json.dumps(detail, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        + "\n"
        for t_us, label, what, detail in events
    )
    assert kept.sha256() == hashlib.sha256(plain.encode()).hexdigest()
