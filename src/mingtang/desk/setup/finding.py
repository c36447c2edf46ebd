"""One thing that was looked at, and all of them in order."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)
RED, YELLOW, GREEN = "red", "yellow", "green"
LEVELS = {RED: _("要马上处理"), YELLOW: _("要留意"), GREEN: _("正常")}
ORDER = (RED, YELLOW, GREEN)


@dataclass(frozen=True)
class Finding:
    """``what`` was found about ``subject``, ``why`` it matters, what to ``do``; the last two are empty where all is well."""

    level: str
    subject: str
    what: str
    why: str = ""
    do: str = ""

    @property
    def label(self) -> str:
        return str(LEVELS[self.level])


# A check takes the moment and yields what it found. ``now`` is aware, Asia/Shanghai.
Check = Callable[[datetime], Iterable[Finding]]


def look(checks: Iterable[tuple[str, Check]], now: datetime) -> list[Finding]:
    """Run every check; one that cannot be made is a finding too. Worst first."""
    found = [finding for subject, check in checks for finding in _safely(subject, check, now)]
    return sorted(found, key=lambda finding: ORDER.index(finding.level))


def _safely(subject: str, check: Check, now: datetime) -> Iterator[Finding]:
    try:
        yield from check(now)
    except Exception as error:  # noqa: BLE001 - the check of one thing must not hide the others
        logger.warning("setup check %s: %s", check.__name__, error)
        yield Finding(
            RED,
            subject,
            f"没有查成（{type(error).__name__}）。",
            "查不成往往就是有故障。",
            "看服务日志里的同一时刻，排除后再查。",
        )
