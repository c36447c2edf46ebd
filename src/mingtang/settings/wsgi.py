"""WSGI entry point; the settings module comes from the environment.

The public tree is answered before Django is asked.
"""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingtang.settings.embedded")
_django: Any = get_wsgi_application()

from mingtang.bake.serving import PublicFiles  # noqa: E402 - settings must be ready

application = PublicFiles(_django, settings.PUBLIC_ROOT, settings.PUBLIC_HEADERS)
