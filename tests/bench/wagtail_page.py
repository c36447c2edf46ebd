"""One page of a plain Wagtail site, to measure beside ours. Runs in an environment of its own, where Wagtail is.

``python wagtail_page.py prepare`` makes the database in WAGTAIL_HOME with a page of WAGTAIL_BYTES; the WSGI
``application`` serves it at /paper/.
"""

import os
import sys
from pathlib import Path

import django
from django.conf import settings

HOME = Path(os.environ["WAGTAIL_HOME"])
TEMPLATE = """{% load wagtailcore_tags %}<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8"><title>{{ page.seo_title|default:page.title }}</title></head><body>
<nav><ol>{% for above in page.get_ancestors %}<li><a href="{% pageurl above %}">{{ above.title }}</a></li>{% endfor %}</ol></nav>
<main><h1>{{ page.title }}</h1><p>{{ page.first_published_at|date:"Y-m-d" }}</p>
{{ page.search_description|richtext }}</main>
<nav><ul>{% for other in page.get_siblings.live %}<li><a href="{% pageurl other %}">{{ other.title }}</a></li>{% endfor %}</ul></nav>
</body></html>
"""

settings.configure(
    SECRET_KEY="measured only",
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF="wagtail_page",
    INSTALLED_APPS=[
        *("wagtail.sites", "wagtail.users", "wagtail.documents", "wagtail.images", "wagtail.search", "wagtail.admin"),
        *("wagtail", "modelcluster", "taggit", "django.contrib.auth", "django.contrib.contenttypes"),
        *("django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"),
    ],
    MIDDLEWARE=[
        *("django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware"),
        *("django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"),
        *(
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ),
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [HOME / "templates"],
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    *("django.template.context_processors.request", "django.contrib.auth.context_processors.auth"),
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HOME / "wagtail.sqlite3", "CONN_MAX_AGE": 600}
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LANGUAGE_CODE="zh-hans",
    USE_TZ=True,
    STATIC_URL="/static/",
    WAGTAIL_SITE_NAME="measured only",
    WAGTAILADMIN_BASE_URL="http://127.0.0.1",
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from wagtail import urls as wagtail_urls  # noqa: E402

urlpatterns = [path("", include(wagtail_urls))]
application = get_wsgi_application()


def prepare() -> None:
    from wagtail.models import Page, Site

    (HOME / "templates" / "wagtailcore").mkdir(parents=True)
    (HOME / "templates" / "wagtailcore" / "page.html").write_text(TEMPLATE, encoding="utf-8")
    call_command("migrate", verbosity=0)
    home = Site.objects.get(is_default_site=True).root_page
    for number in range(10):
        home.add_child(instance=Page(title=f"另一份文件（{number}）", slug=f"other-{number}"))
    sentence = "<p>各有关单位要加强监督，规范办理流程，按照规定的时限向社会公开办理结果，接受群众监督。</p>\n"
    wanted = int(os.environ["WAGTAIL_BYTES"])
    body = sentence * (wanted // len(sentence.encode()))
    home.add_child(instance=Page(title="关于冬季供热的通知", slug="paper", search_description=body))


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
