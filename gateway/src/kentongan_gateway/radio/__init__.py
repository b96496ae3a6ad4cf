"""Radios behind one face: start, send, relay, drop, stop. Siblings, each with its own threads."""

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


def make(settings, key_file) -> Radio:
    """The radio of [radio], or a pair with that of [radio_2]."""
    first = make_one(settings.radio, key_file)
    if settings.radio_2.type == "none":
        return first
    from kentongan_gateway.radio.pair import Pair

    same = settings.radio_2.type == settings.radio.type
    return Pair([first, make_one(settings.radio_2, key_file, "_2" if same else "")])


def make_one(settings, key_file, suffix="") -> Radio:
    """The radio that one section names. Libraries are imported only for the radio that needs them."""
    if settings.type == "loopback":
        from kentongan_gateway.radio.loopback import Loopback

        return Loopback(settings.host, settings.port, "loopback" + suffix)
    if settings.type == "meshtastic":
        from kentongan_gateway.radio.meshtastic import MeshtasticRadio

        return MeshtasticRadio(settings.host, settings.port, key_file, "meshtastic" + suffix)
    from kentongan_gateway.radio.serial_modem import SerialModem

    return SerialModem(settings.port, key_file, settings, "modem" + suffix)
