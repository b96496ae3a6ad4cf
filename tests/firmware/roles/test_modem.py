# runs: cpython micropython
"""Modem: a dumb pipe that keeps the law, answers every host message and holds no key."""

from kentongan_node.base import actions as act
from kentongan_node.roles.modem import Modem
from kentongan_wire.air import link
from kits.node.nodekit import GATEWAY, Shell, alarm, of, receipt, settings

TOMBOL = 0x53000007
GOOD = link.Configure(GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0)


class Host:
    """The other end of the line."""

    def __init__(self, configure=GOOD, **changes):
        self.shell = Shell(Modem(settings("modem", GATEWAY, **changes), {}))
        self.decoder = link.Decoder()
        self.seq = 0
        self.read = 0
        self.hello = self.heard()
        if configure:
            self.say(configure)

    def heard(self):
        """Return the modem's messages since the last look."""
        data = b"".join([a.data for a in of(self.shell.all[self.read :], act.HostWrite)])
        self.read = len(self.shell.all)
        return [message for _, message in self.decoder.feed(data)]

    def raw(self, data):
        self.shell.take(self.shell.core.host(data, self.shell.now_ms, self.shell.rnd()))

    def say(self, message, seq=None):
        if seq is None:
            self.seq += 1
            seq = self.seq
        self.raw(link.encode(seq, message))
        return self.heard()


def transmit(packet_id=900, klass=0, not_before_ms=0, flags=0, origin=TOMBOL):
    return link.Transmit(receipt(origin, 10, packet_id=packet_id), klass, not_before_ms, flags, 0)


def test_it_says_hello_at_its_start_and_shows_that_it_lives():
    host = Host(configure=None)
    assert host.hello == [link.Hello(link.LINK_VERSION, 4, 0)]
    host.shell.wait(21_000)
    beats = [m for m in host.heard() if isinstance(m, link.ModemStatus)]
    assert len(beats) == 4 and beats[-1].uptime_s == 20


def test_nothing_is_sent_or_heard_before_it_is_configured():
    host = Host(configure=None)
    assert host.say(transmit()) == [link.Nack(1, link.REASON_NOT_READY)]
    host.shell.hear(alarm(TOMBOL, 10))
    assert host.heard() == [] and host.shell.sent == []
    assert not of(host.shell.all, act.Listen)
    host.say(GOOD)
    assert of(host.shell.all, act.Listen) == [act.Listen(True)]
    host.shell.hear(alarm(TOMBOL, 10), -101, -12)
    heard = host.heard()[0]
    assert (heard.frame, heard.rssi, heard.snr_q) == (alarm(TOMBOL, 10), -101, -12)


def test_settings_outside_band_or_power_are_refused_and_change_nothing():
    host = Host()
    for bad in (
        GOOD._replace(freq_hz=917_875_000)
        if hasattr(GOOD, "_replace")
        else link.Configure(GATEWAY, "ShortSlow", 917_875_000, 17, 2, 0),
        link.Configure(GATEWAY, "ShortSlow", 920_625_000, 22, 2, 0),
        link.Configure(GATEWAY, "ShortTurbo", 920_625_000, 17, 2, 0),
        link.Configure(0, "ShortSlow", 920_625_000, 17, 2, 0),
    ):
        assert link.Nack(host.seq + 1, link.REASON_SETTINGS) in host.say(bad)
    assert host.shell.core.node == GATEWAY and not of(host.shell.all, act.Tune)


def test_other_radio_settings_tune_the_radio_and_the_same_ones_do_not():
    host = Host()
    host.say(GOOD)
    assert not of(host.shell.all, act.Tune)
    assert link.Ack(host.seq + 1) in host.say(link.Configure(GATEWAY, "MediumFast", 921_125_000, 14, 2, 0))
    assert of(host.shell.all, act.Tune) == [act.Tune("MediumFast", 921_125_000, 14)]
    assert host.shell.core.mesh.preset.name == "MediumFast"


def test_a_frame_goes_out_and_is_reported_with_its_air_time():
    host = Host()
    assert link.Ack(2) in host.say(transmit(901, not_before_ms=300))
    start_ms = host.shell.now_ms
    host.shell.wait(2_000)
    airtime_ms = host.shell.core.mesh.airtime_ms(len(transmit().frame))
    assert link.Transmitted(GATEWAY, 901, airtime_ms) in host.heard()
    assert host.shell.sent[0][0] >= start_ms + 300


def test_a_host_message_that_comes_twice_is_answered_twice_and_sent_once():
    host = Host()
    assert link.Ack(7) in host.say(transmit(901), seq=7)
    assert link.Ack(7) in host.say(transmit(901), seq=7)
    host.shell.wait(2_000)
    assert len(host.shell.sent) == 1


def test_frames_of_others_go_only_as_relay_copies_and_what_is_overheard_drops_none():
    """The modem holds no key: which copy is needless is for its host to say, which can tell a true frame."""
    host = Host()
    copy = alarm(TOMBOL, 10, hop_limit=0, hop_start=1, relay_node=1)
    assert link.Nack(2, link.REASON_FRAME) in host.say(link.Transmit(copy, 0, 0, 0, 20))
    assert link.Ack(3) in host.say(link.Transmit(copy, 0, 500, link.FLAG_RELAY, 20))
    host.shell.hear(alarm(TOMBOL, 10, hop_limit=0, hop_start=1, relay_node=2))
    host.shell.wait(2_000)
    assert [f for _, f in host.shell.sent] == [copy]


def test_a_waiting_frame_can_be_dropped_by_the_host():
    host = Host()
    host.say(transmit(901, not_before_ms=500))
    told = host.say(link.Drop(GATEWAY, 901))
    assert link.Ack(3) in told and link.Refused(GATEWAY, 901, link.REASON_DROPPED) in told
    host.shell.wait(2_000)
    assert host.shell.sent == []
    assert host.say(link.Drop(GATEWAY, 901)) == [link.Ack(4)]


def test_a_full_queue_and_spent_air_are_told():
    host = Host()
    host.shell.busy = True
    answers = []
    for n in range(12):
        answers += host.say(transmit(1_000 + n, klass=3, not_before_ms=20_000))
    assert answers.count(link.Nack(host.seq, link.REASON_FULL)) == 1
    host = Host()
    refused = []
    for n in range(500):
        told = host.say(transmit(2_000 + n))
        host.shell.wait(200)
        refused += [m for m in told + host.heard() if isinstance(m, link.Refused)]
        host.shell.all, host.read = [], 0
    assert refused and refused[0].reason == link.REASON_AIR
    status = [m for m in host.say(link.StatusAsk()) if isinstance(m, link.ModemStatus)][0]
    assert 29_000 < status.air_used_ms <= 30_000 and status.dropped == len(refused)


def test_noise_on_the_line_costs_at_most_the_message_it_hits():
    host = Host()
    good = link.encode(9, transmit(905))
    host.raw(good[:20])
    host.raw(b"\x00" + bytes(range(1, 200)) + b"\x00")
    host.raw(link.encode(10, transmit(906)))
    assert link.Ack(10) in host.heard()


def test_status_is_told_when_asked_and_keys_never_pass():
    host = Host()
    told = host.say(link.StatusAsk())
    assert isinstance(told[1], link.ModemStatus) and told[0] == link.Ack(2)
    assert "channel_key" not in [k for k, v in host.shell.core.settings.items() if v and k.endswith("key")]


def test_an_unknown_order_is_refused():
    host = Host()
    assert host.say(link.LogLine("halo")) == [link.Nack(2, link.REASON_UNKNOWN)]


def test_a_flash_that_takes_no_write_is_told_at_once_and_to_whoever_asks_later():
    host = Host()
    host.shell.take(host.shell.core.sense("flash", 1, host.shell.now_ms, 5))
    assert [said.faults for said in host.heard() if isinstance(said, link.ModemStatus)] == [link.FAULT_FLASH]
    assert host.say(link.StatusAsk())[1].faults == link.FAULT_FLASH
    host.shell.take(host.shell.core.sense("flash", 0, host.shell.now_ms, 5))
    assert host.say(link.StatusAsk())[-1].faults == 0
