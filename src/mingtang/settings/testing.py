"""The embedded settings with a throw-away home and cheap password hashing."""

import os
import tempfile

os.environ.setdefault("MINGTANG_HOME", tempfile.mkdtemp(prefix="mingtang-test-"))

from .embedded import *  # noqa: E402, F403
from .embedded import DATABASES, STATIC_ROOT  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
AXES_ENABLED = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: the concurrency tests open several connections.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["MINGTANG_HOME"], "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
