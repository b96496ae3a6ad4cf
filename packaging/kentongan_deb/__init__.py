"""Debian packages of the programs, with every library inside: `make deb`."""
