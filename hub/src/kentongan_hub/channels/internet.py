"""Apprise: the channels of people's phones, while there is internet; never before a siren."""

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.entries import inside
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Claimed
from kentongan_hub.channels import telegram
from kentongan_hub.channels.base import Failure, Message, Worker
from kentongan_hub.incidents.calling import links
from kentongan_hub.storage.store import Db, parsed

if TYPE_CHECKING:
    import apprise
    from apprise.plugins.telegram import NotifyTelegram

TITLE = "Kentongan"
NTFY = ("ntfy://", "ntfys://")  # shows buttons on a locked phone
UNSAFE = "\"',; "  # what divides a button's fields
ADDRESS_LIMIT = 200  # characters
SENDING_S = 20  # one message, from the first connection to the last byte of the answer


class Internet(Worker):
    """An address is an Apprise URL of the person's own, such as `tgram://...` or `ntfy://...`."""

    name = "apprise"
    label = _("Internet (Apprise)")
    word = _("internet")
    address_label = _("Alamat Apprise tujuan")
    fields = (("lokal", _("Alamat di jaringan ini yang diizinkan, misalnya 192.168.1.20"), ""),)

    @staticmethod
    def checked(db: Db, address: str) -> str:
        address = address.strip()
        if "://" not in address or len(address) > ADDRESS_LIMIT:
            raise LocalError(_("alamat Apprise: tulis seperti ntfy://... atau tgram://..."))
        kept = db.value("SELECT settings FROM channels WHERE name = ?", Internet.name)
        if inside.refuses(address, str(parsed(kept).get("lokal", ""))):
            raise LocalError(_("alamat Apprise: %(refused)s", refused=inside.REFUSED))
        return address

    def dressed(self, row: Claimed, message: Message) -> Message:
        """Give a call its answer link, where phones know an address of this hub.

        On ntfy it is a button that answers, on Telegram one that opens a page with such a button; elsewhere a
        line of the text, which opens that page.
        """
        with self._store.write(ring=False) as db:
            root, token = db.setting("address").rstrip("/"), links.token(db, row)
        if not root or not token or any(sign in root for sign in UNSAFE):
            return message
        link = f"{root}/jawab/{token}"
        if message["to"].lower().startswith((*NTFY, telegram.SCHEME)):
            return {**message, "link": link}
        return _with_line({**message, "link": link})

    def send(self, body: Message) -> None:
        import apprise  # 40 MB and half a second: only where somebody uses it

        allowed = self.settings.get("lokal", "")
        if inside.refuses(body["to"], allowed):
            raise Failure(inside.REFUSED, permanent=True)
        service = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        if not service.add(_with_button(body)) or len(service) != 1:
            raise Failure(_("alamat Apprise tidak terbaca; perbaiki di halaman Warga"), permanent=True)
        # the address is a secret: no error text of the library, which may quote it, is kept
        with inside.guarded(allowed, SENDING_S) as guard:
            sent = self._sent_now(service, body)
        if not sent and guard.refused:
            raise Failure(inside.REFUSED, permanent=True)
        if guard.over:  # half an answer is none
            raise Failure(_("layanan tidak selesai menjawab dalam %(seconds)s detik", seconds=SENDING_S))
        if not sent:
            raise Failure(_("internet atau layanan tidak menjawab"))

    def _sent_now(self, service: "apprise.Apprise", body: Message) -> bool:
        if body.get("link") and body["to"].lower().startswith(telegram.SCHEME):
            try:
                if telegram.sent(
                    cast("NotifyTelegram", service[0]), f"{TITLE}\n{body['text']}", body["link"]
                ):
                    return True
            except OSError:
                return False
            body = _with_line(body)
        return bool(service.notify(body=body["text"], title=TITLE))


def _with_line(body: Message) -> Message:
    """Write the link as a line of the text, for services that show no button."""
    return {**body, "text": f"{body['text']}\nSaya datang: {body['link']}"}


def _with_button(body: Message) -> str:
    """Write the address with a button that answers; a person's own buttons in it stay as they are."""
    link = body.get("link", "")
    if not link or "actions=" in body["to"] or not body["to"].lower().startswith(NTFY):
        return body["to"]
    button = f"http, Saya datang, {link}, method=POST, clear=true"
    return f"{body['to']}{'&' if '?' in body['to'] else '?'}actions={quote(button, safe='')}"
