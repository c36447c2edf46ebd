"""One installation for all tests of this folder: it takes half a minute to stand."""

from collections.abc import Iterator

import pytest
from tests.deploy.installation import Installation, installed, nginx_program


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    if not nginx_program():
        pytest.skip("no nginx here: apt-get install nginx-light")
    with installed(tmp_path_factory.mktemp("installation")) as running:
        yield running
