"""Settings: every problem at once, in words that say what to do; production refuses what is unsafe."""

import base64
import io
import random
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

import app as application
import settings as configuration
from schemas.notions import phone
from settings import SettingsError, clinic_toml, startup
from tests.helpers.clinic import environ

GOOD = environ("sqlite:////tmp/none/a.db", 25)
SAFE = GOOD | {
    "AFTERCARE_ENV": "production",
    "SMTP_SECURITY": "starttls",
    "SECRET_KEY": "k0Vd3uZ_8mQw1xT-Lr5Yb7Hn2Cs9Pf4Ga6Ej",
    "PROXIES": "1",
}


def problems(changes: dict[str, str], base: dict[str, str] = GOOD) -> list[str]:
    """What is wrong with these settings."""
    try:
        configuration.load(base | changes)
    except SettingsError as error:
        return error.problems
    return []


def test_good_settings_are_read() -> None:
    found = configuration.load(GOOD)
    assert found.clinic.public_url == "https://care.test"
    assert [(each.name, each.scheduler) for each in found.connections] == [
        ("main", "calcom"),
        ("site", "standard"),
    ]
    assert found.connections[0].webhook_url == "https://care.test/webhooks/main"
    assert problems({}, SAFE) == []


def test_every_problem_is_named_at_once() -> None:
    names = {
        *("PUBLIC_URL", "FIELD_KEYS", "SECRET_KEY", "SMTP_HOST", "CONNECTIONS"),
        *("SMTP_PORT", "WORKER", "LOG_LEVEL", "CLINIC_ZONE", "QUIET_FROM", "DATABASE_URL"),
    }
    wrong = {
        "SMTP_PORT": "many",
        "WORKER": "sometimes",
        "LOG_LEVEL": "loud",
        "CLINIC_ZONE": "Mars/Base",
        "QUIET_FROM": "late",
        "DATABASE_URL": "mysql://x/y",
    }
    found = problems(wrong, {})
    for name in names:
        assert any(name in line for line in found), name


PHONE = "+1 303 555 0199"
NO_ADDRESSES = ("http://[::1", "https://[", "//", "http://a:b:c", "http://x:99999", ":", "\x7f")
ADDRESSES = (
    *("PUBLIC_URL", "PING_URL", "PROBE_URL", "MAIN_API_BASE", "SMS_API_BASE", "CLINIC_BOOKING_URL"),
    *("CLAMD", "SMTP_HOST", "DATABASE_URL"),
)


@pytest.mark.parametrize("base", [GOOD, SAFE], ids=["tried out", "production"])
@pytest.mark.parametrize("value", NO_ADDRESSES)
@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_is_none_is_a_wrong_setting_at_most(
    name: str, value: str, base: dict[str, str]
) -> None:
    easy = {"CONNECTIONS": "main=easyappointments", "SMS_ACCOUNT": "AC1", "SMS_TOKEN": "t", "SMS_FROM": "+1"}
    with suppress(SettingsError):
        startup.sound_settings(base | easy | {name: value})


def test_keys_may_be_put_below_a_line_that_has_no_end() -> None:
    said = subprocess.run([sys.executable, "-m", "settings"], capture_output=True, text=True, check=True)
    found = dotenv_values(stream=io.StringIO("AFTERCARE_SETUP=open" + said.stdout))
    assert found["AFTERCARE_SETUP"] == "open"
    assert found["FIELD_KEYS"]


def test_nothing_that_compose_gives_is_called_strange() -> None:
    """Its `.env` is given whole to each container."""
    compose = (Path(__file__).parent.parent / "compose.yaml").read_text()
    given = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)|^ +([A-Z_]+):", compose, re.MULTILINE), "x")
    names = {name for both in given for name in both if name} - {"DATABASE_URL", "PUBLIC_URL", "PROXIES"}
    assert "AFTERCARE_HOST" in names
    said = configuration.load(SAFE | dict.fromkeys(names, "x") | {"DATABASE_OPEN_BECAUSE": ""}).remarks
    assert not [line for line in said if "is read by nothing" in line]


def test_a_folder_that_no_database_can_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "ROOT", Path("/srv/is it?"))
    here = {name: value for name, value in GOOD.items() if name != "DATABASE_URL"}
    assert any("question mark" in line for line in problems({}, here))
    assert not any("question mark" in line for line in problems({}))


def test_an_address_may_be_typed_in_capitals() -> None:
    for typed in ("Https://Care.Rio.test", "HTTPS://CARE.RIO.TEST/"):
        assert configuration.load(GOOD | {"PUBLIC_URL": typed}).clinic.public_url == "https://care.rio.test"


def test_a_name_that_was_pasted_on_two_lines_stands_on_one() -> None:
    given = {
        "CLINIC_NAME": "Río\r\n  Clinic",
        "CLINIC_SENDER": "Ana\x0bRuiz",
        "CLINIC_EMAIL": "A\n<a@b.test>",
    }
    clinic = configuration.load(
        GOOD | given | {"CLINIC_EMAIL": "A\n<a@b.test>", "CLINIC_PHONE": PHONE}
    ).clinic
    assert (clinic.name, clinic.sender, clinic.email) == ("Río Clinic", "Ana Ruiz", "A <a@b.test>")


def test_a_mail_password_that_no_server_can_be_told_is_named() -> None:
    (found,) = problems({"SMTP_PASSWORD": "pässword"})
    assert found.startswith("SMTP_PASSWORD may hold only")
    assert "pässword" not in found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "http://care.test"),
        ("SMTP_SECURITY", "none"),
        ("FLASK_DEBUG", "1"),
        ("FIELD_KEYS", ""),
        ("SECRET_KEY", "short"),
    ],
)
def test_production_refuses_what_is_unsafe(name: str, value: str) -> None:
    changes = {name: value} | ({"SMTP_HOST": "mail.example.com"} if name == "SMTP_SECURITY" else {})
    (line,) = problems(changes, SAFE)
    assert name in line


OPEN_DATABASES = (
    "care:hush@db.clinic.test/care",
    "care:hush@10.0.0.5:5433/care?sslmode=prefer",
    "care:hush@127.0.0.1.evil.example/care?sslmode=disable",
    "care@/care?host=10.0.0.5",
    "care@/care?host=/run/postgresql,db.clinic.test",
)
ZERO = base64.urlsafe_b64encode(bytes(32)).decode()
WEAK = ("s", "secret", "a" * 40, "abab" * 10, "0123456789abcdef" * 2, "changeme-changeme-changeme-now-1")
OPEN = (
    "http://api.cal.example",
    "http://10.0.0.5:8080",
    "http://127.0.0.1.evil.example",
    "ftp://x",
    "//x",
    "http://[x",
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("MAIN_SECRET", each) for each in WEAK),
        *(("SECRET_KEY", each) for each in WEAK if len(each) >= 32),
        pytest.param("SECRET_KEY", f"{SAFE['SECRET_KEY']} {'b' * 40}", id="SECRET_KEY-a good and a weak one"),
        ("FIELD_KEYS", ZERO),
        pytest.param("FIELD_KEYS", f"{SAFE['FIELD_KEYS']} {ZERO}", id="FIELD_KEYS-a good and a zero one"),
        ("METRICS_TOKEN", "metrics"),
        *(("MAIN_API_BASE", each) for each in OPEN),
        *(("SMS_API_BASE", each) for each in OPEN),
        ("REQUIRE_TOTP", "off"),
        *(("DATABASE_URL", f"postgresql://{each}") for each in OPEN_DATABASES),
        ("PUBLIC_URL", "https://care.example.com/"),
        ("SMTP_HOST", "smtp.example.com"),
    ],
)
def test_production_refuses_what_travels_open_can_be_guessed_or_is_an_example(name: str, value: str) -> None:
    (line,) = problems({name: value}, SAFE)
    assert name in line
    assert value not in line or len(value) < 4
    assert problems({name: value} if name != "REQUIRE_TOTP" else {}) == []


def test_the_lists_of_words_that_judge_secrets_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "zxcvbn"]:
        monkeypatch.delitem(sys.modules, name)
    assert problems({"MAIN_SECRET": "secret"}, SAFE) != []
    assert [each for each in sys.modules if each.partition(".")[0] == "zxcvbn"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIN_API_BASE", "http://localhost:5000"),
        ("MAIN_API_BASE", "http://127.0.0.1:5000/v2"),
        ("MAIN_API_BASE", "http://[::1]:5000"),
        ("MAIN_API_BASE", "https://cal.clinic.test"),
        ("SMS_API_BASE", "http://127.0.0.1:1"),
        ("MAIN_SECRET", "register"),
        ("MAIN_SECRET", "a-quarry-of-grey-pebbles"),
        ("REQUIRE_TOTP", "on"),
        ("DATABASE_URL", "postgresql://care:hush@localhost/care"),
        ("DATABASE_URL", "postgresql://care:hush@[::1]:5433/care"),
        ("DATABASE_URL", "postgresql://care@/care?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql:///care"),
        ("DATABASE_URL", "postgresql://care:hush@db.clinic.test/care?sslmode=verify-full"),
        ("DATABASE_URL", "postgres://care:hush@db.clinic.test/care?sslmode=require"),
    ],
)
def test_production_takes_what_is_safe(name: str, value: str) -> None:
    assert problems({name: value}, SAFE) == []


def test_an_open_way_to_the_database_is_taken_with_a_reason_and_said() -> None:
    open_way = {**SAFE, "DATABASE_URL": f"postgresql://{OPEN_DATABASES[0]}"}
    taken = configuration.load(open_way | {"DATABASE_OPEN_BECAUSE": "one cable between two machines"})
    assert "the way to the database is open: one cable between two machines" in taken.remarks
    unchecked = configuration.load(open_way | {"DATABASE_URL": open_way["DATABASE_URL"] + "?sslmode=require"})
    assert any("sslmode=verify-full" in each for each in unchecked.remarks)


def test_secrets_come_from_files_that_a_vault_hands_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "FIELD_KEYS").write_text("from-systemd\n")
    (tmp_path / "passwd").write_text("from-elsewhere\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("MAIN_SECRET_FILE", str(tmp_path / "passwd"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "passwd"))
    for name in ("FIELD_KEYS", "MAIN_SECRET", "SMTP_PASSWORD", "SMTP_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    found = configuration.process_variables(tmp_path)
    assert (found["FIELD_KEYS"], found["MAIN_SECRET"]) == ("from-systemd", "from-elsewhere")
    assert not {"SSL_CERT", "passwd", "MAIN_SECRET_FILE"} & found.keys()
    monkeypatch.setenv("MAIN_SECRET", "given")
    assert configuration.process_variables(tmp_path)["MAIN_SECRET"] == "given"
    monkeypatch.setenv("SMTP_PASSWORD_FILE", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match="missing"):
        configuration.process_variables(tmp_path)


@given(st.integers(0, 2**32))
def test_keys_that_chance_has_made_are_never_refused(seed: int) -> None:
    chance = random.Random(seed)
    fields = base64.urlsafe_b64encode(chance.randbytes(32)).decode()
    secret = base64.urlsafe_b64encode(chance.randbytes(24)).decode()
    assert (
        problems({"FIELD_KEYS": fields, "SECRET_KEY": secret, "MAIN_SECRET": chance.randbytes(8).hex()}, SAFE)
        == []
    )


def test_a_second_factor_that_is_off_is_a_written_decision() -> None:
    off = {"REQUIRE_TOTP": "off", "TOTP_OFF_BECAUSE": "the clinic's VPN asks for a key"}
    assert problems(off, SAFE) == []
    assert "the clinic's VPN asks for a key" in " ".join(configuration.load(SAFE | off).remarks)
    assert configuration.load(SAFE).remarks == ()
    assert "counts as one caller" in " ".join(configuration.load(SAFE | {"PROXIES": "0"}).remarks)


def test_what_is_not_said_is_production() -> None:
    without = {name: value for name, value in SAFE.items() if name != "AFTERCARE_ENV"}
    assert configuration.load(without).production
    assert configuration.load(without).require_totp


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "care.test"),
        ("PUBLIC_URL", "https://care.test/path"),
        ("PUBLIC_URL", "https://care.test?x=1"),
        ("PUBLIC_URL", "https://[x"),
        ("PUBLIC_URL", "https://me@care.test"),
        ("PUBLIC_URL", "ftp://care.test"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "nonsense"),
        ("SMTP_PORT", "9" * 5000),
        ("SMTP_PORT", "0"),
        ("SMTP_PORT", "70000"),
        ("SMTP_PORT", "²"),
        ("FIELD_KEYS", "not-a-key"),
        ("CONNECTIONS", "Main=calcom"),
        ("CONNECTIONS", ","),
        ("CONNECTIONS", "a=calcom,a=square"),
        ("CLINIC_EMAIL", "a@b.example, c@d.example"),
        ("CLINIC_EMAIL", "The Clinic"),
        ("CLINIC_EMAIL", "The Clinic <care@clinic>"),
        ("CLINIC_EMAIL", "用户@例子.广告"),
        ("CLINIC_REPLY_TO", "a@b.example, c@d.example"),
        ("CLINIC_REPLY_TO", "The Clinic"),
        ("CLINIC_ALERT_EMAIL", "nobody"),
        ("CLINIC_ALERT_EMAIL", "The Clinic <care@clinic.example>"),
        ("CLINIC_ALERT_NEXT_EMAIL", "a@b"),
        ("PUBLIC_URL", "https://😀.example"),
        ("PLAN_MOVES", "9"),
        ("MAIN_ZONE", "Nowhere"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    assert any(name in line for line in problems({name: value}))


def test_a_problem_never_tells_a_secret() -> None:
    found = problems({"SECRET_KEY": "hush", "FIELD_KEYS": "hush-hush"})
    assert "hush" not in " ".join(found)


def test_secrets_are_not_in_the_representation() -> None:
    shown = repr(configuration.load(GOOD | {"SMTP_PASSWORD": "hush", "SMS_TOKEN": "hush"}))
    for secret in (GOOD["SECRET_KEY"], GOOD["FIELD_KEYS"], GOOD["MAIN_SECRET"], "hush"):
        assert secret not in shown


def test_the_app_stops_with_a_list_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "environment", dict)
    with pytest.raises(SystemExit) as stopped:
        application.create_app()
    assert str(stopped.value).startswith("Aftercare cannot start:\n- PUBLIC_URL")


def test_a_connection_without_a_secret_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        application.build_context(configuration.load(GOOD | {"MAIN_SECRET": "", "SITE_SECRET": ""}))
    assert len(refused.value.problems) == 2


def test_a_scheduler_that_we_do_not_know_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        application.build_context(configuration.load(GOOD | {"CONNECTIONS": "main=outlook"}))
    assert "outlook" in refused.value.problems[0]


# ---- content/clinic.toml


def with_file(tmp_path: Path, text: str, **more: str) -> dict[str, str]:
    """Settings with this clinic.toml."""
    (tmp_path / "clinic.toml").write_text(text)
    clinic = {"CLINIC_NAME": "C", "CLINIC_PHONE": "+12125550123", "CLINIC_EMAIL": "c@example.org"}
    return GOOD | clinic | {"CONTENT": str(tmp_path)} | more


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("policy = 3", "policy"),
        ('[policy]\nreminder_hours = "72"', "policy.reminder_hours"),
        ("[policy]\nreminder_hours = [-3]", "policy.reminder_hours"),
        ('[policy]\nbody_days = "long"', "policy.body_days"),
        ("[retention]\nanswers_days = 3", "retention.answers_days must be 0"),
        ("[retention]\nplans_days = 36.5", "retention.plans_days must be 0"),
        ("[retention]\naudit_days = 90", "retention.audit_days is not a setting"),
        ("[policy]\nplan_dely_minutes = 3", "policy.plan_dely_minutes is not a setting"),
        ("[policy]\nplan_moves = 7", "policy.plan_moves must be 2, 3 or 4"),
        ("clinic = []", "clinic"),
        ('[clinic]\npaper = "foolscap"', "clinic.paper must be one of: letter, a4"),
        ("services = 1", "services"),
        ("[services]\na = 1", "services.a"),
        ("[services.x]\nquestionaire = 'short'", "services.x.questionaire is not a setting"),
        ("[polcy]\nrequire_ok = true", "polcy is not a setting"),
        ("require_ok = true\n[policy]", "require_ok is not a setting"),
        ("[policy]\nsettle_seconds = 1e20", "policy.settle_seconds must be a number from 0 to"),
        ("[policy]\ntoo_late_hours = 1e9", "policy.too_late_hours must be a number from 0 to"),
        ('[policy]\nquiet_from = "20:00+02:00"', "policy.quiet_from must be a time of day"),
        ('[clinic]\nlanguage = "fr"', "clinic.language"),
        ('[clinic]\nlanguages = ["es"]', "clinic.language"),
        ('[clinic]\nbooking_url = "cal.com/us"', "clinic.booking_url must be the address of a page"),
        (
            "[services.x]\nbooking_url = 'javascript:x'",
            "services.x.booking_url must be the address of a page",
        ),
        ("[policy", "clinic.toml"),
    ],
)
def test_a_slip_in_the_clinics_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    found = problems(with_file(tmp_path, text))
    assert found
    assert all("clinic.toml" in line for line in found)
    assert told in found[0]


def test_a_service_is_booked_again_at_its_own_page_and_any_other_at_the_clinics(tmp_path: Path) -> None:
    text = "[services.x]\nnames = ['Long']\nbooking_url = 'https://book.test/x'"
    (tmp_path / "clinic.toml").write_text(text)
    read = configuration.load(with_file(tmp_path, text, CLINIC_BOOKING_URL="https://book.test/us")).clinic
    assert read.books_at("x") == read.books_at("?", "long") == "https://book.test/x"
    assert read.books_at("other") == "https://book.test/us"
    (found,) = problems(with_file(tmp_path, text, CLINIC_BOOKING_URL="book.test"))
    assert found.startswith("CLINIC_BOOKING_URL must be")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert any("CONTENT" in line for line in problems({"CONTENT": str(tmp_path)}))


TOML = st.dictionaries(
    st.sampled_from(["clinic", "policy", "services", "other"]),
    st.one_of(st.integers(), st.dictionaries(st.sampled_from(["name", "a", "plan_moves"]), st.integers())),
)


@given(TOML)
def test_no_file_ends_in_anything_but_a_list_of_problems(filed: dict[str, object]) -> None:
    _kept, told = clinic_toml.read(filed)
    assert all(line.startswith("content/clinic.toml: ") for line in told)


def test_a_wrong_value_in_the_file_is_told_with_its_line_and_not_as_a_variable(tmp_path: Path) -> None:
    text = (
        '[clinic]\nlanguage = "en"\nzone = "Mars/Base"\nemail = "a@b.c, d@e.f"\n[policy]\nquiet_from = "late"'
    )
    given = with_file(tmp_path, text, CLINIC_ALERT_EMAIL="")
    assert [line.partition(" must")[0] for line in problems(given)] == [
        "content/clinic.toml:3: clinic.zone",
        "content/clinic.toml:4: clinic.email",
        "content/clinic.toml:6: policy.quiet_from",
    ]
    del given["CLINIC_EMAIL"]
    assert len(problems(given)) == 3


def test_a_questionnaire_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(configuration.ROOT / "content", content)
    filed = content / "clinic.toml"
    text = filed.read_text("utf-8").replace('"short"', '"shrot"')
    filed.write_text(text, "utf-8")
    line = next(number for number, said in enumerate(text.splitlines(), 1) if "shrot" in said)
    told = startup.content_problems(configuration.load(GOOD | {"CONTENT": str(content)}))
    assert told == [f"content/clinic.toml:{line}: there is no questionnaire 'shrot'."]


def test_a_language_that_is_not_translated_is_not_offered(tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(configuration.ROOT / "content", content)
    clinic = content / "clinic.toml"
    clinic.write_text(
        clinic.read_text("utf-8").replace('languages = ["en", "es"]', 'languages = ["en", "es", "ar"]')
    )
    (told,) = startup.content_problems(configuration.load(GOOD | {"CONTENT": str(content)}))
    assert "content/ar/messages.toml" in told
    assert "languages" in told


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    text = '[clinic]\nzone = "Europe/Berlin"\n[policy]\nquiet_from = "21:00"\nplan_delay_minutes = 5'
    filed = configuration.load(with_file(tmp_path, text)).clinic
    assert (filed.zone, filed.policy.quiet_from) == ("Europe/Berlin", time(21))
    assert filed.policy.plan_delay == timedelta(minutes=5)
    more = {"CLINIC_ZONE": "Asia/Kathmandu", "QUIET_FROM": "19:00", "PLAN_DELAY_SECONDS": "7"}
    told = configuration.load(with_file(tmp_path, text, **more)).clinic
    assert (told.zone, told.policy.quiet_from) == ("Asia/Kathmandu", time(19))
    assert told.policy.plan_delay == timedelta(seconds=7)


def test_an_alert_always_has_an_address() -> None:
    told = configuration.load(
        GOOD | {"CLINIC_EMAIL": "The Clinic <care@example.org>", "CLINIC_ALERT_EMAIL": ""}
    )
    assert "@" in told.clinic.alert_email


@pytest.mark.parametrize(
    ("changes", "country"),
    [
        ({}, "US"),
        ({"CLINIC_PHONE": "(212) 555-0123"}, "US"),
        ({"CLINIC_PHONE": "030 123456", "CLINIC_ZONE": "Europe/Berlin"}, "DE"),
        ({"CLINIC_PHONE": "+49 30 123456"}, "DE"),
        ({"CLINIC_PHONE": "+1 416 555 0123", "CLINIC_ZONE": "America/Toronto"}, "CA"),
        ({"CLINIC_PHONE": "+44 20 7946 0018", "CLINIC_ZONE": "UTC"}, "GB"),
        ({"CLINIC_PHONE": "(212) 555-0123", "CLINIC_ZONE": "UTC"}, "US"),
        ({"CLINIC_COUNTRY": "mx", "CLINIC_PHONE": "55 1234 5678"}, "MX"),
    ],
)
def test_the_country_is_said_or_known_from_number_or_zone(changes: dict[str, str], country: str) -> None:
    assert problems(changes) == []
    assert configuration.load(GOOD | changes).clinic.country == country


@pytest.mark.parametrize(
    "changes",
    [
        {"CLINIC_COUNTRY": "Germany"},
        {"CLINIC_PHONE": "555-0123"},
        {"CLINIC_PHONE": "call Mara"},
        {"CLINIC_PHONE": "+49 30 123456", "CLINIC_ALERT_SMS": "030 123456"},
        {"CLINIC_ALERT_SMS": "(212) 555-0123 x5"},
        {"CLINIC_ALERT_SMS": "+12125550123, +12125550124"},
    ],
)
def test_a_number_that_nobody_can_dial_or_text_is_named(changes: dict[str, str]) -> None:
    (line,) = problems(changes)
    assert list(changes)[-1] in line


@pytest.mark.B17
@pytest.mark.parametrize(
    "changes",
    [
        {"CLINIC_EMAIL": "The Clinic <care@clinic.example>"},
        {"CLINIC_EMAIL": "care@praxis-müller.example", "CLINIC_ALERT_EMAIL": "it@例子.广告"},
        {"PUBLIC_URL": "https://praxis-müller.example:8443"},
    ],
)
def test_names_and_domains_of_any_script_are_taken(changes: dict[str, str]) -> None:
    assert problems(changes) == []
    assert configuration.load(GOOD | changes).clinic.public_url.isascii()


def test_services_are_found_by_slug_or_name() -> None:
    clinic = configuration.load(GOOD).clinic
    assert clinic.service("gift-card").questionnaire == ""
    assert clinic.service("x", "Relaxation massage").plan is False
    assert clinic.service("never heard of") == clinic.default_service


def test_several_secrets_and_keys_are_separated_by_spaces() -> None:
    keys = f"{Fernet.generate_key().decode()} {GOOD['FIELD_KEYS']}"
    told = configuration.load(GOOD | {"FIELD_KEYS": keys, "MAIN_SECRET": "new old"})
    assert len(told.field_keys) == 2
    assert told.connections[0].secrets == ("new", "old")


def test_fresh_keys_are_good_and_never_the_same() -> None:
    made = dict(line.split("=", 1) for line in configuration.fresh_keys().splitlines())
    assert problems(made) == []
    assert configuration.fresh_keys() != configuration.fresh_keys()


def test_a_file_beside_the_app_fills_in_what_the_environment_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SMTP_HOST=filed\nSMTP_USERNAME=filed\n")
    monkeypatch.setenv("SMTP_HOST", "told")
    found = configuration.process_variables(tmp_path)
    assert (found["SMTP_HOST"], found["SMTP_USERNAME"]) == ("told", "filed")


def test_files_that_everybody_on_the_machine_can_read_are_refused_in_production(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    database.touch(0o644)
    changes = {"DATABASE_URL": f"sqlite:///{database}"}
    (said,) = problems(changes, SAFE)
    assert f"chmod 600 {database}" in said
    assert problems(changes) == []
    database.chmod(0o640)
    (said,) = problems(changes, SAFE)
    assert "other accounts" in said
    database.chmod(0o600)
    log = database.with_name(f"{database.name}-wal")
    log.touch(0o644)
    (said,) = problems(changes, SAFE)
    assert f"chmod 600 {log}" in said
    log.chmod(0o600)
    assert problems(changes, SAFE) == []


def test_keys_beside_the_database_are_refused_in_production(tmp_path: Path) -> None:
    (tmp_path / ".env").touch(0o600)
    (said,) = problems({"DATABASE_URL": f"sqlite:///{tmp_path / 'a.db'}"}, SAFE)
    assert "two folders" in said


def test_a_database_file_is_the_same_from_every_folder() -> None:
    found = configuration.load(GOOD | {"DATABASE_URL": "sqlite:///var/x.db"}).database_url
    assert found == f"sqlite:///{configuration.ROOT / 'var' / 'x.db'}"


def test_a_file_of_settings_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path) -> dict[str, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("settings.environment.dotenv_values", refused)
    with pytest.raises(configuration.SettingsError, match=r"\.env: Permission denied; it must belong"):
        configuration.process_variables(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CLINIC_PHON", "CLINIC_PHON is read by nothing: is CLINIC_PHONE meant?"),
        ("CLINIC_MOOD", "CLINIC_MOOD is read by nothing."),
        ("SMTP_USER", "SMTP_USER is read by nothing: is SMTP_USERNAME meant?"),
        ("MAIN_SECRETS", "MAIN_SECRETS is read by nothing: is MAIN_SECRET meant?"),
        ("SITE_COLOUR", "SITE_COLOUR is read by nothing."),
        ("FIELD_KEY", "FIELD_KEY is read by nothing: is FIELD_KEYS meant?"),
        ("DATABASE_URI", "DATABASE_URI is read by nothing: is DATABASE_URL meant?"),
    ],
)
def test_a_variable_that_looks_like_ours_and_is_not_read_is_named(name: str, said: str) -> None:
    assert configuration.load(environ("sqlite:////tmp/x.db", 25, **{name: "x"})).remarks == (said,)


def test_other_peoples_variables_are_left_alone() -> None:
    others = {"PATH": "/bin", "HOME": "/", "LANG": "C", "PORT": "8000", "WEB_CONCURRENCY": "2", "TZ": "UTC"}
    assert configuration.load(environ("sqlite:////tmp/x.db", 25, **others)).remarks == ()


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, ("911", "988", True)),
        ({"CLINIC_COUNTRY": "CA"}, ("911", "988", True)),
        ({"CLINIC_COUNTRY": "DE", "CLINIC_PHONE": "030 123456"}, ("112", "0800 111 0 111", False)),
        ({"CLINIC_COUNTRY": "MX", "CLINIC_PHONE": "55 1234 5678"}, ("911", "800 911 2000", False)),
        ({"CLINIC_CRISIS_NUMBER": "1-800-273-8255"}, ("911", "1-800-273-8255", False)),
        ({"CLINIC_EMERGENCY_NUMBER": "112", "CLINIC_COUNTRY": "AT"}, ("112", "142", False)),
        ({"CLINIC_COUNTRY": "JO"}, ("112", "112", False)),
    ],
)
def test_whom_to_call_in_need_is_the_line_of_the_country(
    changes: dict[str, str], numbers: tuple[str, str, bool]
) -> None:
    made = configuration.load(GOOD | {"CLINIC_PHONE": "+12125550123"} | changes)
    clinic = made.clinic
    assert (clinic.emergency_number, clinic.crisis_number, clinic.crisis_texts) == numbers
    unknown = [line for line in made.remarks if "No crisis line is known for JO" in line]
    assert bool(unknown) is (clinic.country == "JO") is not clinic.crisis_known


def test_every_country_with_a_crisis_line_is_one_and_has_both_numbers() -> None:
    lines = tomllib.loads((configuration.ROOT / "content/crisis.toml").read_text("utf-8"))
    assert set(lines) <= set(phone.COUNTRIES)
    assert all(
        re.fullmatch(r"[*0-9 ]+", one[name]) for one in lines.values() for name in ("emergency", "crisis")
    )


def test_a_country_without_its_numbers_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(configuration.ROOT / "content", folder)
    (folder / "crisis.toml").write_text('[US]\nemergency = "911"\n', encoding="utf-8")
    (line,) = problems({"CONTENT": str(folder)})
    assert line.endswith("[US] must have emergency and crisis as texts.")
