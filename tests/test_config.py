"""Settings are loud: production starts with everything in place and strong, or says by name what is not."""

from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import config
from config import load, new_keys
from intake.environment import NAMES, SettingsError

SECRETS = ("SECRET_KEY", "INTAKE_ENCRYPTION_KEYS", "INTAKE_INDEX_KEYS", "INTAKE_LINK_KEY", "INTAKE_AUDIT_KEY",
           "INTAKE_TOTP_KEYS")  # fmt: skip
PASSPHRASES = ("SECRET_KEY", "INTAKE_LINK_KEY", "INTAKE_AUDIT_KEY")
KEYS = new_keys()


def production(tmp_path: Path, **more: str) -> dict[str, str]:
    """An environment that production accepts, with changes."""
    good = {
        "INTAKE_INSTANCE": str(tmp_path),
        "MAIL_SERVER": "mail.example.org",
        "INTAKE_PUBLIC_URL": "https://callback.example.org",
        "INTAKE_PROVIDER_NAME": "Quiet Bay",
        "INTAKE_PROVIDER_PHONE": "(212) 736-0100",
        "INTAKE_TEAM_EMAIL": "intake@example.org",
        "MAIL_DEFAULT_SENDER": "callback@example.org",
        **KEYS,
    }
    return {name: value for name, value in (good | more).items() if value}


def complaint(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return str(caught.value)


def test_production_is_what_runs_unless_development_is_said(tmp_path: Path) -> None:
    settings = load(production(tmp_path))
    assert settings.is_production
    assert settings.flask()["IS_PRODUCTION"]


@pytest.mark.parametrize("name", SECRETS)
def test_production_refuses_to_start_without_a_secret_and_names_it(tmp_path: Path, name: str) -> None:
    assert f"{name} is not set" in complaint(production(tmp_path, **{name: ""}))


@pytest.mark.parametrize("name", PASSPHRASES)
@pytest.mark.parametrize("weak", ["secret", "a" * 64, "abcabcabc" * 8, "x" * 31])
def test_production_refuses_a_weak_secret_and_names_it(tmp_path: Path, name: str, weak: str) -> None:
    words = complaint(production(tmp_path, **{name: weak}))
    assert f"{name} is too weak" in words
    assert weak not in words


@pytest.mark.parametrize("name", ["INTAKE_ENCRYPTION_KEYS", "INTAKE_INDEX_KEYS", "INTAKE_TOTP_KEYS"])
@pytest.mark.parametrize(
    "keys",
    [
        "1:c2hvcnQ=",
        "not a key",
        "1",
        f"0:{KEYS['INTAKE_INDEX_KEYS'][2:]}",
        f"256:{KEYS['INTAKE_INDEX_KEYS'][2:]}",
        f"{KEYS['INTAKE_INDEX_KEYS']},{KEYS['INTAKE_INDEX_KEYS']}",
    ],
    ids=["too short", "no key", "no secret", "number 0", "number 256", "one number twice"],
)
def test_a_key_that_is_none_is_named(tmp_path: Path, name: str, keys: str) -> None:
    words = complaint(production(tmp_path, **{name: keys}))
    assert name in words
    assert KEYS["INTAKE_INDEX_KEYS"][2:] not in words


def test_everything_missing_is_said_at_once() -> None:
    words = complaint({})
    assert [name for name in (*SECRETS, "MAIL_SERVER", "INTAKE_PUBLIC_URL") if name not in words] == []


def test_a_weak_older_secret_is_refused_too(tmp_path: Path) -> None:
    assert "SECRET_KEY_FALLBACKS is too weak" in complaint(production(tmp_path, SECRET_KEY_FALLBACKS="old,older"))


def test_production_makes_no_keys_by_itself(tmp_path: Path) -> None:
    complaint(production(tmp_path, SECRET_KEY=""))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTAKE_ENV", "staging"),
        ("INTAKE_PUBLIC_URL", "http://callback.example.org"),
        ("INTAKE_PUBLIC_URL", "https://"),
        ("INTAKE_TIME_ZONE", "Mars/Olympus"),
        ("INTAKE_PROVIDER_PHONE", "call us"),
        ("MAIL_PORT", "smtp"),
        ("MAIL_PORT", "70000"),
        ("MAIL_PORT", "9" * 5000),
        ("INTAKE_TRUSTED_PROXIES", "-1"),
        ("INTAKE_TRUSTED_PROXIES", "²"),
        ("INTAKE_TRUSTED_PROXIES", "١"),
        ("INTAKE_PUBLIC_URL", "https://callback.example.org/?a=b"),
        ("INTAKE_PUBLIC_URL", "https://callback.example.org/#top"),
        ("INTAKE_PUBLIC_URL", "https://me:pw@callback.example.org"),
        ("INTAKE_PUBLIC_URL", "https://callback.example.org:port"),
        ("INTAKE_PUBLIC_URL", "https://[::1"),
        ("INTAKE_PUBLIC_URL", "https://callback.example.org\r\nX: y"),
        ("INTAKE_TEAM_EMAIL", "a@example.org\r\nBcc: b@example.org"),
        ("INTAKE_TEAM_EMAIL", "a@example.org, b@example.org"),
        ("INTAKE_TEAM_EMAIL", "intake"),
        ("MAIL_DEFAULT_SENDER", "Intake <intake@example.org>"),
        ("INTAKE_PROVIDER_NAME", "Quiet\nBay"),
        ("INTAKE_PROVIDER_NAME", "Quiet\u202eBay"),
        ("INTAKE_PROVIDER_PHONE", "911"),
        ("INTAKE_PROVIDER_PHONE", "988"),
        ("INTAKE_PROVIDER_PHONE", "+1 911"),
        ("INTAKE_PROVIDER_PHONE", "1-1-2"),
        ("DATABASE_URL", "somewhere"),
    ],
)
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, name: str, value: str) -> None:
    assert name.removeprefix("INTAKE_") in complaint(production(tmp_path, **{name: value}))


SAMPLES = ["INTAKE_PROVIDER_NAME", "INTAKE_PROVIDER_PHONE", "INTAKE_TEAM_EMAIL", "MAIL_DEFAULT_SENDER"]


@pytest.mark.parametrize("name", SAMPLES)
def test_production_refuses_what_is_left_as_in_the_sample_and_names_it(tmp_path: Path, name: str) -> None:
    sample = str(getattr(config.Settings, NAMES[name]))
    assert f"{name} is not set" in complaint(production(tmp_path, **{name: ""}))
    assert f"{name} is not set, or still a sample" in complaint(production(tmp_path, **{name: sample}))


@pytest.mark.parametrize("address", ["team@example.com", "team@Mail.EXAMPLE.com"])
def test_production_mails_nobody_at_an_invented_address(tmp_path: Path, address: str) -> None:
    assert "INTAKE_TEAM_EMAIL" in complaint(production(tmp_path, INTAKE_TEAM_EMAIL=address))


def test_development_takes_the_samples(tmp_path: Path) -> None:
    assert load(development(tmp_path)).team_email == "intake@example.com"


@pytest.mark.parametrize("name", ["INTAKE_ENCRYPTION_KEYS", "INTAKE_INDEX_KEYS", "INTAKE_TOTP_KEYS"])
@pytest.mark.parametrize("raw", [bytes(32), b"ab" * 16, bytes(range(9)) * 3 + bytes(5)], ids=["zeros", "two", "nine"])
def test_a_key_that_nobody_drew_is_refused(tmp_path: Path, name: str, raw: bytes) -> None:
    drawn = KEYS[name]
    key = base64.b64encode(raw).decode()
    assert f"{name} is too weak" in complaint(production(tmp_path, **{name: f"1:{key}"}))
    assert f"{name} is too weak" in complaint(production(tmp_path, **{name: f"{drawn},2:{key}"}))


@pytest.mark.parametrize("name", PASSPHRASES)
@pytest.mark.parametrize("word", ["change-me", "CHANGEME", "secret", "Password"])
def test_a_secret_that_reads_like_a_placeholder_is_refused(tmp_path: Path, name: str, word: str) -> None:
    assert f"{name} is too weak" in complaint(production(tmp_path, **{name: f"{word}-in-production-0123456789-xyz"}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SECRET_KEY", "INTAKE_LINK_KEY"),
        ("INTAKE_LINK_KEY", "INTAKE_AUDIT_KEY"),
        ("INTAKE_ENCRYPTION_KEYS", "INTAKE_INDEX_KEYS"),
        ("SECRET_KEY_FALLBACKS", "INTAKE_AUDIT_KEY"),
    ],
)
def test_two_secrets_that_are_one_are_refused_and_both_named(tmp_path: Path, one: str, other: str) -> None:
    words = complaint(production(tmp_path, **{one: KEYS[other]}))
    assert "are the same" in words and one in words and other in words
    assert KEYS[other].removeprefix("1:") not in words


def test_a_key_is_known_again_under_another_number_and_without_its_padding(tmp_path: Path) -> None:
    key = KEYS["INTAKE_INDEX_KEYS"][2:]
    assert "are the same" in complaint(production(tmp_path, INTAKE_INDEX_KEYS=f"2:{key},1:{key}"))
    assert "are the same" in complaint(production(tmp_path, INTAKE_LINK_KEY=key.rstrip("=")))


FAR = "postgresql://intake@db.example.org/intake"


@pytest.mark.parametrize(
    "url",
    [
        FAR,
        f"{FAR}?sslmode=prefer",
        f"{FAR}?sslmode=disable",
        f"{FAR}?sslmode=require&sslmode=disable",
        "postgresql://intake@10.0.0.5/intake",
        "postgresql:///intake?host=db.example.org",
        "postgresql:///intake?host=/run/postgresql&host=db.example.org",
        "postgresql:///intake?hostaddr=192.0.2.1",
    ],
)
def test_names_and_numbers_do_not_travel_to_a_far_database_in_clear_text(tmp_path: Path, url: str) -> None:
    words = complaint(production(tmp_path, DATABASE_URL=url))
    assert "DATABASE_URL" in words and "sslmode=verify-full" in words


@pytest.mark.parametrize(
    "url",
    [
        f"{FAR}?sslmode=require",
        f"{FAR}?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql:///intake",
        "postgresql:///intake?host=/run/postgresql",
        "postgresql://intake@localhost/intake",
        "postgresql://intake@127.0.0.1:5433/intake",
        "postgresql://intake@[::1]/intake",
        "sqlite:////var/lib/intake/intake.db",
    ],
)
def test_a_database_near_by_or_behind_tls_is_fine(tmp_path: Path, url: str) -> None:
    assert load(production(tmp_path, DATABASE_URL=url)).is_production


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{KEYS['SECRET_KEY']}\n")
    settings = load(production(tmp_path, SECRET_KEY="", SECRET_KEY_FILE=str(path)))
    assert settings.secret_key == KEYS["SECRET_KEY"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere")
    words = complaint(production(tmp_path, SECRET_KEY="", SECRET_KEY_FILE=path))
    assert "SECRET_KEY_FILE" in words
    assert path in words


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    settings = load(production(tmp_path, MAIL_PASSWORD="a quiet harbour at noon"))
    shown = repr(settings) + repr(settings.keyring())
    hidden = [*(KEYS[name].removeprefix("1:") for name in SECRETS), "a quiet harbour"]
    assert [secret for secret in hidden if secret in shown] == []


def development(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"INTAKE_ENV": "development", "INTAKE_INSTANCE": str(tmp_path / "instance"), **more}


def test_development_makes_its_keys_once_and_keeps_them(tmp_path: Path) -> None:
    first, second = load(development(tmp_path)), load(development(tmp_path))
    assert first == second
    kept = json.loads((tmp_path / "instance" / "keys.json").read_text())
    assert set(kept) == set(SECRETS)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    load(development(tmp_path))
    folder = tmp_path / "instance"
    assert [path.name for path in folder.iterdir()] == ["keys.json"]
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def secret_of(folder: str) -> str:
    return load({"INTAKE_ENV": "development", "INTAKE_INSTANCE": folder}).secret_key


def test_processes_that_start_together_agree_on_one_set_of_keys(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        for number in range(5):
            folder = str(tmp_path / str(number))
            assert len(set(pool.map(secret_of, [folder] * 8))) == 1


def test_a_key_given_by_hand_goes_before_a_kept_one(tmp_path: Path) -> None:
    load(development(tmp_path))
    assert load(development(tmp_path, SECRET_KEY=KEYS["SECRET_KEY"])).secret_key == KEYS["SECRET_KEY"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_the_same_driver(tmp_path: Path, scheme: str) -> None:
    settings = load(development(tmp_path, DATABASE_URL=f"{scheme}://db.example.org/intake"))
    assert settings.database_url == "postgresql+psycopg://db.example.org/intake"


def test_without_a_database_address_there_is_one_file(tmp_path: Path) -> None:
    assert load(development(tmp_path)).database_url == f"sqlite:///{tmp_path / 'instance' / 'intake.db'}"


def test_tls_from_the_first_byte_needs_no_starttls_switched_off(tmp_path: Path) -> None:
    settings = load(production(tmp_path, MAIL_USE_SSL="1"))
    assert (settings.mail_use_ssl, settings.mail_use_tls) == (True, False)


def test_both_kinds_of_tls_at_once_are_refused(tmp_path: Path) -> None:
    assert "exclude each other" in complaint(production(tmp_path, MAIL_USE_SSL="1", MAIL_USE_TLS="1"))


def test_mail_is_secured_unless_said_otherwise(tmp_path: Path) -> None:
    assert load(production(tmp_path)).mail_use_tls


def test_production_never_mails_in_clear_text(tmp_path: Path) -> None:
    assert "both off" in complaint(production(tmp_path, MAIL_USE_TLS="0"))


def test_a_mail_password_never_travels_in_clear_text(tmp_path: Path) -> None:
    assert "MAIL_PASSWORD" in complaint(production(tmp_path, MAIL_USE_TLS="0", MAIL_PASSWORD="harbour"))


@pytest.mark.parametrize(("word", "meant"), [("1", True), ("true", True), ("YES", True), ("0", False), ("off", False)])
def test_switches_are_words(tmp_path: Path, word: str, meant: bool) -> None:
    assert load(development(tmp_path, INTAKE_EMBEDDED_WORKER=word)).embedded_worker is meant


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"INTAKE_ONCALL_WEBHOOK_URL": "http://pager.example.org/x"}, "must start with https://"),
        ({"INTAKE_ONCALL_WEBHOOK_URL": "https://me:word@pager.example.org/x"}, "must be an address like"),
        ({"INTAKE_ONCALL_WEBHOOK_URL": "https://pager.example.org/x#y"}, "must be an address like"),
        ({"INTAKE_ONCALL_WEBHOOK_SECRET": "short"}, "INTAKE_ONCALL_WEBHOOK_SECRET is too weak"),
        ({"INTAKE_ONCALL_WEBHOOK_SECRET": KEYS["INTAKE_LINK_KEY"]}, "are the same"),
    ],
)
def test_a_webhook_that_would_leak_or_could_be_forged_is_refused(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load(production(tmp_path, **changes))


def test_a_webhook_with_a_key_in_its_address_is_taken(tmp_path: Path) -> None:
    url = "https://pager.example.org/hook?key=abc"
    site = load(production(tmp_path, INTAKE_ONCALL_WEBHOOK_URL=url)).site()
    assert site.webhook_url == url
    assert "key=abc" not in repr(site)


def test_every_setting_of_the_environment_is_told_in_the_readme() -> None:
    readme = (Path(config.ROOT) / "README.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("url", ["https://callback.example.org", "http://192.0.2.7:8000"])
def test_development_is_refused_where_others_can_reach_it_and_says_why(tmp_path: Path, url: str) -> None:
    words = complaint(development(tmp_path, INTAKE_PUBLIC_URL=url))
    assert "INTAKE_ENV=development" in words and "without TLS" in words
    assert load(development(tmp_path, INTAKE_PUBLIC_URL="http://localhost:9000")).public_url == "http://localhost:9000"


def test_how_long_is_kept_is_a_whole_number_of_at_least_one(tmp_path: Path) -> None:
    assert "INTAKE_KEEP_CLOSED_DAYS" in complaint(production(tmp_path, INTAKE_KEEP_CLOSED_DAYS="0"))
    assert load(production(tmp_path, INTAKE_KEEP_CLOSED_DAYS="90")).keep_closed_days == 90


def test_a_second_factor_is_needed_in_production_unless_said_otherwise(tmp_path: Path) -> None:
    assert load(production(tmp_path)).site().needs_second_factor
    assert not load(production(tmp_path, INTAKE_REQUIRE_MFA="off")).site().needs_second_factor
    assert not load(development(tmp_path)).site().needs_second_factor
    assert load(production(tmp_path, INTAKE_REQUIRE_MFA="nope")).site().needs_second_factor
    assert load(development(tmp_path, INTAKE_REQUIRE_MFA="1")).site().needs_second_factor


def test_keys_kept_by_an_older_version_stay_and_get_what_is_new(tmp_path: Path) -> None:
    before = load(development(tmp_path))
    path = tmp_path / "instance" / "keys.json"
    path.write_text(json.dumps({name: key for name, key in json.loads(path.read_text()).items() if "TOTP" not in name}))
    after = load(development(tmp_path))
    assert (after.secret_key, after.index_keys) == (before.secret_key, before.index_keys)
    assert after.totp_keys and after == load(development(tmp_path))
