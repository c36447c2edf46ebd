"""Publications written straight into the public tables."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from mingtang.editions.log import NewEntry, append_entries, salted_hash
from mingtang.editions.models import ERASED, LIVE, SUPERSEDED, WITHDRAWN, Edition, EditionFile, Publication, PublicFile
from mingtang.text.canonical import canonical_json

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Shelf:
    """Public papers without the house that makes them: the same rows, and the same log entries."""

    def publish(self, title: str, *paragraphs: str, files: dict[str, str] | None = None, **columns: Any) -> Publication:
        number = Publication.objects.count() + 1
        values: dict[str, Any] = {
            "index_number": f"TL00/2026/{number:05d}",
            "path": f"pub/{number}",
            "kind": "document",
            "unit_code": "U1",
            "unit_name": "市发展和改革委员会",
            "published_at": datetime(2026, 3, 2, 9, tzinfo=SHANGHAI),
            **columns,
        }
        publication = Publication.objects.create(title=title, **values)
        self._edition(publication, title, paragraphs, files or {})
        return publication

    def correct(self, publication: Publication, title: str, *paragraphs: str) -> None:
        old = publication.editions.get(state=LIVE)
        old.state = SUPERSEDED
        old.save()
        publication.title = title
        publication.save()
        self._edition(publication, title, paragraphs, {})

    def mark(self, publication: Publication, validity: str) -> None:
        publication.validity = validity
        publication.save()
        edition = publication.editions.order_by("-number")[0]
        if validity == "withdrawn":
            edition.state = WITHDRAWN
            edition.save()
        self._log(publication, edition, validity)

    def erase(self, publication: Publication) -> None:
        for edition in publication.editions.all():
            edition.state, edition.payload, edition.salt, edition.payload_hash = ERASED, "", "", ""
            edition.save()
            for used in edition.files.all():
                used.delete()
                used.file.delete()
        publication.title, publication.document_number, publication.validity = "（内容已依法清除）", "", "erased"
        publication.save()
        self._log(publication, publication.editions.order_by("-number")[0], "erased")

    def _edition(self, publication: Publication, title: str, paragraphs: Any, files: dict[str, str]) -> None:
        blocks = [
            {"id": f"p{number}", "kind": "paragraph", "number": "", "title": "", "text": text}
            for number, text in enumerate(paragraphs, 1)
        ]
        payload = canonical_json({"schema": "document/1", "title": title, "blocks": blocks})
        number = publication.editions.count() + 1
        edition = Edition.objects.create(
            publication=publication,
            number=number,
            payload=payload,
            payload_hash="0" * 64,
            salt="s",
            published_at=publication.published_at,
        )
        for position, (name, text) in enumerate(files.items()):
            stored = PublicFile.objects.create(
                sha256=f"{publication.pk}-{number}-{position}", media_type="text/plain", size=1, content=b"x", text=text
            )
            EditionFile.objects.create(edition=edition, file=stored, name=name, position=position)
        self._log(publication, edition, "published")

    def _log(self, publication: Publication, edition: Edition, kind: str) -> None:
        salted = salted_hash(edition.salt, edition.payload)
        with transaction.atomic():
            append_entries([NewEntry(publication, edition.number, kind, salted, publication.published_at)])
