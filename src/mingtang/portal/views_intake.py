"""Where citizens write to us: an error on a page, a receipt to look up, a subscription.

These are the only pages that are not baked. They set one cookie, against forgery, and no session.
"""

from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from mingtang.editions.models import Publication, PublicUnit
from mingtang.intake import subscriptions
from mingtang.intake.limits import client_address, is_over, new_request_key
from mingtang.intake.models import RECEIVED, SUBMITTED
from mingtang.intake.services import receipt_of, submit
from mingtang.rules import Due, Limit, load_rulebook, local_day, shipped_calendar

from .forms_intake import FeedbackForm, GuardedForm, ReceiptForm, SubscribeForm, page_address
from .jinja import respond
from .public_forms import form_page, form_view, is_forged
from .rulebook import PACKS, due_words

UNITS = "机构"
ERROR_REPORT, ERROR_REPORT_DUTY = "error_report", "DW1"


@cache
def _answer_limit() -> Limit:
    limit = load_rulebook((*PACKS, "government_websites")).duties[ERROR_REPORT_DUTY].limit
    assert limit is not None
    return limit


def _promise(now: datetime) -> dict[str, Any]:
    """By when an error report sent ``now`` is answered: the date, and how it is counted."""
    due: Due | None = _answer_limit().due(now, shipped_calendar())
    assert due is not None
    return {"due": due_words(due.at, now), "counted": _answer_limit().text, "provisional": due.provisional}


@form_view
def feedback(request: HttpRequest) -> HttpResponse:
    """Tell of an error: GET ``?page=/pub/x/`` shows the form, POST gives the receipt."""
    now = timezone.localtime()
    if request.method != "POST":
        page = page_address(request.GET.get("page", "/"))
        form = FeedbackForm(now=now, initial={"page": page, "request_key": new_request_key(now)})
        return _feedback_page(request, form, now)
    form = FeedbackForm(request.POST, now=now)
    problem = _problem(request, form, "feedback")
    if problem or not form.is_valid():
        return _feedback_page(request, form, now, problem)
    data = form.cleaned_data
    said = {name: data[name] for name in ("what", "quote", "contact") if data[name]}
    try:
        number, code = submit(ERROR_REPORT, said, page=data["page"], request_key=data["request_key"], now=now)
    except DatabaseError:
        return _feedback_page(request, form, now, "down")
    context = {"number": number, "code": code, "at": now, "about": _about(data["page"]), **_promise(now)}
    return respond("portal/feedback_sent.html", context)


def _feedback_page(request: HttpRequest, form: FeedbackForm, now: datetime, problem: str = "") -> HttpResponse:
    page = page_address(form.text("page"))
    context = {"form": form, "about": _about(page), "here": page, **_promise(now), **_key(form, now, problem)}
    return form_page(request, "portal/feedback.html", context, problem=problem, status=422 if form.errors else 200)


def _problem(request: HttpRequest, form: GuardedForm, name: str) -> str:
    """What besides the fields stands in the way of a POST. Only what is otherwise fine counts against the limit."""
    valid = form.is_valid()
    if is_forged(request):
        return "cookie"
    if not valid:
        return "old" if form.problem == "old" else ""
    if form.problem:
        return form.problem
    return "often" if is_over(name, client_address(request)) else ""


def _key(form: GuardedForm, now: datetime, problem: str) -> dict[str, str]:
    """The form's request key; a new one where the old can no longer be used."""
    return {"request_key": new_request_key(now) if problem == "old" else form.text("request_key")}


def _about(page: str) -> dict[str, str]:
    """What the page is and who answers for it, as far as the public side knows. Empty if the database is away."""
    parts = [part for part in page.partition("?")[0].split("/") if part]
    try:
        if parts[:1] == ["pub"] and len(parts) > 1:
            found = Publication.objects.filter(path="/".join(parts[:2])).first()
            if found is not None:
                title = "" if found.validity == "erased" else found.title
                return {"page": page, "title": title, "unit": found.unit_name}
        if parts[:1] == ["units"] and len(parts) > 1:
            unit = PublicUnit.objects.filter(code=parts[1]).first()
            if unit is not None:
                return {"page": page, "title": unit.name, "unit": unit.name}
    except DatabaseError:
        pass
    return {"page": page, "title": "", "unit": str(settings.SITE.get("sponsor", ""))}


@form_view
def receipt(request: HttpRequest) -> HttpResponse:
    """What became of something sent in, for whoever holds number and code. The code never stands in an address."""
    now = timezone.localtime()
    if request.method != "POST":
        form = ReceiptForm(initial={"number": request.GET.get("number", "")[:60]})
        return form_page(request, "portal/receipt.html", {"form": form})
    form = ReceiptForm(request.POST)
    if is_forged(request):
        return form_page(request, "portal/receipt.html", {"form": form}, problem="cookie")
    if not form.is_valid():
        return form_page(request, "portal/receipt.html", {"form": form}, status=422)
    number = form.cleaned_data["number"]
    # By address, so that nobody tries many codes, and by number, so that nobody tries one from many addresses.
    if is_over("receipt", client_address(request)) or is_over("receipt", number):
        return form_page(request, "portal/receipt.html", {"form": form}, problem="often")
    try:
        found = receipt_of(number, form.cleaned_data["code"])
    except DatabaseError:
        return form_page(request, "portal/receipt.html", {"form": form}, problem="down")
    context: dict[str, Any] = {"form": form, "receipt": found, "wrong": found is None}
    if found is not None:
        open_still = found.status in (SUBMITTED, RECEIVED, "forwarded")
        context["due"] = due_words(found.due_at, now) if found.due_at and open_still else ""
        context["late"] = bool(open_still and found.due_at and now > found.due_at)
        context["about"] = _about(found.page)
    return form_page(request, "portal/receipt.html", context, status=422 if found is None else 200)


@form_view
def subscribe(request: HttpRequest) -> HttpResponse:
    """Feeds and e-mail for everything, one unit (``?unit=``) or one topic (``?topic=``)."""
    now = timezone.localtime()
    groups = _subjects()
    known = {value for _, choices in groups for value, _ in choices}
    if request.method != "POST":
        wanted = next(
            (f"{kind}/{request.GET[kind]}" for kind in ("unit", "topic") if request.GET.get(kind)),
            "all",
        )
        initial = {"subject": wanted if wanted in known else "all", "request_key": new_request_key(now)}
        form = SubscribeForm(now=now, choices=groups, initial=initial)
        return _subscribe_page(request, form, groups, now, unknown=wanted not in known)
    form = SubscribeForm(request.POST, now=now, choices=groups)
    if not settings.MAIL_SERVER:
        return _subscribe_page(request, form, groups, now)
    problem = _problem(request, form, "subscribe")
    if problem or not form.is_valid():
        return _subscribe_page(request, form, groups, now, problem)
    data = form.cleaned_data
    try:
        subscriptions.ask(data["email"], [data["subject"]], request_key=data["request_key"], now=now)
    except DatabaseError:
        return _subscribe_page(request, form, groups, now, "down")
    context = {"email": data["email"], "label": _label(groups, data["subject"]), "hour": settings.DIGEST_AT}
    return respond("portal/subscribe_asked.html", context)


Groups = list[tuple[str, list[tuple[str, str]]]]


def _subjects() -> Groups:
    """All that can be subscribed, in groups: (subject, words). A subject is the name of its feed."""
    today = local_day(timezone.now())
    units = [
        (f"unit/{unit.code}", unit.name)
        for unit in PublicUnit.objects.all()
        if unit.valid_to is None or unit.valid_to >= today
    ]
    topics = Publication.objects.exclude(topic="").order_by("topic").values_list("topic", flat=True).distinct()
    groups = [
        ("全部", [("all", "全部新公开的内容")]),
        (UNITS, units),
        ("主题", [(f"topic/{topic}", topic) for topic in topics]),
    ]
    return [(name, choices) for name, choices in groups if choices]


def _label(groups: Groups, subject: str) -> str:
    return next((words for _, choices in groups for value, words in choices if value == subject), "")


def _feed(subject: str) -> str:
    """Path of the feeds of a subject, without ending. A slash in a topic's name is a dash there."""
    kind, _, name = subject.partition("/")
    return f"/feeds/{kind}/{name.replace('/', '-')}" if name else f"/feeds/{kind}"


def _subscribe_page(
    request: HttpRequest,
    form: SubscribeForm,
    groups: Groups,
    now: datetime,
    problem: str = "",
    *,
    unknown: bool = False,
) -> HttpResponse:
    subject = form.text("subject") or "all"
    # A unit's feeds are made when it first publishes.
    published = {
        f"unit/{code}" for code in Publication.objects.order_by().values_list("unit_code", flat=True).distinct()
    }
    ready = [
        (name, [(words, _feed(value)) for value, words in choices if name != UNITS or value in published])
        for name, choices in groups
    ]
    context = {
        "form": form,
        "groups": groups,
        "subject": subject,
        "label": _label(groups, subject) or "全部新公开的内容",
        "feed": _feed(subject),
        "feeds": [(name, rows) for name, rows in ready if rows],
        "has_feed": not subject.startswith("unit/") or subject in published,
        "mail": bool(settings.MAIL_SERVER),
        "unsent": request.method == "POST" and not settings.MAIL_SERVER,
        "unknown": unknown,
        "hour": settings.DIGEST_AT,
        **_key(form, now, problem),
    }
    status = 503 if context["unsent"] else 422 if form.errors else 200
    return form_page(request, "portal/subscribe.html", context, problem=problem, status=status)


@form_view
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a confirmation mail: a page with one button, since mail programs open links by themselves."""
    now = timezone.localtime()
    if not subscriptions.can_confirm(token):
        return respond("portal/subscription.html", {"kind": "confirm", "step": "gone"}, 410)
    if request.method != "POST" or is_forged(request):
        problem = "cookie" if request.method == "POST" else ""
        return form_page(request, "portal/subscription.html", {"kind": "confirm", "step": "ask"}, problem=problem)
    subscriptions.confirm(token, now=now)
    return respond("portal/subscription.html", {"kind": "confirm", "step": "done", "hour": settings.DIGEST_AT})


@csrf_exempt
@never_cache
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The way out in every digest. A POST alone is enough (RFC 8058): whoever has the link may use it."""
    if not subscriptions.is_stop_token(token):
        return respond("portal/subscription.html", {"kind": "stop", "step": "gone"}, 404)
    if not subscriptions.can_stop(token):
        return respond("portal/subscription.html", {"kind": "stop", "step": "done"})
    if request.method != "POST":
        return respond("portal/subscription.html", {"kind": "stop", "step": "ask"})
    subscriptions.stop(token, now=timezone.localtime())
    return respond("portal/subscription.html", {"kind": "stop", "step": "done"})
