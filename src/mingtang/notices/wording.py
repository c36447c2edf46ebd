"""What leaves the house: kinds, units, numbers, dates and a link to the desk. Never a title, a word or a person."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from mingtang.rules import chinese_day, local_day
from mingtang.units.profile import current_profile

from .kinds import KINDS
from .models import Matter

BELL = "/desk/notices/"
PREFERENCES = "/desk/notices/preferences/"


@dataclass(frozen=True)
class Line:
    """How many matters of one kind, unit and due day."""

    kind: str
    unit_code: str
    unit_name: str
    due: date | None
    count: int


def lines_of(matters: Iterable[Matter]) -> list[Line]:
    """Matters counted, deadlines first and the earliest of them first."""
    counted = Counter(
        (matter.kind, matter.unit_id, matter.unit.name, local_day(matter.due_at) if matter.due_at else None)
        for matter in matters
    )
    order = list(KINDS)
    return sorted(
        (Line(*key, count) for key, count in counted.items()),
        key=lambda line: (
            not KINDS[line.kind].deadline,
            line.due or date.max,
            order.index(line.kind),
            line.unit_code,
        ),
    )


def mail_of(matters: Iterable[Matter], *, now: datetime, digest: bool) -> tuple[str, str]:
    """Subject and text of a mail about notices."""
    lines, site = lines_of(matters), current_profile().site_name
    count, urgent = sum(line.count for line in lines), sum(line.count for line in lines if KINDS[line.kind].deadline)
    subject = f"{site}办公台：您有{count}条通知" + (f"，其中{urgent}条关系期限" if urgent else "")
    told = [
        f"· {KINDS[line.kind].label}：{line.unit_name}，{line.count}件"
        + (f"，期限{chinese_day(line.due, now.date())}" if line.due else "")
        for line in lines
    ]
    return subject, "\n".join(
        [
            "今天的通知汇总：" if digest else "办公台有新的通知：",
            "",
            *told,
            "",
            f"到办公台查看和办理：{settings.DESK_ADDRESS}{BELL}",
            "",
            "为了保密，邮件里不写事项的标题和内容。这封邮件由系统自动发出，请不要回复。",
            f"要改变收信的方式和时间：{settings.DESK_ADDRESS}{PREFERENCES}",
        ]
    )


def address_mail(code: str) -> tuple[str, str]:
    """Subject and text of the mail that shows that an address is read by whoever gave it."""
    return f"{current_profile().site_name}办公台：邮箱验证码", "\n".join(
        [
            f"验证码：{code}",
            "",
            f"24小时内在办公台的“通知设置”里填写：{settings.DESK_ADDRESS}{PREFERENCES}",
            "如果您没有要求接收办公台的通知，不必理会这封邮件，以后也不会再收到。",
        ]
    )


def hook_body(delivery_id: str, matters: Iterable[Matter], *, made_at: datetime) -> bytes:
    """The JSON that a hook is sent; the same bytes at every attempt."""
    return json.dumps(
        {
            "id": delivery_id,
            "at": made_at.isoformat(timespec="seconds"),
            "site": current_profile().site_name,
            "link": f"{settings.DESK_ADDRESS}{BELL}",
            "items": [
                {
                    "kind": line.kind,
                    "label": KINDS[line.kind].label,
                    "unit": line.unit_code,
                    "unit_name": line.unit_name,
                    "count": line.count,
                    "due": line.due.isoformat() if line.due else None,
                }
                for line in lines_of(matters)
            ],
        },
        ensure_ascii=False,
        sort_keys=True,
    ).encode()
