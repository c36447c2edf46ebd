"""Forms about papers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.file_forms import FilesField
from mingtang.disclosure.listed import CATALOGUE, NEGATIVE_LIST, entries_for, words_of
from mingtang.records.forms import RecordForm, RowsField, date_field
from mingtang.records.models import CO_ISSUER, LEAD, Link
from mingtang.records.rulebook import rulebook
from mingtang.records.selectors import visible_to
from mingtang.records.spec import Context, Facts, run_named_gates, spec_for
from mingtang.units.models import Unit
from mingtang.units.roles import DRAFTER

from .models import CHINESE, LANGUAGES, NAME_OF, TRANSLATES
from .vocabulary import GENRES, TOPICS

MOST_ORIGINALS = 300
RETURN_GATES = ("source_determination", "interpretation_attached", "nine_points", "one_lead")


def _choices(items: Any, empty: Any = None) -> list[tuple[str, Any]]:
    return [*([("", empty)] if empty is not None else []), *items.items()]


class DocumentForm(RecordForm):
    """Create or edit a paper."""

    groups = (
        (_("是什么文件"), ["title", "name_of", "lead_units", "co_issuers", "genre", "document_number", "addressees"]),
        (_("正文和附件"), ["body", "attachments"]),
        (
            _("怎样公开（第十八条）"),
            [
                "openness",
                "mode",
                "stages",
                "catalogue_entry",
                "withholding_ground",
                "withholding_reason",
                "list_entry",
                "cuts",
            ],
        ),
        (_("日期与来源"), ["written_on", "effective_on", "web_published_on", "source_unit", "topic"]),
        (_("译本（中文文件不填）"), ["language", "translates"]),
        (
            _("性质（决定是否解读、由谁解读）"),
            ["policy", "normative", "broad_reach", "high_attention", "vital_interest"],
        ),
    )
    title = forms.CharField(label=_("标题"), max_length=400)
    name_of = forms.ChoiceField(label=_("以谁的名义印发"), choices=list(NAME_OF.items()))
    lead_units = forms.MultipleChoiceField(
        label=_("牵头起草部门"), help_text=_("只能有一个：谁牵头起草，谁负责解读（第十条）。")
    )
    co_issuers = forms.MultipleChoiceField(
        label=_("联合发文部门"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("没有可不选。")
    )
    genre = forms.ChoiceField(label=_("文种"), required=False, choices=_choices(GENRES, _("请选择")))
    document_number = forms.CharField(
        label=_("发文字号"),
        required=False,
        max_length=80,
        help_text=_("留空则印发时自动编号，如“通政办发〔2026〕3号”。"),
    )
    addressees = forms.CharField(label=_("主送机关"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    body = forms.CharField(label=_("正文"), strip=False, widget=forms.Textarea(attrs={"rows": 22, "class": "paper"}))
    language = forms.ChoiceField(label=_("语言"), choices=list(LANGUAGES.items()), initial=CHINESE, required=False)
    translates = forms.ChoiceField(
        label=_("译自哪份文件"),
        required=False,
        help_text=_("译本沿用原文的字号，在原文公开之后公开；不用另附解读。"),
    )
    openness = forms.ChoiceField(
        label=_("公开属性"),
        required=False,
        widget=forms.RadioSelect,
        initial="full_release",
        help_text=_("默认全文公开；不予公开须选法定依据并写明理由。"),
    )
    mode = forms.ChoiceField(label=_("公开方式"), required=False, widget=forms.RadioSelect)
    stages = forms.MultipleChoiceField(
        label=_("五公开类别"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("至少选一类，否则不能公开（第一条）。"),
    )
    withholding_ground = forms.ChoiceField(label=_("不予公开的法定依据"), required=False)
    withholding_reason = forms.CharField(
        label=_("不予公开的理由"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    list_entry = forms.ChoiceField(
        label=_("负面清单事项"), required=False, help_text=_("不予公开的文件对应负面清单的哪一条（第二十条）。")
    )
    catalogue_entry = forms.ChoiceField(
        label=_("基本目录条目"), required=False, help_text=_("选了的，按目录写明的时限公开（第十七条）。")
    )
    written_on = date_field(_("成文日期"))
    effective_on = date_field(_("施行日期"))
    web_published_on = date_field(_("原网页发布日期"), help_text=_("从旧网站导入时填写。"))
    source_unit = forms.CharField(label=_("信息来源"), required=False, max_length=80)
    topic = forms.ChoiceField(label=_("主题分类"), required=False, choices=_choices(TOPICS, _("请选择")))
    policy = forms.BooleanField(
        label=_("政策性文件"),
        required=False,
        initial=True,
        help_text=_("须附解读方案和解读材料，公开后3个工作日内发布解读。"),
    )
    normative = forms.BooleanField(label=_("规范性文件（影响公民、法人权利义务）"), required=False)
    broad_reach = forms.BooleanField(label=_("涉及面广"), required=False)
    high_attention = forms.BooleanField(label=_("社会关注度高"), required=False)
    vital_interest = forms.BooleanField(label=_("与群众切身利益密切相关"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        book = rulebook()
        self.fields["openness"].choices = _choices(book.enumerations["openness_attributes"].items)  # type: ignore[attr-defined]
        self.fields["mode"].choices = _choices(book.enumerations["disclosure_modes"].items)  # type: ignore[attr-defined]
        self.fields["stages"].choices = _choices(book.enumerations["five_disclosures"].items)  # type: ignore[attr-defined]
        grounds = {code: ground.label for code, ground in book.grounds.items()}
        self.fields["withholding_ground"].choices = _choices(grounds, _("请选择"))  # type: ignore[attr-defined]
        self.fields["cuts"] = RowsField(
            label=_("删减内容"),
            required=False,
            help_text=_("删减后公开时填写：原样粘贴要删的文字，并逐处写明依据和理由。"),
            columns={
                "quote": {"label": _("要删减的原文")},
                "ground": {"label": _("法定依据"), "choices": grounds},
                "reason": {"label": _("理由")},
            },
        )
        self.fields["attachments"] = FilesField(record=self.record)
        self.fields["translates"].choices = [("", _("不是译本")), *self._originals()]  # type: ignore[attr-defined]
        units = Unit.objects.filter(valid_to=None)
        self._offer_entries()
        own = [self.record.lead_unit_id] if self.record else sorted(self.actor.units_as(DRAFTER))
        self.fields["lead_units"].choices = [(unit.pk, unit.name) for unit in units if unit.pk in own]  # type: ignore[attr-defined]
        self.fields["co_issuers"].choices = [(unit.pk, unit.name) for unit in units]  # type: ignore[attr-defined]
        if len(own) == 1:
            self.fields["lead_units"].initial = own
            self.fields["lead_units"].widget = forms.MultipleHiddenInput()
        else:
            self.fields["lead_units"].widget.attrs["size"] = min(4, len(own))

    def _offer_entries(self) -> None:
        """Entries of the published lists of the unit, and the one chosen before; no field where there is no list."""
        code = self.record.lead_unit_id if self.record else next(iter(sorted(self.actor.units_as(DRAFTER))), "")
        unit = Unit.objects.filter(pk=code).first()
        for name, kind in (("list_entry", NEGATIVE_LIST), ("catalogue_entry", CATALOGUE)):
            offered = entries_for(kind, unit) if unit else []
            chosen = getattr(self.record.document, name) if self.record is not None else ""
            if chosen and chosen not in dict(offered):
                offered = [*offered, (chosen, words_of(kind, chosen))]
            if offered:
                self.fields[name].choices = [("", _("请选择")), *offered]  # type: ignore[attr-defined]
            else:
                del self.fields[name]

    def _originals(self) -> list[tuple[str, str]]:
        """Chinese papers this person may see, newest first; the chosen one always."""
        papers = visible_to(self.actor).filter(kind="document", document__language=CHINESE)
        if self.record is not None:
            papers = papers.exclude(pk=self.record.pk)
        rows = list(papers.values_list("pk", "title", "document__document_number")[:MOST_ORIGINALS])
        if self.record is not None:
            chosen = Link.objects.filter(source=self.record, kind=TRANSLATES).first()
            if chosen is not None and chosen.target_id not in {pk for pk, *_ in rows}:
                rows.append((chosen.target_id, chosen.target.title, ""))
        return [(str(pk), f"{title}（{number}）" if number else title) for pk, title, number in rows]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["language"] = cleaned.get("language") or CHINESE
        if cleaned["language"] != CHINESE and not cleaned.get("translates"):
            self.add_error("translates", _("请选择译自哪份中文文件。"))
        elif cleaned["language"] == CHINESE and cleaned.get("translates"):
            self.add_error("language", _("译本请选择中文以外的语言。"))
        return cleaned

    @staticmethod
    def initial_of(detail: Any) -> dict[str, Any]:
        """Form data of an existing paper."""
        values = {field.name: getattr(detail, field.name) for field in detail._meta.concrete_fields}
        parties = list(detail.record.parties.values_list("unit_id", "role"))
        original = Link.objects.filter(source=detail.record, kind=TRANSLATES).first()
        values["translates"] = str(original.target_id) if original else ""
        values["lead_units"] = [unit for unit, role in parties if role == LEAD]
        values["co_issuers"] = [unit for unit, role in parties if role == CO_ISSUER]
        return values


class ExceptionForm(RecordForm):
    """Somebody other than the drafter confirms that a paper is withheld although no list names it (S20.3)."""

    ground = forms.ChoiceField(label=_("法定依据"))
    reason = forms.CharField(
        label=_("为什么清单以外也不公开"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明涉及什么内容、适用哪条规定。这份公文会一直带着例外标记，自查时复核。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grounds = {code: ground.label for code, ground in rulebook().grounds.items()}
        self.fields["ground"].choices = _choices(grounds, _("请选择"))  # type: ignore[attr-defined]


class ReturnForm(RecordForm):
    """The return slip (退文单): faults the system found are ticked already; the clerk adds what people see."""

    faults = forms.MultipleChoiceField(label=_("退文事由"), required=False, widget=forms.CheckboxSelectMultiple)
    remark = forms.CharField(
        label=_("给起草部门的话"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写清怎样补正。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        book = rulebook()
        assert self.record is not None
        context = Context(spec_for(self.record.kind), self.record, self.actor, self.now)
        self.found = {fault.code: fault for fault in run_named_gates(Facts(context), RETURN_GATES)}
        choices = {code: f"{fault.message}（{fault.basis}）" for code, fault in self.found.items()}
        for code in ("plan_missing", "material_missing", "attribute_missing", "mode_missing", "reason_vague"):
            if code not in choices and not book.fault_rules[code].parameters:
                fault = book.fault(code)
                choices[code] = f"{fault.message}（{fault.basis}）"
        self.fields["faults"].choices = list(choices.items())  # type: ignore[attr-defined]
        self.fields["faults"].initial = list(self.found)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("faults") and not cleaned.get("remark"):
            raise forms.ValidationError(_("请至少勾选一项退文事由，或写明退文的理由。"))
        return cleaned


class CorrectionForm(RecordForm):
    """Why a public paper is corrected."""

    remark = forms.CharField(
        label=_("更正原因"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("会显示在更正后的公开页面上。")
    )
