"""What the machine has to have: fonts, disk, clock, keys, database, mail server, worker, backups."""

import json
import os
import shutil
import smtplib
import ssl
import stat
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import typst
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from mingtang.editions.models import Checkpoint, LogEntry, PublicRegion
from mingtang.journal.models import Event
from mingtang.text.typesetting import FACES
from mingtang.units.profile import current_profile

from .alive import ALIVE, latest_seen
from .finding import GREEN, RED, YELLOW, Finding

GIGABYTE = 1024**3
MAIL_SECONDS = 5
# A clock may be this far from another before it matters.
CLOCK_SECONDS = 60
WORKER_SECONDS = 60
BACKUP_DUE, BACKUP_LATE = timedelta(hours=26), timedelta(days=7)
OLDEST_POSTGRES = 140000
MONGOLIAN_FONTS = ("mongolian", "menk", "oyun", "onon", "tegus")


def fonts(now: datetime) -> Iterator[Finding]:
    """Chinese type for PDF copies; Mongolian where the city writes it."""
    families = typst.Fonts().families()
    wanted = {name for _, real, instead in FACES.values() for name in (*real, *instead)}
    present = sorted(wanted & set(families))
    if not present:
        yield Finding(
            RED,
            "中文字体",
            "这台机器没有中文字体。",
            "没有它就生成不了PDF，打印稿也排不出来。",
            "安装 fonts-noto-cjk（Debian：apt-get install fonts-noto-cjk）或方正、华文字体，再重启服务。",
        )
    else:
        yield Finding(GREEN, "中文字体", f"有{'、'.join(present[:4])}等{len(present)}种。")
        lacking = [label for label, real, _ in FACES.values() if not set(real) & set(families)]
        if lacking:
            yield Finding(
                YELLOW,
                "公文字体",
                f"没有{'、'.join(lacking)}，公文会用别的字体代替。",
                "GB/T 9704 规定标题用小标宋、正文用仿宋。",
                "有授权的话，把这些字体放进 /usr/local/share/fonts，再运行 fc-cache 并重启服务。",
            )
    named = PublicRegion.objects.exclude(name_mongolian="").exists()
    if "mongolian_language" in current_profile().rule_packs or named:
        has = any(mark in family.lower() for family in families for mark in MONGOLIAN_FONTS)
        yield (
            Finding(GREEN, "蒙古文字体", "已安装。")
            if has
            else Finding(
                YELLOW,
                "蒙古文字体",
                "没有传统蒙古文字体。",
                "本市启用了蒙古文规定，蒙古文文本在服务器上生成的图片和文件里会显示不出来；网页用读者自己的字体，不受影响。",
                "安装一种，例如 fonts-noto-core（Noto Sans Mongolian），再重启服务。",
            )
        )


def disk(now: datetime) -> Iterator[Finding]:
    """Room where the data lies."""
    usage = shutil.disk_usage(settings.HOME)
    free, share = usage.free / GIGABYTE, usage.free / usage.total
    words = f"数据目录所在的磁盘还剩 {free:.1f} GB（{share:.0%}）。"
    why = "磁盘满了就不能公开、不能备份，数据库也会停写。"
    if free < 1 or share < 0.02:
        yield Finding(RED, "磁盘", words, why, f"现在就腾出空间，或给 {settings.HOME} 换一块更大的磁盘。")
    elif free < 5 or share < 0.1:
        yield Finding(YELLOW, "磁盘", words, why, "这一周内清理或扩容；旧备份移到别的机器上。")
    else:
        yield Finding(GREEN, "磁盘", words)
    if not os.access(settings.HOME, os.W_OK):
        yield Finding(RED, "数据目录", f"{settings.HOME} 写不进去。", why, "把目录的属主改成运行服务的用户。")


def clock(now: datetime, here: datetime | None = None) -> Iterator[Finding]:
    """The machine's clock against the database's and against everything that was already written with a time.

    ``here`` is what this machine's clock shows, in place of a look at it.
    """
    why = "时限、签名和日志都按时钟算；时钟倒退，新的事会排在旧的前面，时限会算错。"
    do = "打开自动对时（timedatectl set-ntp true），对准后重启服务。"
    written = [
        model.objects.order_by("-pk").values_list("at", flat=True).first() for model in (Event, LogEntry, Checkpoint)
    ]
    last = max((moment for moment in (*written, latest_seen(settings.HOME)) if moment), default=None)
    behind = (last - now).total_seconds() if last else 0.0
    if behind > CLOCK_SECONDS:
        yield Finding(
            RED,
            "时钟",
            f"现在 {now:%Y-%m-%d %H:%M}，比最后一次记录（{timezone.localtime(last):%Y-%m-%d %H:%M}）还早{_span(behind)}。",
            why,
            do,
        )
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        given = cursor.fetchone()[0]
    if isinstance(given, datetime):
        apart = abs((given - (here or timezone.now())).total_seconds())
        if apart > CLOCK_SECONDS:
            yield Finding(RED, "时钟", f"这台机器与数据库服务器的时钟差{_span(apart)}。", why, do)
            return
    yield Finding(GREEN, "时钟", f"现在 {now:%Y-%m-%d %H:%M}（北京时间），在所有记录之后。")


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}小时{minutes % 60}分钟" if minutes >= 60 else f"{max(1, minutes)}分钟"


def keys(now: datetime) -> Iterator[Finding]:
    """The secrets: there, read by their owner alone, and in the newest backup."""
    folder = settings.HOME / "secrets"
    paths = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    open_to_others = [path.name for path in [folder, *paths] if path.exists() and _shared(path)]
    if open_to_others:
        yield Finding(
            RED,
            "密钥",
            f"别的用户也能读：{'、'.join(open_to_others)}。",
            "拿到密钥就能冒名签发公开日志、打开群众提交的内容。",
            f"运行 chmod 700 {folder} 和 chmod 600 {folder}/*，并查清谁读过；有疑问就更换密钥（mingtang log rotate-key）。",
        )
    if not settings.LOG_KEY.exists():
        yield Finding(
            YELLOW, "签名密钥", "还没有公开日志的签名密钥。", "第一次公开时会自动产生。", "产生后马上做一次备份。"
        )
    elif not open_to_others:
        yield Finding(GREEN, "密钥", f"{len(paths)}个，只有运行服务的用户能读。")
    state = backup_state(settings.HOME)
    newest = max((path.stat().st_mtime for path in paths), default=0.0)
    if paths and (state is None or state.timestamp() < newest):
        yield Finding(
            YELLOW,
            "密钥备份",
            "密钥产生或更换之后还没有备份过。",
            "密钥丢了，群众提交的内容再也打不开，公开日志也不能接着签。",
            "运行 mingtang backup，把备份放到另一台机器上。",
        )
    for name in ("initial_passwords.txt",):
        if (folder / name).exists():
            yield Finding(
                YELLOW,
                "初始密码",
                f"初始密码文件还在：{folder / name}。",
                "上面有第一批账号的初始密码。",
                "逐个交给本人、确认都改过以后，删掉这个文件。",
            )


def _shared(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def database(now: datetime) -> Iterator[Finding]:
    """Kind, settings that keep acknowledged work through a power cut, and tables as this release wants them."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Finding(
            RED, "数据库", "表还不是这个版本的。", "新旧混用会出错。", "停下服务，运行 mingtang migrate，再启动。"
        )
    if connection.vendor == "sqlite":
        yield from _sqlite()
    else:
        yield from _postgres()


def _sqlite() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        journal = str(cursor.execute("PRAGMA journal_mode").fetchone()[0]).lower()
        synchronous = int(cursor.execute("PRAGMA synchronous").fetchone()[0])
    if journal != "wal" or synchronous < 2:
        yield Finding(
            RED,
            "数据库",
            f"SQLite 的设置不对（journal_mode={journal}，synchronous={synchronous}）。",
            "断电时会丢掉已经办完的事。",
            "不要改动程序里的数据库设置；数据目录要放在本机磁盘上，不能放网络共享盘。",
        )
    else:
        yield Finding(
            GREEN, "数据库", "SQLite，写入立即落盘。适合一台机器、几十人使用；再多请换 PostgreSQL（mingtang move）。"
        )


def _postgres() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN"
            " ('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit', 'server_encoding')"
        )
        found = dict(cursor.fetchall())
    wrong = [
        f"{name}={found[name]}" for name in ("fsync", "full_page_writes", "synchronous_commit") if found[name] == "off"
    ]
    if int(found["server_version_num"]) < OLDEST_POSTGRES:
        yield Finding(
            RED, "数据库", f"PostgreSQL {found['server_version']} 太旧。", "已没有安全更新。", "升级到14以上，建议17。"
        )
    if found["server_encoding"] != "UTF8":
        yield Finding(
            RED,
            "数据库",
            f"数据库编码是 {found['server_encoding']}。",
            "存不下蒙古文和生僻字。",
            "建一个 UTF8 编码的库再搬过去。",
        )
    if wrong:
        yield Finding(
            RED,
            "数据库",
            f"关掉了落盘保护：{'、'.join(wrong)}。",
            "断电时会丢掉已经办完的事，甚至损坏整库。",
            "在 postgresql.conf 里改回 on 并重启数据库。",
        )
    else:
        yield Finding(GREEN, "数据库", f"PostgreSQL {found['server_version']}，写入立即落盘。")


def mail(now: datetime) -> Iterator[Finding]:
    """Whether the mail server really takes us: connects, secures, signs in, says it is ready for a sender."""
    why = "订阅确认、每日摘要和催办邮件都靠它；发不出去，办公台里的通知仍在。"
    if not settings.MAIL_SERVER:
        yield Finding(
            YELLOW,
            "邮件",
            "没有设置邮件服务器。",
            why,
            "设置 MINGTANG_SMTP_URL，例如 smtp://用户:密码@主机:587?starttls=1。",
        )
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        _greet_mail_server()
    except smtplib.SMTPAuthenticationError:
        yield Finding(
            RED,
            "邮件",
            f"{server} 不认用户名或密码。",
            why,
            "核对 MINGTANG_SMTP_URL 里的用户名和密码（特殊符号要写成 %xx）。",
        )
    except smtplib.SMTPSenderRefused:
        yield Finding(
            RED,
            "邮件",
            f"{server} 不让用 {settings.DEFAULT_FROM_EMAIL} 发信。",
            why,
            "用 MINGTANG_MAIL_FROM 写一个它允许的发件地址。",
        )
    except (smtplib.SMTPServerDisconnected, ConnectionResetError, TimeoutError) as error:
        # smtplib wraps a time-out in a disconnection.
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            yield Finding(RED, "邮件", f"{server} {MAIL_SECONDS}秒没有回应。", why, "查网络和防火墙，看端口是否放行。")
            return
        yield Finding(
            RED,
            "邮件",
            f"{server} 接通后又断开了。",
            why,
            "查邮件服务器的日志；端口和加密方式可能不对（465 用 smtps://，587 用 starttls=1）。",
        )
    except ssl.SSLError:
        yield Finding(
            RED,
            "邮件",
            f"{server} 的加密连接建不起来。",
            why,
            "证书过期、名称不符，或端口和加密方式不对（465 用 smtps://）。",
        )
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            RED, "邮件", f"连不上 {server}（{type(error).__name__}）。", why, "核对主机名和端口，看邮件服务器是否开着。"
        )
    else:
        safe = settings.EMAIL_USE_SSL or settings.EMAIL_USE_TLS or settings.EMAIL_HOST in ("127.0.0.1", "localhost")
        yield (
            Finding(GREEN, "邮件", f"{server} 能连上，愿意替 {settings.DEFAULT_FROM_EMAIL} 发信。")
            if safe
            else Finding(
                YELLOW,
                "邮件",
                f"{server} 能连上，但没有加密。",
                "密码和邮件内容在网上看得见。",
                "地址后面加 ?starttls=1，或改用 smtps://。",
            )
        )


def _greet_mail_server() -> None:
    """As far as a sender is accepted; no mail is sent."""
    context = ssl.create_default_context()
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    with (
        smtplib.SMTP_SSL(host, port, timeout=MAIL_SECONDS, context=context)
        if settings.EMAIL_USE_SSL
        else smtplib.SMTP(host, port, timeout=MAIL_SECONDS)
    ) as server:
        server.ehlo()
        if settings.EMAIL_USE_TLS:
            server.starttls(context=context)
            server.ehlo()
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        code, answer = server.mail(settings.DEFAULT_FROM_EMAIL)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, settings.DEFAULT_FROM_EMAIL)
        server.rset()


def worker(now: datetime) -> Iterator[Finding]:
    """Whether the background worker made a round lately."""
    why = "没有它，公开的文件上不了网，时限不提醒，邮件不发。"
    do = "启动它：mingtang serve 会自带；分开部署的运行 systemctl start mingtang-worker。"
    try:
        age = time.time() - (settings.HOME / ALIVE).stat().st_mtime
    except OSError:
        yield Finding(RED, "后台任务", "没有运行过。", why, do)
        return
    if age > WORKER_SECONDS:
        yield Finding(RED, "后台任务", f"已经{_span(age)}没有动静。", why, do)
    else:
        yield Finding(GREEN, "后台任务", "正在运行。")


def backup_state(home: Path) -> datetime | None:
    """When the newest backup was made, as ``backup.state.json`` says; None where there was none."""
    try:
        moment = datetime.fromisoformat(json.loads((home / "backup.state.json").read_text(encoding="utf-8"))["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def backups(now: datetime) -> Iterator[Finding]:
    """The age of the newest backup."""
    made = backup_state(settings.HOME)
    why = "磁盘坏了，没有备份就什么都没有了。"
    do = "运行 mingtang backup，并设成每天自动做；备份要放到另一台机器上，每季度试恢复一次。"
    if made is None:
        yield Finding(RED, "备份", "从来没有备份过。", why, do)
    elif now - made > BACKUP_LATE:
        yield Finding(RED, "备份", f"上次备份是{(now - made).days}天前。", why, do)
    elif now - made > BACKUP_DUE:
        yield Finding(YELLOW, "备份", f"上次备份是 {timezone.localtime(made):%Y-%m-%d %H:%M}，超过一天了。", why, do)
    else:
        yield Finding(GREEN, "备份", f"上次备份 {timezone.localtime(made):%Y-%m-%d %H:%M}。")
