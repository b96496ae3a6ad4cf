"""python -m kentongan_gateway: the same as the kentongan-gateway command."""

import sys

from kentongan_gateway.cli import main

sys.exit(main())
