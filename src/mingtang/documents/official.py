"""A paper as it is printed in the layout of GB/T 9704-2012: what the record says, and what is chosen for this print.

Copy number, secrecy, urgency and imprint are no fields of the record: they belong to a printed copy and are asked for each
time. Nothing chosen here is kept.
"""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook

from mingtang.disclosure.attachments import attachments_of
from mingtang.disclosure.models import Attachment, AttachmentContent
from mingtang.journal.selectors import last_event
from mingtang.text.official import (
    FORMS,
    LETTER,
    MINUTES,
    ORDER,
    PAPER,
    UPWARD,
    Annex,
    Elements,
    Row,
    chinese_date,
    elements_of,
    paragraph,
    table,
)
from mingtang.text.title_lines import title_lines
from mingtang.units.models import Person
from mingtang.units.selectors import general_office_of

from .models import CHINESE, DEPARTMENT, Document

DRAFT = "草稿，未公开"
# From here on a paper is what the organ has said; before, and while it is corrected, a print is a draft.
ISSUED = frozenset({"issued", "filed", "published", "ended", "erased"})
FORM_OF_GENRE = {"函": LETTER, "纪要": MINUTES, "命令": ORDER, "请示": UPWARD, "报告": UPWARD}
# Addressees that would leave no room for text on the first page go into the imprint.
LONG_ADDRESSEES = 168
MOST_ROWS = 300
_PICTURES = {"image/png": "png", "image/jpeg": "jpg"}
_BREAKS = re.compile(r"([!-~]{18})(?=[!-~])")


class OfficialForm(forms.Form):
    """What one printed copy says beside the paper itself."""

    groups = (
        (_("版式"), ["form", "title_lines", "mark", "suffix"]),
        (_("版头（没有的不填）"), ["copy_number", "secrecy", "urgency", "signers"]),
        (_("落款"), ["signature", "day", "seal", "signer_title", "signer", "notes"]),
        (_("纪要的参会人员"), ["present", "absent", "observers"]),
        (_("版记"), ["copies", "printed_by", "printed_on", "addressees_below", "duplex"]),
    )
    form = forms.ChoiceField(label=_("格式"), choices=list(FORMS.items()))
    title_lines = forms.CharField(
        label=_("标题分行"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("一行一排，词意完整，排列对称。只改分行，文字在“修改内容”里改。命令可以不要标题。"),
    )
    mark = forms.CharField(
        label=_("发文机关标志"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("联合发文一行一个机关，主办机关在前。"),
    )
    suffix = forms.BooleanField(label=_("机关名称后加“文件”二字"), required=False)
    copy_number = forms.RegexField(
        r"^\d{6}$",
        label=_("份号"),
        required=False,
        error_messages={"invalid": _("份号是6位数字，例如 000001。")},
    )
    secrecy = forms.CharField(
        label=_("密级和保密期限"),
        required=False,
        max_length=20,
        help_text=_("例如“秘密★1年”。涉密文件不得在本系统公开。"),
    )
    urgency = forms.ChoiceField(
        label=_("紧急程度"), required=False, choices=[("", _("不标")), ("特急", "特急"), ("加急", "加急")]
    )
    signers = forms.CharField(
        label=_("签发人"), required=False, max_length=200, help_text=_("上行文用，几个签发人用顿号分开。")
    )
    signature = forms.CharField(
        label=_("发文机关署名"), required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("一行一个机关。")
    )
    day = forms.CharField(label=_("成文日期"), required=False, max_length=20)
    seal = forms.BooleanField(
        label=_("加盖印章"),
        required=False,
        help_text=_("署名在成文日期上方居中，留出印章的位置；不加盖的按不加盖的规定排。"),
    )
    signer_title = forms.CharField(label=_("签发人职务（命令）"), required=False, max_length=40)
    signer = forms.CharField(label=_("签发人签名（命令）"), required=False, max_length=40)
    notes = forms.CharField(label=_("附注"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    present = forms.CharField(label=_("出席"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    absent = forms.CharField(label=_("请假"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    observers = forms.CharField(label=_("列席"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    copies = forms.CharField(label=_("抄送机关"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    printed_by = forms.CharField(label=_("印发机关"), required=False, max_length=80)
    printed_on = forms.CharField(label=_("印发日期"), required=False, max_length=20)
    addressees_below = forms.BooleanField(
        label=_("主送机关移至版记"), required=False, help_text=_("主送机关太多、首页排不下正文时用。")
    )
    duplex = forms.BooleanField(label=_("双面印刷：版记放在偶数页末"), required=False)

    def __init__(self, *args: Any, paper: Document, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper = paper

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        asked, title = _bare(cleaned.get("title_lines", "")), _bare(self.paper.title)
        if asked != title and not (cleaned.get("form") == ORDER and not asked):
            self.add_error("title_lines", _("这里只能分行，文字要与标题一样。标题有误请到“修改内容”里改。"))
        if cleaned.get("form") == UPWARD and not cleaned.get("signers"):
            self.add_error("signers", _("上行文要标注签发人姓名，请填写。"))
        if cleaned.get("form") == ORDER and not cleaned.get("signer"):
            self.add_error("signer", _("命令要有签发人签名，请填写姓名。"))
        return cleaned


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def proposed(paper: Document) -> dict[str, Any]:
    """Values of ``OfficialForm`` as the record suggests them. A form that is not filled in prints these."""
    found = elements_of(paper.body, addressees=paper.addressees)
    lead = paper.record.lead_unit
    issuers = list(paper.issuers) or [lead.name]
    form = FORM_OF_GENRE.get(paper.genre, PAPER)
    mark = {LETTER: issuers[:1], MINUTES: [f"{issuers[0]}纪要"], ORDER: [f"{issuers[0]}令"]}.get(form, issuers)
    issued, signed = (last_event(paper.record_id, f"document.{name}") for name in ("issued", "signed"))
    office = lead if paper.name_of == DEPARTMENT else general_office_of(lead)
    signer = Person.objects.filter(pk=signed.actor_id).first() if signed and signed.actor_id else None
    public = paper.openness == "full_release" and paper.mode == "on_own_initiative"
    written = chinese_date(paper.written_on) if paper.written_on else ""
    return {
        "form": form,
        "title_lines": "\n".join(title_lines(paper.title, [*issuers, lead.name])),
        "mark": "\n".join(mark),
        "suffix": form in (PAPER, UPWARD),
        "copy_number": "",
        "secrecy": "",
        "urgency": "",
        "signers": str(signer) if signer else "",
        "signature": "" if form in (MINUTES, ORDER) else "\n".join(found.signers or issuers),
        "day": found.day or written,
        "seal": form not in (MINUTES, ORDER),
        "signer_title": "",
        "signer": str(signer) if signer and form == ORDER else "",
        "notes": "\n".join(found.notes) or ("（此件公开发布）" if public and form == PAPER else ""),
        "present": "",
        "absent": "",
        "observers": "",
        "copies": found.copies,
        "printed_by": found.printed_by or (office.name if form != LETTER else ""),
        "printed_on": found.printed_on or (chinese_date(issued.at.date()) if issued else ""),
        "addressees_below": len(paper.addressees) > LONG_ADDRESSEES,
        "duplex": True,
    }


def official_content(paper: Document, chosen: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What stands on the paper, in order, as JSON values, and its pictures by file name.

    ``chosen`` is cleaned data of ``OfficialForm``, or what ``proposed`` gave.
    """
    found = elements_of(paper.body, addressees=paper.addressees)
    form = chosen["form"]
    lines = [line.strip() for line in chosen["title_lines"].splitlines() if line.strip()]
    names = _lines(chosen["mark"])
    letter_or_minutes = form in (LETTER, MINUTES, ORDER)
    pictures = _add_files(paper, found)
    draft = paper.record.state not in ISSUED
    return {
        "form": form,
        "issuers": list(paper.issuers) or [paper.record.lead_unit.name],
        "title": [paper.title],
        "title_lines": lines,
        "mark": names[:1] if letter_or_minutes else names,
        "suffix": "文件" if chosen["suffix"] and not letter_or_minutes else "",
        "copy_number": chosen["copy_number"],
        "secrecy": chosen["secrecy"],
        "urgency": chosen["urgency"],
        "number": paper.document_number,
        "signers": re.split(r"[、，,\s]+", chosen["signers"].strip()) if form == UPWARD and chosen["signers"] else [],
        "addressees": _addressees(paper.addressees),
        "addressees_below": chosen["addressees_below"],
        "rows": _printable(found.rows),
        "listed": found.listed,
        "attendance": _attendance(chosen) if form == MINUTES else [],
        "signature": [] if form in (MINUTES, ORDER) else _lines(chosen["signature"]),
        "signer": chosen["signer"] if form == ORDER else "",
        "signer_title": chosen["signer_title"] if form == ORDER else "",
        "date": "" if form == MINUTES and not chosen["day"] else chosen["day"],
        "seal": chosen["seal"],
        "notes": [note if note[0] in "(（" else f"（{note}）" for note in _lines(chosen["notes"])],
        "annexes": [
            {
                "head": annex.head,
                "title": title_lines("".join(annex.title)) if annex.title else [],
                "rows": _printable(annex.rows),
            }
            for annex in found.annexes
        ],
        "copies": chosen["copies"].strip().rstrip("。"),
        "printed_by": "" if form == LETTER else chosen["printed_by"],
        "printed_on": "" if form == LETTER else chosen["printed_on"],
        "duplex": chosen["duplex"],
        "draft": DRAFT if draft else "",
        "warning": DRAFT if draft else "",
        "chinese": paper.language == CHINESE,
    }, pictures


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _addressees(text: str) -> str:
    text = " ".join(text.split()).rstrip("：:")
    return f"{text}：" if text else ""


def _attendance(chosen: Mapping[str, Any]) -> list[tuple[str, str]]:
    lists = (("出席", "present"), ("请假", "absent"), ("列席", "observers"))
    return [(label, " ".join(chosen[name].split())) for label, name in lists if chosen[name].strip()]


def _printable(rows: list[Row]) -> list[Row]:
    """Rows with places to break long strings of letters, widths for tables, and headings that begin at level 1."""
    made, deepest = [], 0
    for row in rows:
        row = dict(row)
        if row["kind"] == "table":
            row["cells"] = [[_BREAKS.sub("\\1\u200b", cell) for cell in cells] for cells in row["cells"]]
            longest = [max(len(cells[index]) for cells in row["cells"]) for index in range(row["columns"])]
            row["widths"] = [min(30, max(4, length)) for length in longest]
        else:
            row["text"] = _BREAKS.sub("\\1\u200b", row["text"])
            if row["kind"] == "heading":
                row["level"] = deepest = min(row["level"], deepest + 1)
        made.append(row)
    return made


def _add_files(paper: Document, found: Elements) -> dict[str, bytes]:
    """Give every file of the paper a page of its own, unless the body already has the text of that annex."""
    written = {_bare("".join(annex.title)) for annex in found.annexes}
    files = [file for file in attachments_of(paper.record_id) if _bare(_stem(file)) not in written]
    heads = sum(1 for annex in found.annexes if annex.head)
    names = {_bare(name) for name in found.listed}
    if not found.listed:
        found.listed += ["".join(annex.title) or annex.head for annex in found.annexes if annex.head]
        names = {_bare(name) for name in found.listed}
    pictures: dict[str, bytes] = {}
    alone = heads + len(files) == 1
    for number, file in enumerate(files, heads + 1):
        if _bare(_stem(file)) not in names:
            found.listed.append(_stem(file))
        rows = _rows_of(file, pictures)
        found.annexes.append(Annex("附件" if alone else f"附件{number}", [_stem(file)], rows))
    return pictures


def _stem(file: Attachment) -> str:
    return PurePosixPath(file.name).stem


def _rows_of(file: Attachment, pictures: dict[str, bytes]) -> list[Row]:
    """A file as rows: tables and text are set, pictures shown, everything else named."""
    ending = PurePosixPath(file.name).suffix.lower()
    content = bytes(AttachmentContent.objects.get(attachment=file).content)
    if file.media_type in _PICTURES:
        name = f"picture-{file.pk}.{_PICTURES[file.media_type]}"
        pictures[name] = content
        return [{**paragraph(file.name), "kind": "picture", "file": name}]
    cells: list[list[str]] = []
    if ending == ".csv":
        cells = [row for row in csv.reader(io.StringIO(_decoded(content))) if any(row)]
    elif ending == ".xlsx":
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        values = ([str("" if cell is None else cell) for cell in row] for row in sheet.iter_rows(values_only=True))
        cells = [row for _, row in zip(range(MOST_ROWS + 1), values, strict=False) if any(row)]
    elif ending == ".txt":
        return [paragraph(line) for line in _lines(_decoded(content))[:MOST_ROWS]]
    if 0 < len(cells) <= MOST_ROWS and max(map(len, cells)) <= 14:
        return [table(cells)]
    return [paragraph(f"（本附件为电子文件“{file.name}”，随文发送。）")]


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")
