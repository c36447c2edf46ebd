"""Forms about interpretations and interpretation events."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.file_forms import FilesField
from mingtang.records.forms import PointsField, RecordForm, date_field
from mingtang.records.rulebook import rulebook

from .models import Interpretation

SPEAKERS = {
    "unit_head": _("单位主要负责人"),
    "deputy_head": _("单位副职负责人"),
    "spokesperson": _("新闻发言人"),
    "expert": _("专家学者"),
    "officer": _("业务人员"),
}


class StagesMixin(forms.Form):
    """The five-disclosure class of what is published."""

    def offer_stages(self) -> None:
        self.fields["stages"] = forms.MultipleChoiceField(
            label=_("五公开类别"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=list(rulebook().enumerations["five_disclosures"].items.items()),
            help_text=_("不选则与所解读的文件相同。"),
        )


class InterpretationForm(StagesMixin, RecordForm):
    """Plan and material of one paper."""

    groups = (
        (_("解读方案"), ["plan", "methods", "other_method", "experts"]),
        (_("解读材料"), ["title", "material", "attachments", "articles"]),
        (_("九项解读要点（第十一条）"), ["points"]),
        (_("公开"), ["stages"]),
    )
    plan = forms.CharField(
        label=_("解读方案"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("谁来解读、什么时候、用什么方式、在哪里发布。与文件一并审签（第十、十二条）。"),
    )
    methods = forms.MultipleChoiceField(
        label=_("解读方式"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("鼓励用多种方式。")
    )
    other_method = forms.CharField(
        label=_("其他方式"), required=False, max_length=40, help_text=_("例如：海报、短视频。")
    )
    experts = forms.CharField(label=_("参与解读的专家"), required=False, max_length=200)
    title = forms.CharField(label=_("解读材料标题"), required=False, max_length=400)
    material = forms.CharField(
        label=_("解读材料"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 14, "class": "paper"})
    )
    articles = forms.CharField(
        label=_("重点解读哪几条"),
        required=False,
        max_length=100,
        help_text=_("例如：3、5、16。公开页面会把解读放在这些条款旁边。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = rulebook().enumerations
        self.fields["methods"].choices = list(names["interpretation_methods"].items.items())  # type: ignore[attr-defined]
        self.fields["points"] = PointsField(
            label=_("九项解读要点"), required=False, labels=names["interpretation_points"].items
        )
        self.fields["attachments"] = FilesField(record=self.record)
        self.offer_stages()
        if self.about is not None and not self.record:
            self.fields["title"].initial = f"《{self.about.title}》解读"

    @staticmethod
    def initial_of(detail: Interpretation) -> dict[str, Any]:
        values = {field.name: getattr(detail, field.name) for field in detail._meta.concrete_fields}
        values["articles"] = "、".join(str(number) for number in detail.articles)
        return values

    def clean_articles(self) -> list[int]:
        parts = str(self.cleaned_data["articles"]).replace("，", "、").replace(",", "、").replace(" ", "、").split("、")
        numbers = [part.strip("第条") for part in parts if part.strip()]
        if not all(number.isdecimal() for number in numbers):
            raise forms.ValidationError(_("请只写条款序号，用顿号隔开，例如：3、5、16。"))
        return [int(number) for number in numbers]

    def clean(self) -> dict[str, Any]:
        """A method outside the seven is recorded as other (S12.2)."""
        cleaned = super().clean() or {}
        if cleaned.get("other_method") and "other" not in cleaned.get("methods", []):
            cleaned["methods"] = [*cleaned.get("methods", []), "other"]
        return cleaned


class PlacementForm(RecordForm):
    """Where the media carried the interpretation."""

    outlet = forms.CharField(label=_("媒体名称"), max_length=60)
    url = forms.URLField(label=_("报道链接"), required=False, max_length=500, assume_scheme="https")
    clip = forms.CharField(
        label=_("剪报版面或节目名称"), required=False, max_length=200, help_text=_("没有链接时填写。")
    )
    placed_at = forms.DateTimeField(
        label=_("刊播时间"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("url") and not cleaned.get("clip"):
            self.add_error("url", _("请填写链接，或写明剪报版面、节目名称，作为媒体发布的凭据（第十条）。"))
        placed_at = cleaned.get("placed_at")
        if placed_at and placed_at > self.now:
            self.add_error("placed_at", _("刊播时间不能晚于现在。"))
        return cleaned


class EventForm(StagesMixin, RecordForm):
    """Plan of an interpretation event."""

    title = forms.CharField(label=_("活动名称"), max_length=200)
    method = forms.ChoiceField(label=_("解读方式"))
    planned_on = date_field(_("计划日期"))
    place = forms.CharField(label=_("地点或平台"), required=False, max_length=100)
    speaker_role = forms.ChoiceField(label=_("主讲人"), choices=[("", _("请选择")), *SPEAKERS.items()], required=False)
    important_policy = forms.BooleanField(
        label=_("解读的是重要政策措施"), required=False, help_text=_("一般通知不计入负责人每年一次的解读（第十条）。")
    )
    summary = forms.CharField(label=_("内容"), required=False, widget=forms.Textarea(attrs={"rows": 6}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = rulebook().enumerations["interpretation_methods"].items
        self.fields["method"].choices = list(choices.items())  # type: ignore[attr-defined]
        self.offer_stages()

    @staticmethod
    def initial_of(detail: Any) -> dict[str, Any]:
        return {field.name: getattr(detail, field.name) for field in detail._meta.concrete_fields}


class HeldForm(RecordForm):
    """What happened, and who really spoke."""

    held_at = forms.DateTimeField(
        label=_("举行时间"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        initial=lambda: timezone.localtime(),
    )
    speaker_role = forms.ChoiceField(label=_("主讲人"), choices=list(SPEAKERS.items()))
    important_policy = forms.BooleanField(label=_("解读的是重要政策措施"), required=False)
    summary = forms.CharField(label=_("活动情况"), widget=forms.Textarea(attrs={"rows": 5}))

    def clean_held_at(self) -> Any:
        held_at = self.cleaned_data["held_at"]
        if held_at > self.now:
            raise forms.ValidationError(_("举行时间不能晚于现在。"))
        return held_at
