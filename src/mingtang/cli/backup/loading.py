"""Filling an empty database from the members of an archive, whatever kind of database they came from.

The tables are made as they were when the archive was written, filled, compared with the archive's hashes, and only then
brought up to this release: an old backup restores like a new one.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.apps import apps as current_apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from .archive import TABLES, ArchiveReader, Member
from .sealing import Damaged, Newer
from .tables import Table, drawn_keys, heads, put_lines, set_drawn_keys, table_hash, tables_of

Migration = tuple[str, str]


def applied(found: Any = None) -> list[Migration]:
    """Migrations that a database has seen, of the apps installed here."""
    loader = MigrationLoader(found or connection)
    return sorted(set(loader.applied_migrations) & set(loader.disk_migrations))


def missing(found: Any = None) -> list[Migration]:
    """Migrations of this release that a database has not seen."""
    loader = MigrationLoader(found or connection)
    return sorted(set(loader.disk_migrations) - set(loader.applied_migrations))


def refuse_newer(head: dict[str, Any]) -> list[Migration]:
    """The archive's migrations.

    Raises:
        Newer: this release does not know all of them.
    """
    told = [(str(app), str(name)) for app, name in head["migrations"]]
    unknown = sorted(set(told) - set(MigrationLoader(None).disk_migrations))
    if unknown:
        names = "、".join(f"{app}.{name}" for app, name in unknown[:3])
        raise Newer(
            f"这份备份由更新的明堂（{head['version']}）做成，这里不认识它的表（{names}）。请先升级程序，再恢复。"
        )
    return told


def all_or_nothing() -> AbstractContextManager[Any]:
    """PostgreSQL takes back tables too; on SQLite the file is new, and put in place at the end."""
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def fill(reader: ArchiveReader, members: Iterator[Member], head: dict[str, Any], step: Callable[[str], Any]) -> None:
    """Load every table of an archive into the database of this process, which is emptied first. Call inside
    ``all_or_nothing()``: after any error the database is what it was.

    Raises:
        Damaged: a table is not what the archive says.
        Newer: see ``refuse_newer``.
    """
    told = refuse_newer(head)
    _clear()
    tables = _ordered(tables_of(_tables_as_of(told)), head["columns"])
    connection.disable_constraint_checking()
    try:
        with transaction.atomic():
            _constraints("DEFERRED")
            _empty(list(tables.values()))
            _put_all(members, tables)
            connection.check_constraints()
            _constraints("IMMEDIATE")
    finally:
        connection.enable_constraint_checking()
    step("核对每一张表……")
    manifest = reader.manifest
    for name, (rows, digest) in manifest["tables"].items():
        if name in tables and (rows, digest) != (found := table_hash(tables[name], connection)):
            raise Damaged(f"表 {name} 装入后与备份不同：应有 {rows} 行，装入 {found[0]} 行。")
    set_drawn_keys(tables.values(), connection, manifest["drawn"])
    if drawn_keys(tables.values(), connection) != {name: manifest["drawn"].get(name, 0) for name in _drawing(tables)}:
        raise Damaged("编号计数与备份不同。")
    if heads(connection) != {part: manifest[part] for part in ("journal", "log")}:
        raise Damaged("办事日志或公开日志的末端与备份不同。")
    if missing():
        step("升级到这个版本的表……")
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    emit_post_migrate_signal(0, False, connection.alias)


def _ordered(tables: list[Table], columns: dict[str, list[str]]) -> dict[str, Table]:
    try:
        found = {table.name: table.in_order(columns[table.name]) for table in tables}
    except (KeyError, ValueError, TypeError) as error:
        raise Damaged(f"备份里的表与它自己写明的版本不符：{error}") from None
    if set(found) != set(columns):
        raise Damaged("备份里的表与它自己写明的版本不符。")
    return found


def _drawing(tables: dict[str, Table]) -> list[str]:
    return [name for name, table in tables.items() if table.draws_keys]


def _put_all(members: Iterator[Member], tables: dict[str, Table]) -> None:
    """Rows of each table, segment by segment, in the order of the archive."""
    waiting: list[Member] = []

    def segments(name: str) -> Iterator[bytes]:
        while waiting and waiting[0].name.split("/")[1] == name:
            yield from waiting.pop().read().splitlines(keepends=True)
            waiting.extend(one for one in [next(members, None)] if one is not None)

    waiting.extend(one for one in [next(members, None)] if one is not None)
    while waiting:
        member = waiting[0]
        if not member.name.startswith(TABLES):
            raise Damaged(f"备份文件已损坏：“{member.name}”排在表的后面。")
        name = member.name.split("/")[1]
        if name not in tables:
            raise Damaged(f"备份里的表 {name} 不属于它自己写明的版本。")
        try:
            put_lines(tables[name], connection, segments(name))
        except ValueError as error:
            raise Damaged(f"备份文件已损坏：表 {name} 里有读不懂的行（{type(error).__name__}）。") from None


def _constraints(when: str) -> None:
    """Rows that wait for a deferred check would keep PostgreSQL from changing their table."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL {when}")


def _clear() -> None:
    """Take away every table, sequence and function of the schema in use."""
    if connection.vendor != "postgresql":
        return
    _constraints("IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()")
        names = ", ".join(name for (name,) in cursor.fetchall())
        if names:
            cursor.execute(f"DROP TABLE {names} CASCADE")
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = current_schema()"
            " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {name}")


def _tables_as_of(migrations: list[Migration]) -> Any:
    """Make the tables as these migrations left them; gives the models of that time."""
    executor = MigrationExecutor(connection)
    graph, wanted = executor.loader.graph, set(migrations)
    targets = [
        node
        for node in migrations
        if not any(child.key in wanted and child.key[0] == node[0] for child in graph.node_map[node].children)
    ]
    executor.migrate(targets)
    if not missing():
        return current_apps
    return MigrationLoader(connection).project_state(targets).apps


def _empty(tables: list[Table]) -> None:
    """Rows that migrations themselves made: the archive has its own."""
    with connection.cursor() as cursor:
        for table in reversed(tables):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table.name)}")  # noqa: S608
