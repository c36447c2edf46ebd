"""Who is asking, once per request, and what they are told when they may not."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from mingtang.records.errors import IllegalState, NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.selectors import find_visible
from mingtang.records.spec import RecordSpec, spec_for
from mingtang.units.actors import Actor, actor_for
from mingtang.units.models import Person
from mingtang.units.roles import ADMINISTRATORS


class StaffRequest(HttpRequest):
    """A request of somebody who signed in: ``actor`` and ``now`` are fixed for its whole length."""

    user: Person
    actor: Actor
    now: datetime


NOT_WORDS = {"csrfmiddlewaretoken", "request_key", "autosave_key", "imported", "expected_version", "about", "next"}
View = Callable[..., HttpResponse]


def staff_view(view: View) -> View:
    """Require sign-in, fix actor and moment, and turn refusals into pages that say what to do."""

    @never_cache
    @wraps(view)
    def inner(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        request.now = timezone.localtime()
        request.actor = actor_for(request.user, request.now)
        try:
            return view(request, *args, **kwargs)
        except Http404:
            return message_page(
                request, 404, "没有这一页", "您要找的事项不存在，或者不属于您所在的单位。请从办公台重新进入。"
            )
        except NotAllowed as error:
            return message_page(request, 403, "这一步不由您办理", str(error), back=_record_address(kwargs))
        except IllegalState as error:
            return message_page(request, 409, "这一步已经不能办了", str(error), back=_record_address(kwargs))
        except Refused as error:
            return message_page(request, 422, "还不能办理", str(error), back=_record_address(kwargs))

    return inner


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to sign-in, and back. A part of a page is answered with 401: its whole page has to move."""
    if "HX-Request" not in request.headers:
        return redirect_to_login(request.get_full_path())
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = urlencode({REDIRECT_FIELD_NAME: urlunsplit(("", "", page.path, page.query, ""))})
    return HttpResponse(status=401, headers={"HX-Redirect": f"{resolve_url(settings.LOGIN_URL)}?{back}"})


def business_view(view: View) -> View:
    """A staff view the three administrators stay out of: they run the system and see none of its business."""

    @staff_view
    @wraps(view)
    def inner(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_administrator(request.actor):
            raise NotAllowed("系统、安全和审计管理员不经办业务，也不查看业务内容。")
        return view(request, *args, **kwargs)

    return inner


def is_administrator(actor: Actor) -> bool:
    return bool(actor.roles) and actor.roles <= ADMINISTRATORS


def message_page(request: HttpRequest, status: int, title: str, text: str, back: str = "") -> HttpResponse:
    context = {"title": title, "text": text, "back": back, "typed": _typed_words(request)}
    return render(request, "desk/message.html", context, status=status)


def _typed_words(request: HttpRequest) -> list[str]:
    """What somebody wrote before they were refused, long enough to be worth copying: no sentence is lost."""
    if request.method != "POST":
        return []
    kept = [value for name, values in request.POST.lists() if name not in NOT_WORDS for value in values]
    return [value for value in kept if len(value) > 12]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was opened too long ago, or in another sign-in."""
    return message_page(request, 403, "页面已过期", "请返回重新打开这一页再提交。您填写的内容列在下面，可以复制。")


def spec_or_404(kind: str) -> RecordSpec:
    try:
        return spec_for(kind)
    except KeyError:
        raise Http404 from None


def record_or_404(request: StaffRequest, kind: str, record_id: uuid.UUID) -> tuple[RecordSpec, Record]:
    """The record with its spec. One of another unit and one that never was look exactly the same."""
    spec = spec_or_404(kind)
    record = find_visible(request.actor, record_id)
    if record is None or record.kind != kind:
        raise Http404
    return spec, record


def record_url(record: Record, page: str = "detail", **kwargs: Any) -> str:
    return reverse(f"desk:{page}", kwargs={"kind": record.kind, "record_id": record.pk, **kwargs})


def _record_address(kwargs: dict[str, Any]) -> str:
    if "record_id" not in kwargs:
        return ""
    return reverse("desk:detail", kwargs={"kind": kwargs["kind"], "record_id": kwargs["record_id"]})
