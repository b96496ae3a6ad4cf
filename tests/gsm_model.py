"""A GSM modem on a pty: the AT dialogue of a SIM800, echo and slow answers included, and faults by name."""

import os
import re
import select
import threading
import tty

from patience import PATIENCE_S


class Modem:
    """Answers until close(); `sent` is [(number, text)], `port` the path of its serial line."""

    def __init__(self):
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.sent, self.inbox, self.commands = [], [], []
        self.echo, self.number = True, None
        self._held = b""
        self._running = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._running = False
        self._thread.join(PATIENCE_S)
        os.close(self.master)
        os.close(self._slave)

    def _serve(self):
        while self._running:
            ready, _, _ = select.select([self.master], [], [], 0.02)
            if ready:
                self._held += os.read(self.master, 4096)
            while self._take():
                pass

    def _take(self):
        if self.number is not None:
            text, found, self._held = self._held.partition(b"\x1a")
            if not found:
                self._held = text
                return False
            number, self.number = self.number, None
            self.message(number, text.decode("ascii"))
            return True
        line, found, self._held = self._held.partition(b"\r")
        if not found:
            self._held = line
            return False
        if self.echo:
            self.write(line + b"\r")
        self.commands.append(line.decode())
        self.command(line.decode().strip())
        return True

    def write(self, data):
        os.write(self.master, data)

    def say(self, *lines):
        for line in lines:
            self.write(b"\r\n" + line.encode() + b"\r\n")

    def command(self, text):
        if text == "ATE0":
            self.echo = False
        if text == "AT+CPIN?":
            self.say("+CPIN: READY")
        elif text == "AT+CREG?":
            self.say("+CREG: 0,1")
        elif match := re.match(r'AT\+CMGS="(.*)"', text):
            self.number = match[1]
            self.write(b"\r\n> ")
            return
        elif text.startswith("AT+CMGL"):
            for index, (number, words) in enumerate(self.inbox, 1):
                head = f'+CMGL: {index},"REC UNREAD","{number}",,"26/11/24,22:30:00+28"'
                self.write(f"\r\n{head}\r\n{words}\r\n".encode())
            self.inbox = []
        self.say("OK")

    def message(self, number, text):
        self.sent.append((number, text))
        self.say(f"+CMGS: {len(self.sent)}", "OK")


class NoNetwork(Modem):
    def command(self, text):
        if text == "AT+CREG?":
            return self.say("+CREG: 0,2", "OK")
        return super().command(text)


class SimLocked(Modem):
    def command(self, text):
        if text == "AT+CPIN?":
            return self.say("+CPIN: SIM PIN", "OK")
        return super().command(text)


class Refuses(Modem):
    """The network refuses with a +CMS ERROR code."""

    code = 21

    def message(self, number, text):
        self.say(f"+CMS ERROR: {self.code}")


class Congested(Refuses):
    code = 42


class Mute(Modem):
    """Powered, but nothing comes back."""

    def command(self, text):
        return


class OneByteAtATime(Modem):
    def write(self, data):
        for byte in data:
            os.write(self.master, bytes([byte]))


class Chatty(Modem):
    """Unasked lines between the answers, as real modems send."""

    def say(self, *lines):
        super().say("+CIEV: 2,4", *lines)
        self.write(b"\r\nRING\r\n")
