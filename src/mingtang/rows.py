"""Reads and writes of single rows, for what every step does.

The ORM builds its SQL anew at every call, which costs ten times what the database takes to run it; here each
statement is built once. Rows come back as ordinary model instances. For everything else, use the ORM.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.db import DatabaseError, connection, models

Row = TypeVar("Row", bound=models.Model)
Fields = tuple["models.Field[Any, Any]", ...]


def find(model: type[Row], *, lock: bool = False, order: tuple[str, ...] = (), **equal: Any) -> Row | None:
    """The first row whose fields equal the given values, or None. ``lock`` holds it until the transaction ends."""
    found = find_all(model, lock=lock, order=order, limit=1, **equal)
    return found[0] if found else None


def find_all(
    model: type[Row], *, lock: bool = False, order: tuple[str, ...] = (), limit: int = 0, **equal: Any
) -> list[Row]:
    """Rows whose fields equal the given values; a list or set of values matches any of them.

    ``order`` names fields, ``-`` before one for descending. Field names are attribute names: ``record_id``, ``pk``.
    """
    shape = tuple((name, len(value) if isinstance(value, list | set | tuple) else -1) for name, value in equal.items())
    if any(count == 0 for _, count in shape):
        return []
    sql, fields, compared, converters = _select(connection.vendor, model, shape, order, limit, lock)
    values = []
    for field, (_, count), value in zip(compared, shape, equal.values(), strict=True):
        values += [field.get_db_prep_value(each, connection) for each in (value if count >= 0 else [value])]
    names = [field.attname for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = [list(row) for row in cursor.fetchall()]
    for row in found:
        for place, convert in converters:
            row[place] = convert(row[place])
    return [model.from_db(connection.alias, names, row) for row in found]


def insert(*rows: models.Model) -> None:
    """Add rows of one model. A key that the database draws is read back for a single row, not for several."""
    if not rows:
        return
    sql, fields, drawn = _insert(connection.vendor, type(rows[0]), len(rows) == 1)
    prepared = [[field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields] for row in rows]
    with connection.cursor() as cursor:
        if len(rows) > 1:
            cursor.executemany(sql, prepared)
        else:
            cursor.execute(sql, prepared[0])
            if drawn:
                (rows[0].pk,) = cursor.fetchone()
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_new(row: models.Model) -> bool:
    """Add a row whose key is given unless that key is taken; True if it was added.

    Waits for another transaction that is adding the same key.
    """
    sql, fields, _ = _insert(connection.vendor, type(row), False)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ON CONFLICT DO NOTHING", values)
        added: bool = cursor.rowcount == 1
    row._state.adding, row._state.db = not added, connection.alias
    return added


def update(row: models.Model, *names: str) -> None:
    """Write the named fields of a row, or all of them.

    Raises:
        DatabaseError: the row is gone.
    """
    sql, fields = _update(connection.vendor, type(row), names)
    values = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, row._meta.pk.get_db_prep_save(row.pk, connection)])
        if cursor.rowcount != 1:
            raise DatabaseError(f"{type(row).__name__} {row.pk} is gone")


def _columns(model: type[models.Model]) -> Fields:
    if model._meta.parents:
        raise TypeError(f"{model.__name__} lives in several tables")
    return tuple(model._meta.concrete_fields)


def _named(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    return model._meta.pk if name == "pk" else model._meta.get_field(name)  # type: ignore[return-value]


def _quoted(field: "models.Field[Any, Any] | None") -> str:
    assert field is not None and field.column is not None
    return str(connection.ops.quote_name(field.column))


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


@cache
def _select(
    vendor: str,
    model: type[models.Model],
    shape: tuple[tuple[str, int], ...],
    order: tuple[str, ...],
    limit: int,
    lock: bool,
) -> tuple[str, Fields, Fields, list[tuple[int, Callable[[Any], Any]]]]:
    fields = _columns(model)
    compared = tuple(_named(model, name) for name, _ in shape)
    wanted = [
        f"{_quoted(field)} = %s" if count < 0 else f"{_quoted(field)} IN ({', '.join(['%s'] * count)})"
        for field, (_, count) in zip(compared, shape, strict=True)
    ]
    sql = f"SELECT {', '.join(_quoted(field) for field in fields)} FROM {_table(model)}"  # noqa: S608
    sql += f" WHERE {' AND '.join(wanted)}"
    if order:
        columns = [(_quoted(_named(model, name.removeprefix("-"))), name.startswith("-")) for name in order]
        sql += f" ORDER BY {', '.join(f'{column} DESC' if down else column for column, down in columns)}"
    if limit:
        sql += f" LIMIT {limit}"
    if lock and connection.features.has_select_for_update:
        sql += " FOR UPDATE"
    return sql, fields, compared, [(place, one) for place, field in enumerate(fields) for one in _converters(field)]


def _converters(field: "models.Field[Any, Any]") -> list[Callable[[Any], Any]]:
    column: Any = field.get_col(field.model._meta.db_table)
    found = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    return [lambda value, convert=convert: convert(value, column, connection) for convert in found]  # type: ignore[misc]


@cache
def _insert(vendor: str, model: type[models.Model], single: bool) -> tuple[str, Fields, bool]:
    fields = tuple(field for field in _columns(model) if not isinstance(field, models.AutoField))
    names, places = ", ".join(_quoted(field) for field in fields), ", ".join(["%s"] * len(fields))
    drawn = single and len(fields) < len(_columns(model))
    back = f" RETURNING {_quoted(model._meta.pk)}" if drawn else ""
    return f"INSERT INTO {_table(model)} ({names}) VALUES ({places}){back}", fields, drawn  # noqa: S608


@cache
def _update(vendor: str, model: type[models.Model], names: tuple[str, ...]) -> tuple[str, Fields]:
    fields = tuple(_named(model, name) for name in names) or tuple(f for f in _columns(model) if not f.primary_key)
    settings = ", ".join(f"{_quoted(field)} = %s" for field in fields)
    key = _quoted(model._meta.pk)
    return f"UPDATE {_table(model)} SET {settings} WHERE {key} = %s", fields  # noqa: S608
