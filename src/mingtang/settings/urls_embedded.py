"""Addresses when one process serves the back office and the public site."""

from django.urls import include, path

from .urls_public import handler404, handler500
from .urls_public import urlpatterns as public_patterns

__all__ = ["handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("desk/", include("mingtang.desk.urls")),
    *public_patterns,
]
