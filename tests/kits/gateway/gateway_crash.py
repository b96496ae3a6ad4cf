"""Runs the gateway and kills it (SIGKILL) at its n-th step: python gateway_crash.py N run --config FILE.

Steps are the moments just before and after every commit, every state file and every frame for the radio.
"""

import os
import signal
import sys

from kentongan_gateway import cli
from kentongan_gateway.disk.spool import Spool
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.radio.loopback import Loopback

STEPS = [(Spool, "put_all"), (StateDir, "put"), (Loopback, "send"), (Spool, "mark_sent")]


def main():
    left = [int(sys.argv[1])]

    def step():
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(function):
        def call(*args, **kwargs):
            step()
            result = function(*args, **kwargs)
            step()
            return result

        return call

    for owner, name in STEPS:
        setattr(owner, name, watched(getattr(owner, name)))
    sys.exit(cli.main(sys.argv[2:]))


if __name__ == "__main__":
    main()
