"""What `manage.py doctor` finds out from inside: clocks, mail server, provisioners, the age of keys."""

import json
import socket
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.encryption import encrypt
from config import condition, examination
from oauth_provider import keys
from partnership.models import Provisioner, Region

pytestmark = pytest.mark.django_db
PASSWORD = "hunter2-of-the-provisioner"


@pytest.fixture
def nobody_listens():
    """An address on which nothing answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(autouse=True)
def projects_folder(settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path / "projects"
    return settings.EMBEDDED_PROJECTS


def provisioner(kind, **given):
    made = Provisioner.objects.create(name=f"my-{kind}", kind=kind, encrypted_settings=encrypt(json.dumps(given)))
    Region.objects.create(name="mine", title="Mine", provisioner=made)
    return made


def said_of(name):
    (line,) = [line for line in examination.lines(timezone.now()) if line.text.startswith(name)]
    return line


def test_the_clocks_of_this_machine_agree():
    line = examination.clock(timezone.now())

    assert line.level == "ok"
    assert ("behind" in line.text or "ahead" in line.text) == (connection.vendor == "postgresql")


@pytest.mark.parametrize(("seconds", "level"), [(0.2, "ok"), (-0.9, "ok"), (3, "warn"), (-3, "warn"), (-11, "fail")])
def test_clocks_that_differ_are_told(seconds, level):
    assert examination.judged(seconds).level == level


def test_a_mail_server_that_is_away_fails_and_none_is_asked_at_the_start(settings, nobody_listens):
    settings.EMAIL_URL = f"smtp+plain://alice:{PASSWORD}@127.0.0.1:{nobody_listens}"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_PASSWORD = "127.0.0.1", nobody_listens, PASSWORD

    line = examination.mail_server()

    assert (line.level, PASSWORD in line.text) == ("fail", False)
    assert "mail server" not in {each.part for each in condition.lines(timezone.now())}


def test_the_embedded_provisioner_is_asked_and_leaves_nothing(projects_folder):
    assert said_of("embedded").level == "ok"
    assert list(projects_folder.iterdir()) == []


def test_a_folder_that_can_not_be_written_fails(projects_folder):
    projects_folder.write_text("a file")

    assert said_of("embedded").level == "fail"


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("postgres", {"dsn": "postgresql://admin:{password}@127.0.0.1:{port}/postgres"}),
        ("osb", {"url": "http://127.0.0.1:{port}", "username": "a", "password": "{password}", "service": "s"}),
    ],
)
def test_a_provisioner_that_is_away_fails_and_tells_no_password(kind, given, nobody_listens):
    filled = {name: value.format(password=PASSWORD, port=nobody_listens) for name, value in given.items()}
    provisioner(kind, **filled)

    line = said_of(f"my-{kind}")

    assert (line.level, PASSWORD in line.text) == ("fail", False)


@pytest.mark.parametrize("given", [{}, {"dsn": "no dsn = at all ="}])
def test_settings_that_lead_nowhere_fail(given):
    provisioner("postgres", **given)

    assert said_of("my-postgres").level == "fail"


def test_settings_that_no_key_reads_fail():
    made = provisioner("postgres", dsn="postgresql://x")
    made.encrypted_settings = "garbage"
    made.save()

    assert said_of("my-postgres").level == "fail"


def test_a_provisioner_that_nobody_uses_is_not_asked():
    Provisioner.objects.create(name="my-old", kind="postgres", encrypted_settings="garbage")

    assert "my-old" not in str(examination.lines(timezone.now()))


def test_keys_that_were_not_rotated_are_told(settings):
    now = timezone.now()
    keys.rotate(now - timedelta(days=settings.SIGNING_KEY_DAYS + 1))
    assert condition.keys(now).level == "ok"

    assert condition.keys(now + timedelta(days=1)).level == "warn"


def test_a_part_that_fails_is_exit_1(projects_folder, settings, tmp_path):
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    projects_folder.write_text("a file")
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--json", stdout=out)

    assert ended.value.code == 1
    assert "fail" in {part["level"] for part in json.loads(out.getvalue())["parts"]}
