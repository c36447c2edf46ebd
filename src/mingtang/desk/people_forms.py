"""Forms of the system and security administrators."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mingtang.records.forms import DATE_FORMATS
from mingtang.units.city.vocabulary import KINDS
from mingtang.units.models import DELEGATED, POST_KINDS, Person, Region, Unit
from mingtang.units.roles import ADMINISTRATORS, ROLES
from mingtang.units.selectors import recognise


def date_field(label: str, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        input_formats=DATE_FORMATS,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "日期写成 2026-11-25 这样。", "required": "请填写日期。"},
        **kwargs,
    )


class PersonField(forms.CharField):
    """A person by user name, or by name where only one has it."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        people = list(Person.objects.filter(username__iexact=text)) or list(
            Person.objects.filter(display_name=text)[:6]
        )
        if not people:
            raise ValidationError(f"没有叫“{text}”的人，请写用户名或姓名。")
        if len(people) > 1:
            names = "、".join(person.username for person in people)
            raise ValidationError(f"有几个人叫“{text}”，请写用户名：{names}。")
        return people[0]

    def prepare_value(self, value: Any) -> Any:
        return value.username if isinstance(value, Person) else value


class UnitField(forms.CharField):
    """A unit by code, name, short name or alias."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        code = text if Unit.objects.filter(pk=text).exists() else recognise(text)
        if code is None:
            raise ValidationError(f"没有单位“{text}”，请写单位的全称、简称或代码。")
        return Unit.objects.get(pk=code)

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, Unit) else value


REQUIRED = {"required": "请填写。"}
LISTED_UNITS = {"list": "units"}


class AccountForm(forms.Form):
    """A person's name and address."""

    display_name = forms.CharField(label="姓名", max_length=40, error_messages=REQUIRED)
    email = forms.CharField(
        label="电子邮箱", required=False, max_length=254, help_text="只用来收办公通知，不能用来登录。"
    )


class NewAccountForm(AccountForm):
    """The same, with the user name."""

    username = forms.CharField(
        label="用户名",
        max_length=60,
        help_text="用来登录，建好后不能改。没有空格，不分大小写。",
        error_messages=REQUIRED,
    )
    field_order = ["username", "display_name", "email"]


class PostForm(forms.Form):
    """A post: in one's own right, acting, or delegated."""

    kind = forms.ChoiceField(label="任职方式", choices=list(POST_KINDS.items()), widget=forms.RadioSelect)
    unit = UnitField(
        label="单位", widget=forms.TextInput(attrs=LISTED_UNITS), error_messages={"required": "请填写单位。"}
    )
    role = forms.ChoiceField(label="角色", choices=list(ROLES.items()))
    title = forms.CharField(label="职务", max_length=40, required=False, help_text="例如：副局长。")
    dedicated = forms.BooleanField(label="专职（不兼做其他工作）", required=False)
    valid_from = date_field("从哪一天起")
    valid_to = date_field(
        "到哪一天止", required=False, help_text="这一天仍有效。委托代签必须写；任职和主持工作可以不写。"
    )
    delegated_by = PersonField(
        label="委托人",
        required=False,
        help_text="只有委托代签才填：用户名或姓名。委托人自己要有这个岗位。",
        widget=forms.TextInput(attrs={"list": "people"}),
    )
    reason = forms.CharField(label="事由", max_length=200, required=False, help_text="例如：出差、休假、职位空缺。")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") == DELEGATED and not self.errors:
            if data["delegated_by"] is None:
                self.add_error("delegated_by", "委托代签要写明委托人。")
            if data["valid_to"] is None:
                self.add_error("valid_to", "委托代签要写明截止日期。")
        return data


class EndForm(forms.Form):
    """When a post ends."""

    when = forms.ChoiceField(
        label="什么时候结束",
        choices=[("now", "立即结束"), ("day", "做到某一天为止")],
        widget=forms.RadioSelect,
        initial="now",
    )
    valid_to = date_field("最后一天", required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("when") == "day" and not data.get("valid_to") and "valid_to" not in self.errors:
            self.add_error("valid_to", "请写最后一天。")
        return data


class HandoverForm(forms.Form):
    """What a person leaves, who takes it, and where the person goes."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label="移交哪个单位的工作", empty_label=None)
    successor = PersonField(
        label="接手人",
        help_text="用户名或姓名。",
        widget=forms.TextInput(attrs={"list": "people"}),
        error_messages={"required": "请填写接手人。"},
    )
    take_posts = forms.BooleanField(label="接手人同时接任本人在该单位的岗位", required=False)
    keep_posts = forms.BooleanField(
        label="只移交工作，本人的岗位保留",
        required=False,
        help_text="例如长期请假。不勾选，本人在该单位的岗位立即结束。",
    )
    new_unit = UnitField(
        label="本人调往", required=False, help_text="不调动就空着。", widget=forms.TextInput(attrs=LISTED_UNITS)
    )
    new_role = forms.ChoiceField(
        label="新角色",
        required=False,
        choices=[("", "（不调动）"), *((role, label) for role, label in ROLES.items() if role not in ADMINISTRATORS)],
    )
    new_title = forms.CharField(label="新职务", required=False, max_length=40)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("new_unit")) != bool(data.get("new_role")) and "new_unit" not in self.errors:
            self.add_error("new_role" if data.get("new_unit") else "new_unit", "调动要同时写明新单位和新角色。")
        return data


class UnitForm(forms.Form):
    """A unit's names and place."""

    name = forms.CharField(label="全称", max_length=80, error_messages=REQUIRED)
    short_name = forms.CharField(label="简称", max_length=40, error_messages=REQUIRED)
    aliases = forms.CharField(label="别称", required=False, help_text="几个别称之间用顿号隔开。", max_length=400)
    kind = forms.ChoiceField(label="类别", choices=list(KINDS.items()), initial="department")
    region = forms.ModelChoiceField(
        Region.objects.order_by("code"),
        label="地区",
        empty_label="请选择地区",
        error_messages={"required": "请选择地区。"},
    )
    parent = UnitField(label="上级单位", required=False, widget=forms.TextInput(attrs=LISTED_UNITS))
    vertical_superior = forms.CharField(label="垂直管理上级", required=False, max_length=80)
    document_prefix = forms.CharField(label="机关代字", required=False, max_length=20)
    index_code = forms.CharField(label="索引号机构代码", required=False, max_length=20)
    phone = forms.CharField(label="公开电话", required=False, max_length=40)

    def clean_aliases(self) -> list[str]:
        text = self.cleaned_data["aliases"].replace("；", "、").replace(";", "、")
        return [alias.strip() for alias in text.split("、") if alias.strip()]


class NewUnitForm(UnitForm):
    """The same, with what cannot change later."""

    code = forms.CharField(
        label="单位代码", max_length=40, help_text="字母、数字、短横线；建好后不能改。", error_messages=REQUIRED
    )
    valid_from = date_field("设立日期")
    field_order = ["code", "name", "short_name"]


class MergeForm(forms.Form):
    """Which unit takes over, and from when."""

    successor = UnitField(
        label="承继单位",
        widget=forms.TextInput(attrs=LISTED_UNITS),
        error_messages={"required": "请填写承继单位。"},
    )
    on = date_field("撤销日期", help_text="这一天仍是原单位，第二天起由承继单位接手。")


class LinkForm(forms.Form):
    """The person's id at the single sign-on server."""

    subject = forms.CharField(
        label="统一身份标识（sub）", max_length=190, help_text="由统一身份认证系统给出。", error_messages=REQUIRED
    )


class NoticeForm(forms.Form):
    """A year's announced holidays and make-up days."""

    source = forms.CharField(
        label="依据", max_length=200, help_text="例如：国办发明电〔2026〕7号。", error_messages=REQUIRED
    )
    file = forms.FileField(
        label="放假安排（CSV）",
        required=False,
        help_text="每行写：日期,放假或上班,名称。例如：2027-01-01至2027-01-03,放假,元旦",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(label="或者直接贴在这里", required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        upload = data.get("file")
        if upload is not None:
            if upload.size > 200_000:
                raise ValidationError({"file": "文件超过200 KB，不像是一年的放假安排。"})
            try:
                data["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError({"file": "文件不是UTF-8编码，请用“CSV UTF-8”格式另存。"}) from None
        if not data.get("text", "").strip():
            raise ValidationError({"file": "请选择文件，或者把内容贴在下面。"})
        return data
