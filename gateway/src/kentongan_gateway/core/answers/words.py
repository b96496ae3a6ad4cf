"""What the post says aloud, in Indonesian. Only of what everybody may know."""

from kentongan_wire import messages as m

KINDS = {
    m.KIND_BAHAYA: "Bahaya", m.KIND_MALING: "Maling", m.KIND_KEBAKARAN: "Kebakaran",
    m.KIND_BENCANA: "Bencana", m.KIND_PENCURIAN_TERNAK: "Pencurian ternak", m.KIND_KECELAKAAN: "Kecelakaan",
    m.KIND_KERIBUTAN: "Keributan", m.KIND_MEDIS: "Orang sakit mendadak",
}
CRIMES = (m.KIND_MALING, m.KIND_PENCURIAN_TERNAK, m.KIND_KERIBUTAN)
CALM = "Amankan, jangan main hakim sendiri."
DRILL = "Ini latihan."
NEVER_SAID = (m.KIND_KEKERASAN, m.KIND_UJI)


def place(zone, house) -> str:
    """The place as it is spoken; RT is said by its letters."""
    return f"di er te {zone}" + (f", rumah nomor {house}" if house else "")


def sentence(kind, zone, house, drill) -> str:
    """What is said of one alarm; empty for the kinds that nobody may hear of."""
    if kind in NEVER_SAID:
        return ""
    parts = [f"{KINDS.get(kind, KINDS[m.KIND_BAHAYA])} {place(zone, house)}."]
    if kind in CRIMES and not drill:
        parts.append(CALM)
    return " ".join([DRILL, *parts, DRILL] if drill else ["Perhatian.", *parts])
