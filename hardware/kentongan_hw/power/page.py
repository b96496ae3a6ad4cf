"""hardware/power.md and its plot, written from the model; a test fails when they are stale."""

from kentongan_node.press import incident, repeats
from kentongan_node.roles import button
from kentongan_wire.air import phy
from kentongan_wire.base import patterns
from kentongan_wire.message import messages as m

from kentongan_hw import HARDWARE
from kentongan_hw.power import figures as f
from kentongan_hw.power import model

PER_DAY = (1, 4, 24, 96)  # STATUS a day; 4 is the contract's
PRESSES = (0, 4, 52)  # a year
PAGE = HARDWARE / "power.md"
PLOT = HARDWARE / "images/power-life.svg"
DEFAULT_BOARD, SPARSE_PRESET = f.BOARDS[0], "MediumFast"
POST_AH, SOUNDING_MIN = (
    7,
    30,
)  # the post's battery; sounding that must be left after a night (wire: 180 s each)
POST_STANDBY_H = 24
GATEWAY_H = 4

HEAD = """# Power budget

Written by `make hardware-files` from [the model](kentongan_hw/power/model.py) and [its \
figures](kentongan_hw/power/figures.py); do not edit. Hardware revision B; **nobody has built it \
or measured any of this on a bench**: \
currents are data-sheet values or what owners report, times are the firmware's own constants and the \
air time of its frames, \
held by `tests/hardware/test_power.py` to what the device's own code takes in virtual time. \
What to measure, and how, stands at the end.
"""


def table(head, rows) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def years(value, cell) -> str:
    """ "7.4", or the cell's shelf life in brackets when that comes first."""
    return f"({cell.shelf_years})" if value >= cell.shelf_years else f"{value:.1f}"


def parts_of_a_status() -> str:
    board, default, sparse = DEFAULT_BOARD, phy.DEFAULT_PRESET, SPARSE_PRESET
    boot = model.BOOT_MS * f.BOOT.ma / 1_000
    listen = model.listen_mas(board, button.LISTEN_STATUS_MS)
    rows = [("boot", f"{model.BOOT_MS} ms", f"{boot:.1f}", f"{boot:.1f}")]
    sends = [model.transmit_mas(board, preset) for preset in (default, sparse)]
    rows.append(
        (
            "channel checks and one frame",
            f"{model.air_ms(default):.0f} / {model.air_ms(sparse):.0f} ms on the air",
            *[f"{send:.1f}" for send in sends],
        )
    )
    rows.append(("listen for the gateway", f"{button.LISTEN_STATUS_MS} ms", f"{listen:.1f}", f"{listen:.1f}"))
    rows.append(("**one status**", "", *[f"**{model.status_mas(board, p):.1f}**" for p in (default, sparse)]))
    return table(("part", "time", f"mA s, {default}", f"mA s, {sparse}"), rows)


def lives() -> str:
    rows = [
        (board.name, cell.name, *[years(model.years(board, cell, n), cell) for n in PER_DAY])
        for board in f.BOARDS
        for cell in f.CELLS
    ]
    return table(("board", "cell", *[f"{n} a day" for n in PER_DAY]), rows)


def pressed() -> str:
    rows = [
        (cell.name, *[years(model.years(DEFAULT_BOARD, cell, 4, n), cell) for n in PRESSES])
        for cell in f.CELLS
    ]
    return table(("cell", *[f"{n} answered presses a year" for n in PRESSES]), rows)


def unheard() -> str:
    board = DEFAULT_BOARD
    answered, alone = model.answered_mas(board) / 3_600, model.unheard_mas(board) / 3_600
    return (
        f"A press that is answered and closed after {model.ANSWERED_S // 60} minutes takes"
        f" {answered:.1f} mAh. One that nobody ever hears takes {alone:.1f} mAh: {len(repeats.TURNS_S)}"
        f" frames, {incident.LISTEN_MS // 60_000} minutes of listening and warning. The fullest cell"
        f" above survives {f.CELLS[0].mah / alone:.0f} of these, the smallest"
        f" {min(c.mah for c in f.CELLS) / alone:.0f}."
    )


def posts() -> str:
    duty = {
        "titir (any unknown kind)": model.pattern_duty(patterns.TITIR_STEPS),
        "maling, jawa_umum": model.pattern_duty(patterns.steps_for("jawa_umum", m.KIND_MALING)[1]),
        "one steady tone": 1.0,
    }
    rows = []
    for what, share in duty.items():
        cells = [
            model.standby_h(POST_AH, idle.ma, SOUNDING_MIN, f.SIREN_ON.ma, share)
            for idle in (f.POST_IDLE, f.POST_IDLE_WORST)
        ]
        rows.append((what, f"{share:.0%}", *[f"{hours:.0f} h" for hours in cells]))
    return table(
        ("sounding", "output on", f"standby at {f.POST_IDLE.ma:g} mA", f"at {f.POST_IDLE_WORST.ma:g} mA"),
        rows,
    )


def smallest_post_ah() -> float:
    """Printed Ah that keeps the worst post for POST_STANDBY_H and then sounds steadily."""
    idle = f.POST_IDLE_WORST.ma
    need_mah = POST_STANDBY_H * idle + SOUNDING_MIN / 60 * (f.SIREN_ON.ma + idle)
    return need_mah / 1_000 / f.LEAD_LEFT


def penerus() -> str:
    rows = [
        (
            name,
            f"{one.ma:g} mA",
            f"{one.ma * 3.7 * 24 / 1_000:.1f} Wh",
            f"{model.panel_surplus(one.ma):.1f}",
            f"{2 * f.CELLS[0].mah / one.ma / 24:.0f}",
        )
        for name, one in (("light sleep", f.PENERUS), ("always awake", f.PENERUS_AWAKE))
    ]
    return table(
        (
            "penerus",
            "draws",
            "a day",
            f"{f.PANEL_W} W panel gives, times what is needed",
            "days without sun on two 18650",
        ),
        rows,
    )


def sources() -> str:
    rows = [
        (name, f"{one.ma:g} {'W' if one is f.GATEWAY_W else 'mA'}", one.source)
        for name, one in (
            ("boot", f.BOOT),
            ("processor awake", f.CPU),
            ("SX1262 sends", f.SX1262_TX),
            ("SX1262 listens", f.SX1262_RX),
            *[(f"sleep: {board.name}", board.sleep) for board in f.BOARDS],
            ("lamp", f.LAMP),
            ("buzzer", f.BUZZER),
            ("vibration motor", f.MOTOR),
            ("closed NC contact", f.CONTACT),
            ("siren post, idle", f.POST_IDLE),
            ("siren post, idle, worst", f.POST_IDLE_WORST),
            ("siren", f.SIREN_ON),
            ("penerus, light sleep", f.PENERUS),
            ("penerus, awake", f.PENERUS_AWAKE),
            ("gateway", f.GATEWAY_W),
        )
    ]
    rows += [
        (
            f"cell: {cell.name}",
            f"{cell.mah} mAh",
            f"{cell.source}; {cell.month_percent:g} % a month; at most {cell.shelf_years} years",
        )
        for cell in f.CELLS
    ]
    return table(("what", "figure", "source"), rows)


def text() -> str:
    """Return the whole page."""
    gateway_wh = f.GATEWAY_W.ma * GATEWAY_H
    return (
        "\n\n".join(
            (
                HEAD.rstrip(),
                "## One status of a button",
                parts_of_a_status(),
                (
                    "## Years of a button\nIn brackets: the cell's own age comes first. Four answered"
                    " presses a year are in it. Four status a day is the contract's, because of the air,"
                    " not the battery."
                ),
                lives(),
                f"![Years against status a day]({PLOT.relative_to(HARDWARE)})",
                "## Presses",
                pressed(),
                unheard(),
                (
                    f"## Siren post\nA {POST_AH} Ah, 12 V lead battery, of which {f.LEAD_LEFT:.0%}"
                    f" counts (aged, and at its rate); {SOUNDING_MIN} minutes of sounding are kept. The"
                    f" rule is {POST_STANDBY_H} h."
                ),
                posts(),
                (
                    "The smallest battery that keeps the rule for the worst post and a steady tone:"
                    f" {smallest_post_ah():.1f} Ah."
                ),
                (
                    f"## Penerus\nOn mains with a small battery, or on a {f.PANEL_W} W panel with"
                    f" {f.SUN_HOURS} hours of full sun in the darkest month, of which {f.PANEL_LEFT:.0%}"
                    " arrives."
                ),
                penerus(),
                (
                    f"## Gateway\n{f.GATEWAY_W.ma:g} W for {GATEWAY_H} h are {gateway_wh:.0f} Wh: two"
                    f" 18650 cells of 10 Wh each ({20 * 0.85 / f.GATEWAY_W.ma:.1f} h through a converter"
                    " of 85 %), or a 12 V 7 Ah battery"
                    f" ({POST_AH * 12 * f.LEAD_LEFT * 0.85 / f.GATEWAY_W.ma:.0f} h)."
                ),
                (
                    "## What to measure\n1. Sleep: a microammeter with a burden below 10 mV (or 10 ohm"
                    " and a millivoltmeter) in the battery's lead, radio asleep, every pin as the"
                    " firmware leaves it, ten minutes; above 40 uA something drives.\n2. Boot: current"
                    " and time with a shunt of 1 ohm and an oscilloscope from the key's edge to the"
                    " radio's first transmit current.\n3. One status and one press as areas under the"
                    " same curve; put them beside the first table.\n4. A siren post's idle current at"
                    " 12.0, 13.8 and 11.0 V, and its siren's.\n5. A night of a penerus without sun."
                ),
                "## Sources",
                sources(),
            )
        )
        + "\n"
    )


def draw(path):
    """Draw lives() as SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "kentongan", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    fig, axes = pyplot.subplots(figsize=(8, 4.2))
    counts = [1, 2, 4, 8, 12, 24, 48, 96]
    for at, cell in enumerate(f.CELLS):
        for board, style in ((f.BOARDS[0], "-"), (f.BOARDS[2], "--"), (f.BOARDS[3], ":")):
            axes.plot(
                counts,
                [model.years(board, cell, n) for n in counts],
                style,
                color=f"C{at}",
                label=f"{cell.name.split(',')[0]}, {board.sleep.ma * 1_000:g} uA tidur",
            )
    axes.axvline(4, color="#999", linewidth=1)
    axes.annotate("tiap 6 jam", (4, 0.5), xytext=(4, 3), textcoords="offset points", color="#555")
    axes.set(
        xscale="log",
        xticks=counts,
        xticklabels=[str(n) for n in counts],
        ylim=(0, 8),
        xlabel="STATUS sehari (a day)",
        ylabel="tahun (years)",
        title="Baterai tombol, rev A: dihitung, belum diukur (calculated, not measured)",
    )
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    path.parent.mkdir(exist_ok=True)
    fig.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(fig)


def write() -> list:
    """Writes page and plot when they differ; the changed files."""
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text() and PLOT.exists():
        return []
    PAGE.write_text(text(), encoding="utf-8")
    draw(PLOT)
    return [str(path.relative_to(HARDWARE.parent)) for path in (PAGE, PLOT)]
