"""Every setting of the community, read from the environment in this one file.

`.env.example` lists the variables; a test holds it against this file.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from platformdirs import user_data_path

from oarlock.community import environment
from oarlock.community.environment import flag as _flag
from oarlock.community.environment import number as _number
from oarlock.community.environment import text as _text


def _secret_key(home: Path) -> str:
    """Return the key from the environment, or one that is made once and kept in the home folder."""
    if given := _text("SECRET_KEY"):
        return given
    path = home / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text("ascii").strip()


# --- where things are ---------------------------------------------------------------------------

PACKAGE = Path(__file__).parent
HOME = Path(_text("HOME") or user_data_path("oarlock", appauthor=False)).expanduser()
HOME.mkdir(parents=True, exist_ok=True, mode=0o700)

# --- what the operator chooses ------------------------------------------------------------------

DEBUG = _flag("DEBUG")
DEMO = _flag("DEMO")
SITE_NAME = _text("SITE_NAME", "Oarlock")
ORIGIN = environment.origin("ORIGIN", "http://localhost:8000")
CONTACT_EMAIL = _text("CONTACT_EMAIL", "team@localhost")
COUNTRY = environment.country("COUNTRY", "GB")
AGE_MIN = _number("AGE_MIN", 18, least=16)
AGE_MAX = _number("AGE_MAX", 29, least=AGE_MIN)
ANSWER_HOURS = _number("ANSWER_HOURS", 6, least=1)
HELPLINES = Path(path).expanduser() if (path := _text("HELPLINES")) else None
ALARM_EMAILS = [a.strip() for a in _text("ALARM_EMAILS").split(",") if a.strip()]
ALARM_WEBHOOK = environment.address("ALARM_WEBHOOK", "https", "http")
COACH = _flag("COACH", default=True)
MAX_TEXT_LENGTH = 20_000
METRICS_TOKEN = _text("METRICS_TOKEN")

# --- Django -------------------------------------------------------------------------------------

SECRET_KEY = _secret_key(HOME)
MFA_KEY = _text("MFA_KEY")
HTTPS = ORIGIN.startswith("https://")
BEHIND_PROXY = _flag("BEHIND_PROXY")
_host = urlsplit(ORIGIN).hostname or ORIGIN
ALLOWED_HOSTS = [h.strip() for h in _text("HOSTS", f"{_host},localhost,127.0.0.1").split(",")]
CSRF_TRUSTED_ORIGINS = [ORIGIN]
ROOT_URLCONF = "oarlock.community.urls"
ASGI_APPLICATION = "oarlock.community.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "welcome"
USE_TZ = True
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [PACKAGE / "locale", PACKAGE / "locale-allauth"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_countries",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "heroicons",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "oarlock.community.audit",
    "oarlock.community.accounts",
    "oarlock.community.groups",
    "oarlock.community.texts",
    "oarlock.community.support",
    "oarlock.community.desk",
    "oarlock.community.coaching",
    "oarlock.community.notices",
    "oarlock.community.measures",
    "oarlock.community.ops",
    "oarlock.community.demo",
    "oarlock.community.api",
]

MIDDLEWARE = [
    "oarlock.community.ops.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "oarlock.community.ops.static.StaticFilesMiddleware",
    "oarlock.community.ops.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "oarlock.community.accounts.sessions.SessionAgeMiddleware",
    "oarlock.community.accounts.middleware.StandingMiddleware",
    "oarlock.community.ops.limits.LimitMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "heroicons.templatetags.heroicons",
                "oarlock.community.ops.templatetags.house",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "oarlock.community.ops.context.site",
            ],
        },
    }
]

# --- data ---------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": environment.database("DATABASE_URL", f"sqlite:///{HOME / 'community.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: what a person was told is saved survives the plug. secure_delete: what was erased
        # is overwritten, not only let go.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        " PRAGMA secure_delete=ON;",
    }

if redis := environment.address("REDIS_URL", "redis", "rediss", "unix"):
    CACHES: dict[str, Any] = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis}
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default", "alarms"],
        "ENQUEUE_ON_COMMIT": False,
    }
}

# --- people -------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("handle", "email")},
    },
]
ACCOUNT_ADAPTER = "oarlock.community.accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_FORMS = {"signup": "oarlock.community.accounts.forms.JoinForm"}
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Somebody who changed the password or the address is told, and so is who did not.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Who counts as one address: the browser, as the nearest proxy saw it. Without this all people
# behind a proxy would share one limit, and a made-up header would have one of its own.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
# Per address and per account; a campus shares an address, hence the generous first figures. The
# limit on one account is short, so that nobody can shut somebody else out for long.
ACCOUNT_RATE_LIMITS = {
    "signup": "10/m/ip,60/h/ip,200/d/ip",
    "login_failed": "10/m/ip,60/h/ip,5/5m/key",
    "reset_password": "10/m/ip,60/h/ip,3/10m/key",
}
PASSWORD_RESET_TIMEOUT = 60 * 60
MFA_ADAPTER = "oarlock.community.accounts.sealing.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# A phone may be half a minute off; `accounts.second_factor` lets no code work twice.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "oarlock.community.accounts.second_factor.AuthenticateForm",
    "reauthenticate": "oarlock.community.accounts.second_factor.ReauthenticateForm",
}
USERSESSIONS_TRACK_ACTIVITY = False
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

# --- mail ---------------------------------------------------------------------------------------

_mail = _text("EMAIL_HOST")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if _mail
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = HOME / "outbox"
EMAIL_HOST = _mail or "localhost"
EMAIL_PORT = _number("EMAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = _text("EMAIL_USER")
EMAIL_HOST_PASSWORD = _text("EMAIL_PASSWORD")
EMAIL_USE_TLS = _flag("EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = _text("EMAIL_FROM", f"{SITE_NAME} <{CONTACT_EMAIL}>")

# --- the browser --------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [PACKAGE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # The code to scan for a second factor is made here.
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
# Other sites learn nothing. With "no-referrer" a browser would send its own forms with the origin
# "null", which the check against forged requests refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
# In the session rather than in a cookie of its own, which anybody with the device could read.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "oarlock.community.ops.views.stale_form"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_HANDLERS: list[str] = []

# --- logs: names of events and public ids, never text of a person --------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "oarlock.community.ops.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "oarlock": {"level": "INFO"},
        # These repeat parameters, arguments and messages, which may hold what a person typed.
        "django.db.backends": {"level": "CRITICAL"},
        "django_tasks": {"level": "CRITICAL"},
        "django_tasks_db": {"level": "CRITICAL"},
    },
}
