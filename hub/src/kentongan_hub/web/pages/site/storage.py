"""Simpanan: backup to USB or as a download, how long what is kept, exports."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles, words
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.speech import code_words
from kentongan_hub.people import keepers
from kentongan_hub.record import audit
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.upkeep import backup, mending, retention
from kentongan_hub.web import export, forms, view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("storage", __name__)
TABLES = {
    "kejadian": export.incidents,
    "perangkat": export.devices,
    "latihan": export.held_drills,
    "cakupan": export.covered,
    "ronda": export.watched,
}
TYPES = {
    export.CSV: "text/csv",
    export.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PIECE = 1 << 16
RESTORE = "kentongan-hub restore --data {}/pulih --from FILE --passphrase-file FILE"


@blueprint.get("/simpanan")
@web.needs(roles.SYSTEM)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str, done: str = "") -> str:
    with this_hub().store.read() as db:
        last = db.number("backup_wall")
        zone = view.site_words(db)["zone"]
        shown = {
            "keepers": [
                {"name": one["name"], "since": local_date_time(one["made_wall"], zone)}
                for one in keepers.listed(db)
            ],
            "last": local_date_time(last, zone) if last else "",
            "damage": _damage(db),
            "kept": [(key, _kind(key), value) for key, value in retention.days(db).items()],
        }
    restore = RESTORE.format(this_hub().data_dir)
    return render_template(
        "site/storage.html", targets=backup.targets(), problem=problem, done=done, restore=restore, **shown
    )


def _damage(db: Db) -> Shown | None:
    was = mending.damage(db)
    if not was:
        return was
    zone = view.site_words(db)["zone"]
    return {**was, "why": code_words.say(was["why"]), "time": local_date_time(was["wall"], zone)}


@blueprint.post("/simpanan/rusak")
@web.needs(roles.SYSTEM)
def settle() -> ResponseReturnValue:
    """Note that the damage has been seen to: the hub goes on with the database that it has."""
    hub = this_hub()
    with hub.store.write() as db:
        mending.settle(db, hub.now(), g.account, request.remote_addr or "")
    hub.dispatch.watch_soon()
    return redirect(url_for("storage.page"), 303)


def _kind(key: str) -> str:
    return _("Kejadian rahasia") if key == retention.CONFIDENTIAL else words.kind(int(key))


@blueprint.post("/simpanan/cadangan")
@web.needs(roles.SYSTEM)
def make() -> ResponseReturnValue:
    """Back up onto a mounted USB stick, else as a download; locked for its keepers, if any."""
    hub, form = this_hub(), request.form
    now = hub.now()
    target, phrase = form.get("ke", ""), form.get("sandi", "")
    with hub.store.read() as db:
        locks = keepers.locks(db)
    if not locks and phrase != form.get("sandi2"):
        return _page(_("Kedua kata sandi tidak sama. Tulis ulang.")), 400
    if target and target not in backup.targets():
        return _page(_("USB itu tidak terpasang lagi. Pasang dan muat ulang halaman.")), 400
    with hub.store.read() as db:
        slug = db.setting("site_slug") or "kentongan"
        day = local_date_time(now.wall, view.site_words(db)["zone"])[:16].replace("/", "-").replace(" ", "-")
    name = f"kentongan-{slug}-{day}.cadangan"
    folder = None if target else tempfile.TemporaryDirectory(dir=hub.data_dir)
    try:
        path = Path(folder.name if folder else target) / name
        size = backup.make(hub.data_dir, phrase, path, locks)
    except (LocalError, OSError) as error:
        if folder:
            folder.cleanup()
        return _page(_("Cadangan gagal: %(error)s", error=str(error))), 400
    with hub.store.write() as db:
        db.set_setting("backup_wall", now.wall)
        db.set_setting("backup_ms", now.ms)
        audit.record(
            db,
            now.wall,
            g.account["login"],
            codes.BACKUP_MADE,
            name,
            Said(codes.BYTES_FOR_KEEPERS if locks else codes.BYTES_WITH_PASSWORD, size=size),
            request.remote_addr or "",
        )
    if folder is None:
        return _page("", _("%(name)s tertulis di %(target)s, %(size)s KiB. Cabut USB dengan aman.",
                           name=name, target=target, size=size // 1024))  # fmt: skip
    return _download(path, name, "application/octet-stream", folder)


def _download(path: Path, name: str, kind: str, folder: tempfile.TemporaryDirectory[str]) -> Response:
    def pieces() -> Iterator[bytes]:
        with folder, path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    answer = Response(pieces(), mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.call_on_close(folder.cleanup)
    return answer


@blueprint.post("/simpanan/masa")
@web.needs(roles.SYSTEM)
def keep() -> ResponseReturnValue:
    hub = this_hub()
    try:
        with hub.store.read() as db:
            known = retention.days(db)
        odd = [key for key in request.form if key not in known and key != "csrf"]
        if odd:
            raise LocalError(_("masa simpan: %(name)s tidak dikenal", name=odd[0][:20]))
        wanted = {
            key: forms.whole(key, _kind(key), *retention.LIMITS) for key in known if key in request.form
        }
        with hub.store.write() as db:
            retention.save(db, hub.now(), g.account, wanted, request.remote_addr or "")
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("storage.page"), 303)


@blueprint.get("/ekspor/<table>.<form>")
@web.needs(roles.POLICY)
def table(table: str, form: str) -> ResponseReturnValue:
    """Export a table: CSV is streamed, XLSX is written to a file first. Each is on the record."""
    rows, kind = TABLES.get(table) or abort(404), TYPES.get(form) or abort(404)
    hub = this_hub()
    now = hub.now()
    with hub.store.write(ring=False) as db:
        at = request.remote_addr or ""
        audit.record(db, now.wall, g.account["login"], codes.EXPORTED, f"{table}.{form}", address=at)
    folder = tempfile.TemporaryDirectory(dir=hub.data_dir)
    path = Path(folder.name) / f"{table}.{form}"
    if form == export.XLSX:
        export.as_xlsx(rows(hub.store, now), path)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(export.as_csv(rows(hub.store, now)))
    return _download(path, path.name, kind, folder)
