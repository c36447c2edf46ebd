"""Roles a post can carry, and which of them exclude one another.

The three administrators (三员) are kept apart as graded protection asks: none of them may hold another's
role or any role of the business.
"""

from django.utils.translation import gettext_lazy as _

DRAFTER = "drafter"
SECRECY_REVIEWER = "secrecy_reviewer"
UNIT_HEAD = "unit_head"
GENERAL_OFFICE_CLERK = "general_office_clerk"
OPENNESS_OFFICER = "openness_officer"
ASSESSOR = "assessor"
SYSTEM_ADMINISTRATOR = "system_administrator"
SECURITY_ADMINISTRATOR = "security_administrator"
AUDIT_ADMINISTRATOR = "audit_administrator"

ROLES = {
    DRAFTER: _("起草人"),
    SECRECY_REVIEWER: _("保密审查员"),
    UNIT_HEAD: _("单位负责人"),
    GENERAL_OFFICE_CLERK: _("政府办公厅文书"),
    OPENNESS_OFFICER: _("政务公开专职人员"),
    ASSESSOR: _("考核人员"),
    SYSTEM_ADMINISTRATOR: _("系统管理员"),
    SECURITY_ADMINISTRATOR: _("安全管理员"),
    AUDIT_ADMINISTRATOR: _("审计管理员"),
}
ADMINISTRATORS = frozenset({SYSTEM_ADMINISTRATOR, SECURITY_ADMINISTRATOR, AUDIT_ADMINISTRATOR})
# Who of the three does what. An action belongs to one of them alone; a page that several need names several actions.
ADMINISTRATION = {
    "units": SYSTEM_ADMINISTRATOR,
    "accounts": SYSTEM_ADMINISTRATOR,
    "calendar": SYSTEM_ADMINISTRATOR,
    "setup_check": SYSTEM_ADMINISTRATOR,
    "health": SYSTEM_ADMINISTRATOR,
    "mail_test": SYSTEM_ADMINISTRATOR,
    "hooks": SYSTEM_ADMINISTRATOR,
    "migrations": SYSTEM_ADMINISTRATOR,
    "backup_state": SYSTEM_ADMINISTRATOR,
    "posts": SECURITY_ADMINISTRATOR,
    "delegations": SECURITY_ADMINISTRATOR,
    "hand_over": SECURITY_ADMINISTRATOR,
    "credentials": SECURITY_ADMINISTRATOR,
    "sessions": SECURITY_ADMINISTRATOR,
    "sign_in_policy": SECURITY_ADMINISTRATOR,
    "key_state": SECURITY_ADMINISTRATOR,
    "journal": AUDIT_ADMINISTRATOR,
    "audit": AUDIT_ADMINISTRATOR,
    "audit_export": AUDIT_ADMINISTRATOR,
}
