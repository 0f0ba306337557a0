"""The environment: what each setting is called there, and how its text is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

SECRETS = ("SECRET_KEY", "INTAKE_ENCRYPTION_KEYS", "INTAKE_INDEX_KEYS", "INTAKE_LINK_KEY", "INTAKE_AUDIT_KEY",
            "INTAKE_TOTP_KEYS")  # fmt: skip
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
NAMES = {
    "INTAKE_ENV": "env",
    "INTAKE_INSTANCE": "instance",
    "DATABASE_URL": "database_url",
    "SECRET_KEY": "secret_key",
    "SECRET_KEY_FALLBACKS": "secret_key_fallbacks",
    "INTAKE_ENCRYPTION_KEYS": "encryption_keys",
    "INTAKE_INDEX_KEYS": "index_keys",
    "INTAKE_LINK_KEY": "link_key",
    "INTAKE_AUDIT_KEY": "audit_key",
    "INTAKE_TOTP_KEYS": "totp_keys",
    "INTAKE_REQUIRE_MFA": "require_mfa",
    "INTAKE_PROVIDER_NAME": "provider_name",
    "INTAKE_PROVIDER_SHORT_NAME": "provider_short_name",
    "INTAKE_PROVIDER_PHONE": "provider_phone",
    "INTAKE_TIME_ZONE": "time_zone",
    "INTAKE_PUBLIC_URL": "public_url",
    "INTAKE_TEAM_EMAIL": "team_email",
    "REDIS_URL": "redis_url",
    "MAIL_SERVER": "mail_server",
    "MAIL_PORT": "mail_port",
    "MAIL_USERNAME": "mail_username",
    "MAIL_PASSWORD": "mail_password",
    "MAIL_USE_TLS": "mail_use_tls",
    "MAIL_USE_SSL": "mail_use_ssl",
    "MAIL_DEFAULT_SENDER": "mail_default_sender",
    "MAIL_CA_FILE": "mail_ca_file",
    "INTAKE_EMBEDDED_WORKER": "embedded_worker",
    "INTAKE_TRUSTED_PROXIES": "trusted_proxies",
    "INTAKE_LOG_FORMAT": "log_format",
    "INTAKE_METRICS_TOKEN": "metrics_token",
    "INTAKE_ONCALL_WEBHOOK_URL": "oncall_webhook_url",
    "INTAKE_ONCALL_WEBHOOK_SECRET": "oncall_webhook_secret",
    "INTAKE_KEEP_CLOSED_DAYS": "keep_closed_days",
    "INTAKE_KEEP_SPAM_DAYS": "keep_spam_days",
    "INTAKE_KEEP_AUDIT_YEARS": "keep_audit_years",
}
"""What the environment calls each field of ``config.Settings``."""
RANGES = {
    "MAIL_PORT": (0, 65535),
    "INTAKE_TRUSTED_PROXIES": (0, 9),
    "INTAKE_KEEP_CLOSED_DAYS": (1, 36500),
    "INTAKE_KEEP_SPAM_DAYS": (1, 36500),
    "INTAKE_KEEP_AUDIT_YEARS": (1, 100),
}
"""The whole numbers among them: lowest and highest."""


class SettingsError(RuntimeError):
    """The service cannot start like this. The message names every setting at fault and what to do."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Each by itself."""
        first, *rest = str(self).split("\n  - ")
        return tuple(rest or [first])


def value_of(env: Mapping[str, str], name: str) -> str:
    """A setting's text, from itself or from the file that NAME_FILE names; "" if unset. SettingsError: no such file."""
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name, "").strip()
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE: {path} cannot be read ({error.strerror})") from error


def one_line_each(values: Mapping[str, str]) -> None:
    """A line break in a name or address would end a mail's header and begin another."""
    broken = [name for name, value in values.items() if name not in SECRETS and _BREAKS.search(value)]
    if broken:
        raise SettingsError(f"{', '.join(broken)}: one line without control characters, please")


def number(name: str, text: str, lowest: int, highest: int) -> int:
    """The whole number in a setting's text, or SettingsError."""
    # ``²`` is a digit to Python, and no number
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and lowest <= int(text) <= highest):
        raise SettingsError(f"{name} must be a whole number from {lowest} to {highest}")
    return int(text)
