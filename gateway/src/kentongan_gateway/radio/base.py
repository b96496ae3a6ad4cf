"""A radio: start, send, relay, drop, stop."""




class Radio:
    """What the daemon knows of a radio. Callbacks come from the radio's own threads: enqueue and return.

    same_id says whether the radio puts a packet id on the air a second time when asked to.
    """

    same_id = True
    counters = {}
    names = ()  # by which its frames and states are known
    avoided = frozenset()  # names with something wrong: another that is up sends in their place

    def on_trouble(self, name, what, text):
        """Replaced by the owner: what is wrong with the radio though its line works; text None when over."""

    def on_air(self, used_ms):
        """Replaced by the owner: what the radio has sent in the last hour, where it says so."""

    def start(self, on_heard, on_state):
        """Begin: on_heard(Heard) for every payload, on_state(name, up) at every change. Never blocks."""
        raise AssertionError("a radio says how it starts")

    def send(self, send):
        """Put an actions.Send on the air, or on the radio's own bounded queue. Never blocks."""
        raise AssertionError("a radio says how it sends")

    def relay(self, heard, klass):
        """Carry on a frame of another node; a radio that relays by itself does nothing."""

    def drop(self, src, packet_id):
        """Forget a copy that still waits."""

    def healthy(self) -> bool:
        """Whether its threads live; False is for the watchdog."""
        return True

    def stop(self):
        """End the threads; the line is closed when this returns."""
