"""The village page: a plan to press on, a stream of what happens, switches. Serves 127.0.0.1 only."""

import json
import queue
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, jsonify, render_template, request

from kentongan_sim.demo import plan, words
from kentongan_sim.demo.feed import Feed, Page
from kentongan_sim.demo.village import Village

SCALE = 8  # drawing units of a metre
KEEPALIVE_S = 5.0  # also how soon a stream notices that its page is gone
HOUSE_WAYS = (1, 2, 3, 4, 5, "silent", "cancel")  # strokes, or a key of the box
BODY_MAX = 1_000  # bytes of a request
TREES = (
    (36, 60, "palm"),
    (222, 58, "tree"),
    (372, 62, "palm"),
    (516, 70, "tree"),
    (520, 322, "palm"),
    (680, 330, "palm"),
    (684, 470, "tree"),
    (520, 470, "tree"),
    (60, 316, "tree"),
    (60, 480, "palm"),
    (1140, 300, "palm"),
    (1144, 118, "tree"),
    (678, 92, "tree"),
    (516, 650, "palm"),
    (686, 650, "tree"),
    (374, 640, "tree"),
    (830, 642, "palm"),
    (222, 296, "palm"),
    (976, 300, "tree"),
    (1120, 650, "tree"),
    (40, 650, "palm"),
    (224, 664, "tree"),
    (976, 130, "palm"),
    (832, 128, "tree"),
    (374, 476, "palm"),
)
ENGINE_NAMES = {"micropython": "MicroPython yang sebenarnya", "cpython": "CPython, tanpa MicroPython"}


def _spot(spot: plan.Spot) -> dict[str, Any]:
    return {
        "label": spot.label,
        "name": spot.name,
        "x": spot.x_m * SCALE,
        "y": spot.y_m * SCALE,
        "one_press": spot is plan.BENCH or spot.label in plan.ONE_PRESS,
    }


# fmt: off
def create_page(
    village: Village, switch: Callable[[str, bool], object], hub: dict[str, str] | None = None,
    reset: Callable[[], object] | None = None,
) -> Flask:
    """Make the Flask app. `switch(part, up)` cuts or restores a part; `hub` {url, name, password} is told;
    `reset()` presses the RESET key of the board on the technician's table, where there is one.
    """
    app = Flask("kentongan_sim.demo")
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    token = secrets.token_urlsafe(16)
    houses = (*plan.HOUSES, plan.BENCH)
    boxes: dict[str, tuple[int | str, ...]] = {spot.label: HOUSE_WAYS for spot in houses}
    boxes.update({spot.label: ("come",) for spot in plan.RECEIVERS})
    parts = [{"name": name, "title": title, "effect": effect} for name, title, effect in words.PARTS]

    @app.before_request
    def only_here() -> Response | None:
        """Let only this page press: a foreign site in the same browser knows neither host name nor token."""
        name = request.host.rsplit(":", 1)[0]
        if name not in ("127.0.0.1", "localhost"):
            return _problem(403, "Buka halaman ini lewat 127.0.0.1.")
        if request.method == "POST" and request.headers.get("X-Village") != token:
            return _problem(403, "Muat ulang halaman ini.")
        return None

    app.after_request(_close_the_doors)

    @app.get("/")
    def page() -> str:
        return render_template(
            "village.html", token=token, hub=hub, table=plan.BENCH.label if reset else "",
            parts=parts, legend=words.LEGEND, strokes=words.STROKES,
            engine=ENGINE_NAMES[village.engine_name], houses=map(_spot, houses),
            posts=list(map(_spot, plan.POSTS)), repeaters=[_spot(plan.REPEATER)],
            receivers=map(_spot, plan.RECEIVERS), halls=[_spot(plan.GATEWAY)], trees=TREES,
            landmarks=[(name, x * SCALE, y * SCALE) for name, x, y in plan.LANDMARKS])

    @app.get("/events")
    def events() -> Response:
        stream = village.feed.subscribe(village.now_ms())
        if stream is None:
            return _problem(503, "Terlalu banyak halaman terbuka.")
        response = Response(_events(village.feed, stream), mimetype="text/event-stream")
        response.call_on_close(lambda: village.feed.unsubscribe(stream))
        return response

    @app.get("/state")
    def state() -> Response:
        return jsonify(village.feed.snapshot(village.now_ms()))

    @app.post("/press")
    def press() -> Response:
        label, how = _fields("label", "how")
        if how not in boxes.get(label, ()) or isinstance(how, bool):
            return _problem(400, "Rumah atau ketukan tidak dikenal.")
        village.press(label, how)
        return jsonify(ok=True)

    @app.post("/switch")
    def flip() -> Response:
        part, up = _fields("part", "up")
        if part not in words.PART_NAMES or not isinstance(up, bool):
            return _problem(400, "Bagian itu tidak dikenal.")
        switch(part, up)
        return jsonify(ok=True)

    _add_reset(app, reset)
    return app
# fmt: on


def _close_the_doors(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _add_reset(app: Flask, reset: Callable[[], object] | None) -> None:
    @app.post("/reset")
    def start_anew() -> Response:
        if reset is None:
            return _problem(400, "Tidak ada papan di meja teknisi.")
        reset()
        return jsonify(ok=True)


def _fields(*names: str) -> list[Any]:
    """Read values of the request's JSON object: texts, numbers and truth values; None for anything else."""
    body = request.get_json(silent=True)
    values = [body.get(name) if isinstance(body, dict) else None for name in names]
    return [value if isinstance(value, str | int) else None for value in values]


def _problem(status: int, message: str) -> Response:
    response = jsonify(message=message)
    response.status_code = status
    return response


def _events(feed: Feed, stream: Page) -> Iterator[str]:
    yield "retry: 1000\n\n"
    while True:
        try:
            event = stream.get(timeout=KEEPALIVE_S)
        except queue.Empty:
            yield ": hidup\n\n"
            continue
        if event is None:
            return
        yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
