"""The commands: kentongan-gateway run | check | status, each with --config FILE; and modem."""

import argparse
import json
import sys
import time
from collections.abc import Sequence

from kentongan_wire.base.errors import LocalError

from kentongan_gateway.radio import modem_name
from kentongan_gateway.sections import Settings
from kentongan_gateway.service import checks, daemon, logs, settings, status

DEFAULT_CONFIG = "/etc/kentongan/gateway.toml"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="kentongan-gateway", description=__doc__)
    parser.add_argument("command", choices=("run", "check", "status", "modem"))
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="status and check for machines")
    parser.add_argument("--port", metavar="DEVICE", help="modem: the board to name, where there are several")
    args = parser.parse_args(argv)
    try:
        if args.command == "modem":
            return _modem(args)
        loaded = settings.load(args.config, strict=args.command == "check")
        return {"run": _run, "check": _check, "status": _status}[args.command](loaded, args)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 2


def _run(loaded: Settings, _args: argparse.Namespace) -> int:
    logs.begin(loaded.gateway.log_level, loaded.gateway.log_format)
    daemon.run(loaded)
    return 0


def _check(loaded: Settings, args: argparse.Namespace) -> int:
    results = list(checks.run(loaded))
    if args.json:
        print(json.dumps([result._asdict() for result in results]))
    else:
        for result in results:
            print(f"{'ok   ' if result.ok else 'FAULT'} {result.id}: {result.text}")
    return 0 if all(result.ok for result in results) else 1


def _modem(args: argparse.Namespace) -> int:
    print(modem_name.keep(args.port), end="")
    print(f"{modem_name.RULES} is written; it holds from the next start, or now by:")
    print("  sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=tty")
    return 0


def _status(loaded: Settings, args: argparse.Namespace) -> int:
    snapshot, alive = status.read(loaded, time.monotonic_ns() // 1_000_000)
    if args.json:
        print(json.dumps({**snapshot, "running": alive}))
    else:
        print("\n".join(status.lines(snapshot, alive)))
    return 0 if alive else 1
