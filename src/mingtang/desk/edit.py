"""Creating and changing records: typed text is never lost, a stale form never overwrites."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string

from mingtang.disclosure.file_forms import FilesField
from mingtang.records.errors import NotAllowed, Refused, StaleVersion
from mingtang.records.forms import RecordForm
from mingtang.records.models import Record
from mingtang.records.selectors import find_visible, may_edit, was_performed
from mingtang.records.services import edit_record, open_record
from mingtang.records.spec import Imported, RecordSpec
from mingtang.text.uploads import UploadError
from mingtang.units.models import Unit
from mingtang.units.roles import ROLES

from . import autosave
from .access import StaffRequest, business_view, record_or_404, record_url, spec_or_404
from .files import FIELD, forget_held, held_file, hold, sent_files
from .mending import attachable, show_faults
from .present import shown

LARGEST_UPLOAD = 20 * 1024 * 1024
SALT = "desk.imported"


@business_view
def new(request: StaffRequest, kind: str) -> HttpResponse:
    """A new record: typed, or read from a file and completed."""
    spec = spec_or_404(kind)
    units = sorted(request.actor.units_as(spec.creator))
    if not units:
        raise NotAllowed(f"新建{spec.label}由{ROLES[spec.creator]}办理。")
    about = _about(request, spec)
    if about is not None and about.lead_unit_id not in units:
        raise NotAllowed(f"谁起草谁解读：这份{spec.label}由{about.lead_unit.short_name}的{ROLES[spec.creator]}新建。")
    key = f"new:{kind}:{about.pk if about else ''}"
    form_class = import_string(spec.form)
    page: dict[str, Any] = {"about": about, "key": key, "extra": request.POST.get("imported", "")}
    if request.method != "POST":
        return _form_page(
            request, spec, form_class(**_asked(request, about=about, key=key, form_class=form_class)), page
        )
    if request.POST.get("action") == "import":
        return _import(request, spec, form_class, page)
    form = form_class(data=request.POST, files=sent_files(request), actor=request.actor, now=request.now, about=about)
    if not form.is_valid():
        return _form_page(request, spec, form, page, status=422)
    data = {**_unsigned(page["extra"]), **form.cleaned_data}
    imported_from = int(data.pop("held_original", 0))
    data["original"] = held_file(request.user, imported_from)
    lead = (data.get("lead_units") or units)[0]
    unit = Unit.objects.get(pk=lead if lead in units else units[0])
    try:
        outcome = open_record(
            kind,
            actor=request.actor,
            unit=unit,
            now=request.now,
            data=data,
            about=about,
            request_key=request.POST.get("request_key", "")[:80],
        )
    except Refused as refused:
        return _form_page(request, spec, form, {**page, "refused": refused}, status=422)
    autosave.forget(request.user, key)
    forget_held(request, imported_from)
    return redirect(_after_creation(request, outcome.record, about))


@business_view
def edit(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """Change the content of a record in a state that allows it."""
    spec, record = record_or_404(request, kind, record_id)
    if request.method == "POST" and was_performed(request.POST.get("request_key", "")):
        return redirect(record_url(record))
    if not may_edit(record, actor=request.actor):
        state = spec.state_by_name[record.state].label
        raise NotAllowed(f"“{state}”的{spec.label}不能修改，或者不由您修改。起草和退文后由{ROLES[spec.creator]}修改。")
    key = f"edit:{record.pk}"
    form_class = import_string(spec.form)
    page: dict[str, Any] = {"record": record, "key": key, "version": record.version}
    if request.method != "POST":
        page["version"] = autosave.version_typed_on(request, key) or record.version
        initial = form_class.initial_of(spec.detail(record))
        asked = _asked(request, record=record, key=key, form_class=form_class, initial=initial)
        return _form_page(request, spec, form_class(**asked), page)
    form = form_class(data=request.POST, files=sent_files(request), actor=request.actor, now=request.now, record=record)
    if not form.is_valid():
        page["version"] = request.POST.get("expected_version", record.version)
        return _form_page(request, spec, form, page, status=422)
    try:
        edit_record(
            record,
            actor=request.actor,
            now=request.now,
            data=form.cleaned_data,
            expected_version=version_of(request.POST),
            request_key=request.POST.get("request_key", "")[:80],
        )
    except Refused as refused:
        return _form_page(request, spec, form, {**page, "refused": refused}, status=422)
    except StaleVersion as stale:
        current = form_class.initial_of(spec.detail(record))
        page |= {"stale": stale, "meanwhile": _meanwhile(form, current)}
        return _form_page(request, spec, form, page, status=409)
    autosave.forget(request.user, key)
    forget_held(request)
    return redirect(record_url(record))


def _about(request: StaffRequest, spec: RecordSpec) -> Record | None:
    """The record a new one is attached to: one that this person can see, of the right kind."""
    asked = request.GET.get("about") or request.POST.get("about", "")
    if not asked:
        if not spec.stands_alone:
            raise Http404
        return None
    try:
        about = find_visible(request.actor, uuid.UUID(asked))
    except ValueError:
        raise Http404 from None
    if about is None or spec.attached is None or spec.attached.kind != about.kind:
        raise Http404
    return about


def _asked(
    request: StaffRequest, *, key: str, form_class: Any, initial: Mapping[str, Any] | None = None, **about: Any
) -> dict[str, Any]:
    """Arguments of an unbound form: what is stored, or what was typed and kept if that was asked for."""
    arguments = {"actor": request.actor, "now": request.now, "initial": dict(initial or {}), **about}
    if request.GET.get("restore") == "1":
        saved = autosave.pending(request.user, key)
        if saved is not None:
            arguments["initial"] |= autosave.typed_values(form_class(**arguments), autosave.as_posted(saved))
    return arguments


def version_of(posted: QueryDict) -> int | None:
    value = posted.get("expected_version", "")
    return int(value) if value.isdecimal() else None


def _import(request: StaffRequest, spec: RecordSpec, form_class: Any, page: dict[str, Any]) -> HttpResponse:
    """Fill the form from a file. Creates nothing; what the file does not say keeps what was typed."""
    about = page["about"]
    typed = autosave.typed_values(form_class(actor=request.actor, now=request.now, about=about), request.POST)
    upload, imported, error = request.FILES.get("file"), None, ""
    chosen = sent_files(request).getlist(FIELD)
    if spec.importer is None:
        raise Http404
    if upload is None:
        error = "请先选择一个 .docx、.pdf、.html 或 .txt 文件。"
    elif upload.size is not None and upload.size > LARGEST_UPLOAD:
        error = f"文件有{upload.size / 1024 / 1024:.0f} MB，超过20 MB的上限。请去掉图片后另存，或分成几份。"
    else:
        try:
            imported = spec.importer(upload.name or "", upload.read())
        except UploadError as refused:
            error = str(refused)
    initial = typed if imported is None else typed | {name: value for name, value in imported.values.items() if value}
    form = form_class(actor=request.actor, now=request.now, about=about, initial=_without_gaps(initial, form_class))
    if isinstance(field := form.fields.get(FIELD), FilesField):
        field.readable = chosen
    extra = page["extra"]
    if imported is not None and upload is not None:
        ((held_original, *_rest),) = hold(request, [upload])
        extra = _signed(imported, form, held_original)
    page |= {"imported": imported, "upload_error": error, "extra": extra}
    return _form_page(request, spec, form, page, status=422 if error else 200)


def _without_gaps(values: Mapping[str, Any], form_class: Any) -> dict[str, Any]:
    """Leave out what nobody typed, so that the form's own proposals stand."""
    return {name: value for name, value in values.items() if value is False or value not in ("", None, [], {})}


def _signed(imported: Imported, form: RecordForm, held_original: int) -> str:
    """What was recognised beyond the form's fields, and which file it was, carried along so that nobody can alter it."""
    beyond = {"held_original": held_original} | {
        name: value for name, value in imported.values.items() if name not in form.fields
    }
    return signing.dumps(beyond, salt=SALT, compress=True)


def _unsigned(extra: str) -> dict[str, Any]:
    if not extra:
        return {}
    try:
        return dict(signing.loads(extra, salt=SALT, max_age=7 * 86_400))
    except signing.BadSignature:
        return {}


def _meanwhile(form: RecordForm, current: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Fields in which the stored record and the typed form now differ: label, stored, typed."""
    rows = []
    for name, field in form.fields.items():
        stored, typed = _in_words(field, current.get(name)), _in_words(field, form.cleaned_data.get(name))
        if stored != typed:
            rows.append((str(field.label), stored[:400], typed[:400]))
    return rows


def _in_words(field: Any, value: Any) -> str:
    """A value as people chose it: labels for codes, one kind of line end."""
    labels = {str(code): str(label) for code, label in getattr(field, "choices", ())}
    if isinstance(value, list | tuple):
        return "、".join(labels.get(str(item), shown(item)) for item in value)
    return labels.get(str(value), shown(value).replace("\r\n", "\n").strip())


def _after_creation(request: StaffRequest, record: Record, about: Record | None) -> str:
    if request.POST.get("action") == "save_attach":
        for spec in attachable(record.kind):
            return f"{reverse('desk:new', args=[spec.kind])}?about={record.pk}"
    return record_url(about if about is not None else record)


def _form_page(
    request: StaffRequest, spec: RecordSpec, form: RecordForm, page: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    refused = page.get("refused")
    field = form.fields.get(FIELD)
    if isinstance(field, FilesField) and field.readable:
        field.widget.held = hold(request, field.readable)
    record: Record | None = page.get("record")
    about: Record | None = page.get("about")
    known = record or about
    context = {
        "spec": spec,
        "form": form,
        "groups": form.grouped(),
        "request_key": str(uuid.uuid4()),
        "faults": show_faults(refused.faults, known, request.actor, form.fields) if refused and known else [],
        "refusals": refused.faults if refused and not known else [],
        "may_import": spec.importer is not None and record is None,
        "attach_next": None if about or record else next(iter(attachable(spec.kind)), None),
        "cancel": record_url(known) if known else reverse("desk:list", args=[spec.kind]),
        **page,
        **autosave.notice(request, page["key"]),
    }
    return render(request, "desk/form.html", context, status=status)
