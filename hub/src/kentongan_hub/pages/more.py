"""Lainnya: every page that is not in the menu, for whom it is, with one sentence on what it is for."""

from flask import Blueprint, g, render_template

from kentongan_hub import roles, web

blueprint = Blueprint("more", __name__)

# endpoint, icon, name, sentence, permission
PAGES = (
    ("warnings.page", "lonceng", "Peringatan", "Apa yang perlu diurus, dan oleh siapa.", roles.DEVICES),
    ("trust.page", "kunci", "Kunci", "Alat yang dicabut, pergantian kunci, beban laporan.", roles.DEVICES),
    ("report.page", "daftar", "Lapor", "Catat yang diceritakan di pos, atau lapor rahasia.", roles.COME),
    ("shift.page", "orang", "Serah terima malam", "Siapa operator malam ini.", roles.COME),
    ("policy.queue", "latihan", "Yang akan terjadi", "Panggilan dan pesan yang menunggu.", roles.COME),
    ("policy.page", "daftar", "Kebijakan", "Siapa dipanggil untuk apa.", roles.POLICY),
    ("kentongan.page", "kentongan", "Kunci kentongan", "Lihat, dengar dan pilih kode RT.", roles.DEVICES),
    ("register.page", "orang", "Orang dan rumah", "Warga, tugas, persetujuan, rumah kosong.", roles.REGISTER),
    ("access.page", "kunci", "Akses", "Rumah tiap akun; yang menunggu orang kedua.", roles.REGISTER),
    ("plan.page", "alat", "Denah", "Rumah dan alat di peta RT; taruh dan pindahkan.", roles.SEE),
    ("contacts.page", "orang", "Kontak", "Nomor yang ditelepon orang, kapan terakhir dicek.", roles.SEE),
    ("settings.page", "kunci", "Pengaturan", "Sandi, PIN, perangkat Anda; tempat, jam tenang.", roles.OWN),
    ("channels.page", "sirene", "Kanal", "Layar, SMS, internet, rumah pintar: uji dan atur.", roles.SYSTEM),
    ("storage.page", "daftar", "Simpanan", "Cadangan ke USB, masa simpan, ekspor.", roles.SYSTEM),
    ("invite.page", "orang", "Undangan", "Kode QR untuk orang baru, atau sandi baru.", roles.INVITE),
    ("screen.page", "alat", "Layar pos", "Pasangkan tablet di dinding pos, atau cabut.", roles.INVITE),
    ("people.page", "orang", "Akun", "Siapa boleh masuk, siapa disepakati untuk rahasia.", roles.ACCOUNTS),
    ("people.log", "kunci", "Catatan", "Siapa melakukan apa, kapan, dari mana.", roles.AUDIT),
)


@blueprint.get("/lainnya")
@web.needs(roles.SEE)
def page():
    return render_template(
        "lainnya.html", pages=[one for one in PAGES if roles.allows(g.account["role"], one[4])]
    )
