"""What officials are told of, and how each of it reaches them unless they chose otherwise."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from mingtang.units.roles import DRAFTER, OPENNESS_OFFICER, UNIT_HEAD

RETURNED, WAITING, DELEGATED = "returned", "waiting", "delegated"
DUE_SOON, DUE_TODAY, LATE, DUE_CHANGED, REMINDED = "due_soon", "due_today", "late", "due_changed", "reminded"

AT_ONCE, DIGEST, OFF = "at_once", "digest", "off"
MAIL_MODES = {AT_ONCE: _("随到随发"), DIGEST: _("每天汇总一次"), OFF: _("不发邮件")}


@dataclass(frozen=True)
class Kind:
    """One kind of notice.

    Attributes:
        deadline: overrides quiet hours and days off, and cannot be turned off in the desk.
        roles: who of a duty's unit is told; empty for kinds whose recipients follow from the step itself.
        office: whether the openness officer of the unit's general office is told too (D10.2).
    """

    label: str
    mail: str = AT_ONCE
    deadline: bool = False
    roles: tuple[str, ...] = ()
    office: bool = False


_RESPONSIBLE = (DRAFTER, OPENNESS_OFFICER, UNIT_HEAD)
KINDS = {
    WAITING: Kind("等我办理"),
    RETURNED: Kind("退回给我"),
    DUE_SOON: Kind("即将到期", mail=DIGEST, roles=(DRAFTER, OPENNESS_OFFICER), office=True),
    DUE_TODAY: Kind("今天到期", deadline=True, roles=_RESPONSIBLE, office=True),
    LATE: Kind("已逾期", deadline=True, roles=_RESPONSIBLE, office=True),
    REMINDED: Kind("被催办", deadline=True, roles=_RESPONSIBLE),
    DUE_CHANGED: Kind("到期日有变动", mail=DIGEST, roles=(DRAFTER, OPENNESS_OFFICER)),
    DELEGATED: Kind("委托给我办理"),
}
# The reminder of a duty's clock that each of these kinds passes on.
BY_STAGE = {"before_due": DUE_SOON, "due": DUE_TODAY, "overdue": LATE}
