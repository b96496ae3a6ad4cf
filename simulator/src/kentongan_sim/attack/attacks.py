"""The attacks as data: what the thief holds, where, whether the hub lives, and what he is known to achieve.

`allowed`: what of the checkers' findings the threat table (wire/README.md, docs/safety.md) grants this thief:
post (posts beat), sounding (a button shows that a siren beats), own, order, chime, coming and so on.
"""

from collections import namedtuple

from kentongan_wire.errors import LocalError

from kentongan_sim.attack import air, hub, sirens, words

# row: of the list of attacks that this project was made to stand, 0: another. hub: alive, dead or unanswered.
Attack = namedtuple("Attack", "name row about holder scene hub go allowed")

A_POST = ("post", "sounding")  # a stolen post makes posts beat, and says that a siren beats
# Over four hops at 8 % loss a stage is shown later than within 60 s in one walk of ten, thief or not.
AIR = ("stage",)
# relay_root: frames in anybody's name that relays take for proved. 3 s of air an hour mute a house that needs
# them.
RELAY = ("stage", "lost")
A_BUTTON = ("own", "chime")  # a stolen button: its own alarm
LINE, RT, HUB = "line3", "rt", "hub"

FORGERS = {
    air.flood: "channel",
    air.next_flood: "channel",
    air.repeats: "channel",
    air.replays: "channel",
    air.texts: "channel",
    air.receipts: "channel",
    air.status: "channel",
    air.mixed: "channel",
    air.raw_replays: "nobody",
    air.noise: "nobody",
}


def _one(name, row, holder, scene, hub, go, allowed=()):
    about = " ".join((go.__doc__ or name).split())
    return Attack(name, row, about, holder, scene, hub, go, tuple(allowed))


def _each(name, row, scene, hub, go, holders):
    """The same attempt by thieves who hold different things: {holder: allowed}."""
    return [
        _one(f"{name}-{holder}", row, holder, scene, hub, go, allowed) for holder, allowed in holders.items()
    ]


def _all():
    out = []
    out += _each(
        "answers",
        1,
        RT,
        "unanswered",
        words.answers,
        {"channel": (), "tombol": (), "penerus": (), "sirene": A_POST},
    )
    out += _each(
        "answers-no-hub",
        2,
        RT,
        "dead",
        words.answers,
        {"channel": (), "tombol": (), "penerus": (), "sirene": A_POST, "penerima": ("coming",)},
    )  # it was asked, and it is in his hand
    out += _each("planted-uji", 4, RT, "alive", words.uji, {"sirene": A_POST, "penerus": ()})
    out += _each("planted-uji-own-c", 4, RT, "alive", words.uji_c, {"sirene": A_POST})
    out += _each("planted-cancel", 4, RT, "alive", words.cancel, {"sirene": A_POST, "penerus": ()})
    out += _each("planted-zone-0", 4, RT, "alive", words.zone_0, {"sirene": A_POST})
    out += _each("planted-loud", 4, RT, "alive", words.loud, {"sirene": A_POST})
    out += _each("race", 4, RT, "alive", words.race, {"sirene": A_POST, "penerus": (), "channel": ()})
    out += _each("ahead", 4, RT, "alive", words.ahead, {"sirene": A_POST})
    out.append(_one("power-cut", 5, "nobody", RT, "dead", sirens.after_cut))
    out.append(_one("power-cut-unanswered", 5, "nobody", RT, "unanswered", sirens.after_cut))
    out.append(_one("power-cut-channel", 5, "channel", RT, "dead", sirens.after_cut))
    out.append(_one("empty-state", 5, "nobody", RT, "dead", sirens.empty_state))
    out.append(_one("empty-state-unanswered", 5, "channel", RT, "unanswered", sirens.empty_state))
    out.append(_one("posts-cut", 5, "nobody", RT, "dead", sirens.posts_cut))
    for forge, holder in FORGERS.items():
        name = forge.__name__.replace("_", "-")
        out.append(_one(f"air-{name}", 6, holder, LINE, "alive", air.spending(forge, air.DENSE), AIR))
        out.append(_one(f"hour-{name}", 6, holder, LINE, "alive", air.spending(forge, air.HOUR), AIR))
    out.append(_one("air-mixed-rt", 6, "channel", RT, "alive", air.spending(air.mixed, air.DENSE), AIR))
    out.append(_one("hour-mixed-rt", 6, "channel", RT, "alive", air.spending(air.mixed, air.HOUR), AIR))
    out += _each("overheard", 10, LINE, "alive", air.overheard, {"channel": AIR, "penerus": RELAY})
    out += _each("cached", 0, LINE, "alive", air.cached, {"channel": AIR, "penerus": RELAY})
    out += _each("muzzle", 6, LINE, "alive", air.muzzle, {"channel": AIR, "penerus": RELAY})
    out += _each("shares-spent", 6, LINE, "alive", air.shares_spent, {"channel": AIR, "penerus": RELAY})
    out.append(_one("evicted", 8, "sirene", RT, "alive", sirens.evicted, A_POST))
    out.append(_one("silence", 9, "sirene", RT, "alive", sirens.silence, A_POST))
    out.append(_one("claim", 9, "sirene", RT, "alive", sirens.claim, A_POST))
    out += _each("seen-it", 9, RT, "alive", words.seen_it, {"sirene": A_POST, "channel": ()})
    out.append(_one("hops", 10, "nobody", LINE, "alive", air.hops, AIR))
    out.append(_one("attempts", 10, "channel", LINE, "alive", air.attempts, AIR))
    out += _each("spared", 10, LINE, "alive", air.spared, {"channel": AIR, "penerus": RELAY})
    out += _each(
        "receipts",
        0,
        RT,
        "unanswered",
        words.receipts,
        {"channel": (), "tombol": (), "penerus": (), "sirene": A_POST},
    )
    out += _each("old-receipts", 0, RT, "alive", words.old_receipts, {"nobody": (), "channel": ()})
    out += _each("orders", 0, RT, "alive", sirens.orders, {"channel": (), "tombol": (), "sirene": A_POST})
    out += _each("stops", 0, RT, "alive", sirens.stop_orders, {"channel": (), "tombol": (), "sirene": A_POST})
    out.append(_one("whisper", 0, "sirene", RT, "alive", sirens.whisper, A_POST))
    out.append(_one("second-press", 0, "sirene", RT, "alive", sirens.second_press, A_POST))
    out.append(_one("refused", 0, "sirene", RT, "alive", sirens.refused, A_POST))
    out.append(_one("jam-and-forge", 0, "channel", RT, "alive", air.jam_and_forge))
    out.append(_one("two-thieves", 0, "sirene+tombol", RT, "alive", air.two_thieves, (*A_POST, *A_BUTTON)))
    for label in (hub.NEIGHBOUR, hub.VICTIM, "pos-1", "penerima-jauh", "penerima-rumah"):
        out.append(_one(f"hub-answers-{label}", 1, label, HUB, "alive", hub.answers))
        out.append(_one(f"hub-answers-silent-{label}", 1, label, HUB, "alive", hub.answers_silent))
    out.append(_one("hub-answers-silent-penerima-1", 1, "penerima-1", HUB, "alive", hub.answers_silent))
    asked = _one("hub-answers-penerima-1", 1, "penerima-1", HUB, "alive", hub.answers, ("coming",))
    out.append(asked)  # it was asked, and it is in his hand
    out.append(_one("hub-seen-pos-1", 9, "pos-1", HUB, "alive", hub.seen_at_hub))
    return {attack.name: attack for attack in out}


ATTACKS = _all()


def attack(name) -> Attack:
    """The attack of that name; LocalError names those there are."""
    if name not in ATTACKS:
        raise LocalError(f"there is no attack {name!r}; choose one of {', '.join(ATTACKS)}")
    return ATTACKS[name]
