"""运行状况: how the city is running, for the system administrator."""

from django.http import HttpResponse
from django.shortcuts import render

from .access import StaffRequest
from .administration import administrator_view
from .health import measures
from .setup.finding import GREEN, RED


@administrator_view("health")
def health(request: StaffRequest) -> HttpResponse:
    """Every measure in one table; what is wrong is said first."""
    found = [measure for measure in measures(request.now) if measure.subject]
    wrong = [measure for measure in found if measure.level != GREEN]
    worst = RED if any(measure.level == RED for measure in wrong) else GREEN
    return render(request, "desk/health.html", {"measures": found, "wrong": wrong, "worst": worst, "now": request.now})
