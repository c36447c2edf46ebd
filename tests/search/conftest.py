"""A search index of its own for each test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.search.shelf import Shelf


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.SEARCH_ROOT = tmp_path / "search"
    return tmp_path / "search"


@pytest.fixture
def shelf(db: Any, root: Path) -> Shelf:
    return Shelf()


@pytest.fixture
def titles() -> Callable[..., list[str]]:
    """Titles found for words and filters, in order, after checking that the total is theirs."""
    from mingtang.search.selectors import search
    from mingtang.search.wanted import Wanted

    def found(q: str = "", **filters: Any) -> list[str]:
        given = search(Wanted(q=q, **filters), size=100)
        assert given.total == len(given.hits)
        return [hit.publication.title for hit in given.hits]

    return found
