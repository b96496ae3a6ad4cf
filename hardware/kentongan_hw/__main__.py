"""`python -m kentongan_hw files`: writes everything generated in hardware/ and firmware/boards again.

`board NODE` is the step of it that needs KiCad's own Python module.
"""

import argparse

from kentongan_hw import build
from kentongan_hw.kicad import ownlib
from kentongan_hw.parts import pins, signals

CARRIERS = ("siren", "button")  # each with a pin table, a circuit and a board


def write_pins():
    changed = [f"firmware/boards/{name}" for name in pins.write_firmware()]
    changed += [f"hardware/{node}/README.md" for node in CARRIERS if signals.write_table(node)]
    print("\n".join(changed + ownlib.write()) or "pins: nothing to change")


def main():
    parser = argparse.ArgumentParser(prog="kentongan_hw", description=__doc__)
    parser.add_argument("what", choices=["files", "pins", "board"])
    parser.add_argument("node", nargs="?", choices=CARRIERS)
    args = parser.parse_args()
    if args.what == "board":
        build.board(args.node)
        return
    write_pins()
    if args.what == "files":
        for node in [args.node] if args.node else CARRIERS:
            print(f"{node}: drawing, board and files, up to two minutes ...", flush=True)
            build.files(node)


if __name__ == "__main__":
    main()
