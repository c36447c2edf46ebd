"""WSGI entry point; the settings module comes from the environment."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingtang.settings.embedded")
application = get_wsgi_application()
