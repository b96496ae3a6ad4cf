"""kill -9 at any point of an escalation: no step lost, none skipped in silence, doubles only where marked.

The real worker code runs in a process of its own, on a clock kept in a file; it is killed at the commit,
before it or after it, wherever the campaign's seed says, and started again until the escalation is through.
"""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kentongan_hub.policies import policy
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import Site, make_site
from kits.patience import PATIENCE_S

STEPS = 5
LIVES_LIMIT = 60
CHILD = Path(__file__).with_name("escalation_child.py")
KILL_CHANCE = 0.02
CAMPAIGNS = int(os.environ.get("KENTONGAN_CRASHES", "50" if os.environ.get("KENTONGAN_SOAK") else "2"))


def lives(data_dir, seed, start_ms):
    """Run the child again and again until it says it is through; the number of times it was killed."""
    draw = random.Random(seed)
    for killed in range(LIVES_LIMIT):
        command = [
            sys.executable,
            CHILD,
            data_dir,
            str(start_ms),
            str(STEPS),
            str(draw.random()),
            str(KILL_CHANCE),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        if done.returncode == 0:
            return killed
        assert done.returncode == -signal.SIGKILL, done.stderr
    raise AssertionError(f"not through after {LIVES_LIMIT} lives; seed {seed}")


@pytest.mark.parametrize("seed", range(CAMPAIGNS))
def test_no_step_is_lost_and_what_may_be_a_repeat_is_marked(tmp_path, seed):
    data = tmp_path / "data"
    site = Site(data, make_site(data))
    with site.hub.store.write() as db:
        person = db.insert("people", name="Ketua", zone=5, house=1, created_wall=0)
        db.insert("duties", person=person, duty="ketua_rt", zone=5)
        db.insert("duties", person=person, duty="ronda", zone=5)
        db.insert("addresses", person=person, channel="uji-lari", address="1")
        db.run("INSERT INTO channels (name, enabled) VALUES ('uji-lari', 1)")
    site.post_events(site.alarm(counter=9, kind=m.KIND_MALING))
    killed = lives(data, seed, site.clock.now_ms)
    (incident,) = site.incidents()
    assert incident["alerts"] == STEPS, f"seed {seed}, {killed} kills"
    told = [row["detail"] for row in site.lines("timeline", "what = 'called_again' ORDER BY id")]
    assert [text.split(":")[0] for text in told] == [f"ke-{n}" for n in range(1, STEPS + 1)], "each step once"
    expected = sum(
        1
        for number in range(STEPS + 1)
        for step in [policy.default(m.KIND_MALING)["langkah"][min(number, 2)]]
        if {"tugas:ketua_rt", "tugas:ronda"} & set(step["kepada"])
    )
    rows = site.rows("SELECT * FROM outbox WHERE channel = 'uji-lari' AND type = 'call' ORDER BY id")
    assert len(rows) == expected and {row["state"] for row in rows} == {"sent"}
    sent = [json.loads(line) for line in (data / "terkirim.log").read_text().splitlines()]
    for row in rows:
        texts = [one["text"] for one in sent if one["row"] == row["id"]]
        assert texts, f"seed {seed}: message {row['id']} never left"
        assert not texts[0].startswith("(ulangan)") or row["attempts"] > 1
        assert all(text.startswith("(ulangan)") for text in texts[1:]), f"seed {seed}: an unmarked double"
