"""GSM modems on a pty, at PDU level: two families that differ as real ones do, and faults by name.

`Modem` follows SIMCom's SIM800 (2G, echo, card first), `LteStick` what Huawei and Quectel sell for LTE (no
2G, unasked ^ lines, its own memory, other words for ERROR). Both keep their state when the port is closed.
"""

import os
import re
import select
import threading
import tty

from kits.outside import gsm_pdu
from kits.patience import PATIENCE_S

ESC, CTRL_Z = b"\x1b", b"\x1a"


class Modem:
    """Answers until close(). `sent`: [(number, text)] as phones show them, `port`: the path of its line."""

    stores = {"SM": 10}  # places of each memory
    receives_in = "SM"
    registration = {"CREG": "0,1", "CGREG": "0,1"}
    routes = ("2,1,0,0,0", "1,1,0,0,0", "1,1", "2,1")
    refusal = "ERROR"
    prompt = b"\r\n> "
    first_index = 1

    def __init__(self):
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.sent, self.commands, self.pdus = [], [], []
        self.cards = {name: {} for name in self.stores}  # memory -> {index: [status, pdu]}
        self.lost = 0  # messages for which there was no room
        self.echo, self.pdu_mode, self.memory, self.route = True, False, self.receives_in, None
        self.prompted = None  # what waits in a text prompt: a length, or a number in text mode
        self._parts = {}
        self._held = b""
        self._running = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._running = False
        self._thread.join(PATIENCE_S)
        os.close(self.master)
        os.close(self._slave)

    def arrive(self, sender, text="", pdu=None, memory=None, status=0):
        """A message of the network, or any PDU; False when there is no room for it."""
        memory = memory or self.receives_in
        for index in range(self.first_index, self.first_index + self.stores[memory]):
            if index not in self.cards[memory]:
                self.cards[memory][index] = [status, pdu or gsm_pdu.deliver(sender, text)]
                return True
        self.lost += 1
        return False

    def left(self):
        return [pdu for card in self.cards.values() for _, pdu in card.values()]

    def _serve(self):
        while self._running:
            ready, _, _ = select.select([self.master], [], [], 0.02)
            if ready:
                self._held += os.read(self.master, 4096)
            while self._take():
                pass

    def _take(self):
        if self.prompted is not None:
            return self._take_text()
        line, found, self._held = self._held.partition(b"\r")
        if not found:
            self._held = line
            return False
        line = line.replace(ESC, b"").lstrip(b"\n")
        if self.echo:
            self.write(line + b"\r")
        if line:
            self.commands.append(line.decode("ascii", "replace"))
            self.command(line.decode("ascii", "replace").strip())
        return True

    def _take_text(self):
        end = re.search(rb"[\x1a\x1b]", self._held)
        if not end:
            return False
        text, sign, self._held = self._held[: end.start()], end[0], self._held[end.end() :]
        prompted, self.prompted = self.prompted, None
        if sign == ESC:
            self.say("OK")
        else:
            self.given(prompted, text)
        return True

    def write(self, data):
        os.write(self.master, data)

    def say(self, *lines):
        for line in lines:
            self.write(b"\r\n" + line.encode() + b"\r\n")

    def command(self, text):
        """Answer one command line; subclasses answer first what they do otherwise."""
        name, _, value = text.partition("=")
        if text == "AT" or text.startswith("AT+CMEE") or name in ("AT+CSCS", "AT+CSMS"):
            self.say("OK")
        elif text in ("ATE0", "ATE1"):
            self.echo = text == "ATE1"
            self.say("OK")
        elif text == "AT+CPIN?":
            self.say("+CPIN: READY", "OK")
        elif text == "AT+CMGF?":
            self.say(f"+CMGF: {0 if self.pdu_mode else 1}", "OK")
        elif name == "AT+CMGF":
            self.pdu_mode = value == "0"
            self.say("OK")
        elif name == "AT+CNMI":
            self.set_route(value)
        elif found := re.fullmatch(r"AT\+(\w*REG)\?", text):
            self.registered(found[1])
        elif name == "AT+CPMS":
            self.choose(value)
        elif name == "AT+CMGL":
            self.list(value)
        elif name == "AT+CMGD":
            self.cards[self.memory].pop(int(value), None)
            self.say("OK")
        elif name == "AT+CMGS":
            self.prompted = int(value) if value.isdigit() else value
            self.write(self.prompt)
        else:
            self.say(self.refusal)

    def set_route(self, value):
        if value not in self.routes:
            return self.say(self.refusal)
        self.route = value
        self.say("OK")

    def registered(self, what):
        state = self.registration.get(what)
        self.say(*([f"+{what}: {state}", "OK"] if state else [self.refusal]))

    def choose(self, value):
        if value == "?":
            names = ",".join(f'"{name}"' for name in self.stores)
            return self.say(f"+CPMS: ({names}),({names}),({names})", "OK")
        names = [one.strip('"') for one in value.split(",")]
        if any(name not in self.stores for name in names):
            return self.say("+CMS ERROR: 302")
        self.memory = names[0]
        if len(names) > 2:
            self.receives_in = names[2]
        room = f"{len(self.cards[self.memory])},{self.stores[self.memory]}"
        self.say(f"+CPMS: {room},{room},{room}", "OK")

    def list(self, value):
        if not self.pdu_mode:
            return self.say("+CMS ERROR: 303")  # "4" is no status in text mode
        for index, entry in sorted(self.cards[self.memory].items()):
            status, pdu = entry
            if value == "4" or value == str(status):
                self.entry(index, status, pdu)
                entry[0] = 1 if status == 0 else status
        self.say("OK")

    def entry(self, index, status, pdu):
        self.write(f'\r\n+CMGL: {index},{status},"",{gsm_pdu.length_of(pdu)}\r\n{pdu}\r\n'.encode())

    def given(self, prompted, text):
        """Take the text typed into the prompt, ended by Ctrl-Z."""
        if isinstance(prompted, str):  # text mode
            return self.message(prompted, text.decode("ascii", "replace"))
        try:
            pdu = text.decode("ascii").strip()
            assert gsm_pdu.length_of(pdu) == prompted
            found = gsm_pdu.read_submit(pdu)
        except (ValueError, IndexError, AssertionError):
            return self.say("+CMS ERROR: 304")
        self.pdus.append(found)
        self.message(found["number"], found["text"], found["part"])

    def message(self, number, text, part=None):
        if part:
            kept = self._parts.setdefault((number, part[0], part[1]), {})
            kept[part[2]] = text
            text = "".join(kept[at] for at in sorted(kept)) if len(kept) == part[1] else None
        if text is not None:
            self.sent.append((number, text))
        self.say(f"+CMGS: {len(self.pdus) % 256}", "OK")


class LteStick(Modem):
    """No 2G here: CREG and CGREG know of nothing, CEREG does. Memory of its own, and no echo."""

    stores = {"ME": 23, "MT": 33, "SM": 10}
    receives_in = "ME"
    registration = {"CREG": "0,0", "CGREG": "0,0", "CEREG": '2,1,"1A2B","0C3D4E5F",7'}
    routes = ("1,1,0,0,0", "0,1,0,0,0")
    refusal = "COMMAND NOT SUPPORT"
    prompt = b"\r\n>"
    first_index = 0

    def __init__(self):
        super().__init__()
        self.echo = False

    def say(self, *lines):
        self.write(b"\r\n^RSSI:19\r\n")
        super().say(*lines)
        self.write(b'\r\n^HCSQ:"LTE",44,39,131,20\r\n')

    def entry(self, index, status, pdu):
        self.write(f"\r\n+CMGL: {index},{status},,{gsm_pdu.length_of(pdu)}\r\n{pdu.lower()}\r\n".encode())


class NoNetwork(Modem):
    registration = {"CREG": "0,2", "CGREG": "0,2"}


class Denied(Modem):
    registration = {"CREG": "0,3", "CGREG": "0,0", "CEREG": "0,3"}


class SimLocked(Modem):
    def command(self, text):
        if text == "AT+CPIN?":
            return self.say("+CPIN: SIM PIN", "OK")
        return super().command(text)


class NoCard(Modem):
    def command(self, text):
        if text == "AT+CPIN?":
            return self.say("+CME ERROR: 10")
        return super().command(text)


class OnlyTextMode(Modem):
    def command(self, text):
        if text.startswith("AT+CMGF="):
            return self.say("OK")
        return super().command(text)


class Refuses(Modem):
    """The network refuses with a +CMS ERROR code."""

    code = 21

    def message(self, number, text, part=None):
        self.say(f"+CMS ERROR: {self.code}")


class Congested(Refuses):
    code = 42


class Mute(Modem):
    """Powered, but nothing comes back."""

    def command(self, text):
        return


class Unplugged(Modem):
    """Its line breaks off in the middle of a listing, once."""

    breaks = 1

    def entry(self, index, status, pdu):
        if self.breaks and index == self.first_index + 1:
            self.breaks -= 1
            self.write(b"\r\n+CMGL: 2,0,,24\r\n0591")
            raise StopAnswering
        super().entry(index, status, pdu)

    def command(self, text):
        try:
            super().command(text)
        except StopAnswering:
            pass


class StopAnswering(Exception):
    """The rest of an answer does not come."""


class OneByteAtATime(Modem):
    def write(self, data):
        for byte in data:
            os.write(self.master, bytes([byte]))


class Chatty(Modem):
    """Unasked lines between the answers, as real modems send; in the middle of a listing too."""

    def say(self, *lines):
        super().say("+CIEV: 2,4", *lines)
        self.write(b"\r\nRING\r\n")

    def entry(self, index, status, pdu):
        head = f"+CMGL: {index},{status},,{gsm_pdu.length_of(pdu)}"
        self.write(f"\r\n{head}\r\n\r\n+CREG: 1\r\n{pdu}\r\n".encode())


class HandsOver(Modem):
    """Another program left AT+CNMI so that messages are handed over and kept nowhere; one comes at once."""

    pending = None

    def say(self, *lines):
        if self.pending and "OK" in lines:
            pdu, self.pending = self.pending, None
            self.write(f"\r\n+CMT: ,{gsm_pdu.length_of(pdu)}\r\n{pdu}\r\n".encode())
        super().say(*lines)


class Stubborn(Modem):
    """The card refuses to delete, the first `refusals` times."""

    refusals = 1
    code = 515  # busy, in the words of several makers

    def command(self, text):
        if text.startswith("AT+CMGD") and self.refusals:
            self.refusals -= 1
            return self.say(f"+CMS ERROR: {self.code}")
        return super().command(text)


class LeftInPrompt(Modem):
    """A program was killed between the number and the text; ESC ends it (TS 27.005, 3.5.1)."""

    def __init__(self):
        super().__init__()
        self.prompted = "+6281299990009"


class DeafToEsc(LeftInPrompt):
    """Only Ctrl-Z ends its prompt, which it shows again after every CR."""

    _text = b""

    def _take_text(self):
        self._held = self._held.replace(ESC, b"")
        head, found, rest = self._held.partition(CTRL_Z)
        if not found:
            for _ in range(head.count(b"\r")):
                self.write(self.prompt)
            self._text += head
            self._held = b""
            return False
        self._held = rest
        prompted, self.prompted = self.prompted, None
        text, self._text = self._text + head, b""
        self.given(prompted, text)
        return True


class LatePrompt(Modem):
    """The prompt of the first message is eaten by the line."""

    eaten = 1

    def write(self, data):
        if data == self.prompt and self.eaten:
            self.eaten -= 1
            return
        super().write(data)
