"""Start-up faults: each with cause and mend, all at once, no secret shown (pages.md, "Terminal")."""

import pytest
from django.utils import timezone

from config import checks, feature_checks
from config.settings import database
from oauth_provider import keys

PASSWORD = "hunter2-of-the-database"
GOOD = {
    "EMBEDDED": False,
    "DEBUG": False,
    "SECRET_KEY": "k" * 50,
    "ENCRYPTION_KEYS": ["A" * 43 + "="],
    "BASE_URL": "https://id.acme.example",
    "IS_HTTPS": True,
    "TRUSTED_PROXIES": ["10.0.0.0/8"],
    "WEB_CONCURRENCY": 4,
    "REDIS_URL": "redis://cache.acme.example",
    "EMAIL_URL": "smtp://mail.acme.example",
    "ENVIRONMENT_FAULTS": {},
}


@pytest.fixture
def production(settings, monkeypatch):
    for name in [name for name in checks.os.environ if name.startswith("GATEHOUSE_")]:
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        setattr(settings, name, value)
    return settings


def codes(faults):
    return [fault.code for fault in faults]


def test_a_good_configuration_has_no_fault(production):
    assert checks.setting_faults() == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("GH001", {"SECRET_KEY": "missing: see GH001"}),
        ("GH001", {"SECRET_KEY": "short"}),
        ("GH001", {"SECRET_KEY_FALLBACKS": ["short"]}),
        ("GH002", {"DEBUG": True}),
        ("GH003", {"BASE_URL": "http://id.acme.example", "IS_HTTPS": False}),
        ("GH003", {"BASE_URL": ""}),
        ("GH003", {"BASE_URL": "https://id.acme.example/auth"}),
        ("GH003", {"BASE_URL": "id.acme.example"}),
        ("GH004", {"ENCRYPTION_KEYS": []}),
        ("GH004", {"ENCRYPTION_KEYS": ["A" * 43 + "=", "too-short"]}),
        ("GH007", {"REDIS_URL": ""}),
        ("GH008", {"TRUSTED_PROXIES": []}),
        ("GH008", {"TRUSTED_PROXIES": ["everybody"]}),
        ("GH009", {"EMAIL_URL": ""}),
        ("GH017", {"TRACES_URL": "collector:4318"}),
        ("GH017", {"TRACES_URL": "http://collector:4318/v1/traces", "TRACES_SHARE": 5.0}),
        ("GH012", {"ENVIRONMENT_FAULTS": {"GATEHOUSE_CODE_SECONDS": "not a valid integer"}}),
    ],
)
def test_each_fault_has_its_code_a_cause_and_a_mend(production, code, change):
    for name, value in change.items():
        setattr(production, name, value)

    (fault,) = checks.setting_faults()

    assert fault.code == code
    assert fault.what
    assert fault.cause
    assert fault.mend


def test_traces_without_their_packages_are_told(production, monkeypatch):
    production.TRACES_URL = "http://collector:4318/v1/traces"
    assert checks.setting_faults() == []
    monkeypatch.setattr(feature_checks, "find_spec", lambda _name: None)

    (fault,) = checks.setting_faults()

    assert (fault.code, "requirements-tracing.lock" in fault.mend) == ("GH017", True)


def test_all_faults_are_told_at_once(production):
    production.SECRET_KEY, production.ENCRYPTION_KEYS, production.EMAIL_URL = "short", [], ""
    production.REDIS_URL = ""

    assert codes(checks.setting_faults()) == ["GH001", "GH004", "GH007", "GH009"]


def test_a_fault_reads_as_in_the_house_style(production):
    production.BASE_URL, production.IS_HTTPS = "http://id.acme.example", False

    assert str(checks.setting_faults()[0]) == (
        'GH003  GATEHOUSE_BASE_URL is "http://id.acme.example"\n'
        "  cause  codes would travel in clear text\n"
        "  mend   set GATEHOUSE_BASE_URL=https://id.acme.example"
    )


def test_http_is_right_on_loopback(production):
    production.IS_HTTPS = False
    for url in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        production.BASE_URL = url
        assert checks.setting_faults() == []


def test_a_misspelt_variable_is_told(production, monkeypatch):
    monkeypatch.setenv("GATEHOUSE_REDIS_URI", "redis://x")

    (fault,) = checks.setting_faults()

    assert (fault.code, fault.what) == ("GH013", "GATEHOUSE_REDIS_URI is set, and nothing reads it")


def test_no_fault_shows_a_secret(production, monkeypatch):
    production.SECRET_KEY = production.ENCRYPTION_KEYS[0] = PASSWORD
    production.ENCRYPTION_KEYS = [PASSWORD]
    monkeypatch.setenv("GATEHOUSE_TYPO", PASSWORD)

    told = checks.setting_faults()

    assert codes(told) == ["GH001", "GH004", "GH013"]
    assert PASSWORD not in "".join(map(str, told))


def test_a_file_that_others_can_read_is_told(settings, tmp_path):
    settings.VAR, settings.STATIC_ROOT = tmp_path, tmp_path
    (tmp_path / "secret_key").write_text(PASSWORD)
    (tmp_path / "secret_key").chmod(0o640)

    (fault,) = list(checks.check_files())

    assert (fault.code, fault.mend) == ("GH010", f"chmod 600 {tmp_path}/secret_key")
    (tmp_path / "secret_key").chmod(0o600)
    assert list(checks.check_files()) == []


def test_static_files_are_collected_in_production(production, tmp_path):
    production.STATIC_ROOT = tmp_path / "static"

    assert codes(checks.check_static_files()) == ["GH014"]


def test_the_address_of_the_database_is_read_as_postgresql_reads_it():
    """Percent-encoded, as a `/` or an `@` in a password has to be; what its query asks for is not left out."""
    said = database(
        "postgresql://gate%40house:p%2Fw%25@db.acme.example:6432/the%20gate?sslmode=verify-full&sslrootcert=a+b"
    )
    assert (said["USER"], said["PASSWORD"], said["NAME"]) == ("gate@house", "p/w%", "the gate")
    assert (said["HOST"], said["PORT"]) == ("db.acme.example", "6432")
    assert said["OPTIONS"] == {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "sslmode": "verify-full",
        "sslrootcert": "a+b",
    }


def test_a_missing_database_address_is_told(production):
    production.DATABASE_URL = ""

    assert codes(checks.check_database()) == ["GH005"]


@pytest.mark.django_db
def test_unapplied_migrations_are_told(production, monkeypatch):
    production.DATABASE_URL = "postgresql://db.acme.example/gatehouse"
    assert list(checks.check_database()) == []

    monkeypatch.setattr(checks, "unapplied_migrations", lambda: ["accounts.0002_later"])

    (fault,) = checks.check_database()
    assert (fault.code, fault.mend) == ("GH006", "run: manage.py migrate")


def test_a_database_that_is_down_is_told_without_its_address(production, monkeypatch):
    def fail():
        raise checks.DatabaseError(f"connection to postgresql://gatehouse:{PASSWORD}@db failed")

    production.DATABASE_URL = f"postgresql://gatehouse:{PASSWORD}@db/gatehouse"
    monkeypatch.setattr(checks, "unapplied_migrations", fail)

    (fault,) = checks.check_database()

    assert fault.code == "GH005"
    assert PASSWORD not in str(fault)


@pytest.mark.parametrize(
    ("name", "days"), [("USAGE_RETENTION_DAYS", 35), ("USAGE_CLOSE_AFTER_DAYS", 0), ("USAGE_COLLECT_SECONDS", 59)]
)
def test_days_in_which_an_event_could_count_twice_are_told(production, name, days):
    assert codes(checks.check_usage_days()) == []

    setattr(production, name, days)

    assert codes(checks.check_usage_days()) == ["GH016"]


@pytest.mark.django_db
def test_signing_keys_that_nobody_can_decrypt_are_told(settings):
    keys.rotate(timezone.now())
    assert list(checks.check_signing_keys()) == []
    old = settings.ENCRYPTION_KEYS

    settings.ENCRYPTION_KEYS = ["B" * 43 + "="]
    assert codes(checks.check_signing_keys()) == ["GH015"]

    settings.ENCRYPTION_KEYS = ["B" * 43 + "=", *old]
    assert list(checks.check_signing_keys()) == []
