"""KiCad's netlist file, as it exports one from a drawing."""

from kentongan_hw.kicad.sexpr import find, first, parse


def read_netlist(path):
    """{(ref, pin): net name} of KiCad's netlist file."""
    tree = parse(path.read_text(encoding="utf-8"))
    pins = {}
    for net in find(first(tree, "nets"), "net"):
        for node in find(net, "node"):
            pins[(first(node, "ref")[1], first(node, "pin")[1])] = first(net, "name")[1]
    return pins
