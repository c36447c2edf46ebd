"""What every request leaves behind: a request id, a log line, and counts for ``/metrics``. No personal data in any."""

import ipaddress
import logging
import secrets
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from mingtang.intake.limits import client_address

from .logs import request_id

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
logger = logging.getLogger("mingtang.requests")


class Counts:
    """Requests by view and status, and how long they took. Counted in this process, from its start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.seconds: Counter[str] = Counter()
        self.buckets: dict[str, list[int]] = {}

    def add(self, view: str, method: str, status: int, seconds: float) -> None:
        with self._lock:
            self.requests[view, method, status] += 1
            self.seconds[view] += seconds  # type: ignore[assignment]
            self.buckets.setdefault(view, [0] * (len(BUCKETS) + 1))[bisect_left(BUCKETS, seconds)] += 1

    def lines(self) -> list[str]:
        """In Prometheus' text format."""
        with self._lock:
            requests, seconds = dict(self.requests), dict(self.seconds)
            buckets = {view: list(counts) for view, counts in self.buckets.items()}
        found = [
            "# HELP mingtang_requests_total Requests answered by this process.",
            "# TYPE mingtang_requests_total counter",
        ]
        for (view, method, status), count in sorted(requests.items()):
            found.append(f'mingtang_requests_total{{view="{view}",method="{method}",status="{status}"}} {count}')
        found += ["# HELP mingtang_request_seconds Time to answer.", "# TYPE mingtang_request_seconds histogram"]
        for view, counts in sorted(buckets.items()):
            total = 0
            for limit, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
                total += count
                found.append(f'mingtang_request_seconds_bucket{{view="{view}",le="{limit}"}} {total}')
            found.append(f'mingtang_request_seconds_sum{{view="{view}"}} {seconds[view]:.6f}')
            found.append(f'mingtang_request_seconds_count{{view="{view}"}} {total}')
        return found


COUNTS = Counts()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measured:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = secrets.token_hex(8)
        token, started = request_id.set(name), time.perf_counter()
        try:
            response = self.get_response(request)
            took = time.perf_counter() - started
            view = request.resolver_match.view_name if request.resolver_match else "none"
            # A client may send any word as a method; each would be a series of its own.
            method = request.method if request.method in METHODS else "other"
            COUNTS.add(view, str(method), response.status_code, took)
            if logger.isEnabledFor(logging.INFO):
                # Without looking a session up that the view did not ask for.
                person = getattr(request.__dict__.get("_cached_user"), "pk", None)
                told = {
                    "method": method,
                    "view": view,
                    "status": response.status_code,
                    "milliseconds": round(took * 1000, 1),
                    "network": network_of(client_address(request)),
                    **({"person": person} if person is not None else {}),
                }
                logger.info("request", extra=told)
            response["X-Request-ID"] = name
            return response
        finally:
            request_id.reset(token)


def network_of(address: str) -> str:
    """The network an address is in, wide enough to name no one: 256 addresses, or a site's prefix."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{24 if found.version == 4 else 48}", strict=False))
