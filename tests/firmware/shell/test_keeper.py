# runs: cpython micropython
"""Homes of state when the flash takes no write, and when the heap has no room to keep it elsewhere."""

from kentongan_node.shell import keeper, rtcmem


class Box:
    """A keeper with its homes: `works`: whether the flash takes writes; `room`: bytes that the heap gives."""

    def __init__(self, memory=None, idle=False):
        self.works, self.room = True, 1 << 20
        self.flash, self.spare, self.rtc = {}, [], b""
        self.memory = memory or rtcmem.Memory()
        self.keeper = keeper.Keeper(self.memory, self.write, self.remember, self.spare.append, 0, idle)

    def write(self, name, data):
        if not self.works:
            raise OSError(28)
        self.flash[name] = bytes(data)

    def remember(self, memory):
        data = memory.dump()
        if len(data) > self.room:
            raise MemoryError()
        self.rtc = data

    def kept(self):
        return rtcmem.load(self.rtc)


def test_with_a_flash_that_works_only_the_first_files_are_in_rtc_memory():
    box = Box()
    for name in ("seq", "incident", "boots", "guard", "config"):
        box.keeper.persist(name, name.encode(), 0)
    assert sorted(box.flash) == ["boots", "config", "guard", "seq"]
    assert sorted(box.kept().files) == ["incident", "seq"] and not box.kept().failing
    assert box.keeper.poll(1, False, False) is None and "incident" not in box.flash
    assert box.keeper.poll(2, True, False) is None and box.flash["incident"] == b"incident"


def test_what_the_flash_refuses_is_in_rtc_memory_told_once_and_written_when_it_can_be():
    box = Box()
    box.works = False
    for name in ("seq", "incident", "boots", "guard"):
        box.keeper.persist(name, name.encode(), 0)
    assert box.spare == [b"seq"] and box.keeper.failing
    assert sorted(box.kept().files) == ["boots", "guard", "incident", "seq"] and box.kept().failing
    assert box.keeper.poll(1, True, True) == ("sense", ("flash", 1))
    assert box.keeper.poll(2, True, True) is None
    box.works = True
    box.keeper.persist("boots", b"newer", 3)  # not tried again in the middle of something
    assert not box.flash
    for ms in range(10):
        assert box.keeper.poll(keeper.RETRY_MS - 100 + ms, True, True) is None
    assert not box.flash
    events = [box.keeper.poll(keeper.RETRY_MS + ms, True, True) for ms in range(10)]
    assert [event for event in events if event] == [("sense", ("flash", 0))]
    assert box.flash == {"seq": b"seq", "incident": b"incident", "boots": b"newer", "guard": b"guard"}
    assert sorted(box.kept().files) == ["incident", "seq"] and not box.kept().failing


def test_a_start_with_time_to_spare_tries_at_once_what_the_last_one_owed():
    before = Box()
    before.works = False
    before.keeper.persist("air", b"12345678", 0)
    box = Box(before.kept(), idle=True)
    assert box.keeper.poll(0, True, True) == ("sense", ("flash", 1))
    events = [box.keeper.poll(1 + ms, True, True) for ms in range(4)]
    assert ("sense", ("flash", 0)) in events and box.flash == {"air": b"12345678"}


def test_counters_that_fit_nowhere_are_said_to_be_stale():
    box = Box()
    box.works = False
    box.keeper.persist("guard", bytes(5_000), 0)
    assert box.kept().stale and "guard" not in box.kept().files
    box = Box()
    box.works = False
    for name, size in (("siren", 900), ("guard", 1_300)):  # each fits, both do not
        box.keeper.persist(name, bytes(size), 0)
    assert box.kept().stale and sorted(box.kept().files) == ["siren"]


def test_a_heap_without_room_costs_the_other_files_and_no_alarm():
    box = Box()
    box.works = False
    for name, size in (("boots", 2), ("guard", 1_200), ("siren", 500)):
        box.keeper.persist(name, bytes(size), 0)
    box.room = 120
    box.keeper.persist("seq", b"12345678", 1)
    box.keeper.persist("incident", bytes(26), 2)
    kept = box.kept()
    assert kept.files["seq"] == b"12345678" and kept.files["incident"] == bytes(26)
    assert kept.stale and kept.failing
