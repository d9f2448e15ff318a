"""Settings: one file for every shape of the shop; what differs comes from the environment, read loudly.

Nothing here asks where it runs. A newcomer's machine, the tests and production differ by variables only
(`.env.example` explains each); `masques/checks.py` refuses a production that lacks its secrets.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# An empty variable is a line of .env that nobody has filled in.
REQUIRED = (
    "SITE_URL", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SUPPORT_EMAIL", "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET", "LAPOSTE_OKAPI_KEY", "COLISSIMO_CONTRACT_NUMBER", "COLISSIMO_PASSWORD", "ALTCHA_HMAC_KEY",
)  # fmt: skip
if _missing := [name for name in REQUIRED if not env.str(name, default="").strip()]:
    raise ImproperlyConfigured(f"Not set: {', '.join(_missing)}. .env.example explains every variable.")

# --- Where the shop stands ------------------------------------------------------------------------------------
SITE_URL = env.str("SITE_URL").rstrip("/")
_site = urlsplit(SITE_URL)
if _site.scheme not in ("http", "https") or not _site.hostname:
    raise ImproperlyConfigured("SITE_URL must be a complete address such as https://masques.example.fr")
IS_SECURE = _site.scheme == "https"

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = [_site.hostname, *env.list("EXTRA_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
DEMO = env.bool("DEMO", default=False)
SANDBOX_URL = env.str("SANDBOX_URL", default="")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_recaptcha",
    "masques",
    "captcha",
    "notifications",
    "eligibility",
    "accounts",
    "orders",
    "billing",
    "shipping",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "captcha.middleware.GoogleTestPolicyMiddleware",
    "masques.middleware.RequestIdMiddleware",
    "masques.middleware.NoNulMiddleware",
    "masques.middleware.PrivatePagesMiddleware",
    "masques.middleware.DeskPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.EstablishmentMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "masques.middleware.WrongMethodMiddleware",
]

ROOT_URLCONF = "masques.urls"
WSGI_APPLICATION = "masques.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "builtins": ["django.templatetags.static", "notifications.templatetags.wording"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "masques.context.shop",
            ],
        },
    }
]
FORM_RENDERER = "masques.forms.ShopRenderer"

# --- Data -----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60), "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: locks and constraints rest on it")
# Nobody waits longer for a row or a table that another transaction holds: customers, jobs and migrations alike.
LOCK_PATIENCE = "4s"
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", f"-c lock_timeout={LOCK_PATIENCE}")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="masques")
_redis = urlsplit(REDIS_URL)
_broker_number = int(_redis.path.strip("/") or 0)
CACHES = {
    "default": {
        # Redis, where a limit on sign-in that cannot count lets people in.
        "BACKEND": "accounts.brake.BrakeCache",
        # The cache has a database of its own, so that it can be flushed without touching the work queue.
        "LOCATION": _redis._replace(path=f"/{_broker_number + 1}").geturl(),
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1},
    }
}
# Sessions live in the database: losing Redis logs nobody out, and a session that was ended never comes back.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Europe/Paris"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_TASK_DEFAULT_QUEUE = f"{REDIS_PREFIX}-default"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than any task may run, else a slow task would be handed out twice.
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "health_check_interval": 25,
    "socket_keepalive": True,
    "global_keyprefix": f"{REDIS_PREFIX}:",
}

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))()
STATICFILES_DIRS = [BASE_DIR / "static"]
PRIVATE_ROOT = env.path("PRIVATE_ROOT", default=str(BASE_DIR / "private"))()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": PRIVATE_ROOT}},
    # Invoices, labels and supporting documents: shared by web and worker, never served by the web server itself.
    "private": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": PRIVATE_ROOT}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
# "host:port" or the path of a socket; empty: supporting documents are not scanned.
CLAMAV_ADDRESS = env.str("CLAMAV_ADDRESS", default="")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# The desk sends a field for each row of a bulk action.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- Language, time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]  # the words that the desk's dress says in English only
USE_TZ = True
TIME_ZONE = "Europe/Paris"
PARIS = ZoneInfo("Europe/Paris")

# --- Safety of the pages --------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = IS_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_SECURE
SECURE_HSTS_PRELOAD = IS_SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
# Two demos on one machine share the host name, and cookies know no port.
_cookie_suffix = env.str("COOKIE_SUFFIX", default="")
SESSION_COOKIE_NAME = f"sessionid{_cookie_suffix}"
CSRF_COOKIE_NAME = f"csrftoken{_cookie_suffix}"
CSRF_FAILURE_VIEW = "masques.errors.csrf_failure"

STRIPE_CHECKOUT_ORIGIN = env.str("STRIPE_CHECKOUT_ORIGIN", default="https://checkout.stripe.com")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Chromium applies form-action to the redirect that answers a POST: paying ends on the provider's page.
        "form-action": [SELF, STRIPE_CHECKOUT_ORIGIN],
    },
    "EXCLUDE_URL_PREFIXES": ["/gestion/"],
}
# The staff's pages: Unfold's Alpine evaluates expressions and styles inline. No third party there either.
DESK_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)

# --- Who is it ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
PASSWORD_HASHERS = [
    # Argon2id with the OWASP parameters: 18 ms a check where Django's default takes 228.
    "accounts.hashers.OwaspArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "accounts.passwords.FourClassesValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.OwnDataValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("accounts:space")
LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("home")

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "confirm_email_verification_code": "accounts.forms.CodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "add_email": "accounts.forms.AddEmailForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "email2*", "password1*", "password2*"]
ACCOUNT_USERNAME_MIN_LENGTH = 4
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.MfaReauthenticateForm",
    "activate_totp": "accounts.forms.ActivateTotpForm",
    "add_webauthn": "accounts.forms.AddKeyForm",
    "edit_webauthn": "accounts.forms.EditKeyForm",
}
MFA_TOTP_ISSUER = "masques-pme"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_SECURE
USERSESSIONS_TRACK_ACTIVITY = False

# --- Is this a person? ----------------------------------------------------------------------------------------
RECAPTCHA_PUBLIC_KEY = env.str("RECAPTCHA_PUBLIC_KEY", default="")
RECAPTCHA_PRIVATE_KEY = env.str("RECAPTCHA_PRIVATE_KEY", default="")
RECAPTCHA_VERIFY_REQUEST_TIMEOUT = 5
ALTCHA_HMAC_KEY = env.str("ALTCHA_HMAC_KEY")
ALTCHA_COST = env.int("ALTCHA_COST", default=5000)
# Without both keys django-recaptcha falls back on Google's test keys, which this shop never uses.
SILENCED_SYSTEM_CHECKS = ["django_recaptcha.recaptcha_test_key_error"]

# Tries allowed per address and period: "10/m,60/d" = ten a minute and sixty a day.
SIRET_CHECK_RATE = env.str("SIRET_CHECK_RATE", default="10/m,60/d")
CAPTCHA_CHALLENGE_RATE = env.str("CAPTCHA_CHALLENGE_RATE", default="30/m,300/d")
NO_SCRIPT_RATE = env.str("NO_SCRIPT_RATE", default="3/h,10/d")
CASE_RATE = env.str("CASE_RATE", default="5/h,10/d")
CASE_UPLOAD_RATE = env.str("CASE_UPLOAD_RATE", default="20/h,60/d")
CONTACT_RATE = env.str("CONTACT_RATE", default="5/h,20/d")
ACCOUNT_RATE_LIMITS = {
    "login": env.str("LOGIN_RATE", default="30/m/ip"),
    "login_failed": env.str("LOGIN_FAILED_RATE", default="10/m/ip,5/300s/key"),
    "signup": env.str("SIGNUP_RATE", default="20/m/ip"),
    "confirm_email": env.str("CODE_RATE", default="5/m/key,20/h/key"),
}

# --- Messages -------------------------------------------------------------------------------------------------
_email = env.email_url("EMAIL_URL")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL")
DPO_EMAIL = env.str("DPO_EMAIL", default=SUPPORT_EMAIL)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"masques-pme <{SUPPORT_EMAIL}>")
STAFF_ALERT_EMAIL = env.str("STAFF_ALERT_EMAIL", default=SUPPORT_EMAIL)
# The help desk's mailbox: imaps://user:password@host:993/INBOX; empty: nobody reads it but people.
IMAP_URL = env.str("IMAP_URL", default="")
# What one address may get by itself in answer to its e-mails, in a Paris day.
MAILBOX_ANSWERS_PER_DAY = env.int("MAILBOX_ANSWERS_PER_DAY", default=10)

SMS_BACKEND = env.str("SMS_BACKEND", default="off")
SMS_SENDER = env.str("SMS_SENDER", default="MASQUES-PME")
# No SMS between 20 h and 8 h in Paris, codes excepted; empty: at any hour (demo and tests do not wait for morning).
SMS_QUIET_HOURS = env.str("SMS_QUIET_HOURS", default="20-8")
# What links in an SMS begin with: a short host of the operator's that leads to the shop, 33 characters at most.
SMS_LINK_BASE = env.str("SMS_LINK_BASE", default=SITE_URL).rstrip("/")
# Steps of an order that are told by SMS beside the e-mail: order_confirmed, order_cancelled, order_expired.
SMS_ORDER_KINDS = env.list("SMS_ORDER_KINDS", default=[])
# Numbers reserved for fiction (06 39 98 xx xx) are refused by the telephone library; a demo names their prefix.
SMS_TEST_PREFIX = env.str("SMS_TEST_PREFIX", default="")
OVH_API_BASE = env.str("OVH_API_BASE", default="https://eu.api.ovh.com/1.0")
OVH_APPLICATION_KEY = env.str("OVH_APPLICATION_KEY", default="")
OVH_APPLICATION_SECRET = env.str("OVH_APPLICATION_SECRET", default="")
OVH_CONSUMER_KEY = env.str("OVH_CONSUMER_KEY", default="")
OVH_SMS_SERVICE = env.str("OVH_SMS_SERVICE", default="")

# --- Money ----------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRET")  # old and new side by side while one is rotated
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_TIMEOUT = 10

# --- Parcels --------------------------------------------------------------------------------------------------
LAPOSTE_API_BASE = env.str("LAPOSTE_API_BASE", default="https://api.laposte.fr/suivi/v2")
LAPOSTE_OKAPI_KEY = env.str("LAPOSTE_OKAPI_KEY")
LAPOSTE_TRACKING_PAGE = "https://www.laposte.fr/outils/suivre-vos-envois?code={parcel}"
# How long a parcel of its first ten days is left alone between two questions to La Poste.
TRACKING_PAUSE = timedelta(seconds=env.int("TRACKING_PAUSE_SECONDS", default=7200))
COLISSIMO_API_BASE = env.str("COLISSIMO_API_BASE", default="https://ws.colissimo.fr/sls-ws/SlsServiceWSRest/2.0")
COLISSIMO_CONTRACT_NUMBER = env.str("COLISSIMO_CONTRACT_NUMBER")
COLISSIMO_PASSWORD = env.str("COLISSIMO_PASSWORD")
# Masks in the parcel → gross weight in kg (10.1 g a mask and the packing).
PARCEL_WEIGHTS = {
    6: Decimal("0.10"),
    12: Decimal("0.17"),
    18: Decimal("0.23"),
    40: Decimal("0.50"),
    80: Decimal("0.95"),
    120: Decimal("1.40"),
}
CUSTOMS_HS_CODE = env.str("CUSTOMS_HS_CODE", default="630790")
CUSTOMS_ORIGIN_COUNTRY = "VN"
SENDER_EORI = env.str("SENDER_EORI", default="")

# --- The rules an operator may turn (domain: 2 masks an employee, 14 days, 7 days) -----------------------------
PAYMENT_DEADLINE_DAYS = 7
PAYMENT_GRACE_HOURS = 7
ORDER_RENEWAL_DAYS = 14
USES_FOR_PRICE = 20
REJECTION_DUE_HOURS = 48
PROGRAMME_STATE = env.str("PROGRAMME_STATE", default="open")
PROGRAMME_OPENS_AT = env.str("PROGRAMME_OPENS_AT", default="")
# Together the two stocks make the operation's 10 million masks.
STOCK_LOTS_OF_6 = env.int("STOCK_LOTS_OF_6", default=500_000)
STOCK_LOTS_OF_40 = env.int("STOCK_LOTS_OF_40", default=175_000)
# The day from which the present terms of sale hold (ISO); kept with every order that accepted them.
TERMS_VERSION = date.fromisoformat(env.str("TERMS_VERSION", default="2026-11-01")).isoformat()
# The summary asks for "Je certifie que mon entreprise compte moins de 50 salariés".
HEADCOUNT_CERTIFIED = env.bool("HEADCOUNT_CERTIFIED", default=False)


def _paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


ZONE_OPENS_AT = {
    "METRO": _paris(env.str("ZONE_OPENS_AT_METRO", default="2020-05-02T00:00")),
    "GP_MQ_RE": _paris(env.str("ZONE_OPENS_AT_GP_MQ_RE", default="2020-05-11T00:00")),
    "GF_YT": _paris(env.str("ZONE_OPENS_AT_GF_YT", default="2020-05-11T00:00")),
}
REGISTER_MIN_ROWS = env.int("REGISTER_MIN_ROWS", default=1000)
REGISTER_MAX_REJECT_RATE = env.float("REGISTER_MAX_REJECT_RATE", default=0.02)
REGISTER_MAX_DROP = env.float("REGISTER_MAX_DROP", default=0.05)
REGISTER_MAX_SHIFT = env.float("REGISTER_MAX_SHIFT", default=0.05)
REGISTER_MAX_AGE_DAYS = env.int("REGISTER_MAX_AGE_DAYS", default=45)

# --- Who sells (invoices, legal pages, e-mails); the defaults are an invented company --------------------------
OPERATOR_TAGLINE = env.str(
    "OPERATOR_TAGLINE",
    default="Soutenu par le ministère de l’Économie et des Finances, avec les réseaux des CCI et des CMA",
)
INVENTED_SELLER = {
    "name": "COMPTOIR DES MASQUES",
    "legal_form": "SAS",
    "capital": "100\u00a0000\u00a0euros",
    "siren": "000000018",
    "rcs_city": "PARIS",
    "address": "1 rue de l’Exemple, 75015 Paris",
    "street": "1 RUE DE L EXEMPLE",
    "postal_code": "75015",
    "city": "PARIS",
    "vat_number": "FR66000000018",
    "phone": "01 99 00 00 00",
    "publisher": "La direction de COMPTOIR DES MASQUES",
}
SELLER = {
    "name": env.str("SELLER_NAME", default=INVENTED_SELLER["name"]),
    "legal_form": env.str("SELLER_LEGAL_FORM", default=INVENTED_SELLER["legal_form"]),
    "capital": env.str("SELLER_CAPITAL", default=INVENTED_SELLER["capital"]),
    "siren": env.str("SELLER_SIREN", default=INVENTED_SELLER["siren"]),
    "rcs_city": env.str("SELLER_RCS_CITY", default=INVENTED_SELLER["rcs_city"]),
    "address": env.str("SELLER_ADDRESS", default=INVENTED_SELLER["address"]),
    "street": env.str("SELLER_STREET", default=INVENTED_SELLER["street"]),
    "postal_code": env.str("SELLER_POSTAL_CODE", default=INVENTED_SELLER["postal_code"]),
    "city": env.str("SELLER_CITY", default=INVENTED_SELLER["city"]),
    "vat_number": env.str("SELLER_VAT_NUMBER", default=INVENTED_SELLER["vat_number"]),
    "phone": env.str("SELLER_PHONE", default=INVENTED_SELLER["phone"]),
    "email": SUPPORT_EMAIL,
    "publisher": env.str("SELLER_PUBLISHER", default=INVENTED_SELLER["publisher"]),
    "vat_on_debits": env.bool("SELLER_VAT_ON_DEBITS", default=False),
    "late_penalty": env.str("LATE_PENALTY_TEXT", default="trois fois le taux d’intérêt légal"),
}
HOST = {
    "name": env.str("HOST_NAME", default="Hébergeur à renseigner"),
    "address": env.str("HOST_ADDRESS", default="adresse à renseigner"),
    "phone": env.str("HOST_PHONE", default="téléphone à renseigner"),
}
ACCESSIBILITY_STATE = env.str("ACCESSIBILITY_STATE", default="non conforme")

# --- Staff desk -----------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Gestion masques-pme",
    "SITE_HEADER": "masques-pme",
    "SITE_SUBHEADER": "Service client et expédition",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")},
    ],
    "SHOW_HISTORY": True,
    # The shop's own blue, as Tailwind's scale wants it.
    "COLORS": {
        "primary": {
            "50": "#eef4fe",
            "100": "#dce8fd",
            "200": "#bad1fb",
            "300": "#86aff7",
            "400": "#4c85ef",
            "500": "#2465e3",
            "600": "#0b4fd6",
            "700": "#0a43b4",
            "800": "#0c3a94",
            "900": "#103377",
            "950": "#0b204c",
        }
    },
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "masques.desk.landing",
    "STYLES": [lambda request: static("css/desk.css")],
    "SIDEBAR": {"show_search": True, "navigation": "masques.menu.navigation"},
}

# --- What is written down -------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "stripe": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}
