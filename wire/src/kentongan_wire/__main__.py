"""`python -m kentongan_wire`: frames to JSON and back, on a PC."""

import sys

from kentongan_wire.cli import main

sys.exit(main())
