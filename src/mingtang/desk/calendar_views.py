"""The working calendar: a year's announced holidays, and which clocks they move. The system administrator's."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from mingtang.duties.calendars import Moved, current_calendar, import_notice, preview_notice
from mingtang.duties.models import CalendarVersion
from mingtang.duties.selectors import rule_of
from mingtang.rules import NoticeError
from mingtang.units.errors import UnitsError

from .access import StaffRequest
from .administration import administrator_view, choices_in, form_page, request_key, was_previewed
from .people_forms import NoticeForm

SHOWN = 200


@administrator_view("calendar")
def calendar(request: StaffRequest) -> HttpResponse:
    """Years that are known, and the import of another: first what it moves, then moving it."""
    form = NoticeForm(request.POST or None, request.FILES or None)
    preview: dict[str, Any] = {}
    agreed = was_previewed(request) and not request.FILES
    if request.method == "POST" and not agreed and form.is_valid():
        try:
            year, moved = preview_notice(form.cleaned_data["text"])
            preview = {"year": year, "count": len(moved), "moved": [shown(clock) for clock in moved[:SHOWN]]}
            # What was read from a file goes on as text: a file cannot be kept in a page.
            data = request.POST.copy()
            data["text"] = form.cleaned_data["text"]
            form = NoticeForm(data)
            preview["previewed"] = choices_in(data)
        except NoticeError as error:
            form.add_error("file" if request.FILES else "text", str(error))

    def act(data: dict[str, Any]) -> str:
        try:
            version, moved = import_notice(
                data["text"],
                source=data["source"],
                now=request.now,
                actor=request.actor,
                request_key=request_key(request),
            )
        except NoticeError as error:
            raise UnitsError(str(error), "text") from error
        messages.success(request, f"{version.year}年的放假安排已生效，{len(moved)}个时限随之变化。")
        return reverse("desk:calendar")

    return form_page(
        request,
        form,
        act,
        title="工作日历",
        submit="确认载入",
        cancel=reverse("desk:calendar"),
        trail="",
        more={
            "preview": preview,
            "versions": CalendarVersion.objects.order_by("-number")[:20],
            "years": sorted(current_calendar().years)[-6:],
        },
        template="desk/calendar.html",
        acts=agreed,
    )


def shown(clock: Moved) -> dict[str, str]:
    """A moved clock without the matter it belongs to: whose, which rule, from when to when."""
    before, after = timezone.localtime(clock.before), timezone.localtime(clock.after)
    return {
        "unit": clock.duty.unit.short_name,
        "title": rule_of(clock.duty.code).title,
        "before": f"{before:%Y-%m-%d}",
        "after": f"{after:%Y-%m-%d}",
    }
