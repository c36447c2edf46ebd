"""Forms of the register pages. What a cell may hold is asked of the kind's checks, so that there is one answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.records.forms import DATE_FORMATS
from mingtang.registers.entries import ADJUSTING
from mingtang.registers.forms import note_field
from mingtang.registers.models import ACCEPTS, ALL, EXTENTS, WHOLE
from mingtang.registers.services import LIMIT_BYTES, Upload
from mingtang.text.tables.kinds import TableField, TableKind
from mingtang.text.tables.values import Value

from .register_page import CHECKED, Words, Working

MOST_OPTIONS = 300
LONG_TEXT = 200
FORMATS = ".xlsx,.xls,.ods,.csv"


class UploadForm(forms.Form):
    """A file, what it says of the rest of the list, and what to do about rows that are wrong."""

    workbook = forms.FileField(
        label=_("表格文件"),
        help_text=_("Excel（.xlsx、.xls）、ODS或者CSV，不超过50兆字节。标题、说明和合计行不用删。"),
        widget=forms.ClearableFileInput(attrs={"accept": FORMATS, "aria-describedby": "id_workbook_helptext"}),
        error_messages={"required": _("请选择一个文件。"), "empty": _("文件是空的，请检查后重新上传。")},
    )
    extent = forms.ChoiceField(label=_("范围"), choices=list(EXTENTS.items()), widget=forms.RadioSelect, initial=WHOLE)
    accept = forms.ChoiceField(label=_("有错时"), choices=list(ACCEPTS.items()), widget=forms.RadioSelect, initial=ALL)
    note = note_field(_("会显示在公开页面上，例如“依据机构改革调整”。"))

    def clean_workbook(self) -> Any:
        file = self.cleaned_data["workbook"]
        if file.size > LIMIT_BYTES:
            raise forms.ValidationError(_("文件超过50兆字节，请拆成几个文件，分几次导入。"))
        return file

    def upload(self) -> dict[str, Any]:
        """What ``registers.services.change`` is given."""
        data = self.cleaned_data
        file = data["workbook"]
        given: dict[str, Any] = {"upload": Upload(file.name, file.read(), data["extent"], data["accept"])}
        if data["note"]:
            given["note"] = data["note"]
        return given


class BatchForm(forms.Form):
    """What this update is about, and what happens to rows that stay wrong."""

    note = note_field(_("会显示在公开页面上。"))
    accept = forms.ChoiceField(
        label=_("有错时"), choices=list(ACCEPTS.items()), widget=forms.RadioSelect, initial=ALL, required=False
    )

    def __init__(self, *args: Any, working: Working, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_batch_%s", **kwargs})
        if working.batch is None or not working.batch.counts.get("faulty"):
            del self.fields["accept"]


class AdjustingForm(forms.Form):
    """How entries that change were adjusted (article 5)."""

    which = forms.ChoiceField(
        label=_("写给哪些条目"),
        choices=[("all", _("所有还没有写明的变化")), ("chosen", _("只是下面勾选的条目"))],
        widget=forms.RadioSelect,
        initial="all",
    )
    adjustment = forms.ChoiceField(label=_("调整方式"))
    effective_on = forms.DateField(
        label=_("调整日期"),
        input_formats=DATE_FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("从哪一天起生效。20个工作日内要公开。"),
        error_messages={"invalid": _("请按“2017-01-04”的样子填写日期。"), "required": _("请填写调整日期。")},
    )
    basis = forms.CharField(
        label=_("调整依据"),
        max_length=400,
        help_text=_("依据哪份文件或者哪条法律，例如“通政发〔2026〕12号”。"),
        error_messages={"required": _("请写明依据哪份文件或者哪条法律调整。")},
    )

    def __init__(self, *args: Any, kind: TableKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, name) for name in kind.adjustments.values()]
        self.fields["adjustment"].choices = [("", _("请选择")), *choices]  # type: ignore[attr-defined]
        self.fields["adjustment"].error_messages["required"] = str(_("请选择调整方式。"))


class CorrectionForm(forms.Form):
    """The changes mend mistakes and adjust nothing."""

    correction = forms.CharField(
        label=_("更正的理由"),
        required=False,
        max_length=400,
        help_text=_(
            "这次只是改正错误、没有调整事项的，在这里写明改了什么错。会显示在公开页面上。留空就是不再作为更正。"
        ),
    )


class EntryForm(forms.Form):
    """One entry, made from its kind's fields. The kind's own checks say what is missing or wrong."""

    def __init__(self, *args: Any, kind: TableKind, words: Words, values: dict[str, Value], **kwargs: Any) -> None:
        initial = {one.name: _typed(one, values.get(one.name), words) for one in kind.fields}
        super().__init__(*args, **{"prefix": "field", "initial": initial, **kwargs})
        self.kind = kind
        for one in kind.fields:
            self.fields[one.name] = field_of(one, words, values.get(one.name))

    def grouped(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Public columns, columns for the office only, and what is said of an adjustment."""
        kind = self.kind
        own = [one for one in kind.fields if one.name not in ADJUSTING or not kind.adjustments]
        groups: list[tuple[Any, list[forms.BoundField]]] = [
            (_("公开的内容"), [self[one.name] for one in own if one.public]),
            (_("只供内部核对，不公开"), [self[one.name] for one in own if not one.public]),
        ]
        if kind.adjustments:
            groups.append((_("这次为什么调整（只是改正错误的不填）"), [self[name] for name in ADJUSTING]))
        return [(heading, fields) for heading, fields in groups if fields]

    def typed(self) -> dict[str, str]:
        """Texts by field name as they were typed."""
        return {name: self[name].data or "" for name in self.fields}


class _Cell(forms.CharField):
    """Says whether it must be filled, and leaves it to the kind's checks to ask."""

    def clean(self, value: Any) -> Any:
        return value or ""


def field_of(one: TableField, words: Words, value: Value) -> forms.Field:
    """The form field of a column: a choice where there are few, else text with a hint."""
    said = [one.description, one.missing]
    if one.unit:
        said.append(f"单位：{one.unit}。")
    if one.mask:
        said.append("公开时隐去一部分。")
    choices = _choices(one, words, value)
    widget: forms.Widget
    if choices:
        widget = forms.Select(choices=[("", "请选择" if one.required else "（不填）"), *choices])
    elif one.type == "date":
        widget = forms.DateInput(attrs={"type": "date"})
    elif one.constraints.get("maxLength", 0) > LONG_TEXT:
        widget = forms.Textarea(attrs={"rows": 3})
    else:
        widget = forms.TextInput()
        if one.type in ("integer", "number", "year"):
            widget.attrs["inputmode"] = "decimal" if one.type == "number" else "numeric"
        if one.code_list:
            said.append("写代码或者名称，选项见填报模板的“选项”表。")
        elif one.check in CHECKED:
            said.append(f"{CHECKED[one.check]}。")
    if one.example and not choices:
        said.append(f"例如“{one.example}”。")
    help_text = "".join(filter(None, said))
    widget.attrs["autocomplete"] = "off"
    if help_text:
        widget.attrs["aria-describedby"] = f"id_field-{one.name}_helptext"
    return _Cell(label=one.title, required=one.required, widget=widget, help_text=help_text)


def _choices(one: TableField, words: Words, value: Value) -> list[tuple[str, str]]:
    if "enum" in one.constraints:
        made = [(str(each), str(each)) for each in one.constraints["enum"]]
    elif one.type == "boolean":
        made = [("是", "是"), ("否", "否")]
    elif one.code_list and len(names := words.names(one)) <= MOST_OPTIONS:
        made = [(code, f"{code} {name}") for code, name in names.items()]
    else:
        return []
    held = _typed(one, value, words)
    if held and held not in {code for code, _label in made}:
        # What the list no longer offers stays to be seen; the check says that it is over.
        made.insert(0, (held, held))
    return made


def _typed(one: TableField, value: Value, words: Words) -> str:
    """A stored value as somebody would type it."""
    if one.check in ("unit", "region"):
        return words.of(one.name, value)
    return "" if value is None else "是" if value is True else "否" if value is False else str(value)
