"""Helpers of tests of the channels: a channel switched on, a message for it, and what became of them."""

import json

from kentongan_hub.record import outbox


def worker(site, name):
    return next(one for one in site.hub.dispatch.workers if one.name == name)


def switch_on(site, name, **settings):
    person = site.enter("admin")
    assert person.post(f"/kanal/{name}", page="/kanal", hidup="1", **settings).status_code == 303
    return worker(site, name)


def add(site, name, to="+6281211110001", text="KEBAKARAN di Rumah 7.", type_=outbox.MESSAGE):
    with site.hub.store.write() as db:
        body = json.dumps({"to": to, "name": "Siti", "text": text})
        return outbox.add(db, site.clock.now_ms, name, type_, body, 1_800_000)


def row(site, number):
    (found,) = site.rows("SELECT * FROM outbox WHERE id = ?", number)
    return found


def channel(site, name):
    (found,) = site.rows("SELECT * FROM channels WHERE name = ?", name)
    return found
