"""A file page by page: what the scan finds, what is marked to be cut, the result beforehand, and what was cut in the end."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.attachments import reasons
from mingtang.disclosure.models import ATTACHMENT, Attachment, AttachmentContent
from mingtang.disclosure.redaction import make_cuts, mark, marked, redacted, redaction_of, take_back
from mingtang.records.errors import Refused, StaleVersion
from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.records.selectors import may_edit, was_performed
from mingtang.text.attachments import MEDIA_TYPES
from mingtang.text.redact import CutError
from mingtang.text.redaction import EVERY_FINDING, FileCut, Remains
from mingtang.text.redaction.viewing import count_pages, sheets, view
from mingtang.text.redaction.viewing import picture as page_picture
from mingtang.text.uploads import UploadError
from mingtang.units.models import Person

from .access import StaffRequest, business_view, record_or_404, record_url
from .edit import version_of
from .files import SHOWN
from .present import moment_words

MOST_TEXT = 20_000
REASON = "涉及个人信息，公开会侵害本人隐私"
PRIVACY = "personal_privacy"
_KINDS = {media_type: ending for ending, media_type in MEDIA_TYPES.items()}


class WhyForm(forms.Form):
    """Reason and ground, which every cut needs (article 18)."""

    reason = forms.CharField(
        label=_("理由"), max_length=200, initial=REASON, help_text=_("会随文件公开，不要再写被删的内容。")
    )
    ground = forms.ChoiceField(label=_("依据"), initial=PRIVACY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["ground"].choices = [(code, one.label) for code, one in rulebook().grounds.items()]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("autocomplete", "off")
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"{self.auto_id % name}_helptext"  # type: ignore[operator]


class CutForm(WhyForm):
    """One cut: a passage, a rectangle of the page, the whole page, or an area of a workbook."""

    field_order = ("quote", "area", "page", "left", "top", "right", "bottom", "reason", "ground")
    quote = forms.CharField(
        label=_("要删的文字"),
        required=False,
        max_length=2000,
        help_text=_("文件里所有这段文字，不论显示还是隐藏，都删去。"),
    )
    area = forms.CharField(
        label=_("要删的单元格"),
        required=False,
        max_length=200,
        help_text=_("例如 名单!C:D、名单!3:5、名单!B2:C9；只写表名删整张表。"),
    )
    page = forms.IntegerField(label=_("页"), required=False, min_value=1, widget=forms.HiddenInput)
    left = forms.FloatField(label=_("左"), required=False, min_value=0)
    top = forms.FloatField(label=_("上"), required=False, min_value=0)
    right = forms.FloatField(label=_("右"), required=False, min_value=0)
    bottom = forms.FloatField(label=_("下"), required=False, min_value=0)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != "xlsx":
            del self.fields["area"]
        if kind in ("png", "jpg"):
            del self.fields["quote"]
        for name in ("left", "top", "right", "bottom"):
            if kind in ("txt", "csv"):
                del self.fields[name]
            else:
                self.fields[name].widget.attrs.update(step="any", inputmode="decimal")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sides = [cleaned.get(name) for name in ("left", "top", "right", "bottom")]
        given = [side for side in sides if side is not None]
        chosen = [bool(cleaned.get("quote")), bool(cleaned.get("area")), bool(given)]
        if self.data.get("do") == "page":
            cleaned["cut"] = {"page": cleaned.get("page") or 1}
            return cleaned
        if sum(chosen) > 1:
            self.add_error(None, _("一次标一种：文字、单元格或者方框，请只填一种。"))
        elif not any(chosen) and not self.errors:
            self.add_error(None, _("还没有选中内容：请填写要删的文字，或者在页面上画框。"))
        elif given and len(given) < 4:
            self.add_error(None, _("方框要填左、上、右、下四个数。"))
        elif given and not (given[0] < given[2] and given[1] < given[3]):
            self.add_error(None, _("方框不成立：“右”须大于“左”，“下”须大于“上”。"))
        else:
            box = {"page": cleaned.get("page") or 1, "box": tuple(given)} if given else {}
            cleaned["cut"] = {"quote": cleaned.get("quote") or "", "area": cleaned.get("area") or "", **box}
        return cleaned


def _file(record: Record, file_id: int) -> Attachment:
    attachment = Attachment.objects.filter(record=record, pk=file_id, role=ATTACHMENT).first()
    if attachment is None:
        raise Http404
    return attachment


def _address(record: Record, attachment: Attachment, page: int = 1) -> str:
    url = record_url(record, "redact", file_id=attachment.pk)
    return f"{url}?page={page}" if page > 1 else url


@business_view
def redact(request: StaffRequest, kind: str, record_id: uuid.UUID, file_id: int) -> HttpResponse:
    """The file with its findings and cuts. POST marks, unmarks, makes the cuts or takes them back."""
    spec, record = record_or_404(request, kind, record_id)
    if request.method == "POST" and was_performed(request.POST.get("request_key", "")):
        return redirect(record_url(record))
    attachment = _file(record, file_id)
    editable = may_edit(record, actor=request.actor)
    shown: dict[str, Any] = {"form": None, "all_form": None, "error": "", "status": 200}
    page = _number(request.POST.get("page") or request.GET.get("page", ""))
    if request.method == "POST":
        if not editable:
            messages.warning(request, "现在不能删减：只有起草和退回修改时，由起草人删减。")
            return redirect(_address(record, attachment, page))
        answered = _act(request, record, attachment, page, shown)
        if answered is not None:
            return answered
    return _page(request, spec, record, attachment, page, editable, shown)


def _act(
    request: StaffRequest, record: Record, attachment: Attachment, page: int, shown: dict[str, Any]
) -> HttpResponse | None:
    """Carry out what was pressed; None when the page has to be shown again with what is wrong."""
    wanted, done = request.POST.get("do", ""), redaction_of(attachment)
    if wanted == "restore" and done is not None:
        take_back(record, attachment, actor=request.actor, now=request.now, expected_version=version_of(request.POST))
        messages.success(request, "已恢复删减前的文件，标出的删减还在。")
        return redirect(_address(record, Attachment.objects.get(pk=done.uncut_id)))
    if done is not None:
        return redirect(_address(record, attachment))
    cuts = marked(attachment)
    try:
        if wanted in ("add", "page"):
            form = shown["form"] = CutForm(request.POST, kind=_KINDS[attachment.media_type], auto_id="id_%s")
            if not form.is_valid():
                shown["status"] = 422
                return None
            cut = FileCut(form.cleaned_data["reason"], form.cleaned_data["ground"], **form.cleaned_data["cut"])
            mark(attachment, [*cuts, cut], request.now)
        elif wanted == "all":
            why = shown["all_form"] = WhyForm(request.POST, auto_id="id_all_%s")
            if not why.is_valid():
                shown["status"] = 422
                return None
            finding = request.POST.get("finding") or EVERY_FINDING
            kept = [cut for cut in cuts if not cut.finding or (finding != EVERY_FINDING and cut.finding != finding)]
            cut = FileCut(why.cleaned_data["reason"], why.cleaned_data["ground"], finding=finding)
            mark(attachment, [*kept, cut], request.now)
        elif wanted == "undo":
            mark(attachment, cuts[:-1], request.now)
        elif wanted.startswith("drop-"):
            gone = _number(wanted.removeprefix("drop-"))
            mark(attachment, [cut for number, cut in enumerate(cuts, 1) if number != gone], request.now)
        elif wanted == "finish":
            return _finish(request, record, attachment)
    except (CutError, UploadError, Remains, Refused, StaleVersion) as error:
        shown["error"], shown["status"] = getattr(error, "message", str(error)), 422
        return None
    return redirect(_address(record, attachment, page))


def _finish(request: StaffRequest, record: Record, attachment: Attachment) -> HttpResponse:
    count = len(marked(attachment))
    make_cuts(
        record,
        attachment,
        actor=request.actor,
        now=request.now,
        expected_version=version_of(request.POST),
        request_key=request.POST.get("request_key", "")[:80],
    )
    messages.success(request, f"“{attachment.name}”已按{count}条删减生成新文件，复查没有残留。请另一人作保密审查。")
    return redirect(record_url(record) + "#files")


def _page(
    request: StaffRequest,
    spec: Any,
    record: Record,
    attachment: Attachment,
    page: int,
    editable: bool,
    shown: dict[str, Any],
) -> HttpResponse:
    stored = AttachmentContent.objects.get(attachment=attachment)
    ending, data = _KINDS[attachment.media_type], bytes(stored.content)
    done = redaction_of(attachment)
    cuts = [] if done else marked(attachment)
    grounds = rulebook().grounds
    status = shown.pop("status")
    pages, seen, sheet_list = 0, None, []
    try:
        pages = count_pages(ending, data)
        page = min(max(page, 1), max(pages, 1))
        seen = view(ending, data, page, cuts) if pages else None
        sheet_list = sheets(data) if ending == "xlsx" else []
    except UploadError as error:
        shown["error"] = shown["error"] or error.message
    form = shown.pop("form") or CutForm(kind=ending, initial={"page": page}, auto_id="id_%s")
    findings = [{**found, "key": f"{found['kind']}:{found['sample']}"} for found in attachment.findings]
    chosen = {cut.finding for cut in cuts}
    for found in findings:
        found["cut"] = bool(chosen & {EVERY_FINDING, found["key"]})
    context = {
        "spec": spec,
        "record": record,
        "file": attachment,
        "ending": ending,
        "pages": pages,
        "page": page,
        "unit": "页" if ending == "pdf" else "张图片",
        "scale_unit": "点" if ending == "pdf" else "像素",
        "seen": seen,
        "cut_boxes": [_rectangle(box) for box in seen.cut] if seen else [],
        "found_boxes": [_rectangle(box) for box in seen.found] if seen else [],
        "sheets": sheet_list,
        "text": "" if ending in ("pdf", "png", "jpg") else stored.text[:MOST_TEXT],
        "text_cut_short": len(stored.text) > MOST_TEXT,
        "findings": findings,
        "open_findings": sum(not found["cut"] for found in findings),
        "cuts": [{"words": _words(cut), "reason": cut.reason, "ground": grounds[cut.ground].label} for cut in cuts],
        "form": form,
        "all_form": shown.pop("all_form") or WhyForm(auto_id="id_all_%s"),
        "sides": [form[name] for name in ("left", "top", "right", "bottom") if name in form.fields],
        "why": [form["reason"], form["ground"]],
        "editable": editable and done is None,
        "may_restore": editable and done is not None,
        "done": done,
        "done_cuts": _done_cuts(done.cuts) if done else [],
        "public_reasons": reasons(done.cuts) if done else [],
        "done_by": Person.objects.filter(pk=done.made_by).first() if done else None,
        "done_at": moment_words(done.made_at, request.now) if done else "",
        "request_key": str(uuid.uuid4()),
        "back": record_url(record),
        **shown,
    }
    return render(request, "desk/redact.html", context, status=status)


def _rectangle(box: tuple[float, float, float, float]) -> dict[str, str]:
    left, top, right, bottom = box
    numbers = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {name: f"{number:.1f}" for name, number in numbers.items()}


def _words(cut: FileCut) -> str:
    """What a marked cut takes, as people say it; findings stay masked."""
    if cut.quote:
        return f"文字“{cut.quote}”"
    if cut.finding == EVERY_FINDING:
        return "检查发现的全部个人信息"
    if cut.finding:
        return f"个人信息 {cut.finding.partition(':')[2]}"
    if cut.area:
        return f"单元格 {cut.area}"
    return f"第{cut.page}页{'方框' if cut.box else '（整页）'}" + (
        f" {'、'.join(f'{side:.0f}' for side in cut.box)}" if cut.box else ""
    )


def _done_cuts(cuts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    grounds = rulebook().grounds
    found = []
    for cut in cuts:
        box = cut.get("box")
        place = "文字"
        if cut.get("finding"):
            place = (
                "全部个人信息" if cut["finding"] == EVERY_FINDING else f"个人信息 {cut['finding'].partition(':')[2]}"
            )
        elif cut.get("area"):
            place = f"单元格 {cut['area']}"
        elif cut.get("page"):
            place = f"第{cut['page']}页{'方框' if box else '（整页）'}"
        ground = grounds[cut["ground"]].label if cut["ground"] in grounds else ""
        found.append({**cut, "place": place, "ground": ground, "hash": cut.get("quote_hash", "")[:12]})
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


@business_view
def picture(request: StaffRequest, kind: str, record_id: uuid.UUID, file_id: int, page: int) -> HttpResponse:
    """One page as a picture; with ``?result`` the marked cuts are black."""
    _, record = record_or_404(request, kind, record_id)
    attachment = _file(record, file_id)
    data = bytes(AttachmentContent.objects.get(attachment=attachment).content)
    ending = _KINDS[attachment.media_type]
    try:
        boxes = view(ending, data, page, marked(attachment)).cut if "result" in request.GET else ()
        content = page_picture(ending, data, page, boxes)
    except (IndexError, UploadError):
        raise Http404 from None
    response = HttpResponse(content, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@business_view
def result(request: StaffRequest, kind: str, record_id: uuid.UUID, file_id: int) -> HttpResponse:
    """The file as it will be, with every check that the finished one passes. Nothing is kept."""
    _, record = record_or_404(request, kind, record_id)
    attachment = _file(record, file_id)
    if not may_edit(record, actor=request.actor) or redaction_of(attachment) is not None:
        return redirect(reverse("desk:file", args=[kind, record_id, file_id]))
    try:
        made = redacted(attachment)
    except (CutError, UploadError, Remains) as error:
        messages.warning(request, getattr(error, "message", str(error)))
        return redirect(_address(record, attachment))
    response = HttpResponse(made.content, content_type=made.media_type)
    name = f"预览-{made.name}"
    response["Content-Disposition"] = content_disposition_header(made.media_type not in SHOWN, name) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
