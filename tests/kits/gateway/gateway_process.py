"""A real gateway process between a loopback radio and a small hub of our own, for tests with kill -9."""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.disk.state import StateDir
from kits.gateway.gateway_kit import DEVICES, GATEWAY, ROOTS
from kits.patience import LOOK_S, PATIENCE_S, wait_for  # noqa: F401 (tests of processes take it from here)

TOKEN = "ktg_uji"
POLL_S = 2  # how long the hub holds a poll for orders
HANG_S = 8


class Hub:
    """Takes events, gives orders; `answer` may be set to make it fail: (status, body) or "hang"."""

    def __init__(self, port=0):
        self.requests, self.polls, self.events, self.orders, self.done = 0, 0, [], [], {}
        self.answer = None
        self.lock = threading.Lock()
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                return

            def do_POST(self):
                hub.post(self)

            def do_GET(self):
                hub.get(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a gateway that ends hangs up in the middle
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(LOOK_S,), daemon=True).start()

    def reply(self, handler, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        try:
            handler.wfile.write(data)
        except ConnectionError:
            return  # the gateway was killed while it asked

    def post(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.requests += 1
        if handler.headers["Authorization"] != f"Bearer {TOKEN}":
            self.reply(handler, 401, {})
        elif self.answer is not None:
            if self.answer == "hang":
                time.sleep(HANG_S)
                return
            self.reply(handler, *self.answer)
        elif handler.path.endswith("/done"):
            self.done.update(body["results"])
            self.reply(handler, 200, {"done": body["ids"]})
        else:
            with self.lock:
                known = [(e.get("device"), e.get("counter")) for e in self.events if e["type"] == "alarm"]
                new = [
                    e["id"]
                    for e in body["events"]
                    if e["type"] == "alarm" and (e.get("device"), e.get("counter")) not in known
                ]
                self.events += body["events"]
            accepted = [e["id"] for e in body["events"]]
            self.reply(handler, 200, {"accepted": accepted, "rejected": [], "new": new})

    def get(self, handler):
        self.polls += 1
        if self.answer is not None:
            self.reply(handler, 500, {})
            return
        after = int(handler.path.partition("after=")[2].partition("&")[0] or 0)
        deadline = time.monotonic() + POLL_S
        while time.monotonic() < deadline:
            orders = [o for o in self.orders if o["id"] > after]
            if orders:
                break
            time.sleep(LOOK_S)
        self.reply(handler, 200, {"orders": orders})

    def of(self, kind):
        with self.lock:
            return [e for e in self.events if e["type"] == kind]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Air:
    """The other end of the loopback radio."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._line, self.sent, self._id = None, [], 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self._line, _ = self._listener.accept()
                for raw in self._line.makefile("rb"):
                    message = json.loads(raw)
                    if "send" in message:
                        self.sent.append(message["send"])
            except OSError:
                if self._listener.fileno() < 0:
                    return

    def connected(self):
        return self._line is not None

    def hang_up(self):
        line, self._line = self._line, None
        if line:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the gateway was killed, and the line is gone with it
            line.close()

    def hear(self, payload, src, packet_id=None):
        self._id += 1
        message = {
            "src": src,
            "to": 0xFFFFFFFF,
            "id": packet_id or self._id,
            "hop_limit": 1,
            "hop_start": 1,
            "relay_node": src & 0xFF,
            "payload": payload.hex(),
            "rssi": -90,
            "snr_q": 12,
        }
        try:
            if self._line:
                self._line.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self._line = None

    def close(self):
        self._listener.close()
        self.hang_up()


class Gateway:
    """Settings on disk and a process that can be killed and started again; it begins with its memory."""

    def __init__(self, directory, hub_port, air_port):
        self.directory = Path(directory)
        self.config = self.directory / "gateway.toml"
        self.siren = self.directory / "siren.jsonl"
        self.log = self.directory / "log.txt"
        StateDir(self.directory / "state").put("guard", new_state()["guard"])
        write_key_file(self.directory / "keys.json")
        (self.directory / "token").write_text(TOKEN)
        (self.directory / "token").chmod(0o600)
        self.config.write_text(
            f'[gateway]\nkey_file = "keys.json"\nstate_dir = "state"\nlabel = "gateway-1"\n'
            f'[radio]\ntype = "loopback"\nport = {air_port}\n'
            f'[hub]\nurl = "http://127.0.0.1:{hub_port}"\ntoken_file = "token"\n'
            f'[siren]\ndriver = "virtual"\nfile = "siren.jsonl"\n'
        )
        self.process = None

    def start(self, dies_at_step=None, may_hang=False):
        program = ["-m", "kentongan_gateway"]
        if may_hang:
            program = [str(Path(__file__).with_name("gateway_hang.py"))]
        if dies_at_step is not None:
            program = [str(Path(__file__).with_name("gateway_crash.py")), str(dies_at_step)]
        command = [sys.executable, *program, "run", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
        return self.process.returncode

    def siren_lines(self):
        text = self.siren.read_text() if self.siren.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


def write_key_file(path, **changes):
    raw = {
        "format": 1,
        "site": "uji",
        "node": GATEWAY,
        "zone": 5,
        "generation": 0,
        "channel_name": "kentongan",
        "channel_key": bytes(range(32)).hex(),
        "preset": "ShortSlow",
        "freq_hz": 920_625_000,
        "alarm_roots": {"0": ROOTS[0][0].hex()},
        "control_roots": {"0": ROOTS[1][0].hex()},
        "devices": DEVICES,
        "profile": "jawa_umum",
        **changes,
    }
    path.write_text(json.dumps(raw))
    os.chmod(path, 0o600)
