"""Rows of the database as text that means the same on SQLite and PostgreSQL.

A row is one line: a JSON array of its columns, in the order that the archive's head gives for the table. Moments are UTC with microseconds,
bytes base64, amounts strings, JSON columns the text of their value with sorted keys. Rows come in the order of their
key, so that equal tables have equal hashes on every database.
"""

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

ROWS_AT_ONCE, LARGE_ROWS_AT_ONCE = 1000, 4
JOURNAL_HEAD, LOG_HEAD = "journal_journalhead", "editions_loghead"
# Made anew from editions by whoever follows them, like the public tree and the search.
REBUILT = frozenset(
    {
        "editions_publictable",
        "editions_publicrow",
        "editions_publicpiece",
        "editions_publicrowchange",
        "editions_publickind",
    }
)


@dataclass(frozen=True)
class Table:
    """One table with its fields in column order."""

    name: str
    fields: "tuple[models.Field[Any, Any], ...]"
    key: "models.Field[Any, Any]"

    @property
    def columns(self) -> list[str]:
        return [str(field.column) for field in self.fields]

    def in_order(self, columns: list[str]) -> "Table":
        """The same table with its columns as somebody else counted them. Raises ValueError if they are others."""
        by_name = {str(field.column): field for field in self.fields}
        if sorted(by_name) != sorted(columns):
            raise ValueError(f"not the columns of {self.name}")
        return Table(self.name, tuple(by_name[name] for name in columns), self.key)

    @property
    def draws_keys(self) -> bool:
        """The database numbers its rows."""
        return isinstance(self.key, models.AutoField)


def tables_of(apps: Any) -> list[Table]:
    """The tables that models of a registry have, those before that others point to. Sessions are left out: a restored
    city must not open again what somebody closed. So is what is made anew from the rest."""
    left_out = {import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()._meta.db_table, *REBUILT}
    found: dict[str, type[models.Model]] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in left_out:
            found[model._meta.db_table] = model
    ordered: dict[str, Table] = {}

    def place(name: str, above: tuple[str, ...]) -> None:
        if name in ordered or name in above:
            return
        fields = found[name]._meta.local_concrete_fields
        for field in fields:
            if field.remote_field is not None and field.remote_field.model._meta.db_table in found:
                place(field.remote_field.model._meta.db_table, (*above, name))
        key = found[name]._meta.pk
        assert key is not None
        ordered[name] = Table(name, tuple(fields), key)

    for name in sorted(found):
        place(name, ())
    return list(ordered.values())


def lines_of(table: Table, connection: BaseDatabaseWrapper) -> Iterator[bytes]:
    """Every row of a table as a line, in the order of its key, a few at a time."""
    quote = connection.ops.quote_name
    order = quote(str(table.key.column))
    if connection.vendor == "postgresql" and _kind(table.key) in ("CharField", "TextField", "SlugField"):
        order += ' COLLATE "C"'
    columns = ", ".join(quote(name) for name in table.columns)
    plains = [_plain(field, connection) for field in table.fields]
    changed = [(place, plain) for place, plain in enumerate(plains) if plain is not None]
    large = any(_kind(field) == "BinaryField" for field in table.fields)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {quote(table.name)} ORDER BY {order}")  # noqa: S608 - names of our models
        while rows := cursor.fetchmany(LARGE_ROWS_AT_ONCE if large else ROWS_AT_ONCE):
            for row in rows:
                values = list(row)
                for place, plain in changed:
                    if values[place] is not None:
                        values[place] = plain(values[place])
                yield encode(values).encode() + b"\n"


def put_lines(table: Table, connection: BaseDatabaseWrapper, lines: Iterable[bytes]) -> int:
    """Add rows given as lines; returns how many. Raises ValueError for a line that is none of this table."""
    stored = [_stored(field, connection) for field in table.fields]
    changed = [(place, store) for place, store in enumerate(stored) if store is not None]
    width, count = len(stored), 0

    def rows() -> Iterator[list[Any]]:
        nonlocal count
        for line in lines:
            values = json.loads(line)
            if not isinstance(values, list) or len(values) != width:
                raise ValueError(f"not a row of {table.name}")
            for place, store in changed:
                if values[place] is not None:
                    values[place] = store(values[place])
            count += 1
            yield values

    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in table.columns)
    with connection.cursor() as cursor:
        raw: Any = cursor.cursor
        if connection.vendor == "postgresql":
            with raw.copy(f"COPY {quote(table.name)} ({columns}) FROM STDIN") as copy:
                for values in rows():
                    copy.write_row(values)
        else:
            places = ", ".join("?" * width)
            raw.connection.executemany(
                f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({places})",  # noqa: S608 - names of our models
                rows(),
            )
    return count


def table_hash(table: Table, connection: BaseDatabaseWrapper) -> tuple[int, str]:
    """Number of rows and the hash over them."""
    count, digest = 0, sha256()
    for line in lines_of(table, connection):
        count += 1
        digest.update(line)
    return count, digest.hexdigest()


def drawn_keys(tables: Iterable[Table], connection: BaseDatabaseWrapper) -> dict[str, int]:
    """The highest number each table ever drew, also for rows that are gone: no number may be given twice."""
    found = {}
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            drawn = {str(name): int(last) for name, last in cursor.fetchall()}
            return {table.name: drawn.get(table.name, 0) for table in tables if table.draws_keys}
        for table in tables:
            if table.draws_keys:
                cursor.execute(f"SELECT last_value, is_called FROM {_sequence(table, connection)}")  # noqa: S608
                last, called = cursor.fetchone()
                found[table.name] = int(last) if called else 0
    return found


def set_drawn_keys(tables: Iterable[Table], connection: BaseDatabaseWrapper, drawn: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            last = drawn.get(table.name, 0)
            if not table.draws_keys:
                continue
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(%s, %s, %s)", [_sequence(table, connection), max(last, 1), last > 0])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, last])


def _sequence(table: Table, connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_serial_sequence(%s, %s)", [connection.ops.quote_name(table.name), str(table.key.column)]
        )
        return str(cursor.fetchone()[0])


def heads(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """Where journal and log end."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sequence, hash FROM {JOURNAL_HEAD} WHERE id = 1")  # noqa: S608
        journal = cursor.fetchone() or (0, "")
        cursor.execute(f"SELECT size, root FROM {LOG_HEAD} WHERE id = 1")  # noqa: S608
        log = cursor.fetchone() or (0, "")
    return {
        "journal": {"sequence": int(journal[0]), "hash": str(journal[1])},
        "log": {"size": int(log[0]), "root": str(log[1])},
    }


def _kind(field: "models.Field[Any, Any]") -> str:
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return str(field.get_internal_type())


def _plain(field: "models.Field[Any, Any]", connection: BaseDatabaseWrapper) -> Callable[[Any], Any] | None:
    """How a value as the database gives it becomes one for JSON; None where it is one already."""
    kind = _kind(field)
    if kind == "JSONField":
        return _sorted_json
    if kind == "BinaryField":
        return lambda value: base64.b64encode(value).decode()
    if kind in _SAME:
        # SQLite has no truth values.
        return bool if kind == "BooleanField" and connection.vendor == "sqlite" else None
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    column = field.get_col(field.model._meta.db_table)
    convert = connection.ops.get_db_converters(column)

    def plain(value: Any) -> Any:
        for each in convert:
            value = each(value, column, connection)
        return _text_of(value)

    return plain


_SAME = frozenset(
    {
        *("CharField", "TextField", "SlugField", "URLField", "EmailField", "FilePathField", "FileField"),
        *("AutoField", "BigAutoField", "SmallAutoField", "IntegerField", "BigIntegerField", "SmallIntegerField"),
        *("PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField", "BooleanField", "FloatField"),
    }
)


def _text_of(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return (value.days * 86400 + value.seconds) * 1_000_000 + value.microseconds
    return str(value) if value is not None else None


def _sorted_json(value: Any) -> str:
    loaded = json.loads(value, parse_float=_number) if isinstance(value, str | bytes) else value
    return json.dumps(loaded, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _number(text: str) -> float | int:
    """PostgreSQL writes 1e2 as 100."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _stored(field: "models.Field[Any, Any]", connection: BaseDatabaseWrapper) -> Callable[[Any], Any] | None:
    """How a value of JSON becomes one the database takes; None where it is one already."""
    kind, ops = _kind(field), connection.ops
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if kind in _SAME or kind == "JSONField":
        return None
    if kind == "BinaryField":
        return base64.b64decode
    if kind == "DateTimeField":
        return lambda value: ops.adapt_datetimefield_value(datetime.fromisoformat(value))
    if kind == "DateField":
        return lambda value: ops.adapt_datefield_value(date.fromisoformat(value))
    if kind == "TimeField":
        return lambda value: ops.adapt_timefield_value(time.fromisoformat(value))
    if kind == "UUIDField":
        return (lambda value: uuid.UUID(value)) if connection.vendor == "postgresql" else lambda v: uuid.UUID(v).hex
    if kind == "DurationField":
        if connection.vendor != "postgresql":
            return None
        return lambda value: timedelta(microseconds=value)
    if kind == "DecimalField":
        return lambda value: field.get_db_prep_save(Decimal(value), connection)
    if kind in ("GenericIPAddressField", "IPAddressField"):
        return None
    return lambda value: field.get_db_prep_save(field.to_python(value), connection)
