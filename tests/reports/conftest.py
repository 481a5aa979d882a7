"""What the tests of pages share."""

import pytest

from tests.browser import chromium


@pytest.fixture(scope="module")
def browser(need, tmp_path_factory):
    """A real browser."""
    need("chromium", "chromium")
    need("chromedriver", "chromium-driver")
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver
