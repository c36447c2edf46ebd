"""The list of checks, in the order of a walk through the installation."""

from datetime import datetime

from . import city, machine
from .finding import Check, Finding, look

CHECKS: tuple[tuple[str, Check], ...] = (
    ("城市档案", city.profile),
    ("人员", city.people),
    ("数据库", machine.database),
    ("后台任务", machine.worker),
    ("时钟", machine.clock),
    ("工作日历", city.calendar),
    ("磁盘", machine.disk),
    ("备份", machine.backups),
    ("密钥", machine.keys),
    ("邮件", machine.mail),
    ("网址", city.addresses),
    ("字体", machine.fonts),
    ("演示数据", city.demonstration),
)


def check_setup(now: datetime) -> list[Finding]:
    """Everything there is to say about this installation at ``now`` (aware, Asia/Shanghai), worst first.

    Takes up to five seconds where a mail server does not answer.
    """
    return look(CHECKS, now)
