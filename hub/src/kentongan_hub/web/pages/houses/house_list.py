"""Masukkan daftar: houses and people from a file; every row is shown before anything is stored.

Between the two forms the list is in the browser alone: nobody's data is on this machine before it is
confirmed. It is looked at anew when it comes back, and stored in parts, so that no alarm waits for it.
"""

import json

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.language import _
from kentongan_hub.people.houses import house_list, list_file
from kentongan_hub.people.houses.house_list import COLUMNS
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import parsed
from kentongan_hub.web import web

blueprint = Blueprint("house_list", __name__)
PART = 40  # rows of one transaction
Rows = list[tuple[int, dict[str, str]]]


@blueprint.get("/warga/daftar")
@web.needs(roles.REGISTER)
def page() -> ResponseReturnValue:
    return _page()


@blueprint.get("/warga/daftar/lihat")
@blueprint.get("/warga/daftar/simpan")
@web.needs(roles.REGISTER)
def again() -> ResponseReturnValue:
    """Begin anew where the list is not here any more: the page was loaded again, or its language changed."""
    return redirect(url_for("house_list.page"))


def _page(problem: str = "", done: str = "") -> str:
    return render_template(
        "houses/house_list.html", problem=problem, done=done, columns=COLUMNS, most=list_file.ROWS_MAX
    )


@blueprint.post("/warga/daftar/lihat")
@web.needs(roles.REGISTER)
def look() -> ResponseReturnValue:
    """Show what would be stored, and what not and why; changes nothing."""
    try:
        file = request.files.get("daftar")
        rows, unread = house_list.table(list_file.read(file.read() if file else b""))
    except LocalError as error:
        return _page(str(error)), 400
    with this_hub().store.read() as db:
        found, withdrawn = house_list.look(db, rows), house_list.withdrawn(db)
    groups = {state: [one for one in found if one.state == state] for state in
              (house_list.WRONG, house_list.NEW, house_list.THERE)}  # fmt: skip
    fresh = [(one.number, dict(one.cells)) for one in groups[house_list.NEW]]
    return render_template(
        "houses/house_list_look.html",
        groups=groups,
        unread=unread,
        withdrawn=withdrawn,
        rows=json.dumps(fresh, ensure_ascii=False),
        people=sum(bool(one.name) for one in groups[house_list.NEW]),
    )


@blueprint.post("/warga/daftar/simpan")
@web.needs(roles.REGISTER)
def store() -> ResponseReturnValue:
    hub, rows = this_hub(), _rows(request.form.get("baris", ""))
    if not rows:
        return _page(_("daftar: masih kosong")), 400
    people = houses = left = 0
    for begin in range(0, len(rows), PART):
        try:
            with hub.store.write() as db:
                found = house_list.look(db, rows[begin : begin + PART])
                some = house_list.store(db, hub.now(), g.account, found, request.remote_addr or "")
        except LocalError as error:
            return _page(str(error)), 400
        people, houses = people + some[0], houses + some[1]
        left += sum(one.state != house_list.NEW for one in found)
    done = _("%(people)s orang dan %(houses)s rumah didaftarkan.", people=people, houses=houses)
    more = _("%(left)s baris dilewati; lihat daftarnya sekali lagi.", left=left)
    return _page(done=f"{done} {more}" if left else str(done))


def _rows(text: str) -> Rows:
    """Read what the form of look() carried; nothing of what no form of ours can have sent."""
    out: Rows = []
    for one in parsed(text, list)[: list_file.ROWS_MAX]:
        if not isinstance(one, list) or len(one) != 2 or not isinstance(one[1], dict):
            return []
        cells = {key: value for key, value in one[1].items() if key in COLUMNS and isinstance(value, str)}
        out.append((one[0] if type(one[0]) is int else 0, cells))
    return out
