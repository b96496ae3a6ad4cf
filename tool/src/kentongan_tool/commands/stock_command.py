"""The command stock: an unmodified Meshtastic radio as repeater or gateway radio of the site."""

import argparse

from kentongan_tool.base.answers import Site
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import ports
from kentongan_tool.commands.arguments import Commands, add_hub, open_hub, say
from kentongan_tool.jobs import stock

USES = "repeater, gateway, atau gateway-mute: radio gateway yang tidak meneruskan"


def add_parser(sub: Commands) -> None:
    command = sub.add_parser("stock", help="atur radio Meshtastic biasa: penerus atau radio gateway")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="PORT", help="port USB radio; tanpa ini dan --host dicari")
    where.add_argument("--host", metavar="ALAMAT", help="alamat radio di jaringan, dengan :PORT bila perlu")
    command.add_argument("--use", choices=sorted(stock.ROLES), required=True, help=USES)
    command.add_argument("--label", required=True, metavar="NAMA", help="misalnya penerus-stok-1")
    command.add_argument("--gateway", default="gateway-1", metavar="NAMA", help="gateway pemakai radio ini")
    command.add_argument("--gain", type=int, default=3, metavar="DBI", help="penguatan antena")
    command.add_argument("--loss", type=int, default=0, metavar="DB", help="rugi kabel")
    command.add_argument("--check", action="store_true", help="hanya periksa, tidak mengubah")
    add_hub(command)
    command.set_defaults(go=go)


def go(args: argparse.Namespace) -> None:
    if not args.host:
        args.port = ports.choose(args.port, say, any_kind=True)
    site = open_hub(args).site()
    want = stock.wanted(site["channel"], args.use, args.label, args.gain, args.loss)

    def right(number: int) -> None:
        if args.use != "repeater":
            check_number(site, args.gateway, number)

    stock.configure(want, say, args.port, args.host, args.check, right)


def check_number(site: Site, label: str, number: int) -> None:
    """Check a gateway's number: it is its stock radio's, which keeps its own."""
    known = {gateway["label"]: gateway["node"] for gateway in site["gateways"]}
    if known.get(label) != number:
        there = f"is {known[label]:08x}" if label in known else "is unknown"
        raise ToolError(
            "hub_refused",
            f"gateway {label} {there} at the hub, this radio is {number:08x}; "
            f"on the hub's machine: kentongan-hub gateway-file --label {label} "
            f"--radio-number {number:08x} --data DIR --out FILE --token-out FILE",
        )
    say(f"Nomor radio sama dengan nomor {label} di pusat data")
