"""The kinds of publications in words."""

from django.utils.translation import gettext_lazy as _

KINDS = {
    "document": _("文件"),
    "interpretation": _("解读"),
    "interpretation_event": _("解读活动"),
    "unit_profile": _("机构信息"),
    "disclosure_guide": _("公开指南"),
    "register": _("清单"),
}
