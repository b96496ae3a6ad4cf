"""Journal of what was begun at a hub: it is on this laptop's disk, or it is said where it should be."""

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.site.journal import Entry, Journal

ENTRY = Entry(request="1f", fields={"role": "tombol"}, replaces=None, node=None, written=False)


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Journal("http://127.0.0.1:8080")


def test_an_entry_comes_back_with_what_was_noted_of_it(journal):
    journal.write(ENTRY)
    journal.note(written=True)
    assert journal.read() == {**ENTRY, "written": True}
    journal.clear()
    assert journal.read() is None


def test_an_entry_that_somebody_removed_is_said_with_its_file(journal):
    with pytest.raises(ToolError, match=r"pending-.*\.json: is gone"):
        journal.note(written=True)
