"""Forty-three faults of nine kinds at once, as a site's devices and radio would tell them."""

FAULTS = (  # column, value, how many devices
    ("lid", 1, 5),
    ("siren_fault", 1, 4),
    ("jammed", 1, 3),
    ("key_stuck", 1, 5),
    ("mains", 0, 9),
    ("part_failing", 1, 4),
    ("low_battery", 1, 7),
    ("battery_unread", 3, 5),
)
COUNT = 43  # with the radio


def fail(store, now):
    """Break 43 things in one moment."""
    broken = [(column, value) for column, value, many in FAULTS for _ in range(many)]
    with store.write() as db:
        heard = {"heard_ms": now.ms, "heard_wall": now.wall, "created_ms": now.ms, "created_wall": now.wall}
        for number, (column, value) in enumerate(broken, 1):
            where = {"zone": 5, "house": number, "place": "RT 05/RW 03", "hops": 1}
            one = {"node": 0x53000200 + number, "label": f"alat-{number:02}", "role": "tombol"}
            db.insert("devices", **one, **where, **heard, **{column: value})
        db.insert("radios", gateway="gateway-1", name="modem", up=0, changed_wall=now.wall)
    assert len(broken) + 1 == COUNT


def mend(store):
    """Make all of them well."""
    with store.write() as db:
        for column, _, _ in FAULTS:
            db.run(f"UPDATE devices SET {column} = ?", int(column == "mains"))
        db.run("UPDATE radios SET up = 1")
