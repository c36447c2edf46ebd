"""The search page and the words suggested while typing. Answered by the application: no file can know what is asked."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from mingtang.search.selectors import Found, search, suggest
from mingtang.search.wanted import Wanted, wanted_of

from .jinja import respond
from .kinds import KINDS
from .lists import listed
from .papers import slug_of

PER_PAGE, SHOWN_OPTIONS, MOST_PAGES = 20, 8, 500
TITLES = {
    "kind": "类别",
    "stage": "五公开",
    "unit": "发布机构",
    "region": "地区",
    "topic": "主题分类",
    "genre": "体裁",
    "year": "年份",
    "validity": "有效性",
    "language": "语言",
}
SORTS = {"relevance": "最相关", "newest": "新的在前", "oldest": "旧的在前"}
LONGEST_TYPED = 60


def results(request: HttpRequest) -> HttpResponse:
    """What is found, whatever is asked: nonsense finds nothing and says why."""
    wanted = wanted_of(request.GET)
    page = _number(request.GET.get("page", ""))
    found = search(wanted, page=page, size=PER_PAGE)
    pages = min(-(-found.total // PER_PAGE), MOST_PAGES)
    direct = None
    if found.direct is not None:
        direct = listed([found.direct])[0]
    context = {
        "wanted": wanted,
        "found": found,
        "direct": direct,
        "rows": _rows(found),
        "facets": _facets(wanted, found),
        "chips": _chips(wanted, found),
        "sorts": [(name, words, wanted.query(sort=name)) for name, words in SORTS.items()],
        "sort": "newest" if wanted.sort == "relevance" and not wanted.q else wanted.sort,
        "hidden": [(name, value) for name, value in wanted.filters().items()],
        "suggestions": [(words, Wanted(q=words).query(), count) for words, count in found.suggestions],
        "page": page,
        "pages": pages,
        "before": wanted.query(page=page - 1) if page > 1 else "",
        "after": wanted.query(page=page + 1) if page < pages else "",
        "section": "search",
    }
    return respond("portal/search.html", context)


def suggestions(request: HttpRequest) -> JsonResponse:
    """Titles and numbers that go on as typed, as a JSON list."""
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_TYPED]
    return JsonResponse(suggest(typed) if typed else [], safe=False, json_dumps_params={"ensure_ascii": False})


def _number(text: str) -> int:
    return min(int(text), MOST_PAGES) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1


def _rows(found: Found) -> list[dict[str, Any]]:
    return [
        {
            "publication": hit.publication,
            "slug": slug_of(hit.publication),
            "kind_label": KINDS.get(hit.publication.kind, ""),
            "title": hit.title,
            "snippet": hit.snippet,
        }
        for hit in found.hits
    ]


def _facets(wanted: Wanted, found: Found) -> list[dict[str, Any]]:
    """Each filter with its options; a filter with one option that is not chosen tells nothing and is left out."""
    made = []
    for name, title in TITLES.items():
        chosen = getattr(wanted, name)
        options = [
            {
                "label": label,
                "count": count,
                "query": _with(wanted, name, "" if value == chosen else value),
                "chosen": value == chosen,
            }
            for value, label, count in found.facets.get(name, [])
        ]
        if chosen or len(options) > 1:
            made.append(
                {"name": name, "title": title, "options": options[:SHOWN_OPTIONS], "more": options[SHOWN_OPTIONS:]}
            )
    return made


def _with(wanted: Wanted, name: str, value: str) -> str:
    """The address's query with one filter changed."""
    changes: dict[str, Any] = {name: value}
    return wanted.query(1, **changes)


def _chips(wanted: Wanted, found: Found) -> list[tuple[str, str]]:
    """What is filtered, in words, each with the query that removes it."""
    made = [(f"“{wanted.q}”", wanted.query(q=""))] if wanted.q else []
    for name, value in wanted.filters().items():
        labels = {code: label for code, label, _count in found.facets.get(name, [])}
        made.append((f"{TITLES.get(name, name)}：{labels.get(value, value)}", _with(wanted, name, "")))
    if wanted.since:
        made.append((f"{wanted.since}起", wanted.query(since=None)))
    if wanted.until:
        made.append((f"到{wanted.until}", wanted.query(until=None)))
    return made
