"""What officials do in the installation that tests run; each call a process of its own.

``prepare`` publishes three papers and prints nothing; ``withdraw`` and ``erase`` do it to the second and the third.
"""

import sys
from datetime import timedelta

import django

KEPT, WITHDRAWN, ERASED = "关于冬季供热的通知", "关于停水安排的通知", "关于名单公示的通知"


def main(step: str) -> None:
    django.setup()
    from tests.factories import City, Desk, make_city, make_desk

    from mingtang.editions.models import LogEntry, Publication
    from mingtang.records.models import Record
    from mingtang.units import roles

    if step == "prepare":
        desk = make_desk(make_city())
        for title in (KEPT, WITHDRAWN, ERASED):
            desk.published(title=title)
        return
    city, last = City(), LogEntry.objects.latest("index").at
    desk = Desk(city, city.unit("发改委"), city.unit("市政府办公厅"), last + timedelta(minutes=1))
    number = Publication.objects.get(title=WITHDRAWN if step == "withdraw" else ERASED).index_number
    record = Record.objects.get(disclosed__index_number=number)
    if step == "withdraw":
        desk.act(record, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "withdrawn", "reason": "发布有误。"})
    else:
        desk.act(record, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})


if __name__ == "__main__":
    main(sys.argv[1])
