"""Lainnya: every page that is not in the menu, for whom it is, with one sentence on what it is for."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.language import _
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import first_use, web

blueprint = Blueprint("more", __name__)

# endpoint, icon, name, sentence, permission
PAGES = (
    ("first_use.page", "beres", _("Penyiapan"), _("Yang belum selesai sejak hari pertama."), roles.REGISTER),
    ("warnings.page", "lonceng", _("Peringatan"), _("Apa yang perlu diurus, dan oleh siapa."), roles.DEVICES),
    (
        "trust.page",
        "kunci",
        _("Kunci"),
        _("Alat yang dicabut, pergantian kunci, beban laporan."),
        roles.DEVICES,
    ),
    (
        "report.page",
        "daftar",
        _("Lapor"),
        _("Catat yang diceritakan di pos, atau lapor rahasia."),
        roles.COME,
    ),
    (
        "raised.page",
        "sirene",
        _("Bunyikan sirene"),
        _("Untuk yang tidak ditekan tombol mana pun; atas nama Anda."),
        roles.SIREN,
    ),
    (
        "announcements.page",
        "lonceng",
        _("Umumkan"),
        _("Evakuasi, lelayu, kerja bakti: di papan dan dengan suara pos, tanpa sirene."),
        roles.SIREN,
    ),
    ("rollcall.listing", "beres", _("Saya aman"), _("Absen rumah sesudah bencana; cetak."), roles.SEE),
    ("state.page", "alat", _("Keadaan alat"), _("Yang bekerja dan seberapa cepat, tanpa nama."), roles.SEE),
    ("monthly.page", "daftar", _("Rekap bulanan"), _("Satu lembar A4: kejadian, waktu, latihan."), roles.SEE),
    ("guard.page", "orang", _("Ronda"), _("Siapa menjaga pos; hadir, aman, serah terima."), roles.SEE),
    ("roster.page", "daftar", _("Jadwal ronda"), _("Regu, giliran, izin dan ganti; cetak."), roles.COME),
    ("attendance.page", "beres", _("Rekap hadir ronda"), _("Sebulan per orang; ekspor."), roles.COME),
    ("rounds.sheet", "alat", _("Stiker ronda"), _("Kode QR untuk pos dan rumah; cetak."), roles.REGISTER),
    ("shift.page", "orang", _("Serah terima malam"), _("Siapa operator malam ini."), roles.COME),
    ("policy.queue", "latihan", _("Yang akan terjadi"), _("Panggilan dan pesan yang menunggu."), roles.COME),
    ("policy.page", "daftar", _("Kebijakan"), _("Siapa dipanggil untuk apa."), roles.POLICY),
    (
        "kentongan.page",
        "kentongan",
        _("Kunci kentongan"),
        _("Lihat, dengar dan pilih kode RT."),
        roles.DEVICES,
    ),
    (
        "register.page",
        "orang",
        _("Orang dan rumah"),
        _("Warga, tugas, persetujuan, rumah kosong."),
        roles.REGISTER,
    ),
    ("left_empty.page", "kunci", _("Rumah kosong"), _("Siapa yang pergi, dan dilihat ronda."), roles.COME),
    ("coverage.page", "beres", _("Cakupan"), _("Keluarga yang belum terlindung, per RT."), roles.POLICY),
    ("access.page", "kunci", _("Akses"), _("Rumah tiap akun; yang menunggu orang kedua."), roles.REGISTER),
    ("plan.page", "alat", _("Denah"), _("Rumah dan alat di peta RT; taruh dan pindahkan."), roles.SEE),
    (
        "contacts.page",
        "orang",
        _("Kontak"),
        _("Nomor yang ditelepon orang, kapan terakhir dicek."),
        roles.SEE,
    ),
    (
        "settings.page",
        "kunci",
        _("Pengaturan"),
        _("Sandi, PIN, perangkat Anda; tempat, jam tenang."),
        roles.OWN,
    ),
    (
        "channels.page",
        "sirene",
        _("Kanal"),
        _("Layar, SMS, internet, rumah pintar: uji dan atur."),
        roles.SYSTEM,
    ),
    ("storage.page", "daftar", _("Simpanan"), _("Cadangan ke USB, masa simpan, ekspor."), roles.SYSTEM),
    ("invite.page", "orang", _("Undangan"), _("Kode QR untuk orang baru, atau sandi baru."), roles.INVITE),
    ("screen.page", "alat", _("Layar pos"), _("Pasangkan tablet di dinding pos, atau cabut."), roles.INVITE),
    (
        "people.page",
        "orang",
        _("Akun"),
        _("Siapa boleh masuk, siapa disepakati untuk rahasia."),
        roles.ACCOUNTS,
    ),
    ("people.log", "kunci", _("Catatan"), _("Siapa melakukan apa, kapan, dari mana."), roles.AUDIT),
)


@blueprint.get("/lainnya")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        over = () if first_use.left(db) else ("first_use.page",)
    pages = [one for one in PAGES if roles.allows(g.account["role"], one[4]) and one[0] not in over]
    return render_template("overview/more.html", pages=pages)
