"""Taking one step of a record: directly from a button, or with the form the step asks for."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe

from mingtang.disclosure.attachments import attachments_of
from mingtang.records.errors import IllegalState, NotAllowed, Refused, StaleVersion
from mingtang.records.models import Record
from mingtang.records.selectors import options, was_performed
from mingtang.records.services import perform, why_not_allowed
from mingtang.records.spec import Context, RecordSpec, Transition
from mingtang.text.bodies import blocks_of
from mingtang.text.personal_data import scan

from . import autosave
from .access import StaffRequest, business_view, record_or_404, record_url
from .detail import shown_groups
from .edit import version_of
from .mending import show_faults
from .register_review import review_of


@business_view
def do(request: StaffRequest, kind: str, record_id: uuid.UUID, transition: str) -> HttpResponse:
    """GET shows the step's form, or asks to confirm; POST takes the step."""
    spec, record = record_or_404(request, kind, record_id)
    step = spec.transition_by_name.get(transition)
    if step is None:
        raise Http404
    if request.method == "POST" and was_performed(request.POST.get("request_key", "")):
        return redirect(record_url(record))
    reason = why_not_allowed(Context(spec, record, request.actor, request.now), step)
    if reason:
        raise NotAllowed(reason)
    if record.state not in step.source:
        raise IllegalState(
            f"这份{spec.label}现在的状态是“{spec.state_by_name[record.state].label}”，不能{step.label}。"
        )
    key = f"do:{record.pk}:{step.name}"
    arguments: dict[str, Any] = {"actor": request.actor, "now": request.now, "record": record}
    form_class = import_string(step.form) if step.form else None
    page: dict[str, Any] = {"key": key, "version": record.version}
    if request.method != "POST":
        page["version"] = autosave.version_typed_on(request, key) or record.version
        if form_class is not None and request.GET.get("restore") == "1":
            saved = autosave.pending(request.user, key)
            if saved is not None:
                arguments["initial"] = autosave.typed_values(form_class(**arguments), autosave.as_posted(saved))
        return _page(request, spec, record, step, form_class(**arguments) if form_class else None, page)
    form = form_class(data=request.POST, **arguments) if form_class else None
    if form is not None and not form.is_valid():
        return _page(request, spec, record, step, form, page, status=422)
    try:
        outcome = perform(
            record,
            step.name,
            actor=request.actor,
            now=request.now,
            data=form.cleaned_data if form is not None else {},
            expected_version=version_of(request.POST),
            request_key=request.POST.get("request_key", "")[:80],
        )
    except Refused as refused:
        page["faults"] = show_faults(refused.faults, record, request.actor, form.fields if form else ())
        return _page(request, spec, record, step, form, page, status=422)
    except StaleVersion as stale:
        return _page(request, spec, record, step, form, {**page, "stale": stale}, status=409)
    autosave.forget(request.user, key)
    _tell(request, record, step, returned=outcome.returned)
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else record_url(record))


def _tell(request: StaffRequest, record: Record, step: Transition, *, returned: bool) -> None:
    if returned:
        messages.warning(request, f"《{record.title}》已退回：不齐全的地方写在退文单上，请补正后再报。")
    else:
        messages.success(request, f"《{record.title}》：{step.label}，已办妥。")


def _page(
    request: StaffRequest,
    spec: RecordSpec,
    record: Record,
    step: Transition,
    form: Any,
    page: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    row = spec.detail(record)
    option = next(
        (found for found in options(record, actor=request.actor, now=request.now) if found.transition is step), None
    )
    context = {
        "spec": spec,
        "record": record,
        "state": spec.state_by_name[record.state],
        "step": step,
        "form": form,
        "groups": form.grouped() if form is not None else [],
        "files": attachments_of(record.pk),
        "facts": shown_groups(spec, row),
        "review": review_of(request, record) if record.state in ("submitted", "approved", "reviewed") else None,
        "title": _marked(record.title),
        "blocks": [(block, _marked(block.title), _marked(block.text)) for block in blocks_of(getattr(row, spec.body))]
        if spec.body
        else [],
        "before": show_faults(option.faults, record, request.actor) if option and "faults" not in page else [],
        "request_key": str(uuid.uuid4()),
        "cancel": record_url(record),
        "home": reverse("desk:home"),
        **page,
        **autosave.notice(request, page["key"]),
    }
    return render(request, "desk/step.html", context, status=status)


def _marked(text: str) -> SafeString:
    """The text with personal data highlighted; everything else escaped."""
    pieces, place = [], 0
    for finding in scan(text):
        pieces += [escape(text[place : finding.start]), f"<mark>{escape(text[finding.start : finding.end])}</mark>"]
        place = finding.end
    return mark_safe("".join([*pieces, escape(text[place:])]))  # noqa: S308 - every piece is escaped
