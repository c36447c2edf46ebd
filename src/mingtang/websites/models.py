"""What a government website itself gives work with."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.disclosure.models import Disclosable
from mingtang.records.models import Record
from mingtang.units.models import Unit

OUTCOMES = {
    "corrected": _("确有错误，已改正"),
    "partly": _("部分有误，已改正有误之处"),
    "no_error": _("经核对没有错误"),
}


class ErrorReport(models.Model):
    """Somebody says that a page of the site is wrong (网民找错). Never published.

    The citizen's contact is kept apart (``audit.identity``). ``number`` is that of the receipt; None if it came by
    telephone or letter.
    """

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="error_report")
    number = models.CharField(_("回执编号"), max_length=20, unique=True, null=True, blank=True)
    page = models.CharField(_("页面"), max_length=300, blank=True)
    index_number = models.CharField(_("索引号"), max_length=80, blank=True)
    what = models.TextField(_("哪里不对"))
    quote = models.TextField(_("错误的原文"), blank=True)
    outcome = models.CharField(_("处理结果"), max_length=20, blank=True)
    answer = models.TextField(_("答复"), blank=True)

    def __str__(self) -> str:
        return self.number or str(self.record_id)


class Contact(models.Model):
    """Where people find a body: what articles 12 and 20(2) of the Regulation both ask for."""

    address = models.CharField(_("办公地址"), max_length=200, blank=True)
    office_hours = models.CharField(_("办公时间"), max_length=200, blank=True)
    phone = models.CharField(_("联系电话"), max_length=80, blank=True)
    fax = models.CharField(_("传真"), max_length=80, blank=True)
    website = models.CharField(_("互联网联系方式"), max_length=200, blank=True)

    class Meta:
        abstract = True


class UnitProfile(Contact, Disclosable):
    """What a body does, where it is and who leads it (机构信息, article 20(2) of the Regulation).

    ``leaders`` lists {"name", "post", "work"} in their order, ``divisions`` {"name", "work", "phone"}. ``live_for`` is
    the unit while the profile is public: no unit has two.
    """

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="unit_profile")
    functions = models.TextField(_("主要职能"), blank=True)
    divisions = models.JSONField(_("内设机构"), default=list, blank=True)
    leaders = models.JSONField(_("负责人"), default=list, blank=True)
    openness_office = models.CharField(_("政府信息公开工作机构"), max_length=80, blank=True)
    openness_phone = models.CharField(_("公开工作机构电话"), max_length=80, blank=True)
    live_for = models.OneToOneField(Unit, models.PROTECT, null=True, blank=True, related_name="live_profile")

    def __str__(self) -> str:
        return str(self.record_id)


class DisclosureGuide(Contact, Disclosable):
    """How a body's information is sorted and can be had (公开指南, article 12 of the Regulation).

    ``organ`` is the body that handles openness; the contact is its own.
    """

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="disclosure_guide")
    government = models.CharField(_("哪个机关的指南"), max_length=80, blank=True)
    classification = models.TextField(_("信息分类"), blank=True)
    arrangement = models.TextField(_("编排体系"), blank=True)
    obtaining = models.TextField(_("获取方式"), blank=True)
    organ = models.CharField(_("政府信息公开工作机构"), max_length=80, blank=True)
    live_for = models.OneToOneField(Unit, models.PROTECT, null=True, blank=True, related_name="live_guide")

    def __str__(self) -> str:
        return self.government or str(self.record_id)
