"""`python -m kentongan_hw files`: writes firmware/boards/*.py and the pin tables from pins/*.toml."""
import argparse

from kentongan_hw import pins, signals

NODES = ("siren", "button")


def write_pins():
    changed = [f"firmware/boards/{name}" for name in pins.write_firmware()]
    changed += [f"hardware/{node}/README.md" for node in NODES if signals.write_table(node)]
    print("\n".join(changed) or "pins: nothing to change")


def main():
    parser = argparse.ArgumentParser(prog="kentongan_hw", description=__doc__)
    parser.add_argument("what", choices=["files"])
    parser.parse_args()
    write_pins()


if __name__ == "__main__":
    main()
