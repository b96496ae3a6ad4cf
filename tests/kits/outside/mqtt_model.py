"""A small MQTT 3.1.1 broker on a loopback port: keeps retained messages, confirms QoS 1, can go away."""

import socket
import struct
import threading


class Broker:
    """`retained` is {topic: payload text}; `commands` counts messages that are not retained."""

    def __init__(self, port=0, refuse=False):
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = self._server.getsockname()[1]
        self.retained, self.unretained, self.will = {}, [], None
        self._refuse, self._open = refuse, []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def close(self):
        if self._server.fileno() < 0:
            return
        # a blocked accept() keeps the listener alive past close(); shutdown wakes it
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for client in self._open:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            client.close()

    def _serve(self, client):
        stream = client.makefile("rb")
        try:
            while True:
                kind, body = self._packet(stream)
                if kind >> 4 == 1:  # CONNECT
                    client.sendall(bytes([0x20, 2, 0, 5 if self._refuse else 0]))
                elif kind >> 4 == 3:  # PUBLISH
                    self._publish(client, kind, body)
                elif kind >> 4 == 12:  # PINGREQ
                    client.sendall(b"\xd0\x00")
                elif kind >> 4 == 14:  # DISCONNECT
                    return
        except (OSError, EOFError, ValueError):
            return

    def _packet(self, stream):
        kind = stream.read(1)
        if not kind:
            raise EOFError
        length = shift = 0
        while True:
            byte = stream.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                break
        return kind[0], stream.read(length)

    def _publish(self, client, kind, body):
        (size,) = struct.unpack(">H", body[:2])
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if kind & 6:
            client.sendall(b"\x40\x02" + rest[:2])
            rest = rest[2:]
        if not kind & 1:
            self.unretained.append(topic)
        elif rest:
            self.retained[topic] = rest.decode()
        else:
            self.retained.pop(topic, None)
