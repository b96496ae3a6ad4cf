"""Who is called next while nobody has answered: pure, tiers as data (domain.md section 4)."""

from collections import namedtuple

from kentongan_wire import messages as m

Step = namedtuple(
    "Step", "wait_ms siren to"
)  # wait until the step after this one, sound the posts, whom to call

FIRST_MS = 120_000  # domain.md: no "saya datang" in 60-120 s
REALERT_MS = 120_000  # then again and again
ALERTS_LIMIT = 30  # an hour of re-alerts; the incident itself stays open until a named person closes it
SIREN_ALERTS_LIMIT = 2  # the posts sounded once by themselves; a post sounds at most three times per incident

# kind -> whom each re-alert calls; the last one repeats
TIERS = {
    m.KIND_KEBAKARAN: ("warga dan ronda", "Linmas, ketua RT dan ketua RW", "113"),
    m.KIND_MEDIS: ("ketua RT, kader, pemilik mobil", "119"),
    m.KIND_BENCANA: ("Linmas, lurah", "BPBD, 115"),
    m.KIND_KEKERASAN: ("orang yang disepakati", "unit PPA Polsek, SAPA 129"),
}
DEFAULT_TIERS = ("ronda dan warga", "ketua RT, seksi keamanan", "110")


def first_alert_ms(now_ms, drill):
    """When an incident opened now is due, or None for a drill."""
    return None if drill else now_ms + FIRST_MS


def next_step(incident):
    """The step due now for an open, unanswered incident (a row); None when the re-alerts are used up."""
    done = incident["alerts"]
    if incident["drill"] or incident["answered_ms"] is not None or incident["closed_ms"] is not None:
        return None
    if done >= ALERTS_LIMIT:
        return None
    tiers = TIERS.get(incident["kind"], DEFAULT_TIERS)
    silent = incident["confidential"] or incident["cancelled"] or incident["late"]
    return Step(REALERT_MS, not silent and done < SIREN_ALERTS_LIMIT, tiers[min(done, len(tiers) - 1)])
