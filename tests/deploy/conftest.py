"""One installation for all tests of this folder: it takes half a minute to stand."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.deploy.installation import Installation, installed, nginx_program


@pytest.fixture(scope="session")
def site() -> Iterator[Installation]:
    if not nginx_program():
        pytest.skip("no nginx here: apt-get install nginx-light")
    if os.environ.get("MINGTANG_DATABASE_URL", "").startswith("postgres"):
        pytest.skip("starts a server of its own, and needs no second run on another")
    # Not pytest's own folder, which it keeps from other users.
    with tempfile.TemporaryDirectory(prefix="mingtang-deploy-") as folder, installed(Path(folder)) as running:
        yield running
