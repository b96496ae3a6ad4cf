"""`python -m kentongan_wire decode|encode`: a frame in hexadecimal per line <-> a JSON object per line."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import BinaryIO, NoReturn, TextIO

from kentongan_wire.air.packet import Channel
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.describe import every_generation, frame_to_object, object_to_frame
from kentongan_wire.keyring.site_keys import SiteKeys

Convert = Callable[[str, Channel, SiteKeys | None], str]  # one line to one line

LINE_LIMIT = 65_536  # bytes of one line; the longest frame takes 510 digits, the longest object far less
KEY_FILE_LIMIT = 65_536  # bytes
EXIT_USAGE = 2
EXIT_PIPE = 1
EXPLANATIONS = {
    "hex": "not hexadecimal digits, two a byte",
    "json": "not one JSON object",
    "line": f"longer than {LINE_LIMIT} bytes",
    "short": "fewer than the 16 header bytes",
    "long": "more than 255 bytes",
    "header": "a header that no sender makes",
    "channel": "another channel's hash: check --channel and --psk",
    "protobuf": "no Data protobuf: not this channel's key, or damaged",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"kentongan_wire: {message}; see python -m kentongan_wire --help\n")


class _Unreadable(Exception):
    """A line that gives an error object: (reason, explanation)."""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m kentongan_wire", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="decode|encode")
    for name, what in (
        ("decode", "frames in hexadecimal -> JSON objects"),
        ("encode", "JSON objects -> frames in hexadecimal"),
    ):
        command = commands.add_parser(name, help=what, description=what + ", one a line", allow_abbrev=False)
        command.add_argument("--channel", required=True, metavar="NAME", help="the channel's name")
        command.add_argument("--psk", required=True, metavar="HEX", help="the channel's key, 16 or 32 bytes")
        site = command.add_mutually_exclusive_group()
        site.add_argument(
            "--site-key-file",
            metavar="FILE",
            help="64 hexadecimal digits, or the hub's site.json: check and make tags",
        )
        site.add_argument(
            "--site-key",
            metavar="HEX",
            help="the same on the command line, where others can read it: for test keys only",
        )
    return parser.parse_args(argv)


def _key_from_hex(text: str, option: str, sizes: Collection[int]) -> bytes:
    """Key bytes; LocalError names the option and never repeats the digits."""
    wanted = " or ".join(str(2 * size) for size in sizes)
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise LocalError(f"{option}: not hexadecimal; give {wanted} digits")
    if len(key) not in sizes:
        raise LocalError(f"{option}: {len(key)} bytes; give {wanted} hexadecimal digits")
    return key


def _site_key(options: argparse.Namespace) -> bytes | None:
    """Site key bytes or None."""
    if options.site_key is not None:
        return _key_from_hex(options.site_key, "--site-key", (32,))
    if options.site_key_file is None:
        return None
    where = f"--site-key-file {options.site_key_file}"
    try:
        with open(options.site_key_file, "rb") as file:
            text = file.read(KEY_FILE_LIMIT).decode("utf-8").strip()
    except OSError as error:
        raise LocalError(f"{where}: {error.strerror}; give a file that you may read")
    except (UnicodeDecodeError, ValueError):
        raise LocalError(f"{where}: not text; give 64 hexadecimal digits or the hub's site.json")
    if text.startswith("{"):
        try:
            text = json.loads(text)["site_key"]
        except (ValueError, KeyError, RecursionError):
            raise LocalError(f"{where}: no JSON object with site_key; give the hub's site.json")
        if not isinstance(text, str):
            raise LocalError(f"{where}: site_key is no text; give the hub's site.json")
    return _key_from_hex(text, where, (32,))


def _decode_line(text: str, channel: Channel, ring: SiteKeys | None) -> str:
    digits = "".join(text.split())
    digits = digits[2:] if digits[:2] in ("0x", "0X") else digits
    try:
        frame = bytes.fromhex(digits)
    except ValueError:
        raise _Unreadable("hex")
    try:
        return json.dumps(frame_to_object(frame, channel, ring))
    except RemoteError as error:
        raise _Unreadable(error.reason)


def _encode_line(text: str, channel: Channel, ring: SiteKeys | None) -> str:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise _Unreadable("json")
    if isinstance(given, dict) and "error" in given:
        raise _Unreadable(str(given.get("reason", "json")), f"an error object: {given['error']}")
    try:
        return object_to_frame(given, channel, ring).hex()
    except LocalError as error:
        raise _Unreadable("field", str(error))


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """(number, bytes or None when too long) of every line, holding at most one line of LINE_LIMIT."""
    number = 0
    while True:
        line = stream.readline(LINE_LIMIT + 1)
        if not line:
            return
        number += 1
        if len(line) <= LINE_LIMIT:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_LIMIT + 1)
        yield number, None


def _answer(line: bytes | None, convert: Convert, channel: Channel, ring: SiteKeys | None) -> str | None:
    """One line's answer, or None for a blank line; _Unreadable with its reason."""
    if line is None:
        raise _Unreadable("line")
    try:
        text = line.decode("utf-8").strip("\ufeff \t\r\n\v\f\0")
    except UnicodeDecodeError:
        raise _Unreadable("hex" if convert is _decode_line else "json", "not UTF-8 text")
    return convert(text, channel, ring) if text else None


def run(convert: Convert, channel: Channel, ring: SiteKeys | None, source: BinaryIO, sink: TextIO) -> None:
    """Convert every line of a binary source into a line of a text sink, flushed one by one."""
    for number, line in _lines(source):
        try:
            answer = _answer(line, convert, channel, ring)
        except _Unreadable as error:
            reason = error.args[0]
            explanation = error.args[1] if len(error.args) > 1 else EXPLANATIONS.get(reason, reason)
            answer = json.dumps({"error": explanation, "reason": reason, "line": number})
        if answer is not None:
            sink.write(answer + "\n")
            sink.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 at the end of the input, 1 when the reader of our output left, 2 for wrong options."""
    options = _arguments(argv)
    try:
        psk = _key_from_hex(options.psk, "--psk", (16, 32))
        if not 1 <= len(options.channel.encode("utf-8", "surrogateescape")) <= 11:
            raise LocalError("--channel: give a name of 1 to 11 bytes")
        channel = Channel(options.channel, psk)
        site_key = _site_key(options)
        ring = every_generation(site_key) if site_key is not None else None
    except (LocalError, UnicodeEncodeError) as error:
        print(f"kentongan_wire: {error}", file=sys.stderr)
        return EXIT_USAGE
    convert = _decode_line if options.command == "decode" else _encode_line
    try:
        run(convert, channel, ring, sys.stdin.buffer, sys.stdout)
    except BrokenPipeError:
        # Python flushes standard output once more at its end: give it a place where that cannot fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except KeyboardInterrupt:
        return 130
    return 0
