"""The system administrator's page of hooks, and how the outbox of notices stands. Shows no business and no person."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from mingtang.notices.hooks import hook_end, hook_make, secret_of
from mingtang.notices.models import STATUSES, Delivery, Hook
from mingtang.notices.services import NoticesError
from mingtang.units.models import Unit

from .access import StaffRequest
from .administration import administrator_view


class HookForm(forms.Form):
    unit = forms.ModelChoiceField(
        Unit.objects.filter(valid_to=None),
        label=_("哪个单位的通知"),
        required=False,
        empty_label=_("所有单位"),
        error_messages={"invalid_choice": _("没有这个单位，请从列表里选。")},
    )
    url = forms.CharField(
        label=_("接收地址"),
        max_length=400,
        help_text=_("以 https:// 开头的网址。推送的内容只有类别、单位、件数、期限和办公台的链接。"),
        error_messages={"required": _("请填写接收地址。")},
    )


@administrator_view("hooks")
def hooks(request: StaffRequest) -> HttpResponse:
    """Hooks in use, a form for another, and how many mails and calls wait, went out, or are in doubt."""
    form = HookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            hook = hook_make(actor_id=request.user.pk, unit=data["unit"], url=data["url"], now=request.now)
        except NoticesError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, f"已登记。请把第{hook.pk}号的签名密钥填到对方系统里。")
            return redirect("desk:hooks")
    found = Hook.objects.filter(ended_at=None).select_related("unit").order_by("pk")
    context = {
        "form": form,
        "groups": [("", list(form))],
        "hooks": [{"hook": hook, "secret": secret_of(hook), "last": _last(hook)} for hook in found],
        "outbox": _outbox(),
        "mail_server": bool(settings.MAIL_SERVER),
    }
    return render(request, "desk/hooks.html", context, status=400 if form.errors else 200)


def _last(hook: Hook) -> Delivery | None:
    return hook.deliveries.order_by("-made_at").first()


def _outbox() -> list[dict[str, Any]]:
    counts = {
        (row["channel"], row["status"]): row["count"]
        for row in Delivery.objects.values("channel", "status").annotate(count=Count("pk")).order_by()
    }
    return [
        {"label": label, "mail": counts.get(("mail", status), 0), "hook": counts.get(("hook", status), 0)}
        for status, label in STATUSES.items()
    ]


@administrator_view("hooks")
@require_POST
def end(request: StaffRequest, hook_id: int) -> HttpResponse:
    """Send nothing more to a hook."""
    if not 0 < hook_id < 2**31:
        raise Http404
    hook_end(actor_id=request.user.pk, hook=get_object_or_404(Hook, pk=hook_id), now=request.now)
    messages.success(request, "已停用，不再向这个地址推送。")
    return redirect("desk:hooks")
