# runs: cpython micropython
"""The shell: events in, actions in their order out, without an event loop or with one."""

from kentongan_node.base.actions import Boot, Note, Persist, Sleep
from kentongan_node.shell import runner
from kits.both import raises


class Awaited:
    """Hands a question up to whoever drives the coroutine, and its answer down."""

    def __init__(self, question):
        self.question = question

    def __iter__(self):
        return (yield self.question)

    __await__ = __iter__


class Port:
    def __init__(self):
        self.done = []

    def boot(self):
        return Awaited("boot")

    def next_event(self, deadline_ms):
        return Awaited(deadline_ms)

    def now_ms(self):
        return 50

    def random_u32(self):
        return 99

    def perform(self, action):
        self.done.append(action)


class Core:
    """Notes what it was called with."""

    def __init__(self):
        self.deadline = 7

    def next_deadline(self):
        return self.deadline

    def start(self, boot, now_ms, rnd):
        return [Note("start", boot.cause, now_ms, rnd), Persist("a", b"")]

    def key(self, key, down, now_ms, rnd):
        return [Note("key", key, down, now_ms), Sleep(None), Note("never", "", 0, "")]

    def receive(self, frame, rssi, snr_q, now_ms, rnd):
        self.deadline = None
        return [Note("receive", frame, rssi, snr_q)]

    def tick(self, now_ms, rnd):
        return [Note("tick", "", now_ms, rnd)]


def finish(coroutine, answer):
    """Send the last answer; the coroutine has to end on it."""
    try:
        coroutine.send(answer)
    except StopIteration:
        return True
    return False


def test_events_go_to_the_core_and_actions_to_the_port_in_order():
    port, core = Port(), Core()
    coroutine = runner.run(core, port)
    assert coroutine.send(None) == "boot"
    assert coroutine.send(Boot("power", "", False)) == 7
    assert coroutine.send(None) == 7
    assert coroutine.send(("receive", (b"x", -90, 20))) is None
    assert [a.step for a in port.done if isinstance(a, Note)] == ["start", "tick", "receive"]
    assert isinstance(port.done[1], Persist)
    assert finish(coroutine, ("key", ("main", True)))
    assert isinstance(port.done[-1], Sleep)  # the core ends there: what followed is not done


def test_an_event_that_no_core_takes_is_our_own_mistake():
    coroutine = runner.run(Core(), Port())
    coroutine.send(None)
    coroutine.send(Boot("power", "", False))
    raises(ValueError, coroutine.send, ("next_deadline", ()))


def test_it_runs_under_an_event_loop_as_well():
    import asyncio

    class Ready:
        def __init__(self, value):
            self.value = value

        def __iter__(self):
            return self.value
            yield

        __await__ = __iter__

    class LoopPort(Port):
        events = [("receive", (b"x", -90, 20)), None, ("key", ("main", True))]

        def boot(self):
            return Ready(Boot("reset", "", False))

        def next_event(self, deadline_ms):
            return Ready(self.events.pop(0))

    port = LoopPort()
    asyncio.run(runner.run(Core(), port))
    assert [a.step for a in port.done if isinstance(a, Note)] == ["start", "receive", "tick", "key"]
