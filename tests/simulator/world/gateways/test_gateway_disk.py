"""The disk of a simulated gateway gives what the spool would give that writes at once."""

from kentongan_gateway.disk.spool import Spool
from kentongan_sim.world.gateways.gateway_disk import TOGETHER, Disk


def event(number, kind="alarm"):
    return {"type": kind, "key": f"{kind}/1/0/{number}", "counter": number}


def test_what_the_hub_has_not_taken_is_read_again_and_nothing_else():
    disk, spool = Disk("gateway-1"), Spool(":memory:", "gateway-1")
    for number in range(2 * TOGETHER + 7):
        kind = "alarm" if number % 3 else "status"
        ids = [store.put(event(number, kind)) for store in (disk, spool)]
        if number % 9:
            disk.mark_sent(ids[:1])
            spool.mark_sent(ids[1:])
    left = [row[1] for row in disk.unsent()]
    assert left == [row[1] for row in spool.unsent()] and len(left) > 10
    taken = [event_id for event_id, kept in disk.unsent() if kept["type"] == "alarm"]
    disk.mark_sent(taken)
    assert [kept["type"] for _, kept in disk.unsent()] == ["status"] * (len(left) - len(taken))
    disk.close()
    spool.close()


def test_an_event_that_comes_twice_is_one_written_or_not():
    disk = Disk("gateway-1")
    first = disk.put(event(1))
    disk.mark_sent([first])
    disk.put(event(1))
    assert disk.unsent() == []
    disk.put(event(1))
    second = disk.put(event(2))
    assert [row[1]["counter"] for row in disk.unsent()] == [2]
    disk.mark_sent([second])
    assert disk.unsent() == []
    disk.close()
