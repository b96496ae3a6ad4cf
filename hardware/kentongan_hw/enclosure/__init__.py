"""Boxes from parameters: hardware/<node>/enclosure.toml to shells, lids and drawings, and their checks.

`parameters` needs the standard library only; `shape`, `checks` and `files` need build123d, in an
environment of its own: `make hardware-cad`.
"""
