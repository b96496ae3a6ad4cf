"""The commands profile and ports: what is typed once, and which boards are there."""

import argparse
from pathlib import Path

from kentongan_tool.base import profile
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import bundle, holders, ports
from kentongan_tool.commands.arguments import TOKEN_HELP, Commands, say
from kentongan_tool.site import hub

WORDS = {"hub": "pusat data", "token_file": "berkas token", "ca_file": "sertifikat", "bundle": "bundel"}


def add_parsers(sub: Commands) -> None:
    saved = sub.add_parser(
        "profile", help="simpan pusat data, token, sertifikat dan bundel: diketik sekali saja"
    )
    saved.add_argument("--hub", metavar="URL", help="alamat pusat data, https://...")
    saved.add_argument(
        "--token-file", type=Path, metavar="FILE", help=f"{TOKEN_HELP}; hanya tempatnya disimpan"
    )
    saved.add_argument("--ca-file", type=Path, metavar="FILE", help="sertifikat pusat data")
    saved.add_argument("--bundle", type=Path, metavar="DIR", help="bundel luring")
    saved.add_argument("--clear", action="store_true", help="buang yang tersimpan")
    saved.set_defaults(go=go_profile)
    seen = sub.add_parser("ports", help="port yang ada: papan, chip dan label alat di sana")
    seen.set_defaults(go=go_ports)


def go_profile(args: argparse.Namespace) -> None:
    if args.clear:
        profile.clear()
        say("Profil dibuang.")
        return
    given = {name: getattr(args, name) for name in profile.FIELDS if getattr(args, name) is not None}
    saved = profile.read()
    if given:
        if "hub" in given and given["hub"].rstrip("/") != saved.get("hub"):
            saved = {name: saved[name] for name in ("bundle",) if name in saved}  # the rest is the old hub's
        saved |= {name: _whole(name, value) for name, value in given.items()}
        check(saved)
        profile.write(saved)
        say(f"Tersimpan di {profile.path()}; perintah lain memakainya.")
    if not saved:
        raise ToolError("argument", "profile: belum ada yang disimpan (nothing is saved); give --hub URL ...")
    for name, text in WORDS.items():
        say(f"  {text}: {saved.get(name, '-')}")


def _whole(name: str, value: str | Path) -> str:
    return value.rstrip("/") if isinstance(value, str) else str(value.absolute())


def check(saved: profile.Profile) -> None:
    """Each of them as it would be used, without calling the hub: it may be far from here."""
    if "token_file" in saved:
        hub.read_token(Path(saved["token_file"]))
    ca_file = Path(saved["ca_file"]) if "ca_file" in saved else None
    if "hub" in saved:
        hub.Hub(saved["hub"], None, ca_file)
    elif set(saved) & {"token_file", "ca_file"}:
        raise ToolError("argument", "profile: a token and a certificate are a hub's; give --hub with them")
    if "bundle" in saved:
        bundle.Bundle(Path(saved["bundle"]))


def go_ports(_args: argparse.Namespace) -> None:
    found = ports.there()
    if not found:
        raise holders.missing("USB")
    for line in ports.lines(found):
        say(line)
