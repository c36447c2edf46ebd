"""The region this site is of, and those directly below it: a city's banners and counties, a county's townships."""

from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import PublicRegion

OWN = {"city": _("市级"), "county": _("县级"), "township": _("乡级")}
BELOW = {"city": _("旗县市区"), "county": _("乡镇苏木"), "township": _("嘎查村")}
MINE = {"city": _("我的旗县"), "county": _("我的乡镇"), "township": _("我的嘎查村")}


def top_region() -> PublicRegion | None:
    """The region that stands below none."""
    return PublicRegion.objects.filter(parent_code="").order_by("code").first()


def level_words(top: PublicRegion | None) -> dict[str, str]:
    """What templates call the top's own bodies and the regions below it."""
    level = top.level if top else "city"
    words = {"own_level": OWN, "below_level": BELOW, "mine": MINE}
    return {name: str(found.get(level, found["city"])) for name, found in words.items()}
