"""The command flash: MicroPython onto a board, from a bundle."""

import argparse
from pathlib import Path

from kentongan_tool import boards, bundle, devicetools, flash
from kentongan_tool.arguments import Commands, add_yes, say, sure_of


def add_parser(sub: Commands) -> None:
    command = sub.add_parser("flash", help="isi papan dengan MicroPython: chip dikenali, berkas diperiksa")
    command.add_argument("--port", required=True, metavar="PORT", help="port papan, misalnya /dev/ttyUSB0")
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="bundel dengan images/")
    command.add_argument(
        "--board", choices=sorted(boards.BOARDS), metavar="JENIS", help="jenis papan, bila ingin dipastikan"
    )
    add_yes(command)
    command.set_defaults(go=go)


def go(args: argparse.Namespace) -> None:
    opened = bundle.Bundle(args.bundle)
    devicetools.ensure(("esptool", "mpremote"), opened.wheels)
    say(f"Bundel {opened.digest} utuh (versi {opened.about['version']}).")
    flash.ask_before(args.port, say, sure_of(args))
    chip, _ = flash.flash(args.port, opened, say, args.board)
    fitting = boards.candidates(chip.name, flash.usb_of(args.port), chip.flash_mb)
    say("Selesai. Tekan RESET bila papan tidak mulai sendiri, lalu `kentongan-tool provision`.")
    if not args.board:
        say("Jenis papan (--board): " + " atau ".join(board.name for board in fitting))
