"""What every process of Mingtang shares, public or not.

Everything that differs between installations comes from the environment:
``MINGTANG_HOME`` (data folder, default ``./var``), ``MINGTANG_DATABASE_URL``, ``MINGTANG_PORT``,
``MINGTANG_HOSTS`` (comma-separated names the site answers to), ``MINGTANG_PROFILE`` (the city's profile).
"""

import hashlib
import os
import secrets
import tomllib
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from . import logs

HOME = Path(os.environ.get("MINGTANG_HOME", "var")).resolve()
PORT = int(os.environ.get("MINGTANG_PORT", "8000"))
# Nothing runs on a city that is between two states, or that has moved away.
if (HOME / "restore.state.json").exists():
    raise ValueError("上一次恢复在最后一步中断，城还不完整。请再运行一次 mingtang restore，恢复同一份备份。")
if (HOME / "moved.json").exists() and not os.environ.get("MINGTANG_DATABASE_URL"):
    raise ValueError("这座城的数据已经搬到 PostgreSQL。请设置 MINGTANG_DATABASE_URL 再启动。")
# A city of one's own, as ``mingtang init`` writes it, goes before the one that comes with the program.
OWN_PROFILE = HOME / "profile"
PROFILE = os.environ.get("MINGTANG_PROFILE") or (str(OWN_PROFILE) if OWN_PROFILE.is_dir() else "tongliao")
PROFILE_FOLDER = (
    Path(PROFILE) if Path(PROFILE).is_dir() else Path(__file__).parent.parent / "units" / "profiles" / PROFILE
)

# Whether this is the operator's city; only the one that comes with the program has a demonstration.
OWN_CITY = Path(PROFILE).is_dir()


def _site() -> dict[str, Any]:
    """The table ``[site]`` of the profile, and where the city's own mark stands in the public tree, if it has one.

    Raises:
        ValueError: the profile cannot be read. The message is Chinese and names the file.
    """
    path = PROFILE_FOLDER / "profile.toml"
    try:
        site = tomllib.loads(path.read_text(encoding="utf-8")).get("site", {})
    except OSError as error:
        raise ValueError(
            f"读不到城市档案 {path}：{error.strerror}。请检查 MINGTANG_PROFILE，或运行 mingtang init。"
        ) from None
    except ValueError as error:
        raise ValueError(f"城市档案 {path} 写法有误：{error}") from None
    for name in ("logo.svg", "logo.png"):
        if (PROFILE_FOLDER / name).is_file():
            mark = hashlib.sha256((PROFILE_FOLDER / name).read_bytes()).hexdigest()[:12]
            site["logo"] = f"/static/city/{mark}-{name}"
    return dict(site)


# What every public page says of the site. The public process knows the profile by this table alone.
SITE = {
    **_site(),
    # Made when the demonstration city is loaded: its pages must say what they are.
    "demonstration": (HOME / "demonstration").exists(),
    # Where the site is reached from outside, for feeds, site maps and mail.
    "address": os.environ.get("MINGTANG_ADDRESS", f"http://127.0.0.1:{PORT}").rstrip("/"),
}
# The baked tree, which any web server can serve by itself.
PUBLIC_ROOT = HOME / "public"
# The full-text index of each reader; rebuilt from editions at any time.
SEARCH_ROOT = HOME / "search"
# The signing key of the log; its public half is published as /log/key.
LOG_KEY = HOME / "secrets" / "log_key"


def _secret_file(name: str) -> Path:
    """Where a secret of this installation lies, made on first use with owner-only access.

    What the system hands to this process alone (systemd credentials, container secrets) goes before.
    """
    given = Path(os.environ.get("CREDENTIALS_DIRECTORY") or HOME / "secrets") / name
    path = given if given.exists() else HOME / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(50))
    return path


def read_keys(path: Path) -> list[str]:
    """The keys in a file of secrets, newest first: one a line, each with the moment it was made if that is known."""
    return [line.split()[0] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _secret(name: str) -> str:
    return read_keys(_secret_file(name))[0]


def _older_secrets(name: str) -> list[str]:
    """Those that ``mingtang keys rotate`` put a newer one before: what they sealed still opens."""
    return read_keys(_secret_file(name))[1:]


def given_secret(name: str) -> str:
    """A secret that somebody else gave the operator; empty if it is not there. Never made up."""
    for folder in (os.environ.get("CREDENTIALS_DIRECTORY"), HOME / "secrets"):
        path = Path(folder) / name if folder else None
        if path is not None and path.exists():
            return path.read_text(encoding="utf-8").strip()
    return ""


# Seals what citizens submit and makes their query codes; the public process and the worker share it.
INTAKE_KEY, INTAKE_OLDER_KEYS = _secret("intake_key"), _older_secrets("intake_key")
# Read again when a seal does not open: another process may have been told of a newer key before this one.
INTAKE_KEY_FILE = _secret_file("intake_key")
SECRET_KEY = os.environ.get("MINGTANG_SECRET_KEY") or _secret("django_key")
# One change of keys back, so that nobody is signed out by it.
SECRET_KEY_FALLBACKS = _older_secrets("django_key")[:1]
DEBUG = False
ALLOWED_HOSTS = os.environ.get("MINGTANG_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("MINGTANG_DATABASE_URL") or f"sqlite:///{HOME / 'mingtang.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A deferred transaction that turns into a writer fails at once when another writer is in its way;
    # an immediate one waits its turn. FULL keeps an acknowledged commit through a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {"environment": "mingtang.portal.jinja.environment"},
    },
]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = "Lax"
# A county box is first reached by plain HTTP on its own address; behind TLS the operator sets this.
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = os.environ.get("MINGTANG_TLS", "") == "1"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# How often one network address may use a public form in an hour. An office or a village can stand behind one address.
FORM_LIMITS = {"feedback": 20, "receipt": 60, "subscribe": 20}
# How often one address may ask the open API: requests in seconds. Whoever wants everything takes the bulk files.
API_LIMITS = {"requests": (120, 60), "bulk": (10, 3600)}
# How many reverse proxies stand before this process: that many entries of X-Forwarded-For are theirs, the rest hearsay.
PROXIES = int(os.environ.get("MINGTANG_PROXIES", "0"))
if PROXIES and CSRF_COOKIE_SECURE:
    # They end TLS, and say so; without them anybody could.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# MINGTANG_SMTP_URL: smtp://[user:password@]host[:port][?starttls=1], or smtps://… . Without it nothing is mailed, and
# the subscription page says so. The public process needs it only to know that; the worker sends.
MAIL_SERVER = os.environ.get("MINGTANG_SMTP_URL", "")
_mail = urlsplit(MAIL_SERVER)
EMAIL_HOST = _mail.hostname or ""
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = "starttls=1" in _mail.query.split("&")
EMAIL_PORT = _mail.port or (465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25)
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("MINGTANG_MAIL_FROM") or f"no-reply@{SITE.get('domain') or 'localhost'}"
# From when on in the day the digest goes out, Asia/Shanghai.
DIGEST_AT = time.fromisoformat(os.environ.get("MINGTANG_DIGEST_AT", "08:00"))
# The same on every file of the public tree, which Django never sees.
PUBLIC_HEADERS = {
    "Content-Security-Policy": "; ".join(
        f"{name} {' '.join(values)}" for name, values in CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "X-Frame-Options": X_FRAME_OPTIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
}

# Holds counts of requests by address; a flood of addresses must not push out the counts of others.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# MINGTANG_LOG=json: a line for each request too, as JSON, for machines to read.
_lines = "json" if os.environ.get("MINGTANG_LOG") == "json" else "plain"
LOGGING = logs.settings_of(_lines, os.environ.get("MINGTANG_LOG_LEVEL", "WARNING"))
if _lines == "json":
    logs.catch_uncaught()
