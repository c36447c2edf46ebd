"""The public process on its own: it holds no back-office application, session or account."""

from .base import *  # noqa: F403

ROOT_URLCONF = "mingtang.settings.urls_public"
WSGI_APPLICATION = "mingtang.settings.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "csp",
    "mingtang.editions",
    "mingtang.intake",
    "mingtang.search",
    "mingtang.portal",
    "mingtang.api",
]

MIDDLEWARE = [
    "mingtang.settings.measuring.Measured",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
