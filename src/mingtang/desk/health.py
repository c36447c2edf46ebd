"""How the city is running, in numbers: for the operator's page and for ``/metrics``. No personal data, no titles."""

import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
from cryptography import x509
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from mingtang.duties.models import Duty
from mingtang.editions.models import Checkpoint, LogHead
from mingtang.intake.models import Submission
from mingtang.journal.models import JournalHead
from mingtang.notices.models import WAITING, Delivery
from mingtang.text.error_words import told

from .setup.alive import ALIVE, latest_seen
from .setup.finding import GREEN, LEVELS, RED, YELLOW

GIGABYTE = 1024**3
SILENT_SECONDS, BEHIND_SECONDS = 60, 600
BACKUP_LATE_SECONDS, BACKUP_OLD_SECONDS = 26 * 3600, 7 * 86400
CERTIFICATE_DAYS = 21
CLOCK_SECONDS = 60
# Rooms beside the desk add what waits in their queues: a word for people, and how many.
QUEUES: dict[str, Callable[[datetime], int]] = {}


@dataclass(frozen=True)
class Measure:
    """One line of the page: ``subject`` and ``what`` in Chinese; ``metric`` and ``value`` for machines, if it has any."""

    subject: str
    what: str
    level: str = GREEN
    do: str = ""
    metric: str = ""
    value: float | int | None = None
    help: str = ""

    @property
    def label(self) -> str:
        return str(LEVELS[self.level])


def measures(now: datetime) -> list[Measure]:
    """Everything; what cannot be measured says so and hides nothing else."""
    found: list[Measure] = []
    for subject, parts in PARTS:
        try:
            found += parts(now)
        except (DatabaseError, OSError, ValueError) as error:
            found.append(Measure(subject, f"没有查成（{told(error)}）。", RED, "看服务日志里的同一时刻。"))
    return found


def _database(now: datetime) -> Iterator[Measure]:
    started = time.perf_counter()
    name = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_database_size(current_database())")
                size = int(cursor.fetchone()[0])
            else:
                cursor.execute("SELECT 1")
                size = Path(str(settings.DATABASES["default"]["NAME"])).stat().st_size
    except DatabaseError as error:
        do = "看数据库服务是不是在运行，磁盘是不是满了。"
        yield Measure("数据库", f"不能用（{told(error)}）。", RED, do, "mingtang_database_up", 0, "Database answers.")
        return
    took = (time.perf_counter() - started) * 1000
    what = f"{name} 正常，{took:.0f} 毫秒答复，占 {_size(size)}。"
    yield Measure("数据库", what, metric="mingtang_database_up", value=1, help="Database answers.")
    yield Measure("", "", metric="mingtang_database_bytes", value=size, help="Size of the database.")


def _worker(now: datetime) -> Iterator[Measure]:
    do = "启动它：mingtang serve 会自带；分开部署的运行 systemctl start mingtang-worker。"
    help_words = "Seconds since the worker's last sign of life."
    path = settings.HOME / ALIVE
    if not path.exists():
        yield Measure("后台任务", "没有运行过。", RED, do)
        return
    # By the file system's clock on both sides: a clock that was set back must not hide a dead worker.
    silent = max(0.0, time.time() - path.stat().st_mtime)
    level = GREEN if silent <= SILENT_SECONDS else RED
    what = "正在运行。" if level == GREEN else f"已经 {_span(silent)}没有动静。"
    yield Measure(
        "后台任务", what, level, do if level != GREEN else "", "mingtang_worker_silent_seconds", silent, help_words
    )
    seen = latest_seen(settings.HOME)
    behind = (seen - now).total_seconds() if seen else 0.0
    if behind > CLOCK_SECONDS:
        what = f"比后台任务见过的时刻早 {_span(behind)}：时钟被拨回了。公开和日志照常，时间不会倒写。"
        yield Measure("时钟", what, RED, "打开自动对时（timedatectl set-ntp true），对准后重启服务。")
    help_words = "Seconds the clock is behind the latest moment the worker saw."
    yield Measure("", "", metric="mingtang_clock_behind_seconds", value=max(behind, 0.0), help=help_words)


def _public_side(now: datetime) -> Iterator[Measure]:
    size = LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    signed = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    state = _json(settings.PUBLIC_ROOT.with_name(f"{settings.PUBLIC_ROOT.name}.state.json"))
    baked = int(state.get("log_size", 0))
    waiting = size - baked
    what = "公开目录跟上了公开日志。" if not waiting else f"还有 {waiting} 条没有做成公开文件。"
    level = GREEN if not waiting else RED if size > signed else YELLOW
    do = "" if not waiting else "后台任务几秒内会补上；总补不上，看它的日志，再运行 mingtang verify。"
    yield Measure("公开", what, level, do, "mingtang_worker_lag_entries", waiting, "Log entries not yet baked.")
    yield Measure(
        "公开日志",
        f"{size} 条，已签到第 {signed} 条。",
        metric="mingtang_log_entries",
        value=size,
        help="Size of the log.",
    )
    sequence = JournalHead.objects.filter(pk=1).values_list("sequence", flat=True).first() or 0
    yield Measure("办事日志", f"{sequence} 条。", metric="mingtang_journal_head", value=sequence, help="Last event.")


def _duties(now: datetime) -> Iterator[Measure]:
    late = Duty.objects.filter(closed_at=None, exempt_ground="", due_at__lt=now).count()
    what = f"{late} 项职责超过了期限。" if late else "没有超过期限的职责。"
    yield Measure("职责", what, metric="mingtang_duties_late", value=late, help="Open duties past their due moment.")


def _queues(now: datetime) -> Iterator[Measure]:
    submissions = Submission.objects.filter(taken_at=None)
    oldest = submissions.order_by("at").values_list("at", flat=True).first()
    counts = {
        ("群众来信待接收", "submissions"): submissions.count(),
        ("通知待发送", "notices"): Delivery.objects.filter(status=WAITING).count(),
        **{(label, "mail"): count(now) for label, count in QUEUES.items()},
    }
    for (label, name), count in counts.items():
        level = (
            YELLOW if name == "submissions" and oldest and (now - oldest).total_seconds() > BEHIND_SECONDS else GREEN
        )
        do = "后台任务在运行而来信不减，看它的日志。" if level != GREEN else ""
        yield Measure(label, f"{count} 件。", level, do, f"mingtang_queue_{name}", count, f"Waiting {name}.")


def _backup(now: datetime) -> Iterator[Measure]:
    state = _json(settings.HOME / "backup.state.json")
    do = "运行 mingtang backup，并设成每天自动做（deploy/systemd/mingtang-backup.timer）。"
    if "at" not in state:
        yield Measure("备份", "从来没有备份过。", RED, do)
        return
    made = datetime.fromisoformat(state["at"])
    age = max(0.0, (now - made).total_seconds())
    level = RED if age > BACKUP_OLD_SECONDS else YELLOW if age > BACKUP_LATE_SECONDS else GREEN
    what = f"{timezone.localtime(made):%Y-%m-%d %H:%M}，{_size(int(state.get('size', 0)))}，SHA-256 {str(state.get('sha256', ''))[:16]}…"
    yield Measure(
        "备份",
        what,
        level,
        do if level != GREEN else "",
        "mingtang_backup_age_seconds",
        age,
        "Age of the newest backup.",
    )


def _disk(now: datetime) -> Iterator[Measure]:
    usage = shutil.disk_usage(settings.HOME)
    share = usage.free / usage.total
    level = (
        RED if usage.free < GIGABYTE or share < 0.02 else YELLOW if usage.free < 5 * GIGABYTE or share < 0.1 else GREEN
    )
    do = "腾出空间或扩容；旧备份移到别的机器上。" if level != GREEN else ""
    what = f"数据目录所在的磁盘还剩 {_size(usage.free)}（{share:.0%}）。"
    yield Measure("磁盘", what, level, do, "mingtang_disk_free_bytes", usage.free, "Free bytes where the data lies.")


def _certificate(now: datetime) -> Iterator[Measure]:
    """The certificate of the site, where MINGTANG_CERTIFICATE names its file."""
    named = os.environ.get("MINGTANG_CERTIFICATE", "")
    if not named:
        return
    ends = x509.load_pem_x509_certificate(Path(named).read_bytes()).not_valid_after_utc
    days = (ends - now).total_seconds() / 86400
    level = RED if days < 3 else YELLOW if days < CERTIFICATE_DAYS else GREEN
    what = f"到 {timezone.localtime(ends):%Y-%m-%d}，还有 {max(int(days), 0)} 天。"
    do = "续签证书，再让 nginx 重新读入（systemctl reload nginx）。" if level != GREEN else ""
    yield Measure("证书", what, level, do, "mingtang_certificate_seconds", days * 86400, "Until the certificate ends.")


def _versions(now: datetime) -> Iterator[Measure]:
    what = f"明堂 {version('mingtang')}，Django {django.get_version()}，Python {platform.python_version()}。"
    yield Measure("版本", what)


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _size(count: int) -> str:
    for unit, name in ((GIGABYTE, "GB"), (1024**2, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count / 1024:.1f} KB"


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes >= 60 * 48:
        return f"{minutes // 1440} 天"
    return f"{minutes // 60} 小时 {minutes % 60} 分钟" if minutes >= 60 else f"{max(1, minutes)} 分钟"


PARTS: tuple[tuple[str, Callable[[datetime], Iterator[Measure]]], ...] = (
    ("数据库", _database),
    ("后台任务", _worker),
    ("公开", _public_side),
    ("职责", _duties),
    ("待办的队列", _queues),
    ("备份", _backup),
    ("磁盘", _disk),
    ("证书", _certificate),
    ("版本", _versions),
)
