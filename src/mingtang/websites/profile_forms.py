"""Forms about unit profiles and disclosure guides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.records.forms import ReasonForm, RecordForm, RowsField

from .models import DisclosureGuide, UnitProfile
from .profile_services import GUIDE_FIELDS, PROFILE_FIELDS


def _line(label: Any, longest: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=longest, help_text=help_text)


def _text(label: Any, rows: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, widget=forms.Textarea(attrs={"rows": rows}), help_text=help_text
    )


class ProfileForm(RecordForm):
    """What a unit does, where it is, who leads it. Drafts may be incomplete; publishing asks for all that is due."""

    groups = (
        (_("职能和机构"), ["functions", "divisions"]),
        (_("负责人"), ["leaders"]),
        (_("怎样联系"), ["address", "office_hours", "phone", "fax", "website"]),
        (_("政府信息公开工作机构"), ["openness_office", "openness_phone"]),
    )
    functions = _text(_("主要职能"), 8, _("依照机构职能规定写，一项一行。"))
    divisions = RowsField(
        label=_("内设机构"),
        required=False,
        columns={"name": {"label": _("名称")}, "work": {"label": _("职责")}, "phone": {"label": _("办公电话")}},
    )
    leaders = RowsField(
        label=_("负责人"),
        required=False,
        help_text=_("按排名顺序填。只填姓名、职务和分工，不填手机号码和家庭情况。"),
        columns={"name": {"label": _("姓名")}, "post": {"label": _("职务")}, "work": {"label": _("分工")}},
    )
    address = _line(_("办公地址"), 200)
    office_hours = _line(_("办公时间"), 200, _("例如：工作日8:30至11:30，14:30至17:30。"))
    phone = _line(_("联系电话"), 80, _("对外公布的办公电话。"))
    fax = _line(_("传真"), 80)
    website = _line(_("互联网联系方式"), 200, _("网址或者单位邮箱。"))
    openness_office = _line(_("机构名称"), 80, _("本单位办理政府信息公开的科室。"))
    openness_phone = _line(_("电话"), 80)

    @staticmethod
    def initial_of(detail: UnitProfile) -> dict[str, Any]:
        return {name: getattr(detail, name) for name in PROFILE_FIELDS}


class GuideForm(RecordForm):
    """What article 12 asks a guide to say."""

    groups = (
        (_("指南"), ["government", "classification", "arrangement", "obtaining"]),
        (_("政府信息公开工作机构"), ["organ", "address", "office_hours", "phone", "fax", "website"]),
    )
    government = _line(_("哪个机关的指南"), 80, _("不填则为本单位；政府办公厅（室）不填则为本级政府。"))
    classification = _text(_("信息分类"), 5, _("公开的信息分哪几类。"))
    arrangement = _text(_("编排体系"), 5, _("索引号怎样编，目录怎样排。"))
    obtaining = _text(_("获取方式"), 8, _("主动公开的在哪里查，依申请公开的怎样申请。"))
    organ = _line(_("机构名称"), 80)
    address = _line(_("办公地址"), 200)
    office_hours = _line(_("办公时间"), 200)
    phone = _line(_("联系电话"), 80)
    fax = _line(_("传真"), 80)
    website = _line(_("互联网联系方式"), 200)

    @staticmethod
    def initial_of(detail: DisclosureGuide) -> dict[str, Any]:
        return {name: getattr(detail, name) for name in GUIDE_FIELDS}


class ChangeForm(ReasonForm):
    """What changed, such as a new head or a new address; the new edition says so in public."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remark"].label = _("更新原因")
        self.fields["remark"].help_text = _("会显示在更新后的公开页面上。")
