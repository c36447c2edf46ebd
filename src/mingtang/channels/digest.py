"""The words of the mails: the digest of what changed, and the mail that asks to confirm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage

from mingtang.editions.models import Checkpoint, LogEntry, Publication, PublicUnit
from mingtang.rules import chinese_day, local_day

NEW, CHANGED, ENDED, ERASED = "new", "changed", "ended", "erased"
HEADINGS = {NEW: "新公开", CHANGED: "有更正", ENDED: "不再有效或已撤下", ERASED: "已清除"}
ALL = "all"


@dataclass(frozen=True)
class Change:
    """What became of one publication in a stretch of the log, by its last entry there."""

    publication: Publication
    kind: str
    at: datetime


def changes(first: int, end: int) -> list[Change]:
    """One change for each publication with log entries from ``first`` up to, without, ``end``; in the log's order.

    Something published and corrected in the same stretch is new; what was erased since is told as erased, without a
    word of it.
    """
    found: dict[int, Change] = {}
    entries = LogEntry.objects.filter(index__gte=first, index__lt=end).select_related("publication").order_by("index")
    for entry in entries:
        before = found.pop(entry.publication_id, None)
        if entry.publication.validity == "erased":
            kind = ERASED
        elif entry.kind in ("published", "superseded", "erased"):
            # An earlier edition alone may have been emptied: a register that took an entry back.
            was_new = before is not None and before.kind == NEW
            kind = NEW if was_new or (entry.kind == "published" and entry.edition_number == 1) else CHANGED
        else:
            kind = ENDED
        found[entry.publication_id] = Change(entry.publication, kind, entry.at)
    return list(found.values())


def concerns(publication: Publication, subjects: Iterable[str]) -> bool:
    """True if any of the subscribed subjects covers the publication."""
    return bool({ALL, f"unit/{publication.unit_code}", f"topic/{publication.topic}"} & set(subjects))


def subject_words(subjects: Sequence[str]) -> str:
    """Subscribed subjects in words: 市发改委、主题“民政、扶贫、救灾”."""
    codes = [subject.partition("/")[2] for subject in subjects if subject.startswith("unit/")]
    names = dict(PublicUnit.objects.filter(code__in=codes).values_list("code", "name"))
    words = []
    for subject in subjects:
        kind, _, name = subject.partition("/")
        words.append("全部公开内容" if kind == ALL else names.get(name, name) if kind == "unit" else f"主题“{name}”")
    return "、".join(words)


def address(path: str) -> str:
    return f"{settings.SITE['address']}{path}"


def confirmation(email: str, subjects: Sequence[str], *, token: str) -> EmailMessage:
    """Asks whoever reads it whether they want the digest. Says how to say no: do nothing."""
    title = settings.SITE["title"]
    body = f"""您好：

有人用这个邮箱在{title}订阅：{subject_words(subjects)}。

如果是您，请打开下面的网页，按“确认订阅”：
{address(f"/subscribe/confirm/{token}/")}

如果不是您，不用做任何事：七天内没有确认，邮箱地址就从系统里删除，也不会再给您写信。
{_foot()}"""
    return EmailMessage(f"请确认订阅：{title}", body, to=[email])


def digest(
    email: str,
    subjects: Sequence[str],
    found: Sequence[Change],
    *,
    stop: str,
    checkpoint: Checkpoint | None,
    now: datetime,
) -> EmailMessage:
    """What changed, with links, the newest checkpoint of the log and a way out. ``stop`` is the token that ends it."""
    title, today = settings.SITE["title"], chinese_day(local_day(now))
    counts = {kind: [change for change in found if change.kind == kind] for kind in HEADINGS}
    told = "，".join(f"{HEADINGS[kind]}{len(of_kind)}件" for kind, of_kind in counts.items() if of_kind)
    parts = [f"您订阅了{title}的：{subject_words(subjects)}。\n{today}，{told}。"]
    for kind, of_kind in counts.items():
        if of_kind:
            rows = [f"{number}. {_row(change)}" for number, change in enumerate(of_kind, 1)]
            parts.append(f"【{HEADINGS[kind]}】\n\n" + "\n\n".join(rows))
    if checkpoint is not None:
        parts.append(_proof(checkpoint))
    way_out = address(f"/subscribe/stop/{stop}/")
    parts.append(f"不想再收：{way_out}")
    mail = EmailMessage(f"{title}：{today}{told}", "\n\n\n".join(parts) + "\n" + _foot(), to=[email])
    mail.extra_headers = {
        "List-Unsubscribe": f"<{way_out}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return mail


def _row(change: Change) -> str:
    publication = change.publication
    link = address(f"/{publication.path}/")
    if change.kind == ERASED:
        return f"索引号{publication.index_number}的内容\n   {link}"
    number = f"（{publication.document_number}）" if publication.document_number else ""
    state = f"，{publication.validity_label}" if change.kind == ENDED else ""
    day = chinese_day(local_day(change.at))
    return f"{publication.title}{number}\n   {publication.unit_name}，{day}{state}\n   {link}"


def _proof(checkpoint: Checkpoint) -> str:
    """Kept in many mailboxes, this line shows whether the log was rewritten afterwards."""
    return (
        f"【留存核验】\n\n公开日志到{chinese_day(local_day(checkpoint.at))}共{checkpoint.size}条，"
        f"校验值（根散列）：\n{checkpoint.root}\n"
        f"请留着这封信：以后如有人改动已公开的内容，日志就和这个数对不上。怎样核对："
        f"{address('/verify/')}"
    )


def _foot() -> str:
    site = settings.SITE
    line = f"\n--\n{site['title']}　{site['address']}\n{site.get('sponsor', '')}　{site.get('phone', '')}"
    return f"{line}\n这是演示网站，不是真的政府网站。" if site["demonstration"] else line
