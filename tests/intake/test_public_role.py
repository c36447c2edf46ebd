"""The public process with its narrow database role: what it needs works, every other table and verb is refused."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from tests.factories import City, Desk, at, make_desk

from mingtang.cli import public_role_commands
from mingtang.editions.models import Publication
from mingtang.editions.selectors import publications, shown
from mingtang.intake import services, subscriptions
from mingtang.intake.models import Submission, Subscription
from mingtang.intake.public_role import grant_public_role

NOW = at("2026-11-25 10:00")
ROLE = "mingtang_public_test"
INSUFFICIENT_PRIVILEGE = "42501"
pytestmark = pytest.mark.django_db


@pytest.fixture
def as_public(city: City) -> Iterator[Desk]:
    """A city with one public paper, one subscription and one receipt; from here on the session has the public role."""
    if connection.vendor != "postgresql":
        pytest.skip("roles are PostgreSQL's")
    desk = make_desk(city)
    desk.published()
    subscriptions.ask("a@example.cn", ["all"], request_key="a", now=NOW)
    subscriptions.confirm(subscriptions.confirm_token(Submission.objects.get().pk), now=NOW)
    subscriptions.apply_changes(NOW, log_size=0)
    with connection.cursor() as cursor:
        # In the transaction of the test: gone with it.
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        grant_public_role(ROLE)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    try:
        yield desk
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def refused(sql: str, *values: Any) -> bool:
    """True if the database itself says the role may not."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
            raise
        return True
    return False


def test_what_the_public_process_does_works(as_public: Desk) -> None:
    assert publications().count() == Publication.objects.count() > 0
    assert shown(Publication.objects.earliest("pk").path) is not None
    number, code = services.submit("error_report", {"what": "错"}, page="/", request_key="k", now=NOW)
    assert services.submit("error_report", {"what": "错"}, page="/", request_key="k", now=NOW) == (number, code)
    found = services.receipt_of(number, code)
    assert found is not None and found.status == "submitted" and found.at == NOW
    assert services.receipt_of(number, "AAAAAAAA") is None
    subscriptions.ask("b@example.cn", ["all"], request_key="b", now=NOW + timedelta(minutes=1))
    held = Subscription.objects.order_by().values_list("pk", flat=True).get()
    token = subscriptions.stop_token(held)
    assert subscriptions.can_stop(token)
    subscriptions.stop(token, now=NOW)


def test_every_other_table_and_verb_is_refused(as_public: Desk) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
    readable = {model._meta.db_table for model in apps.get_app_config("editions").get_models()}
    assert readable < set(tables) and len(tables) > 30
    allowed = {(table, "select") for table in readable} | {("intake_submission", "insert")}
    verbs = {
        "select": "SELECT * FROM {table} LIMIT 1",
        "insert": "INSERT INTO {table} DEFAULT VALUES",
        "update": "UPDATE {table} SET {column} = {column} WHERE false",
        "delete": "DELETE FROM {table} WHERE false",
        "truncate": "TRUNCATE {table} CASCADE",
        "lock": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
        "drop": "DROP TABLE {table} CASCADE",
        "alter": "ALTER TABLE {table} ADD COLUMN spy text",
    }
    for table, (verb, sql) in itertools.product(tables, verbs.items()):
        if (table, verb) in allowed:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 LIMIT 1", [table]
            )
            (column,) = cursor.fetchone()
        assert refused(sql.format(table=f'"{table}"', column=f'"{column}"')), (table, verb)


@pytest.mark.parametrize("column", ["number", "code_hash", "page", "sealed", "kind", "at", "taken_at"])
def test_nothing_that_was_sent_in_can_be_read_back(as_public: Desk, column: str) -> None:
    assert refused(f"SELECT {column} FROM intake_submission")
    assert refused(f"SELECT id FROM intake_submission ORDER BY {column}")
    assert refused(f"INSERT INTO intake_submission (id) VALUES (gen_random_uuid()) RETURNING {column}")


def test_nothing_can_be_made_called_or_changed_about_the_role(as_public: Desk) -> None:
    for sql in (
        "SELECT email FROM intake_subscription",
        "SELECT subjects FROM intake_subscription",
        "SELECT * FROM intake_receipt",
        "CREATE TABLE spy (x int)",
        "CREATE FUNCTION spy() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA spy",
        "CREATE ROLE spy",
        "COPY units_person TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT nextval('units_person_id_seq')",
        f"GRANT SELECT ON units_person TO {ROLE}",
        "CREATE OR REPLACE FUNCTION intake_receipt_of(wanted text, hashed text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        assert refused(sql), sql


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    if connection.vendor == "postgresql":
        assert public_role_commands.narrow("no_such_role") == 1
        assert "no_such_role" in capsys.readouterr().err
        return
    assert public_role_commands.narrow("x") == 1
    assert "SQLite" in capsys.readouterr().err
