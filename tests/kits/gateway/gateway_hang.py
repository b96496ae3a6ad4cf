"""Runs the gateway until a file named `hang` lies beside its settings, then its loop stops turning.

The other threads live on, as when a call of the loop never returns: python gateway_hang.py run --config FILE.
"""

import sys
import threading
from pathlib import Path

from kentongan_gateway import cli
from kentongan_gateway.service.performer import Performer


def main():
    hang = Path(sys.argv[sys.argv.index("--config") + 1]).with_name("hang")
    tick = Performer.tick

    def tick_or_hang(performer):
        if hang.exists():
            threading.Event().wait()
        tick(performer)

    Performer.tick = tick_or_hang
    sys.exit(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
