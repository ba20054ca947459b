"""Django's settings, read from the environment and safe when it says nothing.

There is one settings file for every place the service runs; no setting exists only in production.
`.env.example` lists the variables with their meaning.
"""

from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy

from config.env import BASE_DIR, broker_url, database_config, env, required, required_list
from tenants.limits import MIGRATING, RUNNING, Limits
from tenants.roles import DEFAULT_PREFIX, RoleNames

_MAKE_KEYS = (
    "Run `python -m config.keys` to print fresh keys, and keep them outside the repository."
)

DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY = required("SECRET_KEY", _MAKE_KEYS)
# The first key encrypts, all of them decrypt: a rotation puts a new one in front.
FIELD_ENCRYPTION_KEYS = required_list("FIELD_ENCRYPTION_KEYS", _MAKE_KEYS)
FIELD_ENCRYPTION_KEY = FIELD_ENCRYPTION_KEYS  # the name django-encrypted-model-fields reads

# Where people reach the service: links in e-mails and the redirect address of every consent.
BASE_URL: str = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# One simulator address that replaces every provider host; refused by a system check without DEBUG.
SANDBOX_URL: str = env.str("SANDBOX_URL", default="").rstrip("/")

# --- Applications -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ProjectConfig",
    "tenants",
    "audit",
    "connectors",
    # Not unfold's own site: ours, which reads as the platform role.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "encrypted_model_fields",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.maintenance.MaintenanceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.odd_requests.OddRequestsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.accounts.sessions.SessionLimitsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "audit.acting.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tenants.accounts.two_factor.TwoFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
    },
]

UNFOLD = {
    "SITE_TITLE": "ml-connector",
    "SITE_HEADER": "ml-connector",
    "SITE_SYMBOL": "sync_alt",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("staff/icon.svg")}
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": "Two-factor authentication", "link": reverse_lazy("mfa_index")},
            {"title": "Your sessions", "link": reverse_lazy("sessions")},
        ],
    },
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "connectors.admin.navigation.environment",
    "DASHBOARD_CALLBACK": "connectors.admin.overview.fill",
    "SIDEBAR": {"navigation": "connectors.admin.navigation.navigation"},
    "STYLES": [lambda request: static("staff/staff.css")],
    # A calm blue, from lightest to darkest.
    "COLORS": {
        "primary": {
            "50": "oklch(97.2% .012 250)",
            "100": "oklch(94% .027 250)",
            "200": "oklch(88.5% .053 250)",
            "300": "oklch(80.5% .091 250)",
            "400": "oklch(70.5% .131 251)",
            "500": "oklch(60.5% .158 253)",
            "600": "oklch(52.5% .166 255)",
            "700": "oklch(46% .147 256)",
            "800": "oklch(39.5% .118 257)",
            "900": "oklch(34% .09 258)",
            "950": "oklch(25.5% .066 260)",
        },
    },
}

# --- People -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "tenants.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
# Argon2 is the first choice for new passwords; old ones are hashed anew when their owner signs in.
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2")
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
# Django tells validators of each new password; this one notes it in the audit.
AUTH_PASSWORD_VALIDATORS.append({"NAME": "audit.people_log.PasswordChanges"})

# Wrong tries to sign in: so many from one address, and so many with one account.
ACCOUNT_ADAPTER = "tenants.accounts.sign_in.SignInAdapter"
ACCOUNT_RATE_LIMITS = {
    "login_failed": env.str("SIGN_IN_LIMITS", default="20/5m/ip,10/15m/key"),
    # Each sends a mail to an address that somebody typed.
    "signup": "30/h/ip",
    "reset_password": "30/h/ip,3/h/key",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "tenants.accounts.sign_up.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Nobody gets mail because somebody typed their address.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Whether strangers may make an account; else staff and invitations bring people in.
SIGN_UP_OPEN: bool = env.bool("SIGN_UP_OPEN", default=True)
# Between the password and the code, in seconds.
ACCOUNT_LOGIN_TIMEOUT = 300
# Staff set up an authenticator app before they see anything else.
STAFF_NEEDS_TWO_FACTOR: bool = env.bool("STAFF_NEEDS_TWO_FACTOR", default=not DEBUG)
MFA_ADAPTER = "tenants.accounts.two_factor_adapter.TwoFactorAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_TOTP_ISSUER = "ml-connector"
# The code before and after also count: clocks of phones differ.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Addresses of people are not verified yet; staff are made by staff.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A session ends after so long without a page, and after so many hours in any case.
SESSION_IDLE_MINUTES: int = env.int("SESSION_IDLE_MINUTES", default=60)
SESSION_HOURS: int = env.int("SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
# Secrets and rights change only so soon after somebody gave their password.
CONFIRM_MINUTES: int = env.int("CONFIRM_MINUTES", default=15)

# --- PostgreSQL ---------------------------------------------------------------------------------

# Two logins, members of roles that they do not inherit. Each connection acts as one of them: `app`
# runs, `platform` serves staff pages; `owner`, of the second login alone, migrates.
DATABASE_ROLE_PREFIX: str = env.str("DATABASE_ROLE_PREFIX", default=DEFAULT_PREFIX)
DATABASE_URL = required(
    "DATABASE_URL", "Set it, or use `make demo`, which brings a PostgreSQL along."
)
# For `migrate` and `setup_database` only; web, worker and beat do not know it.
DATABASE_OWNER_URL: str = env.str("DATABASE_OWNER_URL", default="")
# A statement or a wait for a lock that takes longer is ended by PostgreSQL, and tried again later.
# One process may have others than the rest: its connections ask for what its environment says.
DATABASE_LIMITS = Limits(
    statement=env.float("DATABASE_STATEMENT_SECONDS", default=RUNNING.statement),
    lock=env.float("DATABASE_LOCK_SECONDS", default=RUNNING.lock),
    idle_in_transaction=env.float("DATABASE_IDLE_SECONDS", default=RUNNING.idle_in_transaction),
)
DATABASE_LIMITS_MIGRATING = Limits(
    statement=MIGRATING.statement,
    lock=env.float("DATABASE_MIGRATION_LOCK_SECONDS", default=MIGRATING.lock),
    idle_in_transaction=DATABASE_LIMITS.idle_in_transaction,
)
DATABASES = {
    "default": database_config(
        DATABASE_URL,
        role=RoleNames.with_prefix(DATABASE_ROLE_PREFIX).app,
        # Threads of the web server and the worker share this many connections; 0 is no pool, with
        # which a web server of many threads asks for more than PostgreSQL gives.
        pool_size=env.int("DATABASE_POOL", default=20),
        limits=DATABASE_LIMITS,
    )
}

# --- Redis and Celery ---------------------------------------------------------------------------

REDIS_URL = required("REDIS_URL", "Set it, or use `make demo`, which brings a Redis along.")
# In front of every key of ours, so that several installations can share one server.
REDIS_KEY_PREFIX: str = env.str("REDIS_KEY_PREFIX", default="mlc")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_KEY_PREFIX}:cache",
        # Redis is not trusted with code: Django's own serializer would unpickle what lies there.
        "OPTIONS": {"serializer": "config.json_cache.JsonSerializer"},
    }
}

CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_DEFAULT_QUEUE = REDIS_KEY_PREFIX
CELERY_TIMEZONE = "UTC"
# Nothing that could hold code, neither as tasks nor as commands to workers.
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
# Tasks are bells: what they did stands in PostgreSQL, so results are neither kept nor awaited.
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A lost bell is rung again by the dispatcher, so none is kept in Redis until it is acknowledged.
# Such keeping would also end a worker that loses Redis with a task in hand (kombu 5.7).
CELERY_BROKER_TRANSPORT_OPTIONS = {"ack_emulation": False}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2}
CELERY_BEAT_SCHEDULE_FILENAME: str = env.str("BEAT_SCHEDULE_FILE", default="celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # An unread bell is worth nothing once the next one rings: both expire after one interval.
    "dispatch": {
        "task": "connectors.dispatch",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 2},
    },
    "housekeeping": {
        "task": "connectors.housekeeping",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "hourly": {
        "task": "connectors.hourly",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3_600},
    },
    "daily": {
        "task": "connectors.daily",
        "schedule": timedelta(days=1),
        "options": {"expires": 86_400},
    },
}

# Hints of webhooks that were followed are deleted after so many days.
INBOX_DAYS: int = env.int("INBOX_DAYS", default=90)
# What old attempts have sent is emptied after so long: a year of books, and a month to close it.
ATTEMPT_DAYS: int = env.int("ATTEMPT_DAYS", default=400)

# Where heads of the audit are noted once a day: a file that grows, an https address that takes
# lines of JSON, people. Who owns the database should be able to change none of them.
AUDIT_HEADS_FILE: str = env.str("AUDIT_HEADS_FILE", default="")
AUDIT_HEADS_WEBHOOK: str = env.str("AUDIT_HEADS_WEBHOOK", default="")
AUDIT_HEADS_EMAIL: list[str] = env.list("AUDIT_HEADS_EMAIL", default=[])
# Alerts reach webhooks of public hosts at these ports; in a demo also those of this machine.
ALERT_PORTS: list[int] = env.list("ALERT_PORTS", cast=int, default=[443])
ALERT_LOOPBACK: bool = env.bool("ALERT_LOOPBACK", default=False)

# --- The engine ----------------------------------------------------------------------------------

# Times and sizes that differ from those in connectors/engine/policy.py, as a JSON object.
ENGINE: dict[str, float] = env.json("ENGINE", default={})

# Providers whose consent is asked for without a code challenge (PKCE), should one refuse it.
OAUTH_WITHOUT_PKCE: list[str] = env.list("OAUTH_WITHOUT_PKCE", default=[])

# --- Web ----------------------------------------------------------------------------------------

# Threads of a web process. Deliveries of webhooks have their own, so that no page delays them.
WEB_THREADS: int = env.int("WEB_THREADS", default=12)
WEBHOOK_THREADS: int = env.int("WEBHOOK_THREADS", default=4)
# The longest that the body of a request may take to arrive; slower ones are answered 408.
BODY_SECONDS: float = env.float("BODY_SECONDS", default=10.0)
# As much as config/web/bodies.py waits for.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# While it is on, or the file is there, pages answer 503 and webhooks go on.
MAINTENANCE: bool = env.bool("MAINTENANCE", default=False)
MAINTENANCE_FILE: str = env.str("MAINTENANCE_FILE", default="")
STATIC_URL = "/static/"
# With DEBUG files are found where they are; else `manage.py collectstatic` gathers them here.
STATIC_ROOT: str = env.str("STATIC_ROOT", default="" if DEBUG else str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static",) if folder.is_dir()]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = False

SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
# A health check asks the process itself, past the proxy that ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz(/work)?$"]
SECURE_HSTS_SECONDS: int = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
# Browsers keep a list of preloaded names for years: only its owner may put a whole domain on it.
SECURE_HSTS_PRELOAD: bool = env.bool("SECURE_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # asks for that preload
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE: bool = env.bool("SECURE_COOKIES", default=not DEBUG)
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
# With this prefix browsers take a cookie only over TLS, for every path, and from no subdomain.
_COOKIE_PREFIX = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
X_FRAME_OPTIONS = "DENY"
# Everything a page needs comes from this service, and no script stands in a page. The staff pages
# allow more of their own styles, see tenants/staff/site.py.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# No page uses a device, and none may learn to from a script that somebody brings in.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media"),
        *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb"),
    )
}
if env.bool("BEHIND_PROXY", default=False):
    # Only where a proxy of ours sets (and overwrites) this header.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # So many of ours stand in front, and each adds the address that it was asked from.
    ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXIES", default=1)

LANGUAGE_CODE = "en"
# Django sets the process's TZ from this; logs, Celery and PostgreSQL then agree.
TIME_ZONE = "UTC"
USE_TZ = True

# --- E-mail and logs ----------------------------------------------------------------------------

vars().update(
    env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25")
)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="ml-connector@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # A line per bell and per request tells nobody anything; warnings and errors still come.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}
