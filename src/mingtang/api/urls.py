"""Addresses of the open API, all behind the gate, and its page for people."""

from django.urls import path
from django.urls.conf import include

from . import bulk, directory, log, publications
from .gate import guard, guarded
from .openapi import api
from .problems import not_found
from .views import index

for room in (publications, log, directory, bulk):
    api.add_router("", room.router)
version_1, application, namespace = api.urls
urlpatterns = [
    path("", index, name="api_index"),
    path("v1/", include((guarded(version_1), application), namespace)),
    path("v1/<path:rest>", guard(lambda request, rest: not_found()), name="api_missing"),
]
