"""Permissions of each role, written a second time and by hand: hub/roles.py must not be its own judge.

A change here is a change of docs/threats.toml: LIMITS ties each right to the limit that its misuse is.
"""

MAY = {
    "admin": "lihat sendiri datang tutup sirene perangkat bisukan latihan kebijakan warga akun catatan "
             "pengaturan undang cabut pasang",
    "ketua_rt": "lihat sendiri datang tutup sirene perangkat bisukan latihan kebijakan warga undang cabut",
    "wakil": "lihat sendiri datang tutup sirene perangkat bisukan latihan kebijakan warga undang cabut",
    "petugas_ronda": "lihat sendiri datang tutup sirene perangkat bisukan",
    "ketua_rw": "lihat sendiri datang tutup sirene perangkat bisukan kebijakan",
    "kelurahan": "lihat sendiri",
    "tamu_layar": "lihat pin",
}  # fmt: skip
INVITES = {
    "admin": "admin ketua_rt wakil petugas_ronda ketua_rw kelurahan",
    "ketua_rt": "wakil petugas_ronda",
    "wakil": "petugas_ronda",
}
LIMITS = {  # limit of docs/threats.toml -> the right without which nobody has it, and with which everybody
    "officer_siren": "sirene", "officer_close": "tutup", "officer_mute": "bisukan",
    "takes_warning": "bisukan", "officer_revoke": "cabut", "officer_drill": "latihan",
    "officer_coming": "datang", "policy": "kebijakan",
    "own_settings": "kebijakan", "two_officers": "warga", "registers": "pasang", "admin_link": "akun",
    "admin_backup": "pengaturan", "pin": "pin",
}  # fmt: skip


def may(role, right):
    return right in MAY[role].split()
