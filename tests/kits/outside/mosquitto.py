"""A real broker (Debian's mosquitto) on a loopback port, and what stands between it and the hub."""

import shutil
import socket
import subprocess
import threading

import paho.mqtt.client as mqtt
from kits.patience import PATIENCE_S, wait_for

BROKER = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as line:
        return line.getsockname()[1]


class Mosquitto:
    """Keeps nothing on disk: end() and start() make it a broker that has lost its store."""

    def __init__(self, folder, password_file=""):
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "allow_anonymous true", "user root"]
        if password_file:
            lines[2:3] = ["allow_anonymous false", f"password_file {password_file}"]
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n")
        self._process = None
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            [BROKER, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._answers, "mosquitto opening its port")

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), PATIENCE_S).close()
        except OSError:
            return False
        return True

    def end(self):
        self._process.kill()
        self._process.wait()


class Cable:
    """A TCP line to a port that can be cut without either end closing it, as by a router that restarts."""

    def __init__(self, port):
        self._to, self._open = port, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        try:
            while data := one.recv(4096):
                other.sendall(data)
        except OSError:
            return

    def cut(self):
        for line in self._open:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            line.close()
        self._open = []

    def close(self):
        self._listener.close()
        self.cut()


class Watcher:
    """Stands for Home Assistant: sees every topic as it does, and says when it has started."""

    def __init__(self, port, **login):
        self.now, self.heard = {}, []  # topic -> latest payload; [(topic, payload)] in order
        self._ready = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.on_subscribe = lambda *_: self._ready.set()
        if login:
            self._client.username_pw_set(**login)
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("#", 1)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_S)

    def _take(self, _client, _userdata, message):
        self.now[message.topic] = message.payload.decode()
        self.heard.append((message.topic, message.payload.decode()))

    def wait(self, topic, payload):
        wait_for(lambda: self.now.get(topic) == payload, f"{topic} saying {payload!r}")

    def say(self, topic, payload, retain=False):
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
