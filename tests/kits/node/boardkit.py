"""A board without a board: time, pins, flash and radio chip that the device's shell is run on; MicroPython
subset.

Modules of the device that name the chip's own library are loaded anew with fakes in its place (`load`), so
that one process can hold many boards. KENTONGAN_LORA names a folder with micropython-lib's real `lora`
package.
"""

import os
import sys

from kits.board import stand_in

TICKS = 1 << 30  # ticks_ms wraps here, as on the chip


class Time:
    """The module `time` of a board: moves only when somebody waits or a test says so."""

    def __init__(self, us=0):
        self.us = us

    def ticks_ms(self):
        return self.us // 1000 % TICKS

    def ticks_us(self):
        return self.us % TICKS

    @staticmethod
    def ticks_diff(later, earlier):
        return (later - earlier + TICKS // 2) % TICKS - TICKS // 2

    @staticmethod
    def ticks_add(ticks, delta):
        return (ticks + delta) % TICKS

    def sleep_ms(self, ms):
        self.us += ms * 1000

    def sleep_us(self, us):
        self.us += us

    def time(self):
        return self.us // 1_000_000


class Space:
    """A module made of what it is given."""

    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class FakePin:
    IN, OUT, IRQ_RISING = 0, 1, 1


def micropython(kbd_intr=lambda char: None):
    return Space(
        const=lambda value: value, schedule=lambda function, argument: function(argument), kbd_intr=kbd_intr
    )


CODE = {}  # (path, code) of a module; to compile it for each start anew took a third of MicroPython's tests


def code_of(name):
    """(path, code) of a module that is a file in sys.path; else None."""
    for folder in sys.path:
        path = folder + "/" + name.replace(".", "/") + ".py"
        try:
            os.stat(path)
        except OSError:
            continue
        with open(path) as file:
            return path, compile(file.read(), path, "exec")
    return None


def fresh(name):
    """Import a module that is in no sys.modules; CPython keeps by itself what it has compiled."""
    if sys.implementation.name != "micropython" or "." not in name:
        __import__(name)
        return
    if name not in CODE:
        CODE[name] = code_of(name)
    if CODE[name] is None:
        __import__(name)
        return
    parent, _, short = name.rpartition(".")
    __import__(parent)
    __import__("kits.board.blank")
    module = sys.modules[name] = sys.modules.pop("kits.board.blank")
    path, code = CODE[name]
    module.__dict__.update({"__name__": name, "__file__": path})
    exec(code, module.__dict__)
    setattr(sys.modules[parent], short, module)


def load(names, fakes):
    """{short name: fresh module}: `names` are imported with `fakes` ({name: module}) in sys.modules."""
    saved = {name: sys.modules.get(name) for name in list(names) + list(fakes)}
    for name in names:
        sys.modules.pop(name, None)
    for name in fakes:
        sys.modules[name] = fakes[name]
    try:
        out = {}
        for name in names:
            fresh(name)
            out[name[name.rfind(".") + 1 :]] = sys.modules[name]
        return out
    finally:
        for name in saved:
            if saved[name] is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = saved[name]


def lora(clock):
    """The driver: micropython-lib's where KENTONGAN_LORA says so, else our stand-in; on this board's time."""
    fakes = {"time": clock, "machine": Space(Pin=FakePin)}
    if sys.implementation.name != "micropython":
        fakes["micropython"] = micropython()
    real = os.getenv("KENTONGAN_LORA")
    if not real:
        return load(["kits.board.stand_in"], fakes)["stand_in"]
    if real not in sys.path:
        sys.path.append(real)
    names = ["lora." + chip for chip in ("sx1262", "sx1276")]
    loaded = load(["lora"] + names, fakes)
    return loaded["lora"]


def radio_module(clock):
    """kentongan_node.parts.radio on this board's time and driver."""
    return load(["kentongan_node.parts.radio"], {"time": clock, "lora": lora(clock)})["radio"]


assert stand_in  # so that it is found beside this file, whatever the test's folder
