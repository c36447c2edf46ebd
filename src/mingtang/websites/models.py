"""What a government website itself gives work with."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingtang.records.models import Record

OUTCOMES = {
    "corrected": _("确有错误，已改正"),
    "partly": _("部分有误，已改正有误之处"),
    "no_error": _("经核对没有错误"),
}


class ErrorReport(models.Model):
    """Somebody says that a page of the site is wrong (网民找错). Never published.

    ``contact`` is sealed. ``number`` is that of the citizen's receipt; None if it came by telephone or letter.
    """

    record = models.OneToOneField(Record, models.CASCADE, primary_key=True, related_name="error_report")
    number = models.CharField(_("回执编号"), max_length=20, unique=True, null=True, blank=True)
    page = models.CharField(_("页面"), max_length=300, blank=True)
    index_number = models.CharField(_("索引号"), max_length=80, blank=True)
    what = models.TextField(_("哪里不对"))
    quote = models.TextField(_("错误的原文"), blank=True)
    contact = models.TextField(_("联系方式（密封）"), blank=True)
    outcome = models.CharField(_("处理结果"), max_length=20, blank=True)
    answer = models.TextField(_("答复"), blank=True)

    def __str__(self) -> str:
        return self.number or str(self.record_id)
