"""Atom and RSS: what was made public, changed or withdrawn, whole, by unit and by topic; and every checkpoint."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.db.models import Max
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed

from mingtang.editions.models import Checkpoint, Publication
from mingtang.portal.kinds import KINDS

ENTRIES, CHECKPOINTS = 30, 100


class _WithoutClock:
    """Django dates a feed without entries by the clock; a feed that says nothing new must keep its bytes."""

    born = datetime.fromisoformat("2017-01-01T00:00:00+08:00")

    def latest_post_date(self) -> datetime:
        dates = [item["updateddate"] or item["pubdate"] for item in self.items]  # type: ignore[attr-defined]
        return max((date for date in dates if date), default=self.born)


class Atom(_WithoutClock, Atom1Feed):
    pass


class Rss(_WithoutClock, Rss201rev2Feed):
    pass


FEEDS: tuple[tuple[str, type[SyndicationFeed]], ...] = (("atom", Atom), ("rss", Rss))


def publication_feeds(units: dict[str, str], topics: set[str]) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of the feed of everything, and of those of the given units (code to name) and topics."""
    everything = Publication.objects.exclude(validity="erased")
    title = str(settings.SITE["title"])
    yield from _feeds("feeds/all", f"{title}：最新公开", "/", everything)
    for code, name in sorted(units.items()):
        own = everything.filter(unit_code=code)
        yield from _feeds(f"feeds/unit/{code}", f"{name}：最新公开", f"/units/{code}/", own)
    for topic in sorted(topics):
        own = everything.filter(topic=topic)
        yield from _feeds(f"feeds/topic/{topic_name(topic)}", f"{topic}：最新公开", "/policies/", own)


def topic_name(topic: str) -> str:
    """A topic as part of a path: a few topics have a comma or slash in them."""
    return topic.replace("/", "-")


def _feeds(path: str, title: str, link: str, rows: object) -> Iterator[tuple[str, bytes]]:
    newest = list(
        rows.annotate(last=Max("log_entries__at")).order_by("-last", "-pk")[:ENTRIES]  # type: ignore[attr-defined]
    )
    for suffix, kind in FEEDS:
        feed = _feed(kind, f"{path}.{suffix}", title, link)
        for row in newest:
            feed.add_item(
                title=_title(row),
                link=f"{_site()}/{row.path}/",
                description=_words(row),
                unique_id=f"{_site()}/{row.path}/",
                pubdate=row.published_at,
                updateddate=row.last or row.published_at,
                author_name=row.unit_name,
                categories=tuple(word for word in (str(KINDS.get(row.kind, "")), row.topic) if word),
            )
        yield f"{path}.{suffix}", feed.writeString("utf-8").encode()


def checkpoint_feeds() -> Iterator[tuple[str, bytes]]:
    """Every signed checkpoint, so that whoever subscribes keeps what nobody can take back."""
    rows = Checkpoint.objects.order_by("-size")[:CHECKPOINTS]
    title = f"{settings.SITE['title']}：公开日志的检查点"
    for suffix, kind in FEEDS:
        feed = _feed(kind, f"feeds/checkpoints.{suffix}", title, "/verify/")
        for row in rows:
            address = f"{_site()}/log/checkpoints/{row.size}"
            feed.add_item(
                title=f"公开日志共{row.size}条，总指纹{row.root[:16]}",
                link=address,
                description=row.note,
                unique_id=address,
                pubdate=row.at,
                updateddate=row.at,
                author_name=str(settings.SITE["sponsor"]),
            )
        yield f"feeds/checkpoints.{suffix}", feed.writeString("utf-8").encode()


def _feed(kind: type[SyndicationFeed], path: str, title: str, link: str) -> SyndicationFeed:
    return kind(
        title=title,
        link=f"{_site()}{link}",
        description=title,
        language="zh-CN",
        author_name=str(settings.SITE["sponsor"]),
        feed_url=f"{_site()}/{quote(path)}",
        feed_guid=f"{_site()}/{quote(path)}",
    )


def _site() -> str:
    return str(settings.SITE["address"])


def _title(row: Publication) -> str:
    return row.title if row.validity == "valid" else f"【{row.validity_label}】{row.title}"


def _words(row: Publication) -> str:
    """What a reader of feeds gets to know without opening the page."""
    parts = [row.unit_name, row.document_number, str(KINDS.get(row.kind, "")), row.summary or row.validity_reason]
    return "　".join(part for part in parts if part)
