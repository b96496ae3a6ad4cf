"""On a copy with a channel `udp`: it stands in the form, takes and refuses addresses, and sends."""

import socket

from kentongan_hub.record import outbox
from kits.hub.paging_kit import add, row, switch_on
from kits.patience import PATIENCE_S


def test_it_is_in_every_form_and_sends(site):
    admin = site.enter("admin")
    page = admin.get("/kanal").text
    assert 'id="kanal-udp"' in page and "Kotak UDP" in page and "Awalan pesan" in page
    admin.post("/warga", page="/warga", nama="Siti", rt="5", setuju="1")
    assert '<option value="udp">UDP</option>' in admin.get("/warga/1").text
    refused = admin.post("/warga/1/alamat", page="/warga/1", kanal="udp", alamat="rumah")
    assert refused.status_code == 400 and "tulis seperti 192.168.1.20:5140" in refused.text
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(PATIENCE_S)
        here = "127.0.0.1:{}".format(ear.getsockname()[1])
        took = admin.post("/warga/1/alamat", page="/warga/1", kanal="udp", alamat=here)
        assert took.status_code == 303 and here in admin.get("/warga/1").text
        worker = switch_on(site, "udp", awalan="RT05:")
        number = add(site, "udp", to=here)
        assert worker.step() and row(site, number)["state"] == outbox.DONE
        assert ear.recv(500).decode() == "RT05:KEBAKARAN di Rumah 7."
        assert admin.post("/kanal/udp/uji", page="/kanal", alamat=here).status_code == 303
        assert worker.step() and "pesan uji" in ear.recv(500).decode()
