"""The attacks as data: what the thief holds, where, whether the hub lives, and what he is known to achieve.

`allowed`: what of the checkers' findings the threat table (wire/README.md, docs/safety.md) grants this thief:
post (posts beat), brief (for at most 15 s), sounding (a button shows that a siren beats), own, order, chime,
coming and so on.
"""

from collections.abc import Callable, Iterable, Mapping

from kentongan_wire.base.errors import LocalError

from kentongan_sim.attack import air, hour, hub, recordings, relays, sirens, words
from kentongan_sim.attack.siege import Attack

A_POST = ("post", "brief", "sounding")  # a stolen post makes posts beat, and says that a siren beats
# Over four hops at 8 % loss a stage is shown later than within 60 s in one walk of ten, thief or not.
AIR = ("stage",)
# relay_root: frames in anybody's name that relays take for proved. All his air in a house's name keeps
# back an alarm that needs relays, for a minute, and loses some.
RELAY = ("stage", "lost")
A_BUTTON = ("own", "chime")  # a stolen button: its own alarm
A_LOUD_BUTTON = (*A_BUTTON, *A_POST, "page")  # and posts beat that one, and penerima are paged
LINE, LINE5, RT, HUB, RW = "line3", "line5", "rt", "hub", "rw7"

FORGERS = (
    ("flood", air.flood, "channel"),
    ("next-flood", air.next_flood, "channel"),
    ("repeats", air.repeats, "channel"),
    ("replays", air.replays, "channel"),
    ("texts", air.texts, "channel"),
    ("receipts", air.receipts, "channel"),
    ("status", air.status, "channel"),
    ("mixed", air.mixed, "channel"),
    ("raw-replays", air.raw_replays, "nobody"),
    ("noise", air.noise, "nobody"),
)
# held_back: a post beats by a recorded order, until the hub has it stopped.
STOPPED = ("brief",)
ON_PURPOSE = ("post", "brief", "own", "chime", "order", "page")  # people raised it, and no button
CLOSED = ("coming", "closed")  # a person at the hub said so
ASKED = ("coming",)  # it was asked, and it is in his hand
NO_POST = {"channel": (), "tombol": (), "penerus": ()}
EVERYBODY = {**NO_POST, "sirene": A_POST}
POST, NOBODY, RELAYS = {"sirene": A_POST}, {"nobody": ()}, {"channel": AIR, "penerus": RELAY}
UNASKED = dict.fromkeys((hub.NEIGHBOUR, hub.VICTIM, "pos-1", "penerima-jauh", "penerima-rumah"), ())

# name ({}: the holder), row, place, hub, what is done, {who tries it: what he is known to achieve}
PLAN: tuple[tuple[str, int, str, str, Callable[..., None], Mapping[str, Iterable[str]]], ...] = (
    ("answers-{}", 1, RT, "unanswered", words.answers, EVERYBODY),
    ("answers-no-hub-{}", 2, RT, "dead", words.answers, {**EVERYBODY, "penerima": ASKED}),
    ("hub-answers-{}", 1, HUB, "alive", hub.answers, {**UNASKED, "penerima-1": ASKED}),
    ("hub-answers-silent-{}", 1, HUB, "alive", hub.answers_silent, {**UNASKED, "penerima-1": ()}),
    ("planted-uji-{}", 4, RT, "alive", words.uji, {**POST, "penerus": ()}),
    ("planted-uji-own-c-{}", 4, RT, "alive", words.uji_c, POST),
    ("planted-cancel-{}", 4, RT, "alive", words.cancel, {**POST, "penerus": ()}),
    ("planted-zone-0-{}", 4, RT, "alive", words.zone_0, POST),
    ("planted-loud-{}", 4, RT, "alive", words.loud, POST),
    ("race-{}", 4, RT, "alive", words.race, {**POST, "penerus": (), "channel": ()}),
    ("ahead-{}", 4, RT, "alive", words.ahead, POST),
    ("used-up-{}", 4, RT, "alive", words.used_up, {**POST, "penerus": ()}),
    ("power-cut", 5, RT, "dead", sirens.after_cut, NOBODY),
    ("power-cut-unanswered", 5, RT, "unanswered", sirens.after_cut, NOBODY),
    ("power-cut-channel", 5, RT, "dead", sirens.after_cut, {"channel": ()}),
    ("power-cut-soon-{}", 5, RT, "unanswered", sirens.soon_after_cut, {"nobody": (), "channel": ()}),
    ("power-cut-soon-no-hub-{}", 5, RT, "dead", sirens.soon_after_cut, {"nobody": (), "channel": ()}),
    ("empty-state", 5, RT, "dead", sirens.empty_state, NOBODY),
    ("empty-state-unanswered", 5, RT, "unanswered", sirens.empty_state, {"channel": ()}),
    ("strange-gateway", 0, RW, "alive", sirens.strange_gateway, NOBODY),
    ("strange-gateway-no-hub", 0, RW, "alive", sirens.strange_gateway_no_hub, NOBODY),
    ("own-witness", 0, RT, "dead", sirens.own_witness, POST),
    ("posts-cut", 5, RT, "dead", sirens.posts_cut, NOBODY),
    *[
        (f"air-{name}", 6, LINE, "alive", air.spending(forge, air.DENSE), {holder: AIR})
        for name, forge, holder in FORGERS
    ],
    *[
        (f"hour-{name}", 6, LINE, "alive", air.spending(forge, air.HOUR), {holder: AIR})
        for name, forge, holder in FORGERS
    ],
    ("air-mixed-rt", 6, RT, "alive", air.spending(air.mixed, air.DENSE), {"channel": AIR}),
    ("hour-mixed-rt", 6, RT, "alive", air.spending(air.mixed, air.HOUR), {"channel": AIR}),
    *[
        (f"hour-{name}-{{}}", 6, LINE, "alive", air.spending(forge, air.HOUR), RELAYS)
        for name, forge in (
            ("orders", air.orders),
            ("stages", air.stages),
            ("houses", air.houses),
            ("long-houses", air.long_houses),
        )
    ],
    ("shares-spent-{}", 6, LINE, "alive", air.shares_spent, RELAYS),
    ("muzzle-{}", 6, LINE, "alive", air.muzzle, RELAYS),
    ("muzzle-on-{}", 6, LINE, "alive", air.muzzle_on, RELAYS),
    ("evicted", 8, RT, "alive", sirens.evicted, POST),
    ("silence", 9, RT, "alive", sirens.silence, POST),
    ("claim", 9, RT, "alive", sirens.claim, POST),
    ("whisper", 9, RT, "alive", sirens.whisper, POST),
    ("rested", 0, RT, "alive", sirens.rested, {"nobody": STOPPED}),
    ("second-press", 9, RT, "alive", sirens.second_press, POST),
    ("seen-it-{}", 9, RT, "alive", words.seen_it, {**POST, "channel": ()}),
    ("hub-seen-{}", 9, HUB, "alive", hub.seen_at_hub, {"pos-1": ()}),
    ("raised-two", 0, HUB, "alive", hub.two_raised, {"nobody": ON_PURPOSE}),
    ("raised-two-elsewhere", 0, HUB, "alive", hub.two_raised_elsewhere, {"nobody": ON_PURPOSE}),
    ("raised-missed", 0, HUB, "alive", hub.missed, {"nobody": ON_PURPOSE}),
    ("raised-missed-beside", 0, HUB, "alive", hub.missed_beside, {"nobody": ON_PURPOSE}),
    ("press-while-closing", 0, HUB, "alive", hub.while_closing, {"nobody": CLOSED}),
    ("hops", 10, LINE, "alive", air.hops, {"nobody": AIR}),
    ("low-ahead", 10, LINE, "alive", air.low_ahead, {"nobody": AIR}),
    ("low-ahead-far", 10, LINE5, "alive", air.low_ahead, {"nobody": AIR}),
    ("low-late", 10, LINE5, "alive", air.low_late, {"nobody": AIR}),
    ("low-steps-{}", 10, LINE5, "alive", air.low_steps, {"nobody": AIR, "channel": AIR}),
    # No more is lost than with as much noise at the same moments (limit "jam").
    ("resealed", 10, LINE, "alive", relays.resealed, {"channel": RELAY}),
    ("twin", 10, LINE, "alive", recordings.twin, {"channel": AIR}),
    ("old-alarms", 6, LINE, "alive", recordings.old_alarms, {"nobody": AIR}),
    ("old-alarms-many", 6, LINE, "alive", recordings.old_alarms_many, {"nobody": AIR}),
    ("old-alarms-new", 6, LINE, "alive", recordings.old_alarms_new, {"nobody": (*AIR, "lost")}),
    ("old-crowd", 6, LINE5, "alive", recordings.old_crowd, {"nobody": AIR}),
    ("strange-crowd", 6, LINE5, "alive", recordings.strange_crowd, {"nobody": AIR}),
    ("strange-crowd-new", 6, LINE5, "alive", recordings.strange_crowd_new, {"nobody": (*AIR, "lost")}),
    ("old-answers", 6, LINE, "unanswered", recordings.old_answers, {"nobody": AIR}),
    ("every-kind-{}", 6, LINE, "alive", relays.every_kind, {"penerus": RELAY}),
    ("asked-{}", 6, LINE, "alive", relays.asked, {"nobody": AIR, "tombol": (*A_LOUD_BUTTON, *AIR)}),
    ("attempts", 10, LINE, "alive", air.attempts, {"channel": AIR}),
    ("spared-{}", 10, LINE, "alive", air.spared, RELAYS),
    ("overheard-{}", 10, LINE, "alive", air.overheard, RELAYS),
    ("cached-{}", 10, LINE, "alive", air.cached, RELAYS),
    ("receipts-{}", 0, RT, "unanswered", words.receipts, EVERYBODY),
    ("neighbours-{}", 0, RW, "alive", words.neighbours, {"channel": (), **POST}),
    ("old-receipts-{}", 0, RT, "alive", words.old_receipts, {"nobody": (), "channel": ()}),
    ("orders-{}", 0, RT, "alive", sirens.orders, {"channel": (), "tombol": (), **POST}),
    ("stops-{}", 0, RT, "alive", sirens.stop_orders, {"channel": (), "tombol": (), **POST}),
    ("refused", 0, RT, "alive", sirens.refused, POST),
    ("gateway-hour-receipts", 0, RT, "alive", hour.spent_by(hour.receipts), {"channel": ()}),
    ("hour-pages", 0, RW, "dead", hour.spent_by(hour.pages), {"channel": ()}),
    ("gateway-hour-invented", 0, RT, "alive", hour.spent_by(hour.invented), POST),
    ("hour-recordings", 0, RW, "alive", hour.recordings, {"nobody": STOPPED}),
    (
        "gateway-hour-own-{}",
        0,
        RT,
        "alive",
        hour.spent_by(hour.own_words),
        {"penerima": (), "tombol": A_BUTTON, "sirene": A_POST},
    ),
    ("forged-own-number", 0, RT, "alive", hour.forged_by(hour.own_number), POST),
    ("forged-invented-number", 0, RT, "alive", hour.forged_by(hour.invented_number), POST),
    ("forged-neighbours-number", 0, RW, "alive", hour.forged_by(hour.neighbours_number), POST),
    ("number-used-up", 4, RT, "alive", hour.number_used_up, POST),
    ("pages-full", 0, RT, "alive", hour.pages_full, {"tombol": A_LOUD_BUTTON}),
    ("pages-full-no-hub", 0, RT, "dead", hour.pages_full, {"tombol": A_LOUD_BUTTON}),
    ("held-full", 0, RT, "alive", hour.held_full, {"tombol": A_LOUD_BUTTON}),
    ("jam-and-forge", 0, RT, "alive", air.jam_and_forge, {"channel": ()}),
    ("two-thieves", 0, RT, "alive", air.two_thieves, {"sirene+tombol": (*A_POST, *A_BUTTON)}),
)


def _attacks() -> dict[str, Attack]:
    """Make {name: Attack} of the plan."""
    out: dict[str, Attack] = {}
    for name, row, scene, hub_is, go, holders in PLAN:
        about = " ".join((go.__doc__ or "").split())
        for holder, allowed in holders.items():
            attack = Attack(name.format(holder), row, about, holder, scene, hub_is, go, tuple(allowed))
            out[attack.name] = attack
    return out


ATTACKS = _attacks()


def attack(name: str) -> Attack:
    """Return the attack of that name; LocalError names those there are."""
    if name not in ATTACKS:
        raise LocalError(f"there is no attack {name!r}; choose one of {', '.join(ATTACKS)}")
    return ATTACKS[name]
