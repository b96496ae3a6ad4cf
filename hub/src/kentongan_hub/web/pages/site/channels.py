"""Kanal: every road on which people and sirens are called, with its last success and a test button."""

import json

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub import channels
from kentongan_hub.base import codes, roles, words
from kentongan_hub.base.clock import Now, local_date_time
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _, known
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import ChannelRow
from kentongan_hub.channels.base import TEST, Worker, settings_of
from kentongan_hub.record import audit, outbox
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("channels", __name__)
TEST_EXPIRES_MS = 300_000
VALUE_LIMIT = 200  # characters of a setting
BY_NAME = {channel.name: channel for channel in channels.CHANNELS}


@blueprint.get("/kanal")
@web.needs(roles.SYSTEM)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        zone = view.site_words(db)["zone"]
        rows = {row["name"]: row for row in db.all("SELECT * FROM channels")}
        shown = [_shown(db, channel, rows.get(name), zone) for name, channel in BY_NAME.items()]
        gateways = [
            {"label": row["label"], **_times(rows.get(outbox.gateway_channel(row["label"])), zone)}
            for row in db.all("SELECT label FROM gateways ORDER BY label")
        ]
    return render_template("site/channels.html", channels=shown, gateways=gateways, problem=problem)


def _times(row: ChannelRow | None, zone: str) -> Shown:
    if row is None:
        return {"worked": "", "failed": "", "problem": known(""), "fails": 0}
    return {
        "worked": local_date_time(row["worked_wall"], zone),
        "failed": local_date_time(row["failed_wall"], zone),
        "problem": known(row["problem"]),
        "fails": row["fails"],
    }


def _shown(db: Db, channel: type[Worker], row: ChannelRow | None, zone: str) -> Shown:
    settings = settings_of(channel, row)
    # what is confidential is not counted either
    waiting = db.value(
        "SELECT count(*) FROM outbox o LEFT JOIN incidents i ON i.id = o.incident "
        f"WHERE o.channel = ? AND o.{outbox.WAITS} AND coalesce(i.confidential, 0) = 0",
        channel.name,
    )
    return {
        **_times(row, zone),
        "name": channel.name,
        "label": channel.label,
        "always": channel.name == outbox.BOARD,
        "enabled": bool(row and row["enabled"]),
        "asks": channel.address_label,
        "waiting": waiting,
        "inbox": _inbox(db, row, zone) if channel.reads_answers and row and row["enabled"] else None,
        "fields": [
            # a secret is written, never shown again
            (
                key,
                text,
                "" if key in channel.secret_fields else settings.get(key, default),
                key in channel.secret_fields,
            )
            for key, text, default in channel.fields
        ],
    }


def _inbox(db: Db, row: ChannelRow, zone: str) -> Shown:
    """Describe the reading of answers: its trouble, the card's room, messages that were no answer."""
    refused = db.all("SELECT * FROM sms_refusals ORDER BY count DESC")
    return {
        "problem": known(row["inbox_problem"]),
        "room": row["inbox_room"],
        "refused": [
            {
                "words": words.SMS_REASONS.get(one["reason"], one["reason"]),
                "count": one["count"],
                "time": local_date_time(one["changed_wall"], zone),
            }
            for one in refused
        ],
    }


def _channel(name: str) -> type[Worker]:
    return BY_NAME.get(name) or abort(404)


@blueprint.post("/kanal/<name>")
@web.needs(roles.SYSTEM)
def save(name: str) -> ResponseReturnValue:
    channel, hub, form = _channel(name), this_hub(), request.form
    now = hub.now()
    for key, label, default in channel.fields:
        value, highest = form.get(key, "").strip(), channel.highest.get(key)
        if value and highest and numerals.whole(value, 1, highest) is None:
            return _page(_("%(label)s: tulis angka 1 sampai %(highest)s, biasanya %(default)s",
                           label=label, highest=highest, default=default)), 400  # fmt: skip
    with hub.store.write() as db:
        row = db.one("SELECT settings FROM channels WHERE name = ?", name)
        settings = settings_of(channel, row)
        for key, *_rest in channel.fields:
            value = form.get(key, "").strip()[:VALUE_LIMIT]
            if value or key not in channel.secret_fields:
                settings[key] = audit.clean(value)
        enabled = int(form.get("hidup") == "1")
        db.run(
            "INSERT INTO channels (name, settings, enabled) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, "
            "enabled = excluded.enabled, fails = 0, problem = '', "
            "inbox_fails = 0, inbox_problem = '', inbox_room = ''",
            name,
            json.dumps(settings),
            enabled,
        )
        _note(db, now, codes.CHANNEL_SET, name, Said(codes.ON if enabled else codes.OFF))
    return redirect(url_for("channels.page"), 303)


@blueprint.post("/kanal/<name>/uji")
@web.needs(roles.SYSTEM)
def test(name: str) -> ResponseReturnValue:
    """Send a test message by the same road as a call: worker, retry and mark included."""
    channel, hub = _channel(name), this_hub()
    to = audit.clean(request.form.get("alamat", "").strip())
    now = hub.now()
    with hub.store.write() as db:
        try:
            to = channel.checked(db, to)
        except LocalError as error:
            return _page(str(error)), 400
        text = f"Kentongan {db.setting('name')}: pesan uji, tidak ada kejadian."
        body = json.dumps({"to": to, "name": "uji", "text": text}, ensure_ascii=False)
        outbox.add(db, now.ms, name, TEST, body, TEST_EXPIRES_MS)
        _note(db, now, codes.CHANNEL_TESTED, name, "")
    return redirect(url_for("channels.page"), 303)


def _note(db: Db, now: Now, what: str, subject: str, detail: str | Said) -> None:
    audit.record(db, now.wall, g.account["login"], what, subject, detail, request.remote_addr or "")
