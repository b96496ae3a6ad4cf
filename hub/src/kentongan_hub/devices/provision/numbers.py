"""Node numbers: every provisioning gets one that the site never used before."""

import secrets

from kentongan_wire.base.errors import LocalError

from kentongan_hub.storage.store import Db

NODE_MIN = 4  # 0-3 are Meshtastic's own
NODE_MAX = 0xFFFF_FFFE  # 0xFFFFFFFF is broadcast
RELAY_LIMIT = 255  # relays of a site: their low bytes are all different and never 0
DRAWS = 10_000  # a draw fails only on a taken number or low byte; bounded all the same
RELAY_ROLES = ("sirene", "penerus", "penerima", "gateway")


def check_radio(db: Db, node: int) -> None:
    """Raise LocalError unless a stock radio of that number can serve a gateway of this site as its radio."""
    if not NODE_MIN <= node <= NODE_MAX or not node & 0xFF:
        raise LocalError(f"radio number {node:08x}: no node number; take the one that `stock` tells")
    rows = db.all("SELECT node, label FROM devices UNION SELECT node, label FROM gateways")
    for row in rows:
        if row["node"] == node:
            raise LocalError(f"radio number {node:08x}: is {row['label']}'s already; take another radio")


def new_node(db: Db, role: str) -> int:
    """Return a number no device or gateway of this site ever had; relays also differ in the low byte."""
    used = {row["node"] for row in db.all("SELECT node FROM devices UNION SELECT node FROM gateways")}
    relays = db.all(
        "SELECT node FROM devices WHERE revoked = 0 AND role IN ('sirene', 'penerus', 'penerima') "
        "UNION SELECT node FROM gateways"
    )
    low_bytes = {row["node"] & 0xFF for row in relays} if role in RELAY_ROLES else set()
    if len(low_bytes) >= RELAY_LIMIT:
        raise LocalError(f"role {role}: a site has at most {RELAY_LIMIT} relays; revoke one that is gone")
    for _ in range(DRAWS):
        node = NODE_MIN + secrets.randbelow(NODE_MAX - NODE_MIN + 1)
        if node not in used and node & 0xFF and node & 0xFF not in low_bytes:
            return node
    raise LocalError(f"role {role}: no free node number was found; revoke relays that are gone")
