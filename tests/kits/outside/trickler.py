"""A hub whose replies have no end, over TCP or TLS, on a loopback port."""

import json
import socket
import threading
import time

IDLE_S = 0.2  # before it says that there is nothing to do
HEADS = {
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "head": b"HTTP/1.1 200 OK\r\nX-A: ",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
}
MORE = {"chunked": b"1\r\n \r\n", "continue": HEADS["continue"]}


class Trickler:
    """Takes a batch and then sends a little every `every_s`, for ever; only_first: of the first one only."""

    def __init__(self, kind, every_s=0.05, context=None, only_first=False):
        self.kind, self.every_s, self.context, self.only_first = kind, every_s, context, only_first
        self.posts, self.events = 0, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        try:
            if self.context:
                line = self.context.wrap_socket(line, server_side=True)
            stream = line.makefile("rb")
            while True:
                first, length = stream.readline(), 0
                if not first:
                    return
                while (head := stream.readline()) not in (b"\r\n", b""):
                    if head.lower().startswith(b"content-length:"):
                        length = int(head.split(b":")[1])
                self._reply(line, first, stream.read(length))
        except OSError:
            return

    def _reply(self, line, first, body):
        out = b'{"orders":[]}'
        if first.startswith(b"POST /api/v1/events"):
            self.posts += 1
            if self.posts == 1 or not self.only_first:
                self._trickle(line)
            events = json.loads(body)["events"]
            self.events += events
            out = json.dumps({"accepted": [e["id"] for e in events], "rejected": []}).encode()
        elif b"/done" in first:
            out = b'{"done":[]}'
        else:
            time.sleep(IDLE_S)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(out) + out)

    def _trickle(self, line):
        line.sendall(HEADS[self.kind])
        while True:
            line.sendall(MORE.get(self.kind, b" "))
            time.sleep(self.every_s)

    def close(self):
        self.listener.close()
