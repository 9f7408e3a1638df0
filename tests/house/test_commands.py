"""The commands as an operator runs them: exit codes, --json, --dry-run."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.digests import digest
from accounts.mail import Letter, post
from accounts.models import User
from config import chores, demo_data, heartbeat, serving
from oauth_provider.models import Application, ClientSecret, SigningKey


def run(*words, **environment):
    given = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=settings.ROOT,
        env={**given, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def embedded(settings, tmp_path):
    settings.VAR = tmp_path
    return settings


@pytest.mark.processes
def test_serve_says_every_fault_and_opens_no_port(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = run("serve", "--host", "127.0.0.1", "--port", port, GATEHOUSE_VAR=str(tmp_path))

    assert refused.returncode == 78
    for code in ("GH001", "GH003", "GH004", "GH005", "GH007", "GH009", "GH011", "GH014"):
        assert code in refused.stderr
    assert refused.stdout == ""


@pytest.mark.processes
def test_a_variable_that_does_not_parse_is_told_by_name(tmp_path):
    refused = run("doctor", GATEHOUSE_CODE_SECONDS="soon", GATEHOUSE_VAR=str(tmp_path), PORT="http")

    assert refused.returncode == 78
    assert "GATEHOUSE_CODE_SECONDS can't be read" in refused.stdout
    assert "PORT can't be read" in refused.stdout


@pytest.mark.processes
def test_a_profile_that_there_is_not_is_told_and_is_not_embedded(tmp_path):
    refused = run("doctor", GATEHOUSE_PROFILE="nonsense", GATEHOUSE_VAR=str(tmp_path))

    assert refused.returncode == 78
    assert "GH012  GATEHOUSE_PROFILE can't be read\n  cause  not one of production, embedded\n" in refused.stdout
    assert "GH001" in refused.stdout
    assert "Did you mean" not in refused.stdout


@pytest.mark.processes
@pytest.mark.parametrize("name", ["doctor", "serve", "rotate_keys"])
def test_faults_without_a_profile_come_with_a_question(name, tmp_path):
    refused = run(name, GATEHOUSE_VAR=str(tmp_path))

    assert refused.returncode == 78
    assert "Did you mean GATEHOUSE_PROFILE=embedded, as `make run` sets it?" in refused.stdout + refused.stderr


@pytest.mark.processes
def test_an_unknown_option_is_exit_2():
    assert run("doctor", "--jsn", GATEHOUSE_PROFILE="embedded", GATEHOUSE_VAR=str(settings.VAR)).returncode == 2


@pytest.mark.django_db
def test_doctor_gives_json(embedded):
    heartbeat.beat(timezone.now())
    out = StringIO()

    call_command("doctor", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert report["faults"] == []
    assert {part["part"]: part["level"] for part in report["parts"]} == {
        "database": "ok",
        "cache": "ok" if settings.REDIS_URL else "warn",
        "keys": "warn",
        "mail": "ok",
        "demo data": "warn",
        "worker": "ok",
        "clock": "ok",
        "mail server": "ok",
        "projects": "ok",
        "provisioner": "ok",
    }


@pytest.mark.django_db
def test_doctor_tells_of_mails_that_wait(embedded):
    post("alice@example.com", Letter("Hello", "A text.", "Ignore it."), None, timezone.now() - timedelta(minutes=5))
    out = StringIO()

    call_command("doctor", stdout=out)

    assert "1 mail waiting" in out.getvalue()


@pytest.mark.django_db
def test_the_demo_is_seeded_once(embedded):
    first = demo_data.seed(timezone.now())
    second = demo_data.seed(timezone.now())

    assert first == second == json.loads(demo_data.path().read_text())
    assert (User.objects.count(), Application.objects.count(), ClientSecret.objects.count()) == (3, 4, 2)
    assert demo_data.path().stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_the_demo_file_has_the_agreed_shape(embedded):
    held = demo_data.seed(timezone.now())

    assert list(held) == ["base_url", "staff", "user", "other_user", "clients", "partners"]
    assert {key: set(value) for key, value in held["clients"].items()} == {
        "confidential": {"client_id", "client_secret", "redirect_uri"},
        "public": {"client_id", "redirect_uri"},
        "device": {"client_id"},
        "machine": {"client_id", "client_secret"},
    }
    assert {key: set(value) for key, value in held["partners"].items()} == {
        "co_branded": {"id", "secret"},
        "white_label": {"id", "secret"},
    }
    assert held["clients"]["public"]["client_id"] == "clf_NK8cMUs41gm8ZcfdtSguVw"
    assert held["clients"]["confidential"]["redirect_uri"] == "http://127.0.0.1:4000/auth/callback"


@pytest.mark.django_db
def test_a_lost_demo_file_brings_new_secrets_and_ends_the_old(embedded):
    old = demo_data.seed(timezone.now())["clients"]["confidential"]["client_secret"]
    demo_data.path().unlink()

    new = demo_data.seed(timezone.now())["clients"]["confidential"]["client_secret"]

    assert not ClientSecret.objects.filter(digest=digest(old)).exists()
    assert ClientSecret.objects.filter(digest=digest(new)).exists()


@pytest.mark.django_db
def test_nobody_gets_demo_accounts_in_production(embedded):
    embedded.EMBEDDED = False

    with pytest.raises(SystemExit) as refusal:
        call_command("seed_demo", stderr=StringIO())

    assert refusal.value.code == 78
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_dry_run_seeds_nothing(embedded):
    out = StringIO()

    call_command("seed_demo", "--dry-run", "--json", stdout=out)

    assert len(json.loads(out.getvalue())["made"]) == 9
    assert not User.objects.exists()
    assert not demo_data.path().exists()


@pytest.mark.django_db
def test_keys_rotate_when_asked_and_not_in_a_dry_run():
    out = StringIO()
    call_command("rotate_keys", "--dry-run", stdout=out)
    assert SigningKey.objects.count() == 0

    call_command("rotate_keys", "--json", stdout=out)
    call_command("rotate_keys", "--now", stdout=out)
    call_command("rotate_keys", stdout=out)

    assert SigningKey.objects.count() == 2 * len(SigningKey.KeySet)
    assert "nothing to rotate" in out.getvalue()


@pytest.mark.django_db
def test_a_dry_run_makes_nobody_staff_and_knows_who_may_not_be(alice):
    out = StringIO()
    call_command("make_staff", alice.email, "--dry-run", "--json", stdout=out)
    alice.refresh_from_db()

    assert json.loads(out.getvalue()) == {"id": str(alice.pk), "email": alice.email, "dry_run": True}
    assert (alice.is_staff, alice.is_superuser) == (False, False)
    with pytest.raises(CommandError):
        call_command("make_staff", "nobody@example.com", "--dry-run")


def test_write_docs_says_whether_it_would_change_anything(settings, tmp_path):
    settings.ROOT, out = tmp_path, StringIO()
    page = tmp_path / "docs" / "errors.md"
    page.parent.mkdir()
    page.write_text("old")

    call_command("write_docs", "--dry-run", stdout=out)
    assert (out.getvalue(), page.read_text()) == ("docs/errors.md: would be written\n", "old")
    call_command("write_docs")
    call_command("write_docs", "--json", stdout=(again := StringIO()))
    assert json.loads(again.getvalue())["changed"] is False


@pytest.mark.django_db
def test_a_chore_that_fails_does_not_stop_the_others(embedded):
    done = []

    def fail(now):
        raise RuntimeError("the database went away")

    failing, working = (
        chores.Chore("failing", 60, fail),
        chores.Chore("working", 60, lambda now: {"n": done.append(1) or 1}),
    )

    chores.Round((failing, working)).go(timezone.now())

    assert done == [1]


@pytest.mark.django_db(transaction=True)
def test_work_once_does_what_is_due_and_ends(embedded):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    call_command("work", "--once")

    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])
    assert SigningKey.objects.count() == len(SigningKey.KeySet)
    assert not heartbeat.is_silent(timezone.now())


def test_a_stop_whose_exception_was_dropped_is_not_lost(monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(serving, "stop_asked", asked)
    asked.set()

    with pytest.raises(serving.Stopped):
        serving.Children().wait()
