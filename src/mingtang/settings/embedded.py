"""One process for everything: the back office and the public site, as `make serve` starts it."""

import ipaddress
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from .base import *  # noqa: F403
from .base import HOME, PROFILE_FOLDER, SITE, TEMPLATES, _older_secrets, _secret, given_secret

ROOT_URLCONF = "mingtang.settings.urls_embedded"
WSGI_APPLICATION = "mingtang.settings.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "mingtang.editions",
    "mingtang.intake",
    "mingtang.search",
    # Before allauth, whose pages it dresses.
    "mingtang.units",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
    "mingtang.journal",
    "mingtang.audit",
    "mingtang.records",
    "mingtang.duties",
    "mingtang.disclosure",
    "mingtang.documents",
    "mingtang.interpretations",
    "mingtang.websites",
    "mingtang.registers",
    "mingtang.notices",
    "mingtang.portal",
    "mingtang.api",
    "mingtang.bake",
    "mingtang.channels",
    "mingtang.desk",
]

# Kinds of registers a city adds to those of the house: a file each (docs/reference/registers.md).
REGISTER_FOLDERS = [PROFILE_FOLDER / "registers"]
# Parcels for outside platforms and their receipts: a folder for each platform (docs/reference/registers.md).
EXCHANGE_ROOT = Path(os.environ.get("MINGTANG_EXCHANGE") or HOME / "exchange")

MIDDLEWARE = [
    "mingtang.settings.measuring.Measured",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mingtang.units.sessions.SessionLimits",
    "mingtang.units.first_steps.FirstSteps",
    "axes.middleware.AxesMiddleware",
    "mingtang.desk.noting.NotesAccess",
]

TEMPLATES[0]["OPTIONS"]["context_processors"] += [  # type: ignore[index]
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "mingtang.desk.context.desk",
]

AUTH_USER_MODEL = "units.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    # Not allauth's: it would take a name in any letter case.
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "mingtang.units.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CSRF_FAILURE_VIEW = "mingtang.desk.access.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# Officials sign in by user name; nobody signs up, and no e-mail address is asked for.
ACCOUNT_ADAPTER = "mingtang.units.adapter.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# A whole office signs in from one address, so that limit only stops floods. ``login_failed`` counts one-time codes
# by account (see ``ClosedAdapter``): whoever guesses them already has the password.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "5/15m/key,30/d/key"}
MFA_ADAPTER = "mingtang.units.adapter.SealedSecrets"
ONE_TIME_CODE_KEY, ONE_TIME_CODE_OLDER_KEYS = _secret("one_time_code_key"), _older_secrets("one_time_code_key")
# Marks the rows of the audit trail and seals the network addresses in them. It stays: an old mark needs its key.
AUDIT_KEY = _secret("audit_key")
# How long access rows are kept; their seals and the journal are kept for good.
_months = os.environ.get("MINGTANG_AUDIT_MONTHS", "36")
AUDIT_MONTHS = int(_months) if _months.isascii() and _months.isdecimal() and len(_months) < 4 else 0
if AUDIT_MONTHS < 6:
    raise ValueError("MINGTANG_AUDIT_MONTHS 要写几个月，不能少于 6：审计记录至少保存六个月。")
# How often one person may open citizens' identities in an hour, and from how many on the auditor is told.
IDENTITY_LOOKS = {"most": 60, "unusual": 20}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Mingtang"

# MINGTANG_REQUIRE_TOTP: nobody (default), administrators, or all must set up one-time codes before the desk opens.
REQUIRE_TOTP = os.environ.get("MINGTANG_REQUIRE_TOTP", "")
if REQUIRE_TOTP not in ("", "administrators", "all"):
    raise ImproperlyConfigured("MINGTANG_REQUIRE_TOTP 只能写 administrators 或 all，或者不写。")

# Single sign-on (统一身份认证), if the city has an OpenID Connect server: MINGTANG_OIDC_ISSUER, MINGTANG_OIDC_CLIENT_ID,
# its secret in the file ``oidc_secret`` among the secrets, MINGTANG_OIDC_NAME for the sign-in page. Accounts are linked
# by the security administrator; with MINGTANG_OIDC_LINK=username also by the user name the server vouches for.
SIGN_ON_ISSUER = os.environ.get("MINGTANG_OIDC_ISSUER", "")
SIGN_ON_CLIENT_ID = os.environ.get("MINGTANG_OIDC_CLIENT_ID", "")
SIGN_ON_NAME = os.environ.get("MINGTANG_OIDC_NAME", "统一身份认证")
SIGN_ON_LINK = os.environ.get("MINGTANG_OIDC_LINK", "")
SIGN_ON_SECRET = given_secret("oidc_secret") if SIGN_ON_ISSUER else ""
if SIGN_ON_ISSUER:
    _issuer = urlsplit(SIGN_ON_ISSUER)
    if _issuer.scheme != "https" and _issuer.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ImproperlyConfigured("MINGTANG_OIDC_ISSUER 要以 https:// 开头。")
    if not SIGN_ON_CLIENT_ID or not SIGN_ON_SECRET:
        raise ImproperlyConfigured("统一身份认证还缺 MINGTANG_OIDC_CLIENT_ID，或密钥文件 secrets/oidc_secret。")
if SIGN_ON_LINK not in ("", "username"):
    raise ImproperlyConfigured("MINGTANG_OIDC_LINK 只能写 username，或者不写。")
SOCIALACCOUNT_ADAPTER = "mingtang.units.sign_on.SignOnAdapter"
# The way to the server is a link; a form's way out is closed by the content security policy.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10

# Five wrong passwords for one name from one address close it for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "mingtang.units.sign_in.counted_name"
AXES_LOCKOUT_CALLABLE = "mingtang.units.sign_in.locked_page"
# The page names the time when the lock opens; trying again meanwhile must not move it.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login"]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

# A session ends half an hour after its last request and twelve hours after sign-in; the fourth ends the oldest.
SESSION_ENGINE = "mingtang.units.sessions"
SESSION_IDLE = timedelta(minutes=30)
SESSION_LONGEST = timedelta(hours=12)
SESSIONS_PER_PERSON = 3
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Where officials reach the desk, for links in mails; the same address as the public site unless it stands elsewhere.
DESK_ADDRESS = os.environ.get("MINGTANG_DESK_ADDRESS", str(SITE["address"])).rstrip("/")
# Networks inside the house that hooks may call, such as 10.1.2.0/24,127.0.0.0/8. None unless named.
HOOK_NETWORKS = [
    ipaddress.ip_network(text.strip())
    for text in os.environ.get("MINGTANG_HOOK_NETWORKS", "").split(",")
    if text.strip()
]
