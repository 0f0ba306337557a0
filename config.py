"""Settings: read once from the environment, checked once, and loud when something is missing or weak.

Every NAME may be given as NAME_FILE instead, holding the path of a file with the value.
Development makes its keys in ``instance/keys.json`` (mode 0600); production never makes one by itself.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import phonenumbers
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from intake import logs
from intake.database import engine_options
from intake.environment import NAMES, RANGES, SECRETS, SettingsError, number, one_line_each, value_of
from intake.models.key_file import kept_keys
from intake.models.keyring import Key, Keyring
from intake.models.site import Site
from intake.rules import setting
from intake.rules.hours import is_zone
from intake.rules.retention import Retention

ROOT = Path(__file__).resolve().parent
_SAMPLES = ("INTAKE_PROVIDER_NAME", "INTAKE_PROVIDER_PHONE", "INTAKE_TEAM_EMAIL", "MAIL_DEFAULT_SENDER")
_SEALED = ("require", "verify-ca", "verify-full")
_KEY_NUMBER = re.compile(r"[0-9]{1,3}")
_ADDRESS = re.compile(r"""[^\s@<>()\[\]\\,;:"]+@[^\s@<>()\[\]\\,;:"]+""")


@dataclass(frozen=True)
class Settings:
    """Everything that can be set from outside. Names in brackets are the environment's."""

    env: str = "production"  # INTAKE_ENV: development or production
    instance: Path = ROOT / "instance"  # INTAKE_INSTANCE: keys, SQLite file and .eml files of a small installation
    database_url: str = ""  # DATABASE_URL: sqlite:///… or postgresql://…
    secret_key: str = field(default="", repr=False)  # SECRET_KEY: signs form tokens and the staff cookie
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)  # SECRET_KEY_FALLBACKS: older, with commas
    encryption_keys: str = field(default="", repr=False)  # INTAKE_ENCRYPTION_KEYS: "2:base64,1:base64", newest first
    index_keys: str = field(default="", repr=False)  # INTAKE_INDEX_KEYS: likewise
    link_key: str = field(default="", repr=False)  # INTAKE_LINK_KEY: makes private links
    audit_key: str = field(default="", repr=False)  # INTAKE_AUDIT_KEY: proves the record
    totp_keys: str = field(default="", repr=False)  # INTAKE_TOTP_KEYS: as INTAKE_ENCRYPTION_KEYS, for second factors
    require_mfa: bool | None = None  # INTAKE_REQUIRE_MFA: nobody works without a second factor; on in production
    provider_name: str = "Harbor Recovery Center"  # INTAKE_PROVIDER_NAME: as visitors see it
    provider_short_name: str = "Harbor"  # INTAKE_PROVIDER_SHORT_NAME: in page titles; keep it neutral
    provider_phone: str = setting.SAMPLE_PHONE  # INTAKE_PROVIDER_PHONE: shown on every page
    time_zone: str = "America/New_York"  # INTAKE_TIME_ZONE: IANA name
    public_url: str = "http://127.0.0.1:8000"  # INTAKE_PUBLIC_URL: links in mails start here
    team_email: str = "intake@example.com"  # INTAKE_TEAM_EMAIL: who is told about a new request
    redis_url: str = ""  # REDIS_URL: shared counters of the public form; without it each process counts for itself
    mail_server: str = ""  # MAIL_SERVER: without it mails are written to instance/mail
    mail_port: int = 587  # MAIL_PORT
    mail_username: str = ""  # MAIL_USERNAME
    mail_password: str = field(default="", repr=False)  # MAIL_PASSWORD
    mail_use_tls: bool = True  # MAIL_USE_TLS: STARTTLS, with a checked certificate
    mail_use_ssl: bool = False  # MAIL_USE_SSL: TLS from the first byte
    mail_default_sender: str = "callback@example.com"  # MAIL_DEFAULT_SENDER
    mail_ca_file: str = ""  # MAIL_CA_FILE: an own authority's certificate, for a server inside your network
    embedded_worker: bool = False  # INTAKE_EMBEDDED_WORKER: deliver mail in a thread of the web process
    trusted_proxies: int = 0  # INTAKE_TRUSTED_PROXIES: how many proxies in front set X-Forwarded-For
    log_format: str = ""  # INTAKE_LOG_FORMAT: json or text; unset: json in production
    metrics_token: str = field(default="", repr=False)  # INTAKE_METRICS_TOKEN: opens /metrics, which is off without it
    oncall_webhook_url: str = field(default="", repr=False)  # INTAKE_ONCALL_WEBHOOK_URL: a pager or chat told at night
    oncall_webhook_secret: str = field(default="", repr=False)  # INTAKE_ONCALL_WEBHOOK_SECRET: signs what it is sent
    keep_closed_days: int = 180  # INTAKE_KEEP_CLOSED_DAYS: then ``purge`` takes what a closed request says of a person
    keep_spam_days: int = 30  # INTAKE_KEEP_SPAM_DAYS: likewise for one closed as spam
    keep_audit_years: int = 6  # INTAKE_KEEP_AUDIT_YEARS: then words typed into the record go; its entries stay

    @property
    def is_production(self) -> bool:
        """Anything that is not called development is production."""
        return self.env != "development"

    @property
    def mail_folder(self) -> Path:
        """Where mails lie as files when no server is set."""
        return self.instance / "mail"

    def flask(self) -> dict[str, object]:
        """What Flask and its extensions read from ``app.config``."""
        return {
            "INTAKE_ENV": self.env,
            "IS_PRODUCTION": self.is_production,
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": list(self.secret_key_fallbacks),
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": engine_options(self.database_url),
            "MAX_CONTENT_LENGTH": 64 * 1024,
            "MAX_FORM_MEMORY_SIZE": 64 * 1024,
            "MAX_FORM_PARTS": 100,
            "BABEL_DEFAULT_LOCALE": "en",
            "BABEL_DEFAULT_TIMEZONE": self.time_zone,
            "MAIL_SERVER": self.mail_server,
            "MAIL_PORT": self.mail_port,
            "MAIL_USERNAME": self.mail_username or None,
            "MAIL_PASSWORD": self.mail_password or None,
            "MAIL_USE_TLS": self.mail_use_tls,
            "MAIL_USE_SSL": self.mail_use_ssl,
            "MAIL_DEFAULT_SENDER": self.mail_default_sender,
            "MAIL_CA_FILE": self.mail_ca_file,
            "MAIL_FOLDER": str(self.mail_folder),
            "INTAKE_INSTANCE": str(self.instance),
            "INTAKE_REDIS_URL": self.redis_url,
            "INTAKE_EMBEDDED_WORKER": self.embedded_worker,
            "INTAKE_TRUSTED_PROXIES": self.trusted_proxies,
            "INTAKE_LOG_FORMAT": logs.chosen(self.log_format, self.env),
            "INTAKE_METRICS_TOKEN": self.metrics_token,
            "INTAKE_RETENTION": Retention(self.keep_closed_days, self.keep_spam_days, self.keep_audit_years),
        }

    def site(self) -> Site:
        """The part of the settings that services work with."""
        number = phonenumbers.parse(self.provider_phone, "US")
        return Site(
            provider_name=self.provider_name,
            provider_short_name=self.provider_short_name,
            provider_phone=self.provider_phone,
            provider_phone_e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
            time_zone=self.time_zone,
            public_url=self.public_url.rstrip("/"),
            keyring=self.keyring(),
            team_email=self.team_email,
            mail_sender=self.mail_default_sender,
            is_production=self.is_production,
            webhook_url=self.oncall_webhook_url,
            webhook_secret=self.oncall_webhook_secret,
            needs_second_factor=self.is_production if self.require_mfa is None else self.require_mfa,
        )

    def keyring(self) -> Keyring:
        """The keys, decoded. SettingsError if one is not what it should be."""
        return Keyring(
            encryption=_keys("INTAKE_ENCRYPTION_KEYS", self.encryption_keys),
            index=_keys("INTAKE_INDEX_KEYS", self.index_keys),
            link=self.link_key.encode(),
            audit=self.audit_key.encode(),
            totp=_keys("INTAKE_TOTP_KEYS", self.totp_keys),
        )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment into Settings; raises SettingsError naming everything that is wrong."""
    env = dict(os.environ if environ is None else environ)
    values = {name: value_of(env, name) for name in NAMES}
    chosen = {NAMES[name]: value for name, value in values.items() if value}
    if chosen.get("env", "production") not in ("development", "production"):
        raise SettingsError("INTAKE_ENV must be development or production")
    one_line_each(values)
    settings = _typed(chosen)
    if not settings.is_production:
        settings = _with_development_keys(settings)
    _check(settings)
    return settings


def _typed(chosen: Mapping[str, str]) -> Settings:
    values: dict[str, object] = dict(chosen)
    for name, (lowest, highest) in RANGES.items():
        if NAMES[name] in chosen:
            values[NAMES[name]] = number(name, chosen[NAMES[name]], lowest, highest)
    for name in ("mail_use_tls", "mail_use_ssl", "embedded_worker"):
        if name in values:
            values[name] = str(values[name]).lower() in ("1", "true", "yes", "on")
    if "require_mfa" in values:  # a slip of the pen must not open the door
        values["require_mfa"] = str(values["require_mfa"]).lower() not in ("0", "false", "no", "off")
    if values.get("mail_use_ssl") and "mail_use_tls" not in chosen:
        values["mail_use_tls"] = False
    if "provider_name" in values:  # the sample's short name is nobody else's
        values.setdefault("provider_short_name", values["provider_name"])
    instance = Path(str(values.get("instance", ROOT / "instance"))).resolve()
    values["instance"] = instance
    values["secret_key_fallbacks"] = tuple(part for part in chosen.get("secret_key_fallbacks", "").split(",") if part)
    url = str(values.get("database_url") or f"sqlite:///{instance / 'intake.db'}")
    values["database_url"] = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    return Settings(**values)  # type: ignore[arg-type]


def new_keys() -> dict[str, str]:
    """Fresh keys for a new installation, in the environment's names."""

    def one() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "INTAKE_ENCRYPTION_KEYS": f"1:{one()}",
        "INTAKE_INDEX_KEYS": f"1:{one()}",
        "INTAKE_LINK_KEY": secrets.token_urlsafe(48),
        "INTAKE_AUDIT_KEY": secrets.token_urlsafe(48),
        "INTAKE_TOTP_KEYS": f"1:{one()}",
    }


def _with_development_keys(settings: Settings) -> Settings:
    kept = kept_keys(settings.instance / "keys.json", new_keys)
    missing = {NAMES[name]: kept[name] for name in SECRETS if not getattr(settings, NAMES[name])}
    return Settings(**{**settings.__dict__, **missing})


def _keys(name: str, text: str) -> tuple[Key, ...]:
    keys = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        number, _, secret = part.partition(":")
        try:
            raw = base64.b64decode(secret, validate=True)
        except ValueError:
            raw = b""
        if not _KEY_NUMBER.fullmatch(number) or not 0 < int(number) < 256 or len(raw) != 32:
            raise SettingsError(f"{name}: each key is a number from 1 to 255, a colon and 32 bytes in base64")
        keys.append(Key(int(number), raw))
    if len({key.id for key in keys}) != len(keys):
        raise SettingsError(f"{name}: two keys carry the same number")
    return tuple(keys)


def _check(settings: Settings) -> None:
    problems = [f"{name} is not set" for name in SECRETS if not getattr(settings, NAMES[name])]
    problems += _weak_secrets(settings)
    problems += _odd_values(settings)
    if settings.is_production:
        problems += _not_for_production(settings)
    elif setting.is_place(settings.public_url) and not setting.is_reached_from_here_only(settings.public_url):
        problems.append(setting.AT_A_DESK)
    if problems:
        raise SettingsError("\n  - ".join(["The service does not start like this:", *problems]))


def _not_for_production(settings: Settings) -> list[str]:
    """What is fine at a desk and not with real people: samples, shared secrets, clear text."""
    problems = [
        f"{name} is not set, or still a sample"
        for name in _SAMPLES
        if (given := getattr(settings, NAMES[name])) == getattr(Settings, NAMES[name])
        or given.lower().endswith(("@example.com", ".example.com"))
    ]
    is_clear = not (settings.mail_use_tls or settings.mail_use_ssl)
    dangers = {
        "MAIL_SERVER is not set: nobody would be told about a request": not settings.mail_server,
        "MAIL_USE_TLS and MAIL_USE_SSL are both off: mail never travels in clear text": is_clear,
        "INTAKE_PUBLIC_URL must start with https://": not settings.public_url.startswith("https://"),
        "INTAKE_ONCALL_WEBHOOK_URL must start with https://": (
            bool(settings.oncall_webhook_url) and not settings.oncall_webhook_url.startswith("https://")
        ),
        "DATABASE_URL: another machine only with TLS: add ?sslmode=verify-full, at least =require": (
            _travels_in_clear_text(settings.database_url)
        ),
    }
    return problems + [words for words, is_so in dangers.items() if is_so] + _shared_secrets(settings)


def _database(url: str) -> URL | None:
    with contextlib.suppress(ArgumentError, ValueError):
        return make_url(url)
    return None


def _travels_in_clear_text(url: str) -> bool:
    place = _database(url)
    if place is None or place.get_backend_name() == "sqlite" or place.query.get("sslmode") in _SEALED:
        return False
    named = [place.host or ""]
    for key in ("host", "hostaddr"):
        given = place.query.get(key, "")
        named += ",".join([given] if isinstance(given, str) else given).split(",")
    return not all(setting.is_here(name) for name in named)


def _shared_secrets(settings: Settings) -> list[str]:
    """Whoever learns one secret must not have learned another."""
    owners: dict[str, list[str]] = {}
    for name in (*SECRETS, "SECRET_KEY_FALLBACKS", "INTAKE_METRICS_TOKEN", "INTAKE_ONCALL_WEBHOOK_SECRET"):
        given = getattr(settings, NAMES[name])
        if name.endswith("_KEYS"):
            given = [part.partition(":")[2].strip() for part in given.split(",")]
        for secret in filter(None, [given] if isinstance(given, str) else given):
            owners.setdefault(secret.rstrip("="), []).append(name)
    return [f"{' and '.join(names)} are the same: each needs its own" for names in owners.values() if len(names) > 1]


def _weak_secrets(settings: Settings) -> list[str]:
    named = ("SECRET_KEY", "INTAKE_LINK_KEY", "INTAKE_AUDIT_KEY", "INTAKE_METRICS_TOKEN",
             "INTAKE_ONCALL_WEBHOOK_SECRET")  # fmt: skip
    given = [(name, getattr(settings, NAMES[name])) for name in named]
    given += [("SECRET_KEY_FALLBACKS", secret) for secret in settings.secret_key_fallbacks]
    problems = [
        f"{name} is too weak: {setting.SHORTEST_SECRET} random characters or more"
        for name, secret in given
        if secret and setting.is_weak(secret)
    ]
    for name in ("INTAKE_ENCRYPTION_KEYS", "INTAKE_INDEX_KEYS", "INTAKE_TOTP_KEYS"):
        try:
            if any(len(set(key.secret)) < 10 for key in _keys(name, getattr(settings, NAMES[name]))):
                problems.append(f"{name} is too weak: each key is 32 random bytes")
        except SettingsError as error:
            problems.append(str(error))
    return problems


def _odd_values(settings: Settings) -> list[str]:
    problems = []
    if not is_zone(settings.time_zone):
        problems.append(f"INTAKE_TIME_ZONE: there is no zone called {settings.time_zone}")
    if not setting.is_place(settings.public_url):
        problems.append("INTAKE_PUBLIC_URL must be an address like https://callback.example.org, no user, ? or #")
    if settings.oncall_webhook_url and not setting.is_hook(settings.oncall_webhook_url):
        problems.append(
            "INTAKE_ONCALL_WEBHOOK_URL must be an address like https://pager.example.org/hook, no user or #"
        )
    if _database(settings.database_url) is None:
        problems.append("DATABASE_URL must be an address like postgresql://user@host/name")
    for name in ("INTAKE_TEAM_EMAIL", "MAIL_DEFAULT_SENDER"):
        if not _ADDRESS.fullmatch(getattr(settings, NAMES[name])):
            problems.append(f"{name} must be one plain address like intake@example.org")
    if settings.log_format not in ("", *logs.FORMATS):
        problems.append("INTAKE_LOG_FORMAT must be json or text")
    if settings.mail_use_tls and settings.mail_use_ssl:
        problems.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other")
    if settings.mail_server and settings.mail_password and not (settings.mail_use_tls or settings.mail_use_ssl):
        problems.append("MAIL_PASSWORD would travel in clear text: set MAIL_USE_TLS or MAIL_USE_SSL")
    return problems + setting.odd_phone(settings.provider_phone)
