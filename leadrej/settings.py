"""Every setting, in one file. What differs between machines comes from the environment (`.env.example`)."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from leadrej import embedded, environment

BASE_DIR = environment.CHECKOUT
environment.load_file(BASE_DIR / ".env")

PRODUCTION = environment.choice("LEADREJ_ENV", ("development", "production")) == "production"
HOME = Path(environment.text("LEADREJ_HOME", str(BASE_DIR / ".leadrej"))).expanduser().absolute()
DATABASE_URL = environment.text("DATABASE_URL")
REDIS_URL = environment.text("REDIS_URL")
SECRET_KEY = environment.text("SECRET_KEY")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
DEBUG = environment.flag("DEBUG", default=False)

if PRODUCTION:
    for name, wanted in {
        "SECRET_KEY": "50 random characters or more, kept secret",
        "ALLOWED_HOSTS": "the host names people reach leadrej by, separated by commas",
        "DATABASE_URL": "the PostgreSQL database, postgresql://user:password@host:5432/name",
        "REDIS_URL": "the Redis or Valkey server, redis://host:6379/0",
    }.items():
        if not globals()[name]:
            raise ImproperlyConfigured(f"{name} must be set in production: {wanted}.")
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off in production: its error pages show secrets.")

SECRET_KEY = SECRET_KEY or environment.kept_secret(HOME / "secret-key")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")

# Where neither is named, the same engines run from their wheels, with their data under HOME.
if not (DATABASE_URL and REDIS_URL) and embedded.wanted():
    _services = embedded.use(HOME)
    DATABASE_URL, REDIS_URL = DATABASE_URL or _services.database_url, REDIS_URL or _services.redis_url
DATABASES = {
    "default": {
        **environment.database(DATABASE_URL or "postgresql:///not-needed"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "campaigns",
    "leads",
    "rejections",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "django_htmx",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "leadrej.privacy.keep_private",
    "leadrej.failing.refuse_too_large",
    "leadrej.failing.explain_buttons",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "campaigns.views.signing.note_use",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "leadrej.urls"
WSGI_APPLICATION = "leadrej.wsgi.application"
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
            ],
        },
    }
]

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Development serves the files from where they are written, without `collectstatic`.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION

AUTH_USER_MODEL = "campaigns.User"
# Sessions know whose they are, so that people see where they are signed in.
SESSION_ENGINE = "campaigns.sessions"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{rule}"}
    for rule in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")
HTTPS = environment.flag("HTTPS", default=PRODUCTION)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 31_536_000, least=0) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = environment.flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Counts calls; what it loses is not missed.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "leadrej",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "campaigns.api.access.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["campaigns.api.access.MayRead"],
    "DEFAULT_THROTTLE_CLASSES": ["campaigns.api.access.Throttle"],
    "DEFAULT_PARSER_CLASSES": ["campaigns.api.fields.Json"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "campaigns.api.described.Described",
    "EXCEPTION_HANDLER": "campaigns.api.problems.handler",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "leadrej API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "",
    "ENUM_NAME_OVERRIDES": {
        "LeadStatus": "leads.api.shapes.STATUSES",
        "RowOutcome": "rejections.api.shapes.OUTCOMES",
        "AffiliateEventStatus": "leads.api.affiliates.EVENT_STATUSES",
        "ReportResult": "leads.api.affiliates.ANSWERS",
        "BatchState": "rejections.api.shapes.STATES",
        "BatchKind": "rejections.api.shapes.KINDS",
        "DispositionFamily": "campaigns.api.listed.FAMILIES",
        "SourceKind": "campaigns.api.parties.KINDS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "campaigns.api.described.finish",
    ],
}
# Calls a minute of each API key, or person with a session; of all that is one person's; of each form's token.
API_CALLS_PER_MINUTE = environment.number("API_CALLS_PER_MINUTE", 600)
API_CALLS_PER_MINUTE_OF_A_PERSON = environment.number("API_CALLS_PER_MINUTE_OF_A_PERSON", 1800)
FORM_CALLS_PER_MINUTE = environment.number("FORM_CALLS_PER_MINUTE", 120)
API_MAX_BYTES = environment.number("API_MAX_MB", 10) * 1_000_000

# Files people send. They lie outside any folder the web server hands out.
UPLOAD_DIR = Path(environment.text("UPLOAD_DIR", str(HOME / "uploads"))).expanduser().absolute()
UPLOADS_KEPT_DAYS = environment.number("UPLOADS_KEPT_DAYS", 14)
CSV_MAX_BYTES = environment.number("CSV_MAX_MB", 200) * 1_000_000
CSV_MAX_ROWS = environment.number("CSV_MAX_ROWS", 2_000_000)
XLSX_MAX_BYTES = environment.number("XLSX_MAX_MB", 50) * 1_000_000
XLSX_MAX_UNPACKED_BYTES = environment.number("XLSX_MAX_UNPACKED_MB", 300) * 1_000_000
XLSX_MAX_CELLS = environment.number("XLSX_MAX_CELLS", 5_000_000)
EVIDENCE_MAX_BYTES = environment.number("EVIDENCE_MAX_MB", 10) * 1_000_000
# A mapping form has a field for each column of a wide sheet.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# How a batch is worked through.
CHUNK_ROWS = environment.number("CHUNK_ROWS", 5_000)
# A task works for this long, then rings for its own continuation.
WORK_SECONDS = environment.number("WORK_SECONDS", 200)
LEASE_SECONDS = environment.number("LEASE_SECONDS", 60, least=5)
MAX_ATTEMPTS = environment.number("MAX_ATTEMPTS", 3)
STUCK_MINUTES = environment.number("STUCK_MINUTES", 15)

# Webhooks and pushes go to public addresses over https only; development, demo and tests may need others.
ALLOW_PRIVATE_ENDPOINTS = environment.flag("ALLOW_PRIVATE_ENDPOINTS", default=False)
# A supplier's endpoint that has failed for so long is paused.
ENDPOINT_PATIENCE_DAYS = environment.number("ENDPOINT_PATIENCE_DAYS", 2)

# Measured: a lost message comes back after 20 s, not 102 s, and no task outlives the visibility timeout.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "health_check_interval": 25,
}
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_TASK_TIME_LIMIT = 280
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
# An idle worker ends at once: it holds nothing back, for no message has a time set in the future.
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "rejections.tasks.sweep", "schedule": 15.0},
    "deliver": {"task": "leads.tasks.deliver", "schedule": 15.0},
    "make downloads": {"task": "leads.tasks.make_downloads", "schedule": 15.0},
    "receive leads": {"task": "rejections.tasks.receive_leads", "schedule": 15.0},
    "close months": {"task": "rejections.tasks.close_months", "schedule": 15.0},
    "tend leads": {"task": "leads.tasks.tend", "schedule": 60.0},
    "answer disputes": {"task": "rejections.tasks.answer_disputes", "schedule": 60.0},
    "close windows": {"task": "rejections.tasks.close_windows", "schedule": 900.0},
}

EMAIL_HOST = environment.text("EMAIL_HOST", "localhost" if PRODUCTION else "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = environment.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "leadrej@localhost")
# The company that runs this instance, as clients and suppliers know it.
OWNER_NAME = environment.text("OWNER_NAME", "leadrej")
# Where e-mails point back to.
SITE_URL = environment.text("SITE_URL", f"http://127.0.0.1:{environment.number('PORT', 8000)}").rstrip("/")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "leadrej.logs.Line",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": environment.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
    },
}
