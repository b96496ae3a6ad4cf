"""Arguments of several commands: the hub and its token, the bundle, the port; and how commands speak."""

import argparse
import getpass
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from kentongan_tool.base import asking, profile, progress
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import bundle, devicetools
from kentongan_tool.site import hub as hub_api

# What a command adds its parser to; argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[Any]"

TOKEN_HELP = "berkas berisi token teknisi (mode 0600)"


def typed(text: str) -> str:
    """Return the text with this program's commands as they can be typed here: by the path it was started by,
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
    progress.Line.clear()
    print(typed(text), flush=True)


def add_hub(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hub", metavar="URL", help="alamat pusat data, https://...; atau dari `profile`")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=TOKEN_HELP)
    parser.add_argument("--login", metavar="NAME", help="nama masuk, ganti token; sandi ditanyakan")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="sertifikat pusat data")


def open_hub(args: argparse.Namespace) -> hub_api.Hub:
    """Return the hub, with a token that was read from a file or got for a password typed now."""
    url, token_file, ca_file = profile.of_hub(args.hub, args.token_file, args.ca_file, bool(args.login))
    if bool(token_file) == bool(args.login):
        raise ToolError(
            "argument", "give --token-file or --login, one of them; or save it: `kentongan-tool profile`"
        )
    if token_file:
        return hub_api.Hub(url, hub_api.read_token(token_file), ca_file)
    hub = hub_api.Hub(url, None, ca_file)
    try:
        password = getpass.getpass(f"Sandi {args.login} (tidak tampil): ")
    except EOFError:
        raise ToolError("argument", "--login: tidak ada yang mengetik (nobody types); give --token-file")
    hub.login(args.login, password)
    return hub


def add_bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        help="bundel luring; tanpa ini dipakai kode dari salinan proyek ini",
    )


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="hapus isi papan tanpa bertanya")


def sure_of(args: argparse.Namespace) -> asking.Sure:
    return asking.sure_already if args.yes else asking.sure


def open_bundle(args: argparse.Namespace, tools: Iterable[str]) -> bundle.Bundle:
    """Return the bundle, verified, with the helper programs ready that `tools` names."""
    folder = args.bundle or profile.read().get("bundle")
    if folder is None:
        make_ready((*tools, "mpy-cross"))
        with progress.Progress("Menyiapkan kode papan") as told:
            return bundle.of_checkout(told)
    opened = bundle.Bundle(Path(folder))
    make_ready(tools, opened.wheels)
    say(f"Bundel {opened.digest} utuh (versi {opened.about['version']}).")
    return opened


def make_ready(tools: Iterable[str], wheels: Path | None = None) -> None:
    """Install the helper programs that are missing, and tell how long it takes."""
    for name in tools:
        if not devicetools.ready(name):
            with progress.reckoned(f"Memasang {name}", devicetools.usual_s()):
                devicetools.ensure([name], wheels)


def add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", metavar="PORT", help="port papan, misalnya /dev/ttyUSB0; tanpa ini dicari dan ditanyakan"
    )


def report(error: ToolError) -> None:
    """Say a failure on standard error, in both languages."""
    progress.Line.clear()
    print(typed("\n".join(error.lines())), file=sys.stderr, flush=True)
