"""安装检查: the setup check at the desk, for the system administrator."""

from django.http import HttpResponse
from django.shortcuts import render

from ..access import StaffRequest
from ..administration import administrator_view
from .checks import check_setup
from .finding import LEVELS, ORDER


@administrator_view("setup_check")
def setup_check(request: StaffRequest) -> HttpResponse:
    """What is missing and how to mend it, worst first."""
    findings = check_setup(request.now)
    groups = [(level, LEVELS[level], [one for one in findings if one.level == level]) for level in ORDER]
    return render(request, "desk/setup.html", {"groups": groups, "now": request.now, "count": len(findings)})
