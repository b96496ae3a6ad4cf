"""A hub of the size that it promises to serve, written straight into its tables; for benchmarks and plans."""

# ruff: noqa: E501 (SQL reads better with a clause a line)
from kentongan_hub.devices import provision
from kentongan_hub.devices.provision.sites import create_site

PASSWORD = "sandi yang panjang"
DEVICES, INCIDENTS, STATUSES, OPEN = 1_000, 100_000, 5_000_000, 12
DAY_MS = 86_400_000


def fill(store, now_ms, devices=DEVICES, incidents=INCIDENTS, statuses=STATUSES):
    """Years of an RW: devices, closed incidents with their lines, statuses of the last months."""
    with store.write(ring=False) as db:
        run = db.connection.execute
        run("CREATE TEMP TABLE n (i INTEGER PRIMARY KEY)")
        run(
            "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < ?) INSERT INTO n SELECT i FROM c",
            (max(devices, incidents, 9_999),),
        )
        run(
            "INSERT INTO devices (node, role, label, zone, house, place, hops, created_wall, heard_ms, heard_wall, "
            "heard_by, battery_mv, rssi, snr_q) SELECT 1000 + i, CASE i % 20 WHEN 0 THEN 'sirene' ELSE 'tombol' END, "
            "'alat-' || i, 1 + i % 7, i, 'Gang ' || i % 30, 1, ?, ? - i * 1000, ? - i * 1000, 'gateway-1', "
            "3500 + i % 500, -60 - i % 60, i % 40 FROM n WHERE i < ?",
            (now_ms - 400 * DAY_MS, now_ms, now_ms, devices),
        )
        run("INSERT INTO houses (zone, number) SELECT 1 + i % 7, i FROM n WHERE i < ?", (devices,))
        run(
            "INSERT INTO people (name, zone, house, created_wall, consent_wall) "
            "SELECT 'Warga ' || i, 1 + i % 7, i, 0, 0 FROM n WHERE i < ?",
            (devices,),
        )
        run(
            "INSERT INTO hearings SELECT 1000 + d.i, 'gateway-' || g.i, ?, -70, 20, 1 "
            "FROM n d, n g WHERE d.i < ? AND g.i < 3",
            (now_ms, devices),
        )
        run(
            "INSERT INTO battery_days SELECT 1000 + d.i, ? + g.i, 4000 - g.i FROM n d, n g "
            "WHERE d.i < ? AND g.i < 60",
            (now_ms // DAY_MS - 60, devices),
        )
        _incidents(run, now_ms, devices, incidents)
        run("INSERT INTO statuses (device, at_wall, gateway, battery_mv, rssi, snr_q, flags) SELECT 1000 + d.i, ? - s.i * 140000, 'gateway-1', 3900, -80, 20, 1 "
            "FROM n d, n s WHERE d.i < ? AND s.i < ?", (now_ms, devices, statuses // devices))  # fmt: skip
        db.set_setting("last_kejadian", incidents)
        db.set_setting("last_rahasia", incidents)
        run("DROP TABLE n")
        run("ANALYZE")


def _incidents(run, now_ms, devices, incidents):
    old = (now_ms, incidents, incidents - OPEN)
    run(
        "INSERT INTO incidents (slug, state, device, first_counter, last_counter, gateway, zone, house, kind, "
        "confidential, drill, cancelled, late, lid, presses, opened_ms, opened_wall, answered_ms, answered_wall, "
        "answered_by, closed_ms, closed_wall, closed_by) SELECT CASE i % 50 WHEN 0 THEN 'rahasia-' ELSE 'kejadian-' "
        "END || i, CASE WHEN i < ?3 THEN 'selesai' ELSE 'baru' END, 1000 + i % ?4, i, i, 'gateway-1', 1 + i % 7, "
        "i % ?4, i % 8, i % 50 = 0, 0, 0, 0, 0, 1, ?1 - (?2 - i) * 600000, ?1 - (?2 - i) * 600000, "
        "CASE WHEN i < ?3 THEN ?1 - (?2 - i) * 600000 + 60000 END, CASE WHEN i < ?3 THEN ?1 - (?2 - i) * 600000 END, "
        "CASE WHEN i < ?3 THEN 'Siti' END, CASE WHEN i < ?3 THEN ?1 - (?2 - i) * 600000 + 900000 END, "
        "CASE WHEN i < ?3 THEN ?1 - (?2 - i) * 600000 END, CASE WHEN i < ?3 THEN 'Siti' END FROM n WHERE i < ?2",
        (*old, devices),
    )
    run("INSERT INTO alarms SELECT device, first_counter, printf('%08x', id), id, 'gateway-1', 'b', 1, kind, 0, 0, 0, -80, 20, 1, "
        "opened_ms, 2, 0 FROM incidents")  # fmt: skip
    run("INSERT INTO siren_reports (post, origin, counter, state, source, gateway, boot_id, at_ms, received_wall) "
        "SELECT 1000, device, first_counter, 1, 1, 'gateway-1', 'b', 2, opened_wall FROM incidents")  # fmt: skip
    for what in ("tombol ditekan", "saya datang", "selesai"):
        run("INSERT INTO timeline (incident, at_wall, who, address, what, detail, digest, hash) "
            "SELECT id, opened_wall, 'Siti', '', ?, '', x'00', x'00' FROM incidents", (what,))  # fmt: skip
        run("INSERT INTO audit (at_wall, who, address, what, subject, detail, digest, hash) "
            "SELECT opened_wall, 'Siti', '', ?, slug, '', x'00', x'00' FROM incidents", (what,))  # fmt: skip
    run("INSERT INTO outbox (channel, type, body, incident, state, created_ms, expires_ms, done_ms) "
        "SELECT 'gateway:gateway-1', 'stage', '{}', id, 'sent', ?1, ?1, ?1 FROM incidents", (now_ms,))  # fmt: skip
    run("UPDATE incidents SET drill = 1 WHERE id % 100 = 7 AND confidential = 0")
    for number in range(
        1, 25
    ):  # two years of a monthly drill, with forty presses each where there are as many
        ends_ms = now_ms - number * 2_400_000_000
        run("INSERT INTO drills (zone, planned_wall, minutes, planned_by, opened_ms, opened_wall, ends_ms, ends_wall, "
            "closed_wall) VALUES (0, ?1, 60, 'Siti', ?1, ?1, ?2, ?2, ?2)", (ends_ms - 2_400_000_000, ends_ms))  # fmt: skip
    run(
        "INSERT INTO events SELECT 'gateway-1', 'gateway-1/' || id, x'00', 'alarm', ? FROM incidents",
        (now_ms,),
    )


PAGES = (
    *("/papan", "/papan/isi", "/kejadian", "/kejadian?sebelum={middle}", "/kejadian/{last}", "/perangkat"),
    *(
        "/perangkat/alat-77",
        "/peringatan",
        "/antrean",
        "/kebijakan",
        "/warga",
        "/warga/500",
        "/akun",
        "/catatan",
    ),
    *("/kanal", "/simpanan", "/serah-terima", "/latihan", "/latihan/1", "/lainnya"),
    *("/denah", "/kontak", "/pengaturan", "/undangan", "/layar/pos"),
)


def make(data_dir):
    """A site with an administrator who is named for confidential incidents too: the widest view there is."""
    create_site(data_dir, "RW 03", "admin", PASSWORD, rt=1, rw=3)
    provision.gateway_token(data_dir)
