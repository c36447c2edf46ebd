"""What machines read in a page's head: the META tags of Chinese government websites, and schema.org as JSON-LD."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from mingtang.editions.models import Edition, Publication

from .jinja import stamp
from .kinds import KINDS

COLUMNS = {
    "policies": ("政策文件", "市直单位和旗县市区公开的政策文件", "政策;文件", "政策文件"),
    "interpretations": ("政策解读", "政策文件的解读和解读活动", "解读;政策", "政策解读"),
    "guide": ("政府信息公开", "公开指南、制度、法定主动公开内容和年度报告", "政府信息公开", "政府信息公开"),
    "units": ("机构", "机构职能、负责人和联系方式", "机构;职能", "机构职能"),
    "articles": ("职责公示", "逐条公示职责办得怎么样", "职责;公示", "职责公示"),
}
COLUMN_OF = {"document": "policies", "unit_profile": "units", "disclosure_guide": "guide"}
IN_FORCE = {"valid": "InForce", "amended": "PartiallyInForce", "not_yet": "NotInForce"}


def column_metadata(section: str) -> list[tuple[str, str]]:
    """The four tags of a list page: name, description, key words and type of the column."""
    names = ("ColumnName", "ColumnDescription", "ColumnKeywords", "ColumnType")
    return list(zip(names, COLUMNS.get(section, COLUMNS["policies"]), strict=True))


def article_metadata(publication: Publication, payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The tags of an article page: its column, and title, time (the one the page shows) and source."""
    found = [
        *column_metadata(COLUMN_OF.get(publication.kind, "interpretations")),
        ("ArticleTitle", publication.title),
        ("PubDate", stamp(publication.published_at)),
        ("ContentSource", str(payload.get("source") or publication.unit_name)),
    ]
    keywords = [word for word in (publication.topic, publication.genre) if word]
    return [*found, ("Keywords", ";".join(keywords))] if keywords else found


def linked_data(publication: Publication, edition: Edition, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A paper as schema.org Legislation, anything else as Article."""
    address = f"{settings.SITE['address']}/{publication.path}/"
    organisation = {"@type": "GovernmentOrganization", "name": publication.unit_name}
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Legislation" if publication.kind == "document" else "Article",
        "@id": address,
        "url": address,
        "name": publication.title,
        "headline": publication.title[:110],
        "identifier": publication.index_number,
        "inLanguage": publication.language,
        "datePublished": publication.published_at.isoformat(),
        "dateModified": edition.published_at.isoformat(),
        "version": edition.number,
        "publisher": organisation,
        "genre": publication.genre or str(KINDS.get(publication.kind, "")),
        "encoding": {
            "@type": "MediaObject",
            "contentUrl": f"{address}record.json",
            "encodingFormat": "application/json",
        },
    }
    if publication.kind == "document":
        found["legislationIdentifier"] = publication.document_number or publication.index_number
        found["legislationPassedBy"] = [
            {"@type": "GovernmentOrganization", "name": name} for name in payload.get("issuers", [])
        ]
        if publication.written_on:
            found["legislationDate"] = publication.written_on.isoformat()
        force = IN_FORCE.get(publication.validity, "NotInForce")
        found["legislationLegalForce"] = f"https://schema.org/{force}"
    else:
        found["author"] = organisation
    return found
