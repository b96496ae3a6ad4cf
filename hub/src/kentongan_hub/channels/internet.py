"""Apprise: the channels of people's phones, while there is internet; never before a siren."""

from kentongan_wire.errors import LocalError

from kentongan_hub.base.entries import inside
from kentongan_hub.base.language import _
from kentongan_hub.channels.base import Failure, Message, Worker
from kentongan_hub.storage.store import Db, parsed

TITLE = "Kentongan"
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

    def send(self, body: Message) -> None:
        import apprise  # 40 MB and half a second: only where somebody uses it

        allowed = self.settings.get("lokal", "")
        if inside.refuses(body["to"], allowed):
            raise Failure(inside.REFUSED, permanent=True)
        service = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        if not service.add(body["to"]) or len(service) != 1:
            raise Failure(_("alamat Apprise tidak terbaca; perbaiki di halaman Warga"), permanent=True)
        # the address is a secret: no error text of the library, which may quote it, is kept
        with inside.guarded(allowed, SENDING_S) as guard:
            sent = service.notify(body=body["text"], title=TITLE)
        if not sent and guard.refused:
            raise Failure(inside.REFUSED, permanent=True)
        if guard.over:  # half an answer is none
            raise Failure(_("layanan tidak selesai menjawab dalam %(seconds)s detik", seconds=SENDING_S))
        if not sent:
            raise Failure(_("internet atau layanan tidak menjawab"))
