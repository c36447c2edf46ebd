"""The demonstration stays on this machine, and can be thrown away."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.test_init import mingtang
from tests.databases import Database, new_database

from mingtang.cli import demo_guard

# They act one after another on one installation.
pytestmark = pytest.mark.xdist_group("demonstration")

PREPARE = """
import django
django.setup()
from django.conf import settings
from django.utils import timezone
from tests.factories import make_city, make_desk
from mingtang.cli.public_side import PublicSide
make_desk(make_city()).published()
PublicSide().follow(timezone.localtime(), thorough=True)
(settings.HOME / "demonstration").touch()
(settings.HOME / "secrets" / "demo_accounts.json").write_text("{}")
"""
COUNT = """
import django
django.setup()
from django.apps import apps
kept = {"ContentType", "Permission", "Migration"}
print({m.__name__: m.objects.count() for m in apps.get_models() if m.__name__ not in kept and m.objects.count()})
"""
REAL = """
import django
django.setup()
from mingtang.units.models import Person
Person.objects.create(username="real", display_name="真人")
"""


def test_what_reaches_this_machine_alone() -> None:
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "[::1]", "::1", "LOCALHOST.", "demo.localhost"):
        assert demo_guard.is_loopback(host), host
    for host in ("0.0.0.0", "::", "", "*", "10.0.0.1", ".localhost.example", "127.0.0.1.example", "www.qinghe.gov.cn"):
        assert not demo_guard.is_loopback(host), host


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (("serve",), {"MINGTANG_HOSTS": "127.0.0.1,www.qinghe.example"}),
        (("demo", "load"), {"MINGTANG_HOSTS": "*"}),
    ],
)
def test_the_demonstration_is_not_loaded_where_others_could_see_it(
    tmp_path: Path, command: tuple[str, ...], more: dict[str, str]
) -> None:
    if command[0] == "demo":
        assert mingtang(tmp_path, "migrate").returncode == 0
    done = mingtang(tmp_path, *command, MINGTANG_PORT="0", **more)
    assert done.returncode == 1
    assert "演示数据只能在本机地址上使用" in done.stderr + done.stdout
    assert not (tmp_path / "demonstration").exists()


@pytest.fixture(scope="module")
def demo() -> Iterator[Database]:
    """A home with invented people and a published paper, baked and marked."""
    with new_database(os.environ.get("MINGTANG_DATABASE_URL", "")) as database:
        database.run("mingtang.cli.main", "migrate")
        run(database, PREPARE)
        yield database


def run(database: Database, code: str) -> str:
    return database.run("tests.cli.code", given=code)


def refused(database: Database, *words: str, given: str = "", **more: str) -> str:
    done = mingtang(database.home, *words, given=given, MINGTANG_DATABASE_URL=database.url, **more)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_no_process_starts_with_demonstration_data_and_an_address_for_others(demo: Database) -> None:
    outside = {"MINGTANG_PORT": "0", "MINGTANG_ADDRESS": "https://city.example"}
    assert "MINGTANG_HOSTS 里的 city.example" in refused(
        demo, "web", "--settings", "public", MINGTANG_PORT="0", MINGTANG_HOSTS="127.0.0.1,city.example"
    )
    assert "--host 0.0.0.0" in refused(demo, "serve", "--no-demo", "--host", "0.0.0.0", MINGTANG_PORT="0")
    # Without the mark the people still give it away, to whoever may ask for them.
    (demo.home / "demonstration").unlink()
    for words in (("web", "--settings", "office"), ("worker",)):
        assert "MINGTANG_ADDRESS https://city.example" in refused(demo, *words, **outside)
    (demo.home / "demonstration").touch()


def test_it_is_thrown_away_only_by_name_and_never_with_real_people(demo: Database) -> None:
    assert "名称不对" in refused(demo, "demo", "discard", given="青禾县\n")
    assert "名称不对" in refused(demo, "demo", "discard")
    kept = demo.keep()
    run(demo, REAL)
    assert "1个真实账号" in refused(demo, "demo", "discard", given="通辽市\n")
    demo.restore(kept)
    public = demo.home / "public"
    assert public.is_dir()
    done = mingtang(demo.home, "demo", "discard", given="通辽市\n", MINGTANG_DATABASE_URL=demo.url)
    assert done.returncode == 0, done.stderr
    assert run(demo, COUNT).strip() == "{}"
    for name in (
        "public",
        "public.state.json",
        "search",
        "demonstration",
        "secrets/demo_accounts.json",
        "secrets/log_key",
    ):
        assert not (demo.home / name).exists(), name
    assert not list((demo.home / "secrets").glob("log_key*"))
    if not demo.on_postgres:
        assert "关于减少办事材料的通知".encode() not in Path(demo.name).read_bytes()
    assert "没有演示城市" in refused(demo, "demo", "discard")


def test_an_own_city_can_be_made_where_the_demonstration_was(demo: Database, tmp_path: Path) -> None:
    path = tmp_path / "city.xlsx"
    assert mingtang(tmp_path, "init", "--template", str(path)).returncode == 0
    done = mingtang(demo.home, "init", "--profile", str(path), MINGTANG_DATABASE_URL=demo.url)
    assert done.returncode == 0, done.stderr
    assert "新增12个单位" in done.stdout
