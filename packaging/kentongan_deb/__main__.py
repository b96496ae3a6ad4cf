"""`python -m kentongan_deb`: builds the packages that were asked for, in build/deb."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kentongan_deb import archive, plans
from kentongan_deb.sources import BuildError, Sources

ROOT = Path(__file__).resolve().parents[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Build; exit code 0, or 2 with one line that names what is missing and the remedy."""
    parser = argparse.ArgumentParser(prog="kentongan_deb", description=__doc__)
    for option, known in (
        ("package", plans.PACKAGES),
        ("debian", plans.DEBIANS),
        ("arch", plans.ARCHITECTURES),
    ):
        parser.add_argument(f"--{option}", action="append", choices=sorted(known), help="default: all")
    parser.add_argument("--out", type=Path, default=ROOT / "build/deb", metavar="DIR")
    args = parser.parse_args(argv)
    chosen = [
        plans.Target(package, debian, arch)
        for package in args.package or plans.PACKAGES
        for debian in args.debian or plans.DEBIANS
        for arch in args.arch or plans.ARCHITECTURES
    ]
    try:
        sources = Sources(ROOT, args.out)
        for number, target in enumerate(chosen, 1):
            made = archive.build(sources, target)
            print(f"[{number}/{len(chosen)}] {made.relative_to(args.out)}  {made.stat().st_size:,} bytes")
            sys.stdout.flush()
    except (BuildError, OSError) as error:
        print(f"make deb: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
