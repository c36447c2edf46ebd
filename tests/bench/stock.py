"""Prepared papers for writers: made by the services, with the steps that writers will take on them."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import django

STEPS = ("submit", "sign", "review", "issue", "publish")


def main(writers: int, papers: int) -> None:
    """Set up an empty database and print one line of work per writer: ``papers`` papers each, from draft to public."""
    django.setup()
    from django.core.management import call_command
    from tests.factories import make_city, make_desk

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    desk = make_desk(make_city())
    for _ in range(writers):
        work = []
        for number in range(papers):
            paper = desk.draft(title=f"关于减少办事材料的通知（{number}）")
            desk.interpret(paper)
            work += _way(desk, paper)
        print(json.dumps(work))


def _way(desk: Any, paper: Any) -> Iterator[dict[str, Any]]:
    from mingtang.units import roles

    holders = (roles.DRAFTER, roles.UNIT_HEAD, roles.SECRECY_REVIEWER, roles.OPENNESS_OFFICER, roles.OPENNESS_OFFICER)
    for step, role in zip(STEPS, holders, strict=True):
        yield {
            "record": str(paper.pk),
            "step": step,
            "person": desk.city.person(desk.unit, role).pk,
            "now": desk.now.isoformat(),
            "data": {"masks": []} if step == "review" else {},
            "key": f"{paper.pk}-{step}",
        }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
