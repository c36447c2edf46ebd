"""What can stop a change. Each message is shown to the person as it stands."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from mingtang.rules import Fault


class RecordsError(Exception):
    """Base of all refusals; ``str()`` is Chinese and says what to do."""


class NotAllowed(RecordsError):
    """The actor does not hold the role that the step asks for."""


class IllegalState(RecordsError):
    """The step does not start from the record's present state, usually because somebody else was quicker."""


class StaleVersion(RecordsError):
    """Somebody changed the record since the form was opened."""

    def __init__(self, expected: int, current: int) -> None:
        super().__init__(_("您打开表单后，此事项已被他人修改。您填写的内容仍保留在下方，请核对后再提交。"))
        self.expected, self.current = expected, current


class Refused(RecordsError):
    """Gates found faults; nothing was changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("；".join(fault.message for fault in faults))
        self.faults = tuple(faults)
