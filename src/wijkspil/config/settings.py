"""Settings of Wijkspil, all from the environment, each with a safe default.

Which settings exist, and what each does, is generated from ``ENVIRONMENT`` into
``docs/reference/settings.md``. The system runs in fictional mode only: there is
no setting that lets real persons in (see ``check_mode``).
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from wijkspil.config.postgres import default_data_dir

PACKAGE_DIR = Path(__file__).resolve().parent.parent

#: name -> (default, meaning). The reference page is made from this table.
ENVIRONMENT: dict[str, tuple[str, str]] = {
    "DATABASE_URL": (
        "",
        "PostgreSQL 15 or newer, for example "
        "`postgresql://wijkspil@db.example/wijkspil`. Empty: the embedded server.",
    ),
    "WIJKSPIL_DATA_DIR": (
        ".wijkspil",
        "Folder of the embedded PostgreSQL, its log and its lock.",
    ),
    "WIJKSPIL_MODE": (
        "fictional",
        "Only `fictional` is accepted until the security work is done.",
    ),
    "WIJKSPIL_SECRET_KEY": (
        "",
        "Key that signs sessions. Empty: made once and kept in the data folder.",
    ),
    "WIJKSPIL_HOSTS": (
        "localhost,127.0.0.1,[::1]",
        "Host names this site answers to, separated by commas.",
    ),
    "WIJKSPIL_HTTPS": (
        "no",
        "`yes` behind a TLS proxy: secure cookies, HSTS, redirect to https.",
    ),
    "WIJKSPIL_URL": (
        "http://localhost:8000",
        "Address of this site as others reach it: links in e-mail and webhooks.",
    ),
    "WIJKSPIL_EMAIL_URL": (
        "",
        "Mail server: `smtp://user:password@host:587` (STARTTLS), `smtps://` (TLS), "
        "`console:`. Empty: each message becomes a file in the data folder.",
    ),
    "WIJKSPIL_EMAIL_FROM": ("wijkspil@localhost", "Sender of e-mail."),
    "WIJKSPIL_FIELD_KEYS": (
        "",
        "Fernet keys that encrypt key-safe instructions and the secrets of webhooks, "
        "separated by commas: the first encrypts, all decrypt. Empty: made of "
        "`WIJKSPIL_SECRET_KEY`.",
    ),
    "WIJKSPIL_WEBHOOK_PRIVATE": (
        "no",
        "`yes` lets webhooks go to http and to private addresses: to try them out, "
        "or within a closed network.",
    ),
    "WIJKSPIL_FHIR_CERTIFICATE": (
        "",
        "PEM file with the certificate (and its chain) that this site shows to other "
        "FHIR directories: mTLS, as with PKIoverheid.",
    ),
    "WIJKSPIL_FHIR_KEY": (
        "",
        "PEM file with its private key. Empty: in the file of the certificate.",
    ),
    "WIJKSPIL_FHIR_CA": (
        "",
        "PEM file with the authorities that other FHIR directories are trusted by. "
        "Empty: those of the system.",
    ),
    "WIJKSPIL_TEXT_GATEWAY": (
        "",
        "Dotted path of what sends text messages "
        "(`wijkspil.communications.text_gateway.TextGateway`). Empty: none go.",
    ),
    "WIJKSPIL_CLIENT_CERT_HEADER": (
        "",
        "Header in which the TLS proxy passes on the certificate a system showed "
        "(PEM, escaped), such as `X-Client-Cert`. The proxy must remove it from what "
        "others send. Empty: systems sign in with a token only.",
    ),
    "WIJKSPIL_FHIR_WRITES": (
        "100",
        "Writes a second that one system may do over FHIR; more is answered with 429.",
    ),
    "WIJKSPIL_DEBUG": ("no", "`yes` shows tracebacks in the browser; never in use."),
}


def env(name: str) -> str:
    """Return the value of a listed environment variable, or its default."""
    default, _meaning = ENVIRONMENT[name]
    return os.environ.get(name, default)


def env_flag(name: str) -> bool:
    """Return a yes/no variable.

    Raises
    ------
    ImproperlyConfigured
        If the value is neither yes nor no.
    """
    value = env(name).lower()
    if value not in {"yes", "no"}:
        raise ImproperlyConfigured(f"{name}={value!r}: write `yes` or `no`.")
    return value == "yes"


def check_mode(mode: str) -> str:
    """Refuse every mode but the fictional one.

    Raises
    ------
    ImproperlyConfigured
        For any other value: real persons may not be entered yet.
    """
    if mode != "fictional":
        raise ImproperlyConfigured(
            f"WIJKSPIL_MODE={mode!r}: this version accepts only `fictional`. Data of "
            "real persons may not be entered until the security work is done. "
            "Remove the setting, or set it to `fictional`."
        )
    return mode


def database_from_url(url: str) -> dict[str, Any]:
    """Translate a PostgreSQL address into Django's setting.

    Raises
    ------
    ImproperlyConfigured
        If the address is not PostgreSQL or names no database.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL begins with {parts.scheme!r}: Wijkspil runs on PostgreSQL "
            "only. Write postgresql://user:password@host:5432/name."
        )
    name = parts.path.lstrip("/")
    if not name:
        raise ImproperlyConfigured(
            "DATABASE_URL names no database. Write "
            "postgresql://user:password@host:5432/name."
        )
    options = dict(parse_qsl(parts.query))
    given = options.pop("options", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(name),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": options.pop("port", None) or str(parts.port or ""),
        "OPTIONS": {
            **options,
            # Only ``core.prepared`` prepares statements; planning one anew for each
            # call costs three times what running it does.
            "options": f"{given} -c plan_cache_mode=force_generic_plan".strip(),
            "prepare_threshold": 5,
        },
        # A worker has one thread, and keeps its one connection.
        "CONN_MAX_AGE": None,
        "TEST": {"TEMPLATE": "template0"},
    }


def email_from_url(url: str, data_dir: Path) -> dict[str, Any]:
    """Translate the address of a mail server into Django's settings.

    Raises
    ------
    ImproperlyConfigured
        If the scheme is not known, or a server has no host.
    """
    backends = "django.core.mail.backends"
    if not url:
        return {
            "EMAIL_BACKEND": f"{backends}.filebased.EmailBackend",
            "EMAIL_FILE_PATH": data_dir / "mail",
        }
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{backends}.console.EmailBackend"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"WIJKSPIL_EMAIL_URL begins with {parts.scheme!r}: write "
            "smtp://user:password@host:587, smtps://user:password@host:465, "
            "or console:."
        )
    is_tls = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": f"{backends}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if is_tls else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": is_tls,
        # Without an account it is a relay of one's own, on the same host or network.
        "EMAIL_USE_TLS": not is_tls and bool(parts.username),
        "EMAIL_TIMEOUT": 10,
    }


WIJKSPIL_MODE = check_mode(env("WIJKSPIL_MODE"))
DEBUG = env_flag("WIJKSPIL_DEBUG")
ALLOWED_HOSTS = [host.strip() for host in env("WIJKSPIL_HOSTS").split(",") if host]
DATABASES = {
    "default": database_from_url(env("DATABASE_URL"))
    if env("DATABASE_URL")
    # The CLI starts the embedded server and sets DATABASE_URL before Django loads;
    # this entry only lets commands that need no database (checks, messages) run.
    else database_from_url("postgresql:///wijkspil")
}


def secret_key(data_dir: Path) -> str:
    """Return the signing key: from the environment, else kept in ``data_dir``.

    The file is made once, readable by its owner only.
    """
    if value := env("WIJKSPIL_SECRET_KEY"):
        return value
    file = data_dir / "secret-key"
    try:
        return file.read_text()
    except FileNotFoundError:
        from django.core.management.utils import get_random_secret_key

        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was first
            return file.read_text()
        with os.fdopen(descriptor, "w") as stream:
            stream.write(key := get_random_secret_key())
        return key


SECRET_KEY = secret_key(default_data_dir().parent)

SITE_URL = env("WIJKSPIL_URL").rstrip("/")
DEFAULT_FROM_EMAIL = env("WIJKSPIL_EMAIL_FROM")
globals().update(email_from_url(env("WIJKSPIL_EMAIL_URL"), default_data_dir().parent))
FIELD_KEYS = [k for key in env("WIJKSPIL_FIELD_KEYS").split(",") if (k := key.strip())]
WEBHOOK_PRIVATE = env_flag("WIJKSPIL_WEBHOOK_PRIVATE")
TEXT_GATEWAY = env("WIJKSPIL_TEXT_GATEWAY")
FHIR_CERTIFICATE_FILE = env("WIJKSPIL_FHIR_CERTIFICATE")
FHIR_KEY_FILE = env("WIJKSPIL_FHIR_KEY")
FHIR_CA_FILE = env("WIJKSPIL_FHIR_CA")
CLIENT_CERTIFICATE_HEADER = env("WIJKSPIL_CLIENT_CERT_HEADER")
FHIR_WRITES_PER_SECOND = int(env("WIJKSPIL_FHIR_WRITES"))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "ninja",
    "procrastinate.contrib.django",
    "wijkspil.core",
    "wijkspil.ui",
    "wijkspil.accounts",
    "wijkspil.communications",
    "wijkspil.directory",
    "wijkspil.referrals",
    "wijkspil.calls",
    "wijkspil.stays",
    "wijkspil.registrations",
    "wijkspil.insight",
    "wijkspil.fhir",
    "wijkspil.portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "wijkspil.fhir.middleware.FhirMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "wijkspil.ui.middleware.ContentSecurityPolicyMiddleware",
    "wijkspil.core.middleware.PrivateAnswerMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "wijkspil.core.middleware.AnticipatedErrorMiddleware",
]
CSRF_FAILURE_VIEW = "wijkspil.portal.views.errors.show_form_expired"
ROOT_URLCONF = "wijkspil.config.urls"
WSGI_APPLICATION = "wijkspil.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wijkspil.ui.context.page",
                "wijkspil.portal.context.navigation",
            ],
        },
    }
]
FORM_RENDERER = "wijkspil.ui.form_renderer.FormRenderer"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["wijkspil.accounts.backends.AccountBackend"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "portal:home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", _("Dutch")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+[.-][0-9A-Z]{8}\..+$"

SESSION_ENGINE = "wijkspil.core.sessions"
SESSION_COOKIE_AGE = 8 * 60 * 60  # one working day
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env_flag("WIJKSPIL_HTTPS"):
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60

# Reading makes no history; without this every SELECT of a page carries its context.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

#: How long ``core.kept`` keeps results; only web workers do (``config.web``).
KEPT_FOR_S = 0

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
