"""Builds a small city with public papers in the database and home of the environment. Run as a process of its own."""

import sys
from datetime import datetime, timedelta

import django


def main(papers: str) -> None:
    """Migrate, load units, publish so many papers, seal one submission, bake. ``more``: one more paper, later."""
    django.setup()
    from django.core.management import call_command
    from tests.factories import START, City, make_city, make_desk

    from mingtang.disclosure.attachments import FileChanges
    from mingtang.intake.services import submit
    from mingtang.records.models import Record
    from mingtang.text.attachments import read_attachment
    from mingtang.units import roles

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    more = papers == "more"
    desk = make_desk(City() if more else make_city(), now=START + timedelta(days=1) if more else START)
    for number in range(100, 101) if more else range(int(papers)):
        file = read_attachment("说明.txt", f"第{number}份文件的说明，印发各单位。".encode())
        changes = {"attachments": FileChanges((file,))} if number == 0 else {}
        paper, _ = desk.issued(title=f"第{number}份关于减少办事材料的通知", **changes)
        desk.act(Record.objects.get(pk=paper.pk), "publish", roles.OPENNESS_OFFICER)
    if not more:
        told = {"message": "页面上的电话打不通", "contact": "13800138000"}
        submit("feedback", told, request_key="a-key-of-the-drill", now=desk.now)
    _bake(desk.now)


def _bake(now: datetime) -> None:
    from mingtang.cli.public_side import PublicSide

    side = PublicSide()
    for minutes in (5, 6):  # what is noted as visible changes boards once more
        side.follow(now + timedelta(minutes=minutes), thorough=True)
    assert not side.said, side.said


if __name__ == "__main__":
    main(sys.argv[1])
