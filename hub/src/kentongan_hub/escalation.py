"""Who is called next while nobody has answered: pure, tiers as data (domain.md section 4)."""

from collections import namedtuple

from kentongan_wire import messages as m

# wait until the step after this one, sound the posts, page the chimes in houses, whom to call
Step = namedtuple("Step", "wait_ms siren page to")

FIRST_MS = 120_000  # domain.md: no "saya datang" in 60-120 s
FOLLOW_UP_MS = 300_000  # "diterima", and still nobody on the way: the calling goes on
REALERT_MS = 120_000  # then again and again
SIREN_AGE_MS = 600_000  # an alarm told later than this sounded at its time: people look, no siren startles
ALERTS_LIMIT = 30  # an hour of re-alerts; the incident itself stays open until a named person closes it
SIREN_ALERTS_LIMIT = 2  # the posts sounded once by themselves; a post sounds at most three times per incident

# kind -> whom each re-alert calls; the last one repeats
TIERS = {
    m.KIND_KEBAKARAN: ("warga dan ronda", "Linmas, ketua RT dan ketua RW", "113"),
    m.KIND_MEDIS: ("ketua RT, kader, pemilik mobil", "119"),
    m.KIND_BENCANA: ("Linmas, lurah", "BPBD, 115"),
    m.KIND_KEKERASAN: ("orang yang disepakati", "unit PPA Polsek, SAPA 129"),
}
PAGED_AT_ONCE = (m.KIND_MEDIS, m.KIND_KEKERASAN)  # neighbours and agreed people first; others hear the posts
DEFAULT_TIERS = ("ronda dan warga", "ketua RT, seksi keamanan", "110")


def first_alert_ms(now_ms, drill):
    """When an incident opened now is due, or None for a drill."""
    return None if drill else now_ms + FIRST_MS


def pages_at_once(incident):
    """Whether the chimes of agreed people are called with the first press of this incident (a row)."""
    if incident["drill"] or incident["late"] or incident["cancelled"]:
        return False
    return bool(incident["confidential"]) or incident["kind"] in PAGED_AT_ONCE


def next_step(incident, now_ms):
    """The step due now for an open, unanswered incident (a row); None when the re-alerts are used up."""
    done = incident["alerts"]
    if incident["drill"] or incident["closed_ms"] is not None or incident["merged_into"]:
        return None
    if incident["answered_ms"] is not None and incident["help_ms"] is None:
        return None
    if done >= ALERTS_LIMIT:
        return None
    tiers = TIERS.get(incident["kind"], DEFAULT_TIERS)
    silent = incident["confidential"] or incident["cancelled"] or incident["late"]
    fresh = now_ms - incident["opened_ms"] < SIREN_AGE_MS
    siren = fresh and not silent and done < SIREN_ALERTS_LIMIT
    page = done == 0 and not incident["cancelled"] and not incident["late"]
    return Step(REALERT_MS, siren, page, tiers[min(done, len(tiers) - 1)])
