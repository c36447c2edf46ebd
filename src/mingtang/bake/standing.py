"""Everything of the tree that is no publication: lists, boards, feeds, site maps, styles, and the way to verify."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

import mingtang.portal
from mingtang.editions.models import Checkpoint, Publication, PublicDuty
from mingtang.portal import lists, site
from mingtang.portal.pages import Page

from .feeds import checkpoint_feeds, publication_feeds
from .log_files import KEY, tile_paths
from .manifest import Manifest
from .tree import Tree

SITEMAP_ENTRIES = 5000


@dataclass
class Touched:
    """What the publications of a pass have to do with: only these lists and feeds are made anew. ``bodies`` are those
    whose pages may have changed, also by a duty that hangs on no publication."""

    ids: list[int]
    bodies: set[str] = field(default_factory=set)
    units: dict[str, str] = field(default_factory=dict)
    topics: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, ids: list[int] | None, *, duties_since: int = 0) -> "Touched":
        rows = Publication.objects.all() if ids is None else Publication.objects.filter(pk__in=ids)
        changed = PublicDuty.objects.filter(changed__gt=duties_since).values_list("unit_code", flat=True)
        found = cls(ids or [], set(changed))
        for code, name, topic in rows.order_by("pk").values_list("unit_code", "unit_name", "topic"):
            found.units[code] = name
            found.bodies.add(code)
            if topic:
                found.topics.add(topic)
        return found


def write_standing(
    tree: Tree, manifest: Manifest, touched: Touched | None, *, now: datetime, log_size: int, keys: str
) -> None:
    """Write all that is no publication. ``touched`` None means everything."""
    for path, data in _files(touched, now):
        manifest.note(path, tree.write(path, data))
    manifest.note(KEY, tree.write(KEY, keys.encode()))
    # Lists every shard there will be, this page's own among them.
    verify = "verify/index.html"
    shards = sorted({*manifest.shards(), *(f"{name}.txt" for name in manifest.changed_shards([verify]))})
    sizes = Checkpoint.objects.filter(size__lte=log_size).order_by("size").values_list("size", flat=True)
    others = [path for folder in ("feeds", "sitemaps", "static") for path in tree.files(folder)]
    page = site.verify_page(shards, tile_paths(log_size), [f"log/checkpoints/{size}" for size in sizes], others)
    manifest.note(verify, tree.write(verify, page.text().encode()))


def _files(touched: Touched | None, now: datetime) -> Iterator[tuple[str, bytes]]:
    if touched is None:
        yield from _assets()
        yield "robots.txt", _robots().encode()
    bodies = touched.bodies if touched else None
    for page in (*site.standing_pages(now, bodies), *_archives(touched)):
        yield f"{page.path}index.html", page.text().encode()
    these = touched or Touched.of(None)
    yield from publication_feeds(these.units, these.topics)
    yield from checkpoint_feeds()
    yield from _sitemaps(touched)


def _assets() -> Iterator[tuple[str, bytes]]:
    """Styles, scripts and pictures under the names that pages ask for, so that the tree needs nothing else."""
    folder = Path(mingtang.portal.__file__).parent / "static"
    for source in sorted(folder.rglob("*")):
        if source.is_file():
            name = source.relative_to(folder).as_posix()
            address = staticfiles_storage.url(name)
            collected = Path(settings.STATIC_ROOT) / address.removeprefix(settings.STATIC_URL)
            found = collected if collected.is_file() else Path(finders.find(name) or source)
            yield address.lstrip("/"), found.read_bytes()
    logo = str(settings.SITE.get("logo", ""))
    if logo:
        yield logo.lstrip("/"), (settings.PROFILE_FOLDER / logo.rsplit("-", 1)[1]).read_bytes()


def _archives(touched: Touched | None) -> Iterator[Page]:
    """The pages of each section's archive that hold a touched publication, or all."""
    for name in lists.SECTIONS:
        rows = lists.family(name)
        if touched is None:
            numbers = set(range(1, -(-rows.count() // lists.ARCHIVED) + 1))
        else:
            own = rows.filter(pk__in=touched.ids).values_list("pk", flat=True)
            numbers = {rows.filter(pk__lt=pk).count() // lists.ARCHIVED + 1 for pk in own}
        for number in sorted(numbers):
            page = lists.archive_page(name, number)
            if page is not None:
                yield page


def _robots() -> str:
    closed = "".join(
        f"Disallow: {path}\n" for path in ("/search", "/api/v1/", "/desk/", "/accounts/", "/feedback/", "/receipt/")
    )
    return f"User-agent: *\n{closed}\nSitemap: {settings.SITE['address']}/sitemap.xml\n"


def _sitemaps(touched: Touched | None) -> Iterator[tuple[str, bytes]]:
    """``sitemap.xml`` over parts of five thousand publications each, in the order they first became public."""
    rows = Publication.objects.order_by("pk")
    parts = -(-rows.count() // SITEMAP_ENTRIES)
    if touched is None:
        wanted = set(range(parts))
    else:
        wanted = {rows.filter(pk__lt=pk).count() // SITEMAP_ENTRIES for pk in touched.ids}
    address = settings.SITE["address"]
    for part in sorted(wanted):
        lines = [
            f"<url><loc>{escape(f'{address}/{row.path}/')}</loc>"
            f"<lastmod>{(row.validity_at or row.published_at).date().isoformat()}</lastmod></url>"
            for row in rows[part * SITEMAP_ENTRIES : (part + 1) * SITEMAP_ENTRIES]
            if row.validity != "erased"
        ]
        yield f"sitemaps/{part + 1}.xml", _xml("urlset", lines)
    pages = ["", "policies/", "interpretations/", "articles/", "units/", "guide/", "catalogue/", "about/", "verify/"]
    yield "sitemaps/pages.xml", _xml("urlset", [f"<url><loc>{address}/{page}</loc></url>" for page in pages])
    index = ["pages", *(str(part + 1) for part in range(parts))]
    yield (
        "sitemap.xml",
        _xml("sitemapindex", [f"<sitemap><loc>{address}/sitemaps/{name}.xml</loc></sitemap>" for name in index]),
    )


def _xml(name: str, lines: list[str]) -> bytes:
    body = "\n".join(lines)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{body}\n</{name}>\n"
    ).encode()
