"""Addresses when one process serves the back office and the public site."""

from allauth.account import views as account
from django.urls import include, path

from mingtang.channels.following import waiting_mails
from mingtang.desk import health
from mingtang.units import account_views, sign_on

from .metrics import metrics
from .urls_public import handler404, handler500
from .urls_public import urlpatterns as public_patterns

__all__ = ["handler404", "handler500", "urlpatterns"]

# Only what an official needs: allauth's pages for sign-up, e-mail and forgotten passwords stay unrouted.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/first/", account_views.first_password, name="account_first_password"),
    path("resets/", account_views.resets, name="account_resets"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sign-on/", sign_on.sign_on, name="sign_on"),
    path("sign-on/callback/", sign_on.callback, name="sign_on_callback"),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("desk/", include("mingtang.desk.urls")),
    path("metrics", metrics),
    *public_patterns,
]
health.QUEUES["邮件待发送"] = waiting_mails
