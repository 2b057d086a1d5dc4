"""Settings, all from the environment. Nothing is required; a value that would be unsafe refuses to start."""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from environs import Env, EnvError

from notifications import providers
from signaling.addresses import read_relays, refuse_remote_without_trust
from telehealth import logs, refusals, secret
from telehealth.origins import is_loopback_host

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# What the installation is --------------------------------------------------------------------------------------------

try:
    VAR = Path(env.str("HOUSECALL_VAR", str(BASE_DIR / "var")))
    DEBUG = env.bool("DEBUG", False)
    DEMO = env.bool("DEMO", False)
    # Set by `./run demo --lan`: phones in the same network see it too, over HTTPS with a certificate of its own.
    DEMO_LAN = env.bool("DEMO_LAN", False)
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
    ORIGINS = env.list("ORIGINS", ["http://127.0.0.1:8000", "http://localhost:8000"])
    BASE_URL = env.str("BASE_URL", ORIGINS[0] if ORIGINS else "").rstrip("/")
    REDIS_URL = env.str("REDIS_URL", "")
    WEB_PROCESSES = env.int("WEB_PROCESSES", 1)
    TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
    RELAYS = read_relays(env.str("RELAYS", f"relay-1=unix:{(VAR / 'relay.sock').resolve()}"))
    RELAY_SECRET = env.str("RELAY_SECRET", "")
    RELAY_TLS_CA = env.str("RELAY_TLS_CA", "")
    TURN_URLS = env.list("TURN_URLS", [], subcast=str.strip)
    TURN_SECRET = env.str("TURN_SECRET", "")
    TURN_TTL = env.timedelta("TURN_TTL", dt.timedelta(hours=1))
    # Times held, visits booked and places taken on the wait list by strangers from one address in ten minutes, each.
    BOOKING_TRIES = env.int("BOOKING_TRIES", 20)
    # What relays write lies in `incoming` below; the keys to it lie elsewhere and are backed up on their own.
    RECORDINGS_DIR = Path(env.str("RECORDINGS_DIR", str(VAR / "recordings")))
    RECORDING_KEYS_DIR = Path(env.str("RECORDING_KEYS_DIR", str(VAR / "recording-keys")))
    RECORDING_MAX_HOURS = env.int("RECORDING_MAX_HOURS", 4)
    RECORDING_MAX_BYTES = env.int("RECORDING_MAX_BYTES", 20 * 1024**3)
    # Bytes of the disk that stay free; the relay reads the same name. None: the larger of 1 GiB and 5 %.
    RECORDING_RESERVE = env.int("RELAY_RECORDING_RESERVE", None)
    # Days, where a clinic has set no rule of its own.
    RECORDING_KEEP_DAYS = env.int("RECORDING_KEEP_DAYS", 90)
    RECORDING_KEY_BACKUP_DAYS = env.int("RECORDING_KEY_BACKUP_DAYS", 30)
    EMAIL = env.dj_email_url("EMAIL_URL", "console://")
    DATABASE: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR / 'db.sqlite3'}"))
    CONFIGURED_SECRET = env.str("SECRET_KEY", "")
    LOG_FORMAT = env.str("LOG_FORMAT", "console" if DEBUG or DEMO or sys.stderr.isatty() else "json")
    LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
    MAIL_FROM = env.str("MAIL_FROM", "Housecall <no-reply@localhost>")
    # Who may read /metrics; without it nobody.
    METRICS_TOKEN = env.str("METRICS_TOKEN", "")
    SMS_URL = env.str("SMS_URL", "")
    WEB_PUSH = env.bool("WEB_PUSH", True)
    # Keeps what would be sent, as the demo does.
    MESSAGE_SINK = env.bool("MESSAGE_SINK", False)
    # Where numbers without a country belong, as ISO 3166 writes it.
    PHONE_REGION = env.str("PHONE_REGION", "US")
except EnvError as error:
    raise refusals.unreadable(error) from None

refusals.refuse_unsafe(
    debug=DEBUG,
    demo=DEMO,
    demo_lan=DEMO_LAN,
    allowed_hosts=ALLOWED_HOSTS,
    origins=ORIGINS,
    base_url=BASE_URL,
    redis_url=REDIS_URL,
    web_processes=WEB_PROCESSES,
    trusted_proxies=TRUSTED_PROXIES,
    configured_secret=CONFIGURED_SECRET,
    database_engine=DATABASE["ENGINE"],
)
refusals.refuse_unusable_turn(TURN_URLS, TURN_SECRET, TURN_TTL)
refusals.refuse_unusable_recordings(
    folder=RECORDINGS_DIR,
    keys=RECORDING_KEYS_DIR,
    hours=RECORDING_MAX_HOURS,
    size=RECORDING_MAX_BYTES,
    reserve=RECORDING_RESERVE,
    backup_days=RECORDING_KEY_BACKUP_DAYS,
)
refuse_remote_without_trust(RELAYS, RELAY_SECRET, RELAY_TLS_CA)
VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
SECRET_KEY = CONFIGURED_SECRET or secret.read_or_create(VAR / "secret_key")
refusals.refuse_weak_secret(SECRET_KEY)
HTTPS = BASE_URL.startswith("https://")

# Apps and the way of a request ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "telehealth",
    "core",
    "audit",
    "accounts",
    "consent",
    "notifications",
    "scheduling",
    "consults",
    "recordings",
    "signaling",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "servestatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "telehealth.middleware.HeadersMiddleware",
    "telehealth.middleware.PromptSecurityMiddleware",
    "telehealth.middleware.PromptXFrameOptionsMiddleware",
    "telehealth.middleware.PromptCSPMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "telehealth.middleware.GateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "telehealth.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "telehealth.middleware.ErrorsMiddleware",
    "accounts.middleware.ActorMiddleware",
]
ROOT_URLCONF = "telehealth.urls"
ASGI_APPLICATION = "telehealth.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.clinic",
                "notifications.context_processors.messages_of_staff",
            ],
        },
    }
]
CSRF_FAILURE_VIEW = "telehealth.views.csrf_failure"

# Where things are kept -----------------------------------------------------------------------------------------------

DATABASES = {"default": DATABASE}
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    DATABASE["OPTIONS"] = {
        # IMMEDIATE takes the write lock at BEGIN: a transaction that reads first can then wait instead of failing.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASE["OPTIONS"] = {
        **DATABASE.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 16, "timeout": 10},
        # What a connection asks for the fifth time PostgreSQL has read and planned: half of its work for a short one.
        "server_side_binding": True,
        "prepare_threshold": 5,
    }
    DATABASE["CONN_MAX_AGE"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Django's 300 would let anybody push out the counters of wrong passwords by making up addresses.
COUNTERS_KEPT = 100_000
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "telehealth.caches.EnduringRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "housecall"},
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": COUNTERS_KEPT},
        }
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "telehealth.layers.ThreadSafeInMemoryChannelLayer"}}

# Static files: collected and hashed in production (`manage collectstatic`), found in place before that and in the demo.
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR / "static"
STATIC_COLLECTED = env.bool(
    "STATIC_COLLECTED",
    not (DEBUG or DEMO) and ((STATIC_ROOT / "staticfiles.json").exists() or "collectstatic" in sys.argv),
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Sealed recordings: no address leads there, and nobody else on the machine may read them.
    "recordings": {
        "BACKEND": "recordings.storage.SealedFileSystemStorage",
        "OPTIONS": {"location": RECORDINGS_DIR / "files"},
    },
    "staticfiles": {
        "BACKEND": "telehealth.static.SmallerStaticFilesStorage"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
SERVESTATIC_USE_FINDERS = not STATIC_COLLECTED
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_MAX_AGE = 3600 if STATIC_COLLECTED else 0

# Time and words ------------------------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("es", "Español")]
LANGUAGE_COOKIE_NAME = "hc_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
# What people read, in other languages than English: locale/*/*.po, made by locale/build.py.
LOCALE_PATHS = [BASE_DIR / "locale"]

# Signing in ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["accounts.hashers.BoundedArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "queue"
# Where staff come to after signing in: the first page that their roles may open. Others go home.
STAFF_PAGES = (("consults.queue.list", "queue"), ("recordings.retention", "recordings-retention"))
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "accounts.adapters.StaffAccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Sessions end after half an hour without a request or an open socket, and after twelve hours in any case.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 30 * 60
SESSION_ABSOLUTE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "hc_session"
SESSION_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# What browsers are told ----------------------------------------------------------------------------------------------

CSRF_COOKIE_NAME = "hc_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = ORIGINS
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Not `no-referrer`: under it browsers send `Origin: null` with every form, which the CSRF check must refuse. Between
# our own pages the path is public (a link's secret is in the fragment, which no Referer carries); others get nothing.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# A demo's certificate is signed by nobody: a browser that is told to insist on a good one could not go on.
STAYS_HTTPS = HTTPS and not DEMO
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if STAYS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = STAYS_HTTPS
SECURE_HSTS_PRELOAD = STAYS_HTTPS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
# One, for the page that takes lists; everywhere else the handler refuses the first.
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["telehealth.uploads.NoUploads"]

# Mail, jobs, logs ----------------------------------------------------------------------------------------------------

# Seconds that a provider may take for one message; less than the lease of a claim (notifications.services.claims).
MESSAGE_TIMEOUT = 10
MAIL = providers.read_mail(EMAIL, os.environ, timeout=MESSAGE_TIMEOUT, notices=f"{BASE_URL}/hooks/mail/")
SMS = providers.read_sms(SMS_URL)
# Who carries messages, by channel (notifications/channels): in the demo nothing leaves the house.
# A demo that is seen beyond this machine and its own network was refused above.
IS_LOCAL = DEMO or all(is_loopback_host(host) for host in ALLOWED_HOSTS)
MESSAGE_CARRIERS = providers.carriers(mail=MAIL, sms=SMS, push=WEB_PUSH, sink=DEMO or MESSAGE_SINK, is_local=IS_LOCAL)
PUSH_HOSTS = providers.PUSH_HOSTS
VAPID_KEY_FILE = VAR / "vapid_key.pem"

EMAIL_BACKEND = MAIL.backend
EMAIL_HOST = EMAIL.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = EMAIL.get("EMAIL_FILE_PATH", "")
EMAIL_TIMEOUT = MESSAGE_TIMEOUT
ANYMAIL = dict(MAIL.anymail)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = providers.read_sender(MAIL_FROM, leaves=MAIL.leaves, is_public=not IS_LOCAL)

# With no broker there is no other process that could take the jobs, so the web process runs them in threads.
WORKERS_IN_PROCESS = not REDIS_URL

LOGGING_CONFIG = None
logs.configure(LOG_FORMAT, LOG_LEVEL)
