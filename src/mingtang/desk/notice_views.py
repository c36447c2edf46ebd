"""What I was told: the list behind the bell, and how I want to be told."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mingtang.duties.models import Duty
from mingtang.duties.selectors import rule_of
from mingtang.duties.selectors import visible_to as duties_visible_to
from mingtang.notices.kinds import KINDS
from mingtang.notices.models import ADDRESS, FAILED, MAIL, UNCLEAR, WAITING, Delivery, MailAddress, Matter, Notice
from mingtang.notices.services import (
    NoticesError,
    ask_address,
    confirm_address,
    drop_address,
    mark_read,
    preference_of,
    set_preference,
)
from mingtang.records.models import Record
from mingtang.records.selectors import visible_to as records_visible_to
from mingtang.records.spec import spec_for
from mingtang.units.models import Post
from mingtang.units.roles import ROLES

from .access import StaffRequest, business_view, record_url
from .notice_forms import PreferenceForm
from .present import due_words, moment_words

GROUPS = 30
LATELY = timedelta(days=7)
ALL = "all"


@business_view
def inbox(request: StaffRequest) -> HttpResponse:
    """What I was told, by record, the newest first; unread only unless all are asked for."""
    show_all = request.GET.get("show") == ALL
    mine = Notice.objects.filter(person=request.user, in_desk=True)
    unread = mine.filter(read_at=None)
    wanted = mine if show_all else unread
    subjects = wanted.values("matter__subject").annotate(newest=Max("pk")).order_by("-newest")
    page = Paginator(subjects, GROUPS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "groups": _groups(request, [row["matter__subject"] for row in page.object_list], wanted),
        "show_all": show_all,
        "unread_total": unread.count(),
        "total": mine.count(),
        "newest": mine.aggregate(newest=Max("pk"))["newest"] or 0,
        "unclear": _unclear(request),
        "asked": urlencode({"show": ALL}) if show_all else "",
    }
    return render(request, "desk/notices.html", context)


def _groups(request: StaffRequest, subjects: list[str], wanted: Any) -> list[dict[str, Any]]:
    notices = list(
        wanted.filter(matter__subject__in=subjects)
        .select_related("matter__unit", "matter__record", "matter__duty__unit", "matter__by")
        .order_by("-pk")
    )
    records = {notice.matter.record_id for notice in notices if notice.matter.record_id}
    duties = {notice.matter.duty_id for notice in notices if notice.matter.duty_id}
    seen_records = records_visible_to(request.actor).select_related("lead_unit").in_bulk(records)
    seen_duties = duties_visible_to(request.actor).in_bulk(duties)
    by_subject: dict[str, list[Notice]] = {subject: [] for subject in subjects}
    for notice in notices:
        by_subject[notice.matter.subject].append(notice)
    return [
        _group(request, subject, found, seen_records, seen_duties) for subject, found in by_subject.items() if found
    ]


def _group(
    request: StaffRequest, subject: str, found: list[Notice], records: dict[Any, Record], duties: dict[Any, Duty]
) -> dict[str, Any]:
    matter = found[0].matter
    record = records.get(matter.record_id)
    duty = duties.get(matter.duty_id)
    return {
        "subject": subject,
        "title": _title(matter, record, duty),
        "gone": record is None and duty is None and matter.about.partition(":")[0] != "post",
        "context": f"{spec_for(record.kind).label} · {record.lead_unit.short_name}" if record else matter.unit.name,
        "unread": any(notice.read_at is None for notice in found),
        "newest": found[0].pk,
        "lines": [_line(request, notice, records, duties) for notice in found],
    }


def _title(matter: Matter, record: Record | None, duty: Duty | None) -> str:
    """Only what the person may see today: a notice keeps no title."""
    if record is not None:
        return record.title
    if duty is not None:
        return duty.record.title if duty.record else f"{rule_of(duty.code).title}（{duty.period}）"
    about, _, key = matter.about.partition(":")
    post = Post.objects.filter(pk=key).select_related("unit").first() if about == "post" else None
    if post is not None:
        return f"{post.unit.name}{ROLES[post.role]}"
    return "这件事项现在不由您的单位办理"


def _line(request: StaffRequest, notice: Notice, records: dict[Any, Record], duties: dict[Any, Duty]) -> dict[str, Any]:
    matter = notice.matter
    duty = duties.get(matter.duty_id)
    opens = duty is not None or matter.record_id in records
    return {
        "notice": notice,
        "label": KINDS[matter.kind].label,
        "deadline": KINDS[matter.kind].deadline,
        "duty": rule_of(duty.code).title if duty is not None else "",
        "due": due_words(duty, request.now) if duty is not None else "",
        "by": str(matter.by) if matter.by is not None else "",
        "at": moment_words(notice.at, request.now),
        "url": reverse("desk:notice", args=[notice.pk]) if opens else "",
    }


def _unclear(request: StaffRequest) -> list[dict[str, Any]]:
    """Mails of the last week of which nobody knows whether they arrived."""
    found = Delivery.objects.filter(person=request.user, channel=MAIL, status=UNCLEAR, made_at__gt=request.now - LATELY)
    return [{"at": moment_words(delivery.made_at, request.now)} for delivery in found.order_by("-made_at")[:5]]


@business_view
def open_notice(request: StaffRequest, notice_id: int) -> HttpResponse:
    """Mark one notice read and go to what it is about."""
    notice = Notice.objects.filter(pk=notice_id, person=request.user).select_related("matter__record").first()
    if notice is None:
        raise Http404
    matter = notice.matter
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=request.now)
    if matter.record is not None and records_visible_to(request.actor).filter(pk=matter.record.pk).exists():
        return redirect(record_url(matter.record))
    if matter.duty_id and duties_visible_to(request.actor).filter(pk=matter.duty_id).exists():
        return redirect("desk:duty", duty_id=matter.duty_id)
    raise Http404


@business_view
@require_POST
def read(request: StaffRequest) -> HttpResponse:
    """Mark read what was on the page: of one record, or all. What came in meanwhile stays unread."""
    upto = request.POST.get("upto", "")
    if not upto.isdecimal() or len(upto) > 18:
        raise Http404
    mark_read(request.user.pk, now=request.now, upto=int(upto), subject=request.POST.get("subject", "")[:60])
    show = "?show=all" if request.POST.get("show") == ALL else ""
    return redirect(reverse("desk:notices") + show)


@business_view
def preferences(request: StaffRequest) -> HttpResponse:
    """By kind: in the desk, by mail at once, once a day or never; quiet hours; and the address."""
    form = PreferenceForm(request.POST or None, preference=preference_of(request.user.pk))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        set_preference(
            request.user.pk,
            choices=form.choices(),
            quiet_from=data["quiet_from"],
            quiet_to=data["quiet_to"],
            digest_at=data["digest_at"],
            working_days_only=data["working_days_only"],
        )
        messages.success(request, "通知设置已保存。")
        return redirect("desk:notice_preferences")
    return _preferences_page(request, form)


def _preferences_page(
    request: StaffRequest, form: PreferenceForm, error: NoticesError | None = None, typed: str = ""
) -> HttpResponse:
    address = MailAddress.objects.filter(pk=request.user.pk).first()
    verified = bool(address and address.verified_at and address.email == request.user.email)
    mails = Delivery.objects.filter(person=request.user, channel=MAIL)
    last_code = mails.filter(kind=ADDRESS).order_by("-made_at").first()
    context = {
        "form": form,
        "kinds": form.kinds(),
        "times": [form["quiet_from"], form["quiet_to"], form["digest_at"]],
        "address": address,
        "verified": verified,
        "error": error,
        "typed": typed,
        "mail_server": bool(settings.MAIL_SERVER),
        "unclear": _unclear(request),
        "refused": bool(last_code and last_code.status == FAILED and not verified),
        "delayed": mails.filter(status=WAITING).exclude(fault="").exists(),
    }
    return render(request, "desk/notice_preferences.html", context, status=400 if error else 200)


@business_view
@require_POST
def address(request: StaffRequest) -> HttpResponse:
    """Ask for a code, type it in, or take the address away."""
    action = request.POST.get("action", "")
    email, code = request.POST.get("email", ""), request.POST.get("code", "")
    try:
        if action == "ask":
            ask_address(request.user, email, now=request.now)
            messages.success(request, "验证码已经发往这个邮箱，请在24小时内填写。")
        elif action == "confirm":
            confirm_address(request.user, code, now=request.now)
            messages.success(request, "邮箱已验证，从现在起通知也会发到这里。")
        elif action == "drop":
            drop_address(request.user)
            messages.success(request, "邮箱已删除，不再发邮件。通知仍在办公台里显示。")
        else:
            raise Http404
    except NoticesError as error:
        form = PreferenceForm(None, preference=preference_of(request.user.pk))
        return _preferences_page(request, form, error, email[:200])
    return redirect(reverse("desk:notice_preferences") + "#address")
