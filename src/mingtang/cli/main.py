"""The ``mingtang`` command."""

import argparse
import os
import sys

from . import (
    audit_commands,
    backup_commands,
    calendar_commands,
    documents_commands,
    init_commands,
    rules_commands,
    verify_commands,
    web_commands,
)

DATABASE_COMMANDS = frozenset(
    {
        *(
            "serve",
            "worker",
            "migrate",
            "demo",
            "people",
            "calendar",
            "journal",
            "units",
            "rebuild",
            "public-role",
            "log",
        ),
        *("check", "keys"),
    }
)


def main(arguments: list[str] | None = None) -> int:
    """Parse and run one command. Returns the exit status: 0 done, 1 refused, 2 unusable input."""
    parser = argparse.ArgumentParser(prog="mingtang", description="明堂：政务公开平台")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = sys.argv[1:] if arguments is None else arguments
    rules_commands.register(subparsers, emitted=_emitted_events)
    documents_commands.register(subparsers, set_up=_set_up)
    verify_commands.register(subparsers, set_up=_set_up)
    audit_commands.register(subparsers, set_up=_set_up)
    web_commands.register(subparsers)
    init_commands.register(subparsers, set_up=_set_up)
    backup_commands.register(subparsers, set_up=_set_up)
    needs_database = not wanted or wanted[0] in DATABASE_COMMANDS or wanted[0].startswith("-")
    if needs_database:
        try:
            _set_up()
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        from . import (
            check_commands,
            demo_commands,
            keys_commands,
            people_commands,
            public_role_commands,
            server_commands,
            units_commands,
        )

        units_commands.register(subparsers)

        people_commands.register(subparsers)
        calendar_commands.register(subparsers)
        demo_commands.register(subparsers)
        check_commands.register(subparsers)
        server_commands.register(subparsers)
        public_role_commands.register(subparsers)
        verify_commands.register_log(subparsers)
        keys_commands.register(subparsers)
    parsed = parser.parse_args(wanted)
    try:
        return _run(parsed) if needs_database else int(parsed.func(parsed) or 0)
    except BrokenPipeError:
        # Whoever read our output has seen enough; say nothing more, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingtang.settings.embedded")
    import django

    django.setup()


def _run(parsed: argparse.Namespace) -> int:
    """Run the command; what the operator can mend is one Chinese line, not a stack trace."""
    from django.db import DatabaseError, OperationalError, ProgrammingError

    from mingtang.text.error_words import told
    from mingtang.units.profile import ProfileError

    try:
        return int(parsed.func(parsed) or 0)
    except ProfileError as error:
        print(error, file=sys.stderr)
    except DatabaseError as error:
        # Under systemd this goes into the log: only what speaks of the database itself is repeated.
        itself = isinstance(error, OperationalError | ProgrammingError)
        words = str(error).splitlines()[0] if itself and str(error) else told(error)
        print(f"数据库不能使用：{words}\n还没有建立的，先运行 mingtang migrate。", file=sys.stderr)
    return 1


def _emitted_events() -> frozenset[str]:
    """Events the installed rooms can emit, for ``rules check``."""
    _set_up()
    from mingtang.journal.names import emitted_events

    return emitted_events()


if __name__ == "__main__":
    sys.exit(main())
