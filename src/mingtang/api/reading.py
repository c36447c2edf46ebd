"""Rows of the public tables as answers."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from mingtang.editions.models import LIVE, Edition, Publication
from mingtang.portal.loading import Loaded
from mingtang.portal.papers import slug_of
from mingtang.rules import SHANGHAI


def local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(SHANGHAI) if moment else None


def publication_data(publication: Publication, edition: int | None) -> dict[str, Any]:
    """A publication without its content; ``edition`` is the number of its live edition."""
    return {
        "index_number": publication.index_number,
        "slug": slug_of(publication),
        "url": f"{settings.SITE['address']}/{quote(publication.path)}/",
        "kind": publication.kind,
        "title": publication.title,
        "document_number": publication.document_number,
        "unit": {"code": publication.unit_code, "name": publication.unit_name},
        "region": publication.region_code,
        "stages": publication.stages,
        "topic": publication.topic,
        "genre": publication.genre,
        "language": publication.language,
        "written_on": publication.written_on,
        "published_at": local(publication.published_at),
        "validity": publication.validity,
        "validity_reason": publication.validity_reason,
        "validity_at": local(publication.validity_at),
        "summary": publication.summary,
        "edition": edition,
    }


def publications_data(rows: Iterable[Publication]) -> list[dict[str, Any]]:
    """Several publications, their live editions asked for at once."""
    rows = list(rows)
    live = dict(Edition.objects.filter(publication__in=rows, state=LIVE).values_list("publication_id", "number"))
    return [publication_data(row, live.get(row.pk)) for row in rows]


def edition_data(edition: Edition) -> dict[str, Any]:
    return {
        "number": edition.number,
        "state": edition.state,
        "payload_hash": edition.payload_hash,
        "reason": edition.reason,
        "published_at": local(edition.published_at),
    }


def detail_data(loaded: Loaded) -> dict[str, Any]:
    """A publication with the content of its live edition; without content once it was withdrawn."""
    live = loaded.live if loaded.live.state == LIVE else None
    return {
        **publication_data(loaded.publication, live.number if live else None),
        "editions": [edition_data(edition) for edition in loaded.editions],
        "files": [
            {
                "name": use.name,
                "url": f"{settings.SITE['address']}/{quote(loaded.publication.path)}/files/{quote(use.name)}",
                "sha256": use.file_id,
                "size": use.file.size,
                "media_type": use.file.media_type,
            }
            for use in (loaded.files if live else [])
        ],
        "relations": [
            *(_relation("explained_by", one.publication) for one in loaded.sources),
            *(_relation("explains", one.publication) for one in loaded.targets),
            *(_relation(kind, other) for kind, other in loaded.relatives),
        ],
        "payload": loaded.payload if live else None,
    }


def _relation(kind: str, other: Publication) -> dict[str, str]:
    return {"kind": kind, "slug": slug_of(other), "title": other.title}


def json_text(value: Any) -> str:
    """JSON with times in full, as the content was hashed: no field of it is touched."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda moment: moment.isoformat())
