"""A rehearsed restore, by the steps of docs/operating.md: what was given out before still opens afterwards."""

import json
import os
import shutil
import subprocess
import sys

import httpx
import psycopg
import pytest

from tests.lanes.own_servers import find_binaries, own_postgres, own_redis
from tests.lanes.server import ROOT, SHARED_SECRETS, running
from tests.lanes.visitor import Visitor, tokens_of

pytestmark = pytest.mark.processes
SQLITE = {"GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}
PRODUCTION = {"GATEHOUSE_PROFILE": "production", "GATEHOUSE_EMAIL_URL": "smtp+plain://localhost:1", "HOST": "127.0.0.1"}
COUNTED = ("accounts_user", "oauth_provider_application", "oauth_provider_signingkey", "partnership_event")


def check_that_it_goes_on(server, demo, tokens):
    """On the restored `server`: the old access token, the old refresh token, the old password, a new sign-in."""
    profile = httpx.get(
        f"{server.url}/auth/v1/profile", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).raise_for_status()
    body = {**demo["clients"]["confidential"], "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = httpx.post(f"{server.url}/api/oauth/v1/token", json=body).raise_for_status()

    assert demo["user"]["email"] in profile.text
    assert renewed.json()["access_token"] != tokens["access_token"]
    assert Visitor(server.url, demo["user"]).walk_to(f"{server.url}/account", "/account").status_code == 200


def kids(server):
    return {key["kid"] for key in httpx.get(f"{server.url}/api/oauth/v1/jwks.json").json()["keys"]}


def counts(url):
    with psycopg.connect(url) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED]


def run(*words, is_good=True, **environment):
    return subprocess.run(
        words, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=is_good
    ).stdout


def tool(name):
    """PostgreSQL's own, of the version of the servers here: an older one refuses to dump a newer server."""
    return (find_binaries() / "initdb").resolve().with_name(name)


def test_a_dump_of_a_served_database_opens_on_an_empty_server(tmp_path):
    dump = tmp_path / "gatehouse.dump"
    before, after = tmp_path / "before", tmp_path / "after"
    with own_postgres() as old, own_redis() as cache:
        on = {"GATEHOUSE_DATABASE_URL": old.url, "GATEHOUSE_REDIS_URL": cache, "GATEHOUSE_VAR": str(before)}
        before.mkdir()
        with running(before, **on, **SHARED_SECRETS) as server:
            demo, tokens, published = server.demo, tokens_of(server), kids(server)
            run(tool("pg_dump"), "--format=custom", "--no-owner", f"--file={dump}", old.url)
        counted = counts(old.url)

    with own_postgres() as new, own_redis() as cache:
        run(tool("pg_restore"), "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={new.url}", dump)
        on = {"GATEHOUSE_DATABASE_URL": new.url, "GATEHOUSE_REDIS_URL": cache, "GATEHOUSE_VAR": str(after)}
        after.mkdir()
        production = {**on, **SHARED_SECRETS, **PRODUCTION}
        run(sys.executable, "manage.py", "collectstatic", "--noinput", **production)
        with running(after, **production) as server:
            check_that_it_goes_on(server, demo, tokens)
            assert kids(server) == published
            report = run(
                sys.executable,
                "manage.py",
                "doctor",
                "--json",
                is_good=False,
                **production,
                GATEHOUSE_BASE_URL=server.url,
            )
        failing = [part["part"] for part in json.loads(report)["parts"] if part["level"] == "fail"]
        assert (json.loads(report)["faults"], failing) == ([], ["mail server"])  # nobody takes mail here
        assert counts(new.url) == counted


def test_a_copy_of_var_opens_elsewhere(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    with running(tmp_path, GATEHOUSE_VAR=str(before), **SQLITE) as server:
        demo, tokens, published = server.demo, tokens_of(server), kids(server)

    shutil.copytree(before, after)
    shutil.rmtree(before)

    with running(tmp_path, GATEHOUSE_VAR=str(after), **SQLITE) as server:
        check_that_it_goes_on(server, demo, tokens)
        assert kids(server) == published
        assert server.demo["clients"] == demo["clients"]
