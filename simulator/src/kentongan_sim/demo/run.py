"""`kentongan-sim demo`: the whole village on this machine, with a real gateway and a real hub."""

import json
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Never, Self

from kentongan_wire.base.errors import LocalError
from waitress.server import create_server

from kentongan_sim.console.arguments import Commands, number
from kentongan_sim.console.processes import Part, PartFailed, free_port
from kentongan_sim.console.progress import during
from kentongan_sim.console.tail import Tail
from kentongan_sim.demo import plan
from kentongan_sim.demo.page import create_page
from kentongan_sim.demo.person import PageChanged, Person
from kentongan_sim.demo.proof import Proof
from kentongan_sim.demo.radio import ModemRadio, StockRadio
from kentongan_sim.demo.site import ADMIN, make_site, write_gateway_settings
from kentongan_sim.demo.technicians_table import Bench
from kentongan_sim.demo.village import GATEWAY_LABEL, Village
from kentongan_sim.engines import micropython

FIRST_HOUSE = "tombol-07"
START_S = 180  # a part that is not ready after this has failed; one that ends is noticed at once
STEP_S = 120  # the longest that one step of the alarm may take, also on a small and busy machine
SETTLE_S = 1.0  # from the modem's handshake to the first alarm
MODEM, STOCK = "modem", "meshtastic"
PAGE_THREADS = 24  # streams of the page hold one each
JOBS_MAX = 32
SECONDS_MAX, PORT_MAX = 86_400, 65_535


def add_parser(sub: Commands) -> None:
    """Add the `demo` command of kentongan-sim."""
    demo = sub.add_parser("demo", help="show the village, with a real gateway and hub, on this machine")
    demo.add_argument(
        "--seconds",
        type=number(int, 1, SECONDS_MAX, "give seconds"),
        metavar="N",
        help="end by itself, a scripted neighbour answers; exit 0 only if all went well",
    )
    demo.add_argument(
        "--port",
        type=number(int, 0, PORT_MAX, "give a TCP port"),
        default=0,
        help="of the village page; any free one by default",
    )
    demo.add_argument(
        "--data",
        default=None,
        metavar="DIR",
        help="keep hub, gateway and logs there (it must be empty); else a temporary directory",
    )
    demo.add_argument("--engine", default=None, choices=("micropython", "cpython"))
    demo.add_argument(
        "--radio",
        default=MODEM,
        choices=(MODEM, STOCK),
        help="of the gateway: our modem on a serial port, or a stock Meshtastic node on TCP",
    )
    demo.set_defaults(go=go)


def choose_engine(wanted: str | None) -> str:
    """Return the engine's name: the one asked for, else MicroPython where it exists."""
    if wanted:
        return wanted
    from kentongan_sim.engines.micropython import available

    if available():
        return "micropython"
    print("There is no MicroPython for this machine: the same device code runs on CPython.")
    return "cpython"


class Demo:
    """All parts of a running demo. Use as a context manager; everything it started ends with it."""

    def __init__(
        self,
        data: str | Path,
        engine: str,
        page_port: int = 0,
        first_house: str = FIRST_HOUSE,
        radio: str = MODEM,
    ):
        self.data = Path(data)
        self.site = make_site(self.data)
        self.proof = Proof(first_house, self.site.nodes[first_house])
        self.village = Village(self.site.settings, engine, watch=self.proof.watch)
        self.hub_url = f"http://127.0.0.1:{free_port()}"
        self.radio = self._make_radio(radio)
        write_gateway_settings(self.site, self.hub_url, self.radio.settings)
        tools, hub_port = Path(sys.executable).parent, self.hub_url.rsplit(":", 1)[1]
        self.hub = Part(
            "hub",
            [
                tools / "kentongan-hub",
                "run",
                "--data",
                self.site.hub_data,
                "--host",
                "127.0.0.1",
                "--port",
                hub_port,
            ],
            self.data / "hub.log",
        )
        self.gateway = Part(
            "gateway",
            [tools / "kentongan-gateway", "run", "--config", self.site.gateway_toml],
            self.data / "gateway.log",
        )
        self.tails = [
            Tail(self.gateway.log, self.proof.read_log),
            Tail(self.site.siren_file, lambda line: self.village.gateway_siren(json.loads(line))),
        ]
        self._running: dict[Part, bool] = {}  # real part -> whether it is meant to run
        self.bench: Bench | None = None  # a blank board, where there is real MicroPython
        self.page: str | None = None
        self._page_port = page_port
        self._jobs: queue.Queue[Callable[[], object]] = queue.Queue(JOBS_MAX)

    def __enter__(self) -> Self:
        return self

    def _make_radio(self, kind: str) -> ModemRadio | StockRadio:
        label, live = plan.GATEWAY.label, self.village.live
        if kind == MODEM:
            return ModemRadio(live, label, self.site.serial)
        first = self.site.settings[FIRST_HOUSE]
        return StockRadio(live, label, self.site.nodes[label], first["channel_name"], first["channel_key"])

    def start(self) -> None:
        """Start every part; return once the gateway has its radio, and from the hub what it must know.

        Until then it is a gateway with a new card, which holds alarms back: they may be recordings.
        """
        try:
            with during("the village's devices start"):
                self.village.start()
        except Exception as error:  # a device's program, its MicroPython or the air: each names itself
            raise PartFailed(f"village: {error}") from error
        if micropython.available():
            self.bench = Bench(self.village, self.site.hub_data, self.data)
            self.bench.start()
        self._serve_page()
        with during("the hub starts"):
            self.hub.start()
            self.hub.wait_for_http(self.hub_url + "/api/v1/health", START_S)
        with during("the gateway starts and finds its radio"):
            self.start_gateway()
            self.gateway.wait_for("word of the hub about its devices", self._knows, START_S)
        self._running = {self.hub: True, self.gateway: True}

    def start_gateway(self) -> None:
        """Start the gateway and wait for its radio."""
        self.radio.forget()
        self.gateway.start()
        self.gateway.wait_for("handshake with its radio", self.radio.ready, START_S)

    def _knows(self) -> bool:
        return " memory_known" in self.gateway.log.read_text(encoding="utf-8", errors="replace")

    def _serve_page(self) -> None:
        hub = {"url": self.hub_url, "name": ADMIN, "password": self.site.password}
        app = create_page(
            self.village, self.ask_switch, hub, self.bench.board.press_reset if self.bench else None
        )
        try:
            self._server = create_server(
                app,
                host="127.0.0.1",
                port=self._page_port,
                threads=PAGE_THREADS,
                channel_request_lookahead=1,
                ident=None,
            )
        except OSError as error:
            raise PartFailed(
                f"village page: {error.strerror}: port {self._page_port}; choose another --port"
            ) from error
        self.page = f"http://127.0.0.1:{self._server.effective_port}"
        threading.Thread(target=self._server.run, name="page", daemon=True).start()

    # Switches: pages ask, the demo's own thread does it, for processes live and die with the thread that
    # started them

    def ask_switch(self, part: str, up: bool) -> None:
        self._jobs.put(partial(self.switch, part, up), timeout=1)

    def switch(self, part: str, up: bool) -> None:
        """Cut the power of a part like a blackout, or bring it back."""
        if part == "hub":
            self._running[self.hub] = up
            self.hub.start() if up else self.hub.kill()
        elif part == "gateway":
            self._running[self.gateway] = up
            self.village.switch(GATEWAY_LABEL, up)
            if up:
                self.radio.forget()
                self.gateway.start()
            else:
                self.gateway.kill()
        else:
            self.village.switch(part, up)
        self.village.part(part, up)

    def serve(self, until_s: float | None = None) -> None:
        """Do what pages ask for until that time, or without end; PartFailed when a part dies by itself."""
        while until_s is None or time.monotonic() < until_s:
            try:
                self._jobs.get(timeout=0.2)()
            except queue.Empty:
                pass
            for part, wanted in self._running.items():
                if wanted and not part.alive():
                    code = part.process.returncode if part.process else None
                    raise part.failed(f"ended by itself (exit {code})")
            if self.village.live.failure:
                raise PartFailed(f"village: {self.village.live.failure}")

    def close(self) -> None:
        """End everything; safe at any moment of a start."""
        for tail in self.tails:
            tail.close()
        for part in (self.gateway, self.hub):
            part.stop()
        self.village.close()
        if self.bench:
            self.bench.close()
        self.radio.close()
        if self.page:
            self._server.close()

    def __exit__(self, *error: object) -> None:
        self.close()


def answer_alarm(demo: Demo) -> None:
    """Press the first house and answer as a neighbour does; PartFailed names the step that is missing."""
    proof = demo.proof
    demo.village.press(proof.label, 1)
    trouble = ""
    try:
        _answer(demo, Person(demo.hub_url))
    except (OSError, PageChanged) as error:
        trouble = f"; the hub: {error}"
    missing = proof.missing()
    if missing:
        log = demo.data / f"{missing[2]}.log"
        trouble += f"; see {log}" if log.exists() else ""
        trouble += f"; the village: {demo.village.live.failure}" if demo.village.live.failure else ""
        raise PartFailed(f"missing step: {missing[1]}{trouble}")


def _answer(demo: Demo, person: Person) -> None:
    proof = demo.proof
    person.log_in(ADMIN, demo.site.password)
    board = person.wait_for_alarm(STEP_S)
    if not board:
        return
    proof.mark("hub")
    proof.wait_for("shown_stored", STEP_S)
    person.come(board)
    proof.mark("answer", ADMIN)
    proof.wait_for("shown_coming", STEP_S)
    proof.wait_for("siren", STEP_S)


def go(args: Namespace) -> int:
    """Run the demo; exit 0 when all went well."""
    signal.signal(signal.SIGTERM, _interrupt)
    keep = args.data is not None
    data = _data_directory(args.data)
    engine = choose_engine(args.engine)
    code = 0
    try:
        print(f"Starting the village on {engine}; data and logs in {data}", flush=True)
        with Demo(data, engine, args.port, radio=args.radio) as demo:
            code = _run(demo, args.seconds)
    except PartFailed as failure:
        print(f"kentongan-sim demo: {failure}", file=sys.stderr)
        code, keep = 1, True
    except KeyboardInterrupt:
        print("\nThe village sleeps.")
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if not keep:
            shutil.rmtree(data, ignore_errors=True)
    return code


def _interrupt(_signal: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


def _data_directory(wanted: str | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="kentongan-demo-"))
    path = Path(wanted).resolve()
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise LocalError(f"--data {path}: is not empty; choose an empty directory")
    return path


def _run(demo: Demo, seconds: float | None) -> int:
    started_s = time.monotonic()
    demo.start()
    print(
        f"\n  Village page   {demo.page}/\n  Hub board      {demo.hub_url}/papan"
        f"\n  Log in as      {ADMIN}  {demo.site.password}",
        flush=True,
    )
    if demo.bench:
        print(
            f"  Blank board    {demo.bench.port}; make it a button with\n"
            f"    {demo.bench.command(demo.hub_url)}\n"
            "    (its RESET key: on the village page, in the house Meja teknisi)",
            flush=True,
        )
    print(flush=True)
    demo.serve(time.monotonic() + SETTLE_S)
    if seconds is None:
        demo.village.press(FIRST_HOUSE, 1)
        print("House 07 pressed its button by itself. Ctrl-C ends the village.", flush=True)
        demo.serve()
        return 0
    try:
        with during(f"{FIRST_HOUSE} is pressed and a neighbour answers"):
            answer_alarm(demo)
    finally:
        print(f"Alarm of {demo.proof.label}:")
        print("\n".join(demo.proof.lines()), flush=True)
    with during(f"the village goes on until {seconds:g} s are over"):
        demo.serve(started_s + seconds)
    print("The alarm went button -> post, and button -> gateway -> hub -> person -> button.")
    return 0
