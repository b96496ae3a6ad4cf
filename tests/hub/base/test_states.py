"""The state table is whole: every state has an answer to every press, and a person can always end it."""

from pathlib import Path

from kentongan_hub.base import states as s

README = Path(__file__).resolve().parents[3] / "hub/README.md"


def test_every_state_has_an_answer_to_whatever_a_button_does():
    for state in s.STATES:
        for event in (s.TEKAN, s.TEKAN_LATIHAN, s.BATAL):
            assert s.after(state, event) in s.STATES, (state, event)


def test_a_press_never_closes_and_a_cancel_never_closes():
    for state in s.STATES:
        assert s.after(state, s.TEKAN) not in s.CLOSED
        if state not in s.CLOSED:
            assert s.after(state, s.BATAL) not in s.CLOSED
            assert s.after(state, s.TEKAN_LATIHAN) not in s.CLOSED


def test_from_every_open_state_a_person_can_close_and_from_every_closed_one_open_again():
    for state in s.STATES:
        if state in s.CLOSED:
            assert s.after(state, s.BUKA) == s.DITERIMA
            assert s.after(state, s.DATANG) is None
        else:
            assert s.after(state, s.TUTUP) == s.SELESAI and s.after(state, s.SALAH) == s.KELIRU


def test_who_is_at_the_place_is_not_on_the_way_again():
    assert s.after(s.DITANGANI, s.DATANG) == s.DITANGANI
    assert s.after(s.MENUJU, s.TERIMA) is None


def test_every_state_can_be_reached_from_the_first():
    reached, todo = set(), [s.BARU]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo.extend(s.TABLE[state].values())
    assert reached == set(s.STATES)


def mermaid():
    """Draw the table as a Mermaid state diagram, for the README, without what leads nowhere else."""
    lines = ["stateDiagram-v2", f"    [*] --> {s.BARU}"]
    for state in s.STATES:
        for target in s.STATES:
            events = [event for event, to in s.TABLE[state].items() if to == target and to != state]
            if events:
                lines.append(f"    {state} --> {target}: {', '.join(events)}")
    return "\n".join(lines)


def test_the_picture_in_the_readme_is_the_table():
    assert mermaid() in README.read_text(encoding="utf-8")
