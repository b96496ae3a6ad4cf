"""Roles and what each may do. Duties (who is called for what) are separate and live with the policy."""

ROLES = ("admin", "ketua_rt", "wakil", "petugas_ronda", "ketua_rw", "kelurahan", "tamu_layar")

SEE, COME, CLOSE, SIREN, DRILL = "lihat", "datang", "tutup", "sirene", "latihan"
DEVICES, MUTE, REVOKE, INSTALL = "perangkat", "bisukan", "cabut", "pasang"
POLICY, REGISTER = "kebijakan", "warga"
ACCOUNTS, AUDIT, SYSTEM = "akun", "catatan", "pengaturan"

# role -> permissions. A confidential incident needs the account's own mark as well (may_see_confidential).
_WATCH = {SEE, COME, CLOSE, SIREN, DEVICES, MUTE}
PERMISSIONS = {
    "admin": {*_WATCH, DRILL, POLICY, REGISTER, ACCOUNTS, AUDIT, SYSTEM, REVOKE, INSTALL},
    "ketua_rt": {*_WATCH, DRILL, POLICY, REGISTER, REVOKE},
    "wakil": {*_WATCH, DRILL, POLICY, REGISTER, REVOKE},
    "petugas_ronda": _WATCH,
    "ketua_rw": {*_WATCH, POLICY},
    "kelurahan": {SEE},
    "tamu_layar": {SEE},
}
NEVER_NAMED = ("tamu_layar",)  # a screen on a wall is nobody


def allows(role, permission):
    return permission in PERMISSIONS.get(role, ())


def may_see_confidential(account):
    """Only a person who was named for it, whatever the role."""
    return bool(account["named_for_confidential"]) and account["role"] not in NEVER_NAMED
