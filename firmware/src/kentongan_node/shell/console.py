"""Words that a technician types on the serial line, or kentongan-tool sends. Pure: bytes in, words out.

uji      a test alarm of kind 15 (tombol, sirene) or a STATUS (penerus, penerima)
periksa  one line `periksa {json}`: what the board is, holds and reads
servis   the program ends and the prompt is there, for ten minutes at most
A modem's line belongs to its host and carries COBS, where a zero stands between two messages only: there
`servis` stands between two zeros, which is no message, and which no frame from the air can bring about.
"""

LINE_LIMIT = 32  # characters; a longer line is none of ours
END = b"\r\n"
ASKED = b"\0servis\0"


class Service(Exception):
    """A technician has asked for the prompt."""


def asked(before: bytes, data: bytes) -> bytes:
    """Return the end of a modem's line, to be handed in with what comes next; Service: the word is in it."""
    data = before + data
    if data.find(ASKED) >= 0:
        raise Service()
    return data[1 - len(ASKED) :]


def noise(word: str) -> bool:
    """Tell whether this is noise: it holds characters that no technician's key makes, and is not answered."""
    return not all([32 <= ord(char) < 127 for char in word])


class Console:
    def __init__(self) -> None:
        self._line = ""

    def feed(self, data: bytes) -> list[str]:
        """Return the whole lines in the bytes that came, in lower case; noise costs only its own line."""
        lines = []
        for byte in data:
            if byte in END:
                if self._line:
                    lines.append(self._line.strip().lower())
                self._line = ""
            elif len(self._line) < LINE_LIMIT:
                self._line += chr(byte)
        return [line for line in lines if line]
