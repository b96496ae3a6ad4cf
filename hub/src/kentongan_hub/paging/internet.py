"""Apprise: the channels of people's phones, while there is internet; never before a siren."""

from kentongan_hub.paging.base import Failure, Worker

TITLE = "Kentongan"


class Internet(Worker):
    """An address is an Apprise URL of the person's own, such as `tgram://...` or `ntfy://...`."""

    name = "apprise"
    label = "Internet (Apprise)"

    def send(self, body):
        import apprise  # 40 MB and half a second: only where somebody uses it

        service = apprise.Apprise()
        if not service.add(body["to"]):
            raise Failure("alamat Apprise tidak terbaca; perbaiki di halaman Warga", permanent=True)
        # the address is a secret: no error text of the library, which may quote it, is kept
        if not service.notify(body=body["text"], title=TITLE):
            raise Failure("internet atau layanan tidak menjawab")
