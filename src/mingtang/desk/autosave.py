"""Forms are kept as they are typed, one second after the last key, for the one person who typed them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mingtang.units.models import Person

from .access import StaffRequest, staff_view
from .models import AutosavedForm

LARGEST = 1024 * 1024
MOST_PER_PERSON = 50
NOT_KEPT = ("csrfmiddlewaretoken", "autosave_key", "request_key", "file", "attachments", "held", "action")
KEY = re.compile(r"(new|edit|do):[a-z0-9_:-]{1,140}\+?")


@staff_view
def save(request: StaffRequest) -> HttpResponse:
    """Keep what was typed so far. Answers with the line shown beside the buttons."""
    if request.method != "POST":
        return HttpResponse(status=405)
    key = request.POST.get("autosave_key", "")
    if not KEY.fullmatch(key):
        return HttpResponse("没有保存：请刷新本页。", status=400)
    kept = {name: values for name, values in request.POST.lists() if name not in NOT_KEPT}
    data = json.dumps(kept, ensure_ascii=False)
    if len(data.encode()) > LARGEST:
        return HttpResponse("内容超过1 MB，没有自动保存，请尽快提交。", status=413)
    AutosavedForm.objects.update_or_create(
        person=request.user, form_key=key, defaults={"data": data, "saved_at": request.now}
    )
    mine = AutosavedForm.objects.filter(person=request.user).order_by("-saved_at", "-pk")
    surplus = list(mine.values_list("pk", flat=True)[MOST_PER_PERSON:])
    if surplus:
        AutosavedForm.objects.filter(pk__in=surplus).delete()
    return HttpResponse(f"已自动保存 {request.now:%H:%M:%S}")


@require_POST
@staff_view
def discard(request: StaffRequest) -> HttpResponse:
    """Throw away what was kept and open the form afresh."""
    AutosavedForm.objects.filter(person=request.user, form_key=request.POST.get("autosave_key", "")).delete()
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if safe else "desk:home")


def pending(person: Person, key: str) -> AutosavedForm | None:
    """What this person typed into this form and never submitted, newest first."""
    found = AutosavedForm.objects.filter(person=person, form_key__in=(key, f"{key}+"))
    return found.order_by("-saved_at", "-pk").first()


def version_typed_on(request: StaffRequest, key: str) -> int | None:
    """The version a restored text was typed against, so that saving it still notices what changed since."""
    saved = pending(request.user, key) if request.GET.get("restore") == "1" else None
    value = as_posted(saved).get("expected_version", "") if saved is not None else ""
    return int(value) if str(value).isdecimal() else None


def forget(person: Person, key: str) -> None:
    AutosavedForm.objects.filter(person=person, form_key__in=(key, f"{key}+")).delete()


def as_posted(saved: AutosavedForm) -> QueryDict:
    """The kept form as a browser would post it."""
    data = QueryDict(mutable=True)
    for name, values in json.loads(saved.data).items():
        data.setlist(name, values)
    return data


def typed_values(form: forms.Form, data: QueryDict) -> dict[str, Any]:
    """What a form's fields hold as typed, unchecked: to show it again without complaining about it yet."""
    return {
        name: field.widget.value_from_datadict(data, {}, form.add_prefix(name)) for name, field in form.fields.items()
    }


def notice(request: StaffRequest, key: str) -> Mapping[str, Any]:
    """Context for a form page: the key to save under, and what waits to be taken up again.

    While somebody has not decided about older text, new typing is kept beside it, not over it.
    """
    waiting = pending(request.user, key)
    restored = waiting is not None and request.GET.get("restore") == "1"
    undecided = waiting is not None and not restored
    saving = waiting.form_key if restored and waiting else f"{key}+" if undecided else key
    return {
        "autosave_key": saving,
        "waiting": waiting if undecided else None,
        "restored": waiting if restored else None,
    }
