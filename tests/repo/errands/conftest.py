"""A site for the proofs; passwords cost less here than in earnest."""

import pytest
from kentongan_hub.people import accounts
from kits.hub.hub_kit import Site, make_site


@pytest.fixture(name="site")
def _site(tmp_path, monkeypatch):
    monkeypatch.setattr(accounts, "HASH_METHOD", "scrypt:1024:8:1")
    return Site(tmp_path / "data", make_site(tmp_path / "data"))
