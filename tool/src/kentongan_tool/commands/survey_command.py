"""The command survey: from place to place with a provisioned button on a cable."""

import argparse
from pathlib import Path

from kentongan_tool.base import asking
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board.console import Console
from kentongan_tool.commands.arguments import SECONDS, Commands, add_hub, open_hub, say
from kentongan_tool.jobs import survey
from kentongan_tool.jobs.provision import prove
from kentongan_tool.site.hub import Hub

WAIT_S = 30


def add_parser(sub: Commands) -> None:
    command = sub.add_parser("survey", help="berjalan dengan tombol: sinyal tiap tempat, tabel dan denah")
    command.add_argument("--port", metavar="PORT", help="port tombol yang dibawa; tanpa ini hanya menggambar")
    command.add_argument(
        "--places",
        type=Path,
        required=True,
        metavar="FILE.csv",
        help="place,x_m,y_m,what (tempat, gateway, pos, penerus)",
    )
    command.add_argument(
        "--out", type=Path, required=True, metavar="FILE.csv", help="hasil; denah di sebelahnya sebagai .svg"
    )
    command.add_argument("--wait", type=SECONDS, default=WAIT_S, metavar="DETIK", help="batas tiap tempat")
    command.add_argument("--again", action="store_true", help="ukur lagi tempat yang sudah ada hasilnya")
    command.add_argument("--no-stop", action="store_true", help="jangan menunggu Enter di tiap tempat")
    add_hub(command)
    command.set_defaults(go=go)


def go(args: argparse.Namespace) -> None:
    places, results = survey.read_places(args.places), survey.read_results(args.out)
    asking.check_room(args.out)
    hub = open_hub(args)
    site = hub.site()
    preset = site["channel"]["preset"]
    if args.port:
        walk(args, hub, places, results, preset)
    picture = args.out.with_suffix(".svg")
    picture.write_text(survey.plan(places, results, f"Sinyal {site['name']}", preset), encoding="utf-8")
    say(f"Hasil di {args.out}, denah di {picture}" if args.out.exists() else f"Denah di {picture}")


def walk(
    args: argparse.Namespace, hub: Hub, places: list[survey.Place], results: survey.Results, preset: str
) -> None:
    """Measure place after place; each result is on disk before the next."""
    with Console(args.port) as console:
        said = console.wake(say)
    if said["role"] != "tombol":
        raise ToolError("argument", f"{args.port}: a {said['role']}; a survey is walked with a tombol")
    node = said["node"]
    for place in places:
        if place.what != survey.KINDS[0] or place.name in results and not args.again:
            continue
        if not args.no_stop:
            input(f"Berdiri di {place.name}, lalu tekan Enter: ")
        results[place.name] = measure(args, hub, node, place, preset)
        survey.write_results(args.out, results)
        heard = results[place.name]
        level = f", {heard.rssi:g} dBm, SNR {heard.snr:g} dB" if heard.gateway else ""
        say(f"{place.name}: {survey.GRADES[heard.grade][0]}{level}")


def measure(args: argparse.Namespace, hub: Hub, node: int, place: survey.Place, preset: str) -> survey.Heard:
    mark = hub.uji(node, 0, 0)["mark"]
    try:
        alarm = prove(hub, args.port, node, mark, "tombol", args.wait, say)
    except ToolError as error:
        if error.name != "no_uji":
            raise
        alarm = None
    return survey.heard_at(place.name, alarm, preset)
