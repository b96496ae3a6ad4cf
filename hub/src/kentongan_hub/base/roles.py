"""Roles and what each may do. Duties (who is called for what) are separate and live with the policy."""

ROLES = ("admin", "ketua_rt", "wakil", "petugas_ronda", "ketua_rw", "kelurahan", "tamu_layar")

SEE, COME, CLOSE, SIREN, DRILL = "lihat", "datang", "tutup", "sirene", "latihan"
DEVICES, MUTE, REVOKE, INSTALL = "perangkat", "bisukan", "cabut", "pasang"
POLICY, REGISTER = "kebijakan", "warga"
ACCOUNTS, AUDIT, SYSTEM, INVITE = "akun", "catatan", "pengaturan", "undang"
OWN = "sendiri"  # one's own password, PIN and sessions
PIN = "pin"  # shared by all who stand before it: only "saya datang", with a name and a PIN

# role -> permissions. A confidential incident needs a place in its circle as well (circles.py).
_WATCH = {SEE, OWN, COME, CLOSE, SIREN, DEVICES, MUTE}
PERMISSIONS = {
    "admin": {*_WATCH, DRILL, POLICY, REGISTER, ACCOUNTS, AUDIT, SYSTEM, INVITE, REVOKE, INSTALL},
    "ketua_rt": {*_WATCH, DRILL, POLICY, REGISTER, INVITE, REVOKE},
    "wakil": {*_WATCH, DRILL, POLICY, REGISTER, INVITE, REVOKE},
    "petugas_ronda": _WATCH,
    "ketua_rw": {*_WATCH, POLICY},
    "kelurahan": {SEE, OWN},
    "tamu_layar": {SEE, PIN},
}
# who may invite whom at the post; a screen is paired, never invited
INVITES = {
    "admin": tuple(role for role in ROLES if role != "tamu_layar"),
    "ketua_rt": ("wakil", "petugas_ronda"),
    "wakil": ("petugas_ronda",),
}
NEVER_NAMED = ("tamu_layar",)  # a screen on a wall is nobody


def allows(role: str, permission: str) -> bool:
    return permission in PERMISSIONS.get(role, ())
