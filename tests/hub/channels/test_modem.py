"""The AT dialogue against any bytes: an answer or a Failure, within its time, and no neighbour lost."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from kentongan_hub.channels import modem
from kentongan_hub.channels.base import Failure
from kits.outside import gsm_pdu

SITI = "+6281211110001"


class Noise:
    """A line that says these bytes, whatever is asked, and then nothing."""

    def __init__(self, *said):
        self.said = list(said)
        self.written = b""

    def write(self, data):
        self.written += data

    def read(self, size):
        if not self.said:
            return b""
        data, self.said[0] = self.said[0][:size], self.said[0][size:]
        if not self.said[0]:
            self.said.pop(0)
        return data


class Ticks:
    """A clock that goes on with every look at it, so that no wait takes time."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.01
        return self.now


AT_WORDS = st.sampled_from(
    [b"OK\r\n", b"ERROR\r\n", b"+CMS ERROR: 515\r\n", b"> ", b"+CMGL: 1,0,,24\r\n", b"+CMT: ,24\r\n",
     b"+CMGF: 0\r\n", b"+CPIN: READY\r\n", b"+CMGL: 99999,9,,999\r\n", b"+CPMS: 1,10,1,10\r\n", b"\0",
     b"+CMGS: 1\r\n", b"\x1a\x1b", gsm_pdu.deliver(SITI, "DATANG 1").encode() + b"\r\n", b"+CREG: 0,1\r\n",
     b"A" * 3_000, b"+CMS ERROR: \xff\r\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(AT_WORDS | st.binary(max_size=300), max_size=40))
def test_any_bytes_of_a_modem_are_an_answer_or_a_failure_and_never_a_hang(said):
    clock = Ticks()
    for deed in (
        lambda one: one.prepare(),
        lambda one: one.look("SM"),
        lambda one: one.send(24, gsm_pdu.deliver(SITI, "x")),
        lambda one: one.registered(),
        lambda one: one.delete(1),
    ):
        made = modem.Modem(Noise(*said), clock)
        began = clock.now
        try:
            deed(made)
        except Failure:
            pass
        assert clock.now - began < 3 * 60 + modem.LIST_S + 10 * modem.ANSWER_S * 12
        assert len(made._held) <= 2 * modem.LINE_LIMIT and len(made.arrived) <= modem.ARRIVED_LIMIT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40).map(lambda raw: re.sub(rb"[\r\n]", b"~", raw)), max_size=6))
def test_noise_between_the_lines_of_a_listing_takes_no_neighbour_along(noise):
    good = gsm_pdu.deliver(SITI, "DATANG 1")
    head = f"+CMGL: 1,0,,{gsm_pdu.length_of(good)}".encode()
    lines = [b"noise: " + one for one in noise]
    said = b"\r\n".join([b"OK", b"+CPMS: 1,10", b"OK", *lines, head, good.encode(), *lines, b"OK", b""])
    entries, room = modem.Modem(Noise(said), Ticks()).look("SM")
    assert [one.line for one in entries] == [good] and room == (1, 10)
