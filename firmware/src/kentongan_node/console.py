"""Words that a technician types on the serial line, or kentongan-tool sends. Pure: characters in, words out.

uji      a test alarm of kind 15 (tombol, sirene) or a STATUS (penerus, penerima)
periksa  one line `periksa {json}`: what the board is, holds and reads
"""
COMMANDS = ("uji", "periksa")
LINE_LIMIT = 32  # characters; a longer line is none of ours
END = "\r\n"


class Console:
    def __init__(self):
        self._line = ""

    def feed(self, text):
        """The whole lines in the text that came, in lower case; noise costs no more than its own line."""
        lines = []
        for char in text:
            if char in END:
                if self._line:
                    lines.append(self._line.strip().lower())
                self._line = ""
            elif len(self._line) < LINE_LIMIT:
                self._line += char
        return [line for line in lines if line]
