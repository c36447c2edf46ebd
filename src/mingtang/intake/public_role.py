"""The database role of the public process on PostgreSQL: what it may touch, and nothing else."""

from django.apps import apps
from django.db import connection, transaction

from .models import Submission, Subscription
from .services import RECEIPT_FUNCTION


def grants(role: str) -> list[str]:
    """The statements that narrow ``role`` (an existing role's name) to the public side.

    It reads every table of ``editions``, adds to submissions, sees ``id`` of submissions and subscriptions (whether a
    link still leads somewhere), and looks up receipts through the one function that checks the query code.
    """
    quote = connection.ops.quote_name
    name = quote(role.replace('"', ""))
    public = [quote(model._meta.db_table) for model in apps.get_app_config("editions").get_models()]
    submissions, subscriptions = quote(Submission._meta.db_table), quote(Subscription._meta.db_table)
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {name}",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT ON {', '.join(public)} TO {name}",
        f"GRANT INSERT, SELECT (id) ON {submissions} TO {name}",
        f"GRANT SELECT (id) ON {subscriptions} TO {name}",
        f"GRANT EXECUTE ON FUNCTION {RECEIPT_FUNCTION}(text, text) TO {name}",
    ]


def grant_public_role(role: str) -> int:
    """Narrow an existing PostgreSQL role to the public side; gives the number of statements. Run after each migration.

    Raises:
        RuntimeError: the database is not PostgreSQL, which alone knows roles.
        django.db.DatabaseError: there is no such role, or this connection may not grant.
    """
    if connection.vendor != "postgresql":
        raise RuntimeError("SQLite 没有数据库角色；公开进程的窄权限只在 PostgreSQL 上有。")
    statements = grants(role)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return len(statements)
