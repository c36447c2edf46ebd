"""What can be noted, in words for the audit administrator."""

from django.utils.translation import gettext_lazy as _

READ, LIST, SEARCH, EXPORT, DOWNLOAD, PRINT, ACT = "read", "list", "search", "export", "download", "print", "act"
IDENTITY, IDENTITY_UNUSUAL, IDENTITY_REFUSED = "identity", "identity_unusual", "identity_refused"
DENIED, SIGN_IN, SIGN_IN_FAILED, SIGN_OUT, UNNOTED = "denied", "sign_in", "sign_in_failed", "sign_out", "unnoted"
ACTIONS = {
    READ: _("查看"),
    LIST: _("看列表"),
    SEARCH: _("检索"),
    EXPORT: _("导出"),
    DOWNLOAD: _("打开附件"),
    PRINT: _("打印"),
    ACT: _("办理"),
    IDENTITY: _("查看个人信息"),
    IDENTITY_UNUSUAL: _("查看个人信息异常"),
    IDENTITY_REFUSED: _("查看个人信息被限"),
    DENIED: _("被拒绝"),
    SIGN_IN: _("登录"),
    SIGN_IN_FAILED: _("登录未通过"),
    SIGN_OUT: _("退出登录"),
    UNNOTED: _("有查看没能记下"),
}
# Without a note these are not answered at all; a plain page still is.
MUST_BE_NOTED = frozenset({EXPORT, DOWNLOAD, PRINT, IDENTITY})
SEALED, DROPPED = "audit.sealed", "audit.dropped"
