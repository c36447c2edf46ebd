"""The public tree follows a changed profile: the site block, the city's mark, names of units."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from tests.bake.conftest import Bake, files_of
from tests.factories import Desk

from mingtang.units.models import Unit
from mingtang.units.services import project_tree


def test_a_changed_site_block_is_on_every_page_at_once(
    desk: Desk, bake: Bake, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.published()
    assert bake(desk).everything
    assert not bake(desk).everything
    monkeypatch.setitem(django_settings.SITE, "phone", "0999-5559999")
    assert bake(desk).everything
    pages = {path: data for path, data in files_of(public).items() if path.endswith(".html")}
    assert pages and all(b"0999-5559999" in data for data in pages.values() if b"site-foot" in data)
    assert not bake(desk).everything


def test_a_renamed_unit_is_renamed_in_the_directory(desk: Desk, bake: Bake, public: Path) -> None:
    desk.published()
    bake(desk)
    Unit.objects.filter(pk="sjj").update(name="通辽市审计监督局")
    project_tree()
    assert bake(desk).everything
    assert "通辽市审计监督局" in (public / "units" / "index.html").read_text()
    assert "通辽市审计监督局" in (public / "units" / "sjj" / "index.html").read_text()


def test_the_mark_of_the_city_is_a_file_of_the_tree(
    desk: Desk, bake: Bake, public: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    settings.PROFILE_FOLDER = tmp_path
    monkeypatch.setitem(django_settings.SITE, "logo", "/static/city/0123456789ab-logo.svg")
    desk.published()
    bake(desk)
    assert (public / "static" / "city" / "0123456789ab-logo.svg").read_bytes() == (tmp_path / "logo.svg").read_bytes()
    assert '<img src="/static/city/0123456789ab-logo.svg"' in (public / "index.html").read_text()
    listed = "".join(path.read_text() for path in (public / "manifest").glob("*.txt"))
    assert "static/city/0123456789ab-logo.svg" in listed
