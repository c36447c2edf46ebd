"""``/metrics`` of the office process, in Prometheus' text format: for this machine, or whoever brings the token."""

import hmac
import ipaddress
import os

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from mingtang.desk.health import measures

from .measuring import COUNTS


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts of this process and the state of the city. Anybody else finds no such page."""
    if not _may_read(request):
        raise Http404
    lines = COUNTS.lines()
    for measure in measures(timezone.localtime()):
        if measure.metric and measure.value is not None:
            lines += [
                f"# HELP {measure.metric} {measure.help}",
                f"# TYPE {measure.metric} gauge",
                f"{measure.metric} {measure.value:.3f}"
                if isinstance(measure.value, float)
                else f"{measure.metric} {int(measure.value)}",
            ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    token = os.environ.get("MINGTANG_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    # A proxy on this machine stands for somebody elsewhere, and says so.
    if any(name in request.META for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
