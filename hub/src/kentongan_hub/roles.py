"""Roles and what each may do. Duties (who is called for what) are separate and live with the policy."""

ROLES = ("admin", "ketua_rt", "wakil", "petugas_ronda", "ketua_rw", "kelurahan", "tamu_layar")

SEE, COME, CLOSE, SIREN, DRILL, DEVICES, ACCOUNTS, AUDIT, REVOKE, INSTALL = (
    "lihat",
    "datang",
    "tutup",
    "sirene",
    "latihan",
    "perangkat",
    "akun",
    "catatan",
    "cabut",
    "pasang",
)

# role -> permissions. A confidential incident needs the account's own mark as well (may_see_confidential).
PERMISSIONS = {
    "admin": {SEE, COME, CLOSE, SIREN, DRILL, DEVICES, ACCOUNTS, AUDIT, REVOKE, INSTALL},
    "ketua_rt": {SEE, COME, CLOSE, SIREN, DRILL, DEVICES, REVOKE},
    "wakil": {SEE, COME, CLOSE, SIREN, DRILL, DEVICES, REVOKE},
    "petugas_ronda": {SEE, COME, CLOSE, SIREN, DEVICES},
    "ketua_rw": {SEE, COME, CLOSE, SIREN, DEVICES},
    "kelurahan": {SEE},
    "tamu_layar": {SEE},
}
NEVER_NAMED = ("tamu_layar",)  # a screen on a wall is nobody


def allows(role, permission):
    return permission in PERMISSIONS.get(role, ())


def may_see_confidential(account):
    """Only a person who was named for it, whatever the role."""
    return bool(account["named_for_confidential"]) and account["role"] not in NEVER_NAMED
