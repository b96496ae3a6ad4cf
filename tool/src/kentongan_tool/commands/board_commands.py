"""Commands that need a board at a port: provision, replace, test; and revoke, which needs none."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from kentongan_tool.base import asking, lists, profile
from kentongan_tool.base.answers import Fields
from kentongan_tool.base.failures import ToolError
from kentongan_tool.base.fields import check
from kentongan_tool.board import boards, ports
from kentongan_tool.board.bundle import ROLES
from kentongan_tool.board.console import Console, Said
from kentongan_tool.commands.arguments import (
    SECONDS,
    Commands,
    add_bundle,
    add_hub,
    add_port,
    add_yes,
    open_bundle,
    open_hub,
    say,
    sure_of,
)
from kentongan_tool.jobs import batch, labels, modem
from kentongan_tool.jobs.image_job import ImageJob
from kentongan_tool.jobs.provision import PROVED_BY_UJI, UJI_S, Job, heard, prove
from kentongan_tool.site.hub import Hub
from kentongan_tool.site.revoke import revoke, wait_for_posts

PROMPT_TOOLS = ("mpremote",)
IMAGE_TOOLS = ("esptool", "mpremote", "littlefs-python")
REVOKE_WAIT_S = 600
BATCH_WAIT_S = 3_600  # for the next board to be plugged in
CHOICES: batch.Choices = {  # option: (field of the registration, how it is read, what it is)
    "press": ("one_press", lambda text: {"tekan": True, "ketuk": False}[text.lower()], "tekan atau ketuk"),
    "gain": ("gain_dbi", lists.whole, "penguatan antena, dBi, dibulatkan ke atas"),
    "loss": ("loss_db", lists.whole, "rugi kabel, dB, dibulatkan ke bawah"),
    "power": ("conducted_dbm", lists.whole, "daya pancar, dBm"),
}


def add_parsers(sub: Commands) -> None:
    add_provision(sub)
    add_replace(sub)
    add_test(sub)
    add_revoke(sub)


def add_board(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--board", choices=sorted(boards.BOARDS), metavar="JENIS", help=", ".join(sorted(boards.BOARDS))
    )
    parser.add_argument("--erase", action="store_true", help="papan bekas alat lain: hapus isinya")
    add_yes(parser)
    parser.add_argument(
        "--image",
        action="store_true",
        help="lewat pemuat chip, sebagai satu berkas dengan MicroPython; perlu --erase",
    )
    parser.add_argument(
        "--wait", type=SECONDS, default=UJI_S, metavar="DETIK", help="batas menunggu alarm uji"
    )
    parser.add_argument("--label-out", type=Path, metavar="FILE.pdf", help="label alat ini")
    for option, (_, _, text) in CHOICES.items():
        parser.add_argument(f"--{option}", metavar="ISI", help=text)


def chosen(args: argparse.Namespace) -> Fields:
    """Return the registration fields that were given; ToolError names one that cannot be read."""
    fields = {}
    for option, (name, read, text) in CHOICES.items():
        given = getattr(args, option)
        if given is not None:
            try:
                fields[name] = read(given)
            except (ValueError, KeyError):
                raise ToolError("argument", f"--{option} {given}: {text}")
    return fields


def add_provision(sub: Commands) -> None:
    command = sub.add_parser("provision", help="jadikan papan kosong sebuah alat: daftar, tulis, uji, label")
    command.add_argument(
        "--port",
        action="append",
        metavar="PORT",
        help="port papan, misalnya /dev/ttyUSB0; tanpa ini dicari; dengan --batch boleh beberapa",
    )
    add_hub(command)
    add_bundle(command)
    command.add_argument(
        "--batch",
        type=Path,
        metavar="FILE.csv",
        help="banyak alat, .csv atau .xlsx: role,label,zone,house,place,hops; dapat dilanjutkan",
    )
    command.add_argument("--role", choices=ROLES, help="modem: radio sebuah gateway")
    command.add_argument("--label", metavar="NAMA", help="misalnya tombol-07; modem-gateway-1")
    command.add_argument("--zone", type=int, metavar="RT", help="nomor RT, 1-255")
    command.add_argument("--house", type=int, default=0, metavar="NOMOR", help="nomor rumah")
    command.add_argument("--place", default="", metavar="TEMPAT", help="misalnya 'Gang Mawar'")
    command.add_argument("--hops", type=int, default=1, metavar="N", help="lompatan ke gateway, 1-7")
    add_board(command)
    command.set_defaults(go=go_provision)


def go_provision(args: argparse.Namespace) -> None:
    if args.batch:
        go_batch(args)
        return
    zoneless = args.role == "modem"  # it bears its gateway's
    if not args.role or not args.label or (args.zone is None and not zoneless) or len(args.port or ()) > 1:
        raise ToolError("argument", "provision: give --role, --label, --zone and one --port, or --batch")
    fields = {name: getattr(args, name) for name in ("role", "label", "zone", "house", "place", "hops")}
    fields = {**fields, **chosen(args)}
    check({name: value for name, value in fields.items() if value is not None}, "provision")
    args.port = args.port[0] if args.port else None
    do_job(args, open_hub(args), fields)


def go_batch(args: argparse.Namespace) -> None:
    if args.role or args.label or args.zone is not None:
        raise ToolError("argument", f"--batch {args.batch}: role, label and zone are columns of the list")
    rows = batch.read_rows(args.batch, CHOICES)
    if any(row["role"] == "modem" for row in rows):
        raise ToolError("argument", f"{args.batch}: a gateway's radio is made by itself, --role modem")
    if args.image:
        raise ToolError("argument", "--batch waits for blank boards at their prompt: flash them, no --image")
    rows = [{**chosen(args), **row} for row in rows]
    for row in rows:
        check(row, f"{args.batch}: {row['label']}")
    result = args.batch.with_name(f"{args.batch.stem}-hasil.csv")
    for path in (result, args.label_out):
        asking.check_room(path)
    hub = open_hub(args)
    batch.check_against(rows, {one["label"]: one for one in hub.devices()})
    bundle = open_bundle(args, PROMPT_TOOLS)

    def make_job(port: str) -> Job:
        return Job(hub, bundle, port, say, args.board, args.erase, args.wait, sure_of(args))

    coming = batch.Ports(args.port or [ports.choose(None, say)], say, args.erase)
    try:
        devices = batch.run(rows, coming, hub, make_job, result, BATCH_WAIT_S, say)
    finally:
        say(f"Daftar hasil: {result.absolute()}" if result.exists() else "Belum ada hasil yang dicatat.")
    if args.label_out:
        labels.sheet([hub.label(device["node"]) for device in devices], args.label_out)
        say(f"{len(devices)} label di {args.label_out}")


def do_job(
    args: argparse.Namespace, hub: Hub, fields: Fields, replaces: int | None = None, old_erased: bool = False
) -> None:
    if args.image and not (args.bundle or profile.read().get("bundle")):
        raise ToolError("argument", "--image: give --bundle with MicroPython's images and the radio driver")
    asking.check_room(args.label_out)
    hub.site()  # address, certificate and token, while nothing is lost yet
    bundle = open_bundle(args, IMAGE_TOOLS if args.image else PROMPT_TOOLS)
    args.port = ports.choose(args.port, say)
    kind: type[Job]
    if fields.get("role") == "modem":
        refuse_choices(args)
        kind = modem.ModemImageJob if args.image else modem.ModemJob
    else:
        kind = ImageJob if args.image else Job
    job = kind(hub, bundle, args.port, say, args.board, args.erase, args.wait, sure_of(args))
    device = job.run(fields, replaces, old_erased)
    if args.label_out:
        labels.sheet([job.sticker(device)], args.label_out)
        say(f"Label di {args.label_out}")


def refuse_choices(args: argparse.Namespace) -> None:
    given = [option for option in CHOICES if getattr(args, option) is not None]
    if given:
        raise ToolError(
            "argument",
            f"--{given[0]}: a gateway's radio has its power from its gateway, [radio] in gateway.toml",
        )


def add_replace(sub: Commands) -> None:
    command = sub.add_parser("replace", help="papan baru untuk rumah yang sama; kunci papan lama dicabut")
    command.add_argument("device", metavar="ALAT", help="label atau nomor alat yang diganti")
    add_port(command)
    add_hub(command)
    add_bundle(command)
    add_board(command)
    command.add_argument(
        "--old-erased", action="store_true", help="papan lama ada di tangan dan isinya sudah dihapus"
    )
    command.add_argument(
        "--revoke-wait", type=SECONDS, default=0, metavar="DETIK", help="tunggu laporan semua pos"
    )
    command.set_defaults(go=go_replace)


def go_replace(args: argparse.Namespace) -> None:
    hub = open_hub(args)
    if modem.is_modem(args.device):
        do_job(args, hub, {"role": "modem", "label": args.device})
        say("Radio lama tidak menyimpan kunci: tidak ada yang dicabut.")
        return
    old = hub.find(args.device)
    check(chosen(args), "replace", replacing=True)
    do_job(args, hub, chosen(args), old["node"], args.old_erased)
    say(f"Papan lama {old['id']} dicabut.")
    if args.revoke_wait:
        wait_for_posts(hub, old["node"], args.revoke_wait, say)


def add_test(sub: Commands) -> None:
    command = sub.add_parser("test", help="periksa alat terpasang: isi, baterai, alarm uji sampai pusat data")
    add_port(command)
    add_hub(command)
    command.add_argument(
        "--wait", type=SECONDS, default=UJI_S, metavar="DETIK", help="batas menunggu alarm uji"
    )
    command.add_argument("--gateway", metavar="NAMA", help="pemilik radio gateway, bila ada beberapa")
    command.set_defaults(go=go_test)


def go_test(args: argparse.Namespace) -> None:
    hub = open_hub(args)
    args.port = ports.choose(args.port, say)
    with Console(args.port) as console:
        said = console.wake(say)
    if said["role"] == "modem":
        test_modem(args, hub)
        return
    say(described(said))
    for problem in problems_of(said):
        say(f"  perhatikan: {problem}")
    device = hub.device(said["node"])
    if device["state"] != "in_service":
        raise ToolError("hub_refused", f"{said['label']} {said['node']:08x}: {device['state']}")
    mark = hub.uji(said["node"], 0, 0)["mark"]
    say("Alarm uji dikirim")
    alarm = prove(hub, args.port, said["node"], mark, said["role"], args.wait, say)
    say(f"Diterima pusat data{heard(alarm) if said['role'] in PROVED_BY_UJI else ''}")


def test_modem(args: argparse.Namespace, hub: Hub) -> None:
    """Test a gateway's radio on the technician's cable: does it start, take its settings, and transmit?"""
    known = [one["label"] for one in hub.site()["gateways"]]
    if args.gateway is None and len(known) != 1:
        raise ToolError("argument", f"a gateway's radio is at {args.port}: --gateway {', '.join(known)}")
    made = hub.modem(args.gateway or known[0])
    status = modem.prove(args.port, made["file"], say)
    say(f"{made['file']['label']}: baik, menyala {status.uptime_s} s. Pasang kembali di gateway.")


def described(said: Said) -> str:
    """Describe a device in one line, by its answer to `periksa`; not every board can measure its battery."""
    battery = said.get("battery_mv")
    volts = "baterai tidak terukur" if battery is None else f"{battery / 1000:.2f} V"
    return f"{said['role']} {said['label']} {said['node']:08x}, firmware {said['firmware']}, {volts}"


def problems_of(said: Said) -> Iterator[str]:
    """List what a person should look at in the answer to `periksa`."""
    if said.get("stuck"):
        yield "tombol macet: " + ", ".join(said["stuck"])
    if said.get("failing"):
        yield "bagian rusak: " + ", ".join(said["failing"])
    if "lid" in (said.get("down") or ()):
        yield "tutup alat terbuka"
    counted = {**(said.get("radio") or {}), "refreshed": 0}  # that is routine after a long silence
    errors = {name: count for name, count in counted.items() if count}
    if errors:
        yield "radio: " + ", ".join(f"{name} {count}" for name, count in sorted(errors.items()))


def add_revoke(sub: Commands) -> None:
    command = sub.add_parser("revoke", help="cabut alat; selesai bila semua pos melapor")
    command.add_argument("device", metavar="ALAT", help="label atau nomor alat")
    command.add_argument("--why", required=True, metavar="ALASAN", help="misalnya dicuri, hilang, rusak")
    command.add_argument("--erased", action="store_true", help="isinya sudah dihapus")
    command.add_argument("--wait", type=SECONDS, default=REVOKE_WAIT_S, metavar="DETIK")
    add_hub(command)
    command.set_defaults(go=go_revoke)


def go_revoke(args: argparse.Namespace) -> None:
    if modem.is_modem(args.device):
        raise ToolError(
            "argument",
            f"{args.device}: a gateway's radio holds no key to revoke; "
            "`replace` puts another board in its place",
        )
    revoke(open_hub(args), args.device, args.why, args.erased, args.wait, say)
