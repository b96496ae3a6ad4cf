"""The one source of pins: pins/<board>.toml. Firmware board files, nets, labels and tables come from it.

A role's table maps slots to GPIO numbers. A slot is `key_*` (an input with the board's active level),
`sense_*` (an input that is read), `lamp`, `buzzer`, `motor`, `siren`, `healthy` (outputs), `battery`
(an ADC input, with `battery_ratio_x10`), `battery_load` (an output that loads
it for a test), or `spare_*` (wired on the carrier, not used by the firmware).
"""

import tomllib

from kentongan_hw import HARDWARE, ROOT

ROLES = ("tombol", "sirene", "penerima", "penerus", "modem")
SHOWS = ("lamp", "buzzer", "motor")
RADIO = (
    "chip",
    "spi_id",
    "sck",
    "miso",
    "mosi",
    "nss",
    "reset",
    "busy",
    "dio0",
    "dio1",
    "tcxo_mv",
    "dio2_rf_switch",
    "rxen",
)
NOTES = {"tcxo_mv": "on DIO3", "rxen": "high while it receives"}
# of [chip], what the firmware has to know: (name, value where the file says nothing, what it means)
CHIP = (
    ("pmu", None, "I2C pins (SDA, SCL) of an AXP192 or AXP2101"),
    ("lamp_on", 1, "level that lights the lamp"),
    ("button", None, "on the board, low when pressed"),
    ("key_active", 0, "level of a pressed key; of the lid's when it is open"),
    ("input_only", [], "pins that cannot drive, and have no pull: the carrier pulls"),
)
BATTERY = ("adc", "ratio_x10", "enable")
SECTIONS = {"about", "chip", "radio", "battery", *ROLES}


class PinError(ValueError):
    """A pins file that cannot be used; the text names file, table and remedy."""


def load(board):
    """Read pins/<board>.toml: {"about": str, "radio": {}, "battery": {}, "<role>": {slot: gpio}}.

    Raises PinError for unknown tables or slots, a pin used twice, and a pin that does not exist.
    """
    path = HARDWARE / "pins" / f"{board}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if set(data) != SECTIONS:
        raise PinError(f"{path.name}: tables {sorted(set(data) ^ SECTIONS)} are unknown or missing")
    for role in ROLES:
        _check_role(path.name, role, data)
    return data


def boards():
    return sorted(path.stem for path in (HARDWARE / "pins").glob("*.toml"))


def gpios(role_table):
    """{slot: gpio} of a role without its ratios."""
    return {slot: number for slot, number in role_table.items() if slot != "battery_ratio_x10"}


def _check_role(name, role, data):
    known = {*SHOWS, "siren", "healthy", "battery", "battery_ratio_x10", "battery_load"}
    table = data[role]
    for slot in table:
        if slot not in known and slot.split("_")[0] not in ("key", "sense", "spare"):
            raise PinError(f"{name} [{role}]: slot {slot} is unknown; see kentongan_hw/parts/pins.py")
    if ("battery" in table) != ("battery_ratio_x10" in table):
        raise PinError(f"{name} [{role}]: battery and battery_ratio_x10 come together")
    if "battery_load" in table and "battery" not in table:
        raise PinError(f"{name} [{role}]: battery_load is of no use without battery")
    radio = {
        data["radio"][k]: k
        for k in ("sck", "miso", "mosi", "nss", "reset", "busy", "dio0", "dio1", "rxen")
        if k in data["radio"]
    }
    radio.update((number, "pmu") for number in data["chip"].get("pmu", ()))
    if "battery" not in table and "adc" in data["battery"]:
        radio[data["battery"]["adc"]] = "battery adc"
    seen = dict(radio)
    for slot, number in gpios(table).items():
        if number in seen:
            both = f"{seen[number]} and {slot}"
            raise PinError(f"{name} [{role}]: GPIO {number} is {both}; give one another pin")
        seen[number] = slot


def _tuple(pairs):
    return "({})".format("".join(f"{pair}, " for pair in pairs).rstrip(" ")) if pairs else "()"


def _role_lines(role, table):
    keys = [f'("{slot[4:]}", {n})' for slot, n in table.items() if slot.startswith("key_")]
    senses = [f'("{slot[6:]}", {n})' for slot, n in table.items() if slot.startswith("sense_")]
    shows = ", ".join(str(table.get(show)) for show in SHOWS)
    battery = (
        f"({table['battery']}, {table['battery_ratio_x10']}, {table.get('battery_load')})"
        if "battery" in table
        else None
    )
    return [
        f"{role.upper()} = {{",
        f'    "keys": {_tuple(keys)},',
        f'    "shows": ({shows}),',
        f'    "siren": {table.get("siren")},',
        f'    "healthy": {table.get("healthy")},',
        f'    "battery": {battery},',
        f'    "senses": {_tuple(senses)},',
        "}",
    ]


def board_file(data):
    """Return the text of firmware/boards/<board>.py."""
    radio, battery = data["radio"], data["battery"]
    lines = [f'"""{data["about"]}"""']
    for key in RADIO:
        value = radio.get(key)
        text = f'"{value}"' if isinstance(value, str) else str(value)
        lines.append(f"{key.upper()} = {text}" + (f"  # {NOTES[key]}" if key in NOTES else ""))
    lines.append(f"BATTERY_ADC = {battery.get('adc')}")
    lines.append(f"BATTERY_RATIO_X10 = {battery.get('ratio_x10', 0)}")
    note = f"  # {battery['enable_note']}" if "enable_note" in battery else ""
    lines.append(f"BATTERY_ENABLE = {battery.get('enable')}{note}")
    for key, default, note in CHIP:
        value = data["chip"].get(key, default)
        lines.append(f"{key.upper()} = {tuple(value) if isinstance(value, list) else value}  # {note}")
    lines.append("")
    lines.append("# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs")
    lines.append("# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own")
    for role in ROLES:
        lines += _role_lines(role, data[role])
    return "\n".join(lines) + "\n"


def firmware_path(board):
    return ROOT / "firmware" / "boards" / f"{board}.py"


def write_firmware():
    """Rewrites every firmware/boards/*.py; returns the names that changed."""
    changed = []
    for board in boards():
        path, text = firmware_path(board), board_file(load(board))
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path.name)
    return changed
