"""The silence key at the post: a thread that waits for the line, and opens it again when it goes."""
import threading

WAIT_S = 1.0
REOPEN_S = 5.0


class Key:
    """on_press() from the key's own thread; on_trouble(text or None) when the line fails and works again."""

    def __init__(self, line, on_press, on_trouble):
        self._line, self._on_press, self._on_trouble = line, on_press, on_trouble
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key", daemon=True)
        self._thread.start()

    def _run(self):
        failing = False
        while not self._stopping.is_set():
            try:
                self._line.open()
                if failing:
                    self._on_trouble(None)
                failing = False
                while not self._stopping.is_set():
                    if self._line.wait(WAIT_S):
                        self._on_press()
            except OSError as error:
                if not failing:
                    self._on_trouble(str(error))
                failing = True
                self._stopping.wait(REOPEN_S)
        self._line.close()

    def close(self):
        self._stopping.set()
        self._thread.join(WAIT_S + 1)


def make(settings, on_press, on_trouble):
    """The key that the [button] section names, or None."""
    if not settings.line:
        return None
    from kentongan_gateway.outputs.gpio import KeyLine

    return Key(KeyLine(settings.line), on_press, on_trouble)
