"""Addresses of the public process."""

from django.urls import include, path

from .health import health

urlpatterns = [
    path("healthz", health),
    path("api/", include("mingtang.api.urls")),
    path("", include("mingtang.portal.urls")),
]
handler404 = "mingtang.portal.views.not_found"
handler500 = "mingtang.portal.views.server_error"
