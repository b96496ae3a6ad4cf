"""kentongan-hub: a site, its devices and gateways, access, backups, checks, and the server itself."""

import argparse
import json
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, site
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.entries.typed import typed
from kentongan_hub.base.said import Actor, Said
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Account, Device
from kentongan_hub.devices import provision
from kentongan_hub.devices.provision import technicians
from kentongan_hub.devices.trust import revocations
from kentongan_hub.people import access, invitations, keepers, standing
from kentongan_hub.record import audit, chain
from kentongan_hub.storage import store
from kentongan_hub.storage.store import Db, Store
from kentongan_hub.upkeep import backup, mending


class Command(Protocol):
    """Adds one command to the parser."""

    def __call__(
        self, name: str, call: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; exit code 0, or 2 with one line naming what is wrong and the remedy."""
    args = _parser().parse_args(argv)
    try:
        return args.call(args) or 0
    except (LocalError, OSError) as error:
        print(f"kentongan-hub: {typed(str(error), args.data)}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        see = typed("`kentongan-hub check`", args.data)
        print(f"kentongan-hub: {args.data / store.FILE_NAME}: {error}; see {see}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kentongan-hub", description="The hub of one RT or RW.")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(
        name: str, call: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(call=call)
        made.add_argument("--data", required=True, type=Path, metavar="DIR", help="the hub's data directory")
        return made

    init = command("init", _init, "make a new site: keys, database, first administrator, first gateway")
    init.add_argument("--site", required=True, metavar="NAME")
    init.add_argument("--admin", required=True, metavar="LOGIN")
    init.add_argument(
        "--password-file", required=True, type=Path, metavar="FILE", help="its first line is the password"
    )
    init.add_argument("--rt", type=int, default=1)
    init.add_argument("--rw", type=int, default=1)
    init.add_argument("--time-zone", default="WIB", metavar="WIB|WITA|WIT")

    add = command("provision", _provision, "make the device file of a new device, with a new node number")
    add.add_argument("--role", required=True, metavar="|".join(provision.device_files.ROLES))
    add.add_argument("--label", required=True)
    add.add_argument("--zone", required=True, type=int, help="the RT's number, 1-255")
    add.add_argument("--house", type=int, default=0)
    add.add_argument("--place", default="")
    add.add_argument("--hops", type=int, default=1, help="hops to the gateway, 1-7")
    add.add_argument("--out", required=True, type=Path, metavar="FILE")

    gateway = command("gateway-file", _gateway_file, "write a gateway's key file and a new token for it")
    gateway.add_argument("--label", default=provision.sites.FIRST_GATEWAY)
    gateway.add_argument("--zone", type=int)
    gateway.add_argument(
        "--radio-number",
        type=lambda text: int(text, 16),
        metavar="HEX",
        help="of the stock Meshtastic radio that serves it, as `kentongan-tool stock` tells it",
    )
    gateway.add_argument("--out", required=True, type=Path, metavar="FILE")
    gateway.add_argument(
        "--token-out", type=Path, metavar="FILE", help="makes a new token, which ends the old one"
    )
    gateway.add_argument(
        "--modem-out", type=Path, metavar="FILE", help="device file of the gateway's own radio"
    )

    technician = command(
        "technician-token", _technician_token, "make a token with which kentongan-tool may register devices"
    )
    technician.add_argument("--name", required=True, help="the technician's name, for the log")
    technician.add_argument("--out", type=Path, metavar="FILE", help="where the token goes, mode 0600")
    technician.add_argument("--end", action="store_true", help="end every token of this technician")

    revoke = command("revoke", _revoke, "refuse a device's number for good; of a post, rotate the keys")
    revoke.add_argument("--label", required=True)
    revoke.add_argument("--why", default="dicuri", help="for the log: dicuri, hilang, rusak, ...")
    revoke.add_argument(
        "--erased", action="store_true", help="its keys were wiped in your hands: no rotation"
    )

    _care(command)
    return parser


def _care(command: Command) -> None:
    """Add the commands of every day: backup, restore, recovery-link, access, check, run."""
    text = "where an account lives, or that it is agreed no more; the second person where a site has none"
    known = command("access", _access, text)
    known.add_argument("--login", metavar="LOGIN", help="whose account; not with --checked")
    known.add_argument("--name", required=True, help="the technician's name, for the log")
    fact = known.add_mutually_exclusive_group(required=True)
    fact.add_argument("--house", type=int, help="lives in this house; with --zone")
    fact.add_argument("--outside", action="store_true", help="lives outside the hub's RTs")
    fact.add_argument("--not-agreed", action="store_true", help="agreed for confidential incidents no more")
    fact.add_argument("--stand-in", action="store_true", help="is called until two people are agreed")
    fact.add_argument("--off", action="store_true", help="may not log in any more")
    checked = "after a restore: who is agreed, excluded and where accounts live was looked at with people"
    fact.add_argument("--checked", action="store_true", help=checked)
    known.add_argument("--zone", type=int, default=0, help="the house's RT")
    save = command("backup", _backup, "the whole hub in one file, encrypted with a passphrase")
    save.add_argument("--out", required=True, type=Path, metavar="FILE")
    bring = command("restore", _restore, "a backup into a new data directory, checked before it is used")
    bring.add_argument("--from", dest="backup", required=True, type=Path, metavar="FILE")
    for one, needed, text in (
        (save, False, "first line: the passphrase; without it the keepers' passphrases open the backup"),
        (bring, True, "first line: the passphrase, of the file or of one of its keepers"),
    ):
        one.add_argument("--passphrase-file", required=needed, type=Path, metavar="FILE", help=text)

    recover = command("recovery-link", _recovery_link, "a one-use link for a new password of an account")
    recover.add_argument("--login", required=True, metavar="LOGIN", help="whose password was lost")
    recover.add_argument("--name", required=True, help="the technician's name, for the log")
    recover.add_argument("--address", metavar="URL", help="how that person's browser reaches the hub")

    command("check", _check, "read the whole record and database; exit 1 names what somebody changed")

    run = command("run", _run, "serve the pages and the API")
    run.add_argument("--host", default="127.0.0.1", help="beyond this machine put TLS in front (see README)")
    run.add_argument("--port", type=int, default=8080, help="0 takes any free one and prints it")
    run.add_argument(
        "--behind-proxy", action="store_true", help="a TLS proxy on this machine speaks for browsers"
    )


def _init(args: argparse.Namespace) -> None:
    made = provision.create_site(
        args.data,
        args.site,
        args.admin,
        _first_line(args.password_file),
        rt=args.rt,
        rw=args.rw,
        time_zone=args.time_zone,
    )
    run = typed("`kentongan-hub run`", args.data)
    print(f"site {made['site']} made in {args.data}; next: gateway-file, provision, and {run}")
    print(
        "first: on the page Akses (Access) agree at least two people of different houses for silent alarms; "
        "until then a silent alarm calls nobody but stand-ins"
    )


def _provision(args: argparse.Namespace) -> None:
    made = provision.add_device(
        args.data, args.role, args.label, args.zone, args.house, args.place, args.hops
    )
    site.write_secret(args.out, json.dumps(made, indent=1) + "\n")
    print(
        f"{args.role} {args.label}: node {made['node']:08x} -> {args.out} (secret: delete it after flashing)"
    )


def _now(db: Db) -> Now:
    """Give the moment by the clocks of the hub that serves this database, whatever the wall says."""
    clock = Clock.of(db)
    return Now(clock.steady_ms(), clock.wall_ms())


def _technician_token(args: argparse.Namespace) -> None:
    site.load(args.data)
    if args.end:
        with Store(args.data).write() as db:
            technicians.end(db, _now(db), args.name)
        print(f"{args.name}: no token is valid any more")
        return
    if not args.out:
        raise LocalError("--out: missing; name the file that the token goes to")
    with Store(args.data).write() as db:
        token = technicians.new_token(db, _now(db), args.name)
    site.write_secret(args.out, token + "\n")
    print(f"{args.name}: new token -> {args.out}, valid for {technicians.CONSOLE_MS // 86_400_000} days")


def _revoke(args: argparse.Namespace) -> None:
    secret = site.load(args.data)
    with Store(args.data).write() as db:
        row = db.one(
            "SELECT * FROM devices WHERE label = ? AND revoked = 0 AND pending = 0", args.label, of=Device
        )
        if row is None:
            raise LocalError(f"label {args.label!r}: no device in service has it; see the page Perangkat")
        revocations.revoke(db, _now(db), secret, row["node"], args.why, "konsol", args.erased)
        status = revocations.status(db, secret, row["node"])
    print(
        f"{args.label}: refused by the hub now; still to be told: "
        f"{', '.join(one['label'] for one in status['waiting']) or 'nobody'}"
    )
    if status["rotation"]:
        print(f"key rotation to generation {status['rotation']['generation']} is under way: see /kunci")
    if status["refused"]:
        print(f"NO ROTATION: {status['refused']}")


def _gateway_file(args: argparse.Namespace) -> None:
    made = provision.gateway_file(args.data, args.label, args.zone, args.radio_number)
    site.write_secret(args.out, json.dumps(made, indent=1) + "\n")
    print(
        f"{args.label}: node {made['node']:08x} -> {args.out} (holds the site's roots: keep it at mode 0600)"
    )
    if args.token_out:
        site.write_secret(args.token_out, provision.gateway_token(args.data, args.label) + "\n")
        print(f"{args.label}: new token -> {args.token_out}")
    if args.modem_out:
        site.write_secret(
            args.modem_out, json.dumps(provision.modem_file(args.data, args.label), indent=1) + "\n"
        )
        print(f"{args.label}: modem file -> {args.modem_out}")


def _recovery_link(args: argparse.Namespace) -> None:
    """Print a link once, with a code for a phone, to whoever may read the data directory here."""
    import segno

    site.load(args.data)
    with Store(args.data).write() as db:
        account = _account(db, args.login)
        token = invitations.recover(db, _now(db), f"teknisi {args.name}", account, "konsol", args.name)
        root = args.address or db.setting("address") or "http://127.0.0.1:8080"
    link = f"{root.rstrip('/')}/u/{token}"
    print(f"{args.login}: open once, within {invitations.RECOVERY_HOURS} h, where the hub can be reached:")
    print(link)
    segno.make(link, micro=False).terminal(compact=True)


def _access(args: argparse.Namespace) -> None:
    """Change access; whoever may read the data directory is nobody's household, and is on the record."""
    site.load(args.data)
    if args.checked == bool(args.login):
        raise LocalError("--login: give it for what concerns one account, and not with --checked")
    with Store(args.data).write() as db:
        now = _now(db)
        by: access.Console = {
            "id": None,
            "login": Actor(codes.CONSOLE, args.name),
            "name": f"teknisi {args.name}",
        }
        body = {} if args.checked else {"account": _account(db, args.login)["id"]}
        if args.checked:
            what = "diperiksa"
        elif args.not_agreed or args.off or args.stand_in:
            what = "matikan" if args.off else "pengganti" if args.stand_in else "bukan-rahasia"
        else:
            what, outside = "rumah", int(args.outside)
            body |= {"zone": args.zone, "house": args.house or 0, "outside": outside}
        standing.want(db, now, by, what, body, "konsol")
    print(f"{args.login or 'access'}: {what}, on the record as teknisi {args.name}")


def _account(db: Db, login: str) -> Account:
    account = db.one("SELECT * FROM accounts WHERE login = ?", login, of=Account)
    if account is None:
        known = [row["login"] for row in db.all("SELECT login FROM accounts ORDER BY login LIMIT 50")]
        raise LocalError(f"login {login!r}: no such account; there are {', '.join(known)}")
    return account


def _first_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[0] if lines else ""


def _backup(args: argparse.Namespace) -> None:
    phrase = ""
    locks: list[keepers.Lock] = []
    if args.passphrase_file:
        phrase = _first_line(args.passphrase_file)
    else:
        with Store(args.data).read() as db:
            locks = keepers.locks(db)
        if not locks:
            raise LocalError("nobody keeps the passphrase of backups yet, on the page Pengaturan of an "
                             "agreed person; give --passphrase-file")  # fmt: skip
    size = backup.make(args.data, phrase, args.out, locks)
    with Store(args.data).write() as db:
        now = _now(db)
        db.set_setting("backup_wall", now.wall)
        db.set_setting("backup_ms", now.ms)
        done = Said(codes.BYTES, size=size)
        audit.record(db, now.wall, Actor(codes.CONSOLE), codes.BACKUP_MADE, args.out.name, done)
    print(f"backup of {args.data} -> {args.out}, {size} bytes; without a passphrase nobody can open it")


def _restore(args: argparse.Namespace) -> None:
    backup.restore(args.backup, _first_line(args.passphrase_file), args.data)
    run = typed("`kentongan-hub run`", args.data)
    print(f"{args.backup} -> {args.data}; next: {run}, and a new gateway token if it was lost")


def _check(args: argparse.Namespace) -> int:
    """Check record and file; exit code 1 for a broken chain, or a damaged, empty or strange file."""
    if not site.exists(args.data):
        raise LocalError(f"{args.data}: no site here; give the hub's data directory")
    site.load(args.data)
    why = mending.wrong_with(args.data)
    if why:
        return _damaged(args.data, code_words.say(why))
    wrong = 0
    try:
        with Store(args.data).read() as db:
            for table in ("audit", "timeline"):
                checked, broken = chain.verify(db, table)
                end = chain.head(db, table)
                found = f"up to broken row {broken}" if broken else f"whole, head {end}"
                print(f"{table}: {checked} rows {found}")
                wrong += broken is not None
            state = db.value("PRAGMA integrity_check")
            was = mending.damage(db)
    except mending.DAMAGE as error:
        if not mending.is_damage(error):
            raise
        return _damaged(args.data, error)
    print(f"database: {state}")
    if state != "ok":
        return _damaged(args.data, state.splitlines()[0])
    if was:
        print(f"database: a fresh one since the old one was damaged ({was['why']}); old file: {was['file']}")
    return int(wrong > 0 or bool(was))


def _damaged(data_dir: Path, why: object) -> int:
    print(f"database: DAMAGED: {data_dir / store.FILE_NAME}: {why}")
    said = (
        "`kentongan-hub run` sets it aside and goes on with a fresh one; what was before is in a backup: "
        "`kentongan-hub restore --data NEW-DIRECTORY --from FILE --passphrase-file FILE`"
    )
    print(typed(said, data_dir))
    return 1


def _run(args: argparse.Namespace) -> None:
    from kentongan_hub.app import create_app
    from kentongan_hub.web import serving

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = create_app(args.data)
    if app.hub.has_site():
        try:
            site.load(args.data)
        except site.Unreadable as error:  # told on every page; alarms need no key of it
            logging.getLogger("kentongan.hub").error("%s", error)
    server = serving.server(app, args.host, args.port, args.behind_proxy)
    address = f"http://{args.host}:{server.effective_port}"
    print(f"kentongan-hub: {address}/", flush=True)
    if not app.hub.has_site():
        print(
            f"kentongan-hub: no site yet; open {address}/mulai and give the code {app.hub.setup_code}",
            flush=True,
        )

    def stop(_signal: int, _frame: object) -> None:
        app.hub.store.bell.close()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    try:
        server.run()
    except SystemExit:
        pass
    finally:
        server.close()
        app.hub.dispatch.stop()
