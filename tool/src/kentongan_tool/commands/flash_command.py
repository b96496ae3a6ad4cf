"""The command flash: MicroPython onto a board, from a bundle."""

import argparse
from pathlib import Path

from kentongan_tool.base import profile
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, bundle, flash, ports
from kentongan_tool.commands.arguments import Commands, add_port, add_yes, make_ready, say, sure_of


def add_parser(sub: Commands) -> None:
    command = sub.add_parser("flash", help="isi papan dengan MicroPython: chip dikenali, berkas diperiksa")
    add_port(command)
    command.add_argument(
        "--bundle", type=Path, metavar="DIR", help="bundel dengan images/; atau dari `profile`"
    )
    command.add_argument(
        "--board", choices=sorted(boards.BOARDS), metavar="JENIS", help="jenis papan, bila ingin dipastikan"
    )
    add_yes(command)
    command.set_defaults(go=go)


def go(args: argparse.Namespace) -> None:
    folder = args.bundle or profile.read().get("bundle")
    if folder is None:
        raise ToolError("argument", "flash: give --bundle, with MicroPython's images")
    opened = bundle.Bundle(Path(folder))
    make_ready(("esptool", "mpremote"), opened.wheels)
    say(f"Bundel {opened.digest} utuh (versi {opened.about['version']}).")
    args.port = ports.choose(args.port, say)
    flash.ask_before(args.port, sure_of(args))
    chip, _ = flash.flash(args.port, opened, say, args.board)
    fitting = boards.candidates(chip.name, flash.usb_of(args.port), chip.flash_mb)
    say("Selesai. Tekan RESET bila papan tidak mulai sendiri, lalu `kentongan-tool provision`.")
    if not args.board:
        say("Jenis papan (--board): " + " atau ".join(board.name for board in fitting))
