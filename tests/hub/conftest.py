"""One site per test, in its own directory."""
import pytest
from hub_kit import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "data")
