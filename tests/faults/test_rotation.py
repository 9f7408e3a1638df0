"""Secrets and keys are rotated under load, as docs/operating.md and the admin do it: not one call fails.

A client's and a partner's secret with an overlap, the signing keys, and the key that encrypts, which
every host has to know before the first one uses it: two rolling restarts.
"""

import base64
import json
import secrets
import signal
import time
from contextlib import ExitStack
from textwrap import indent

import pytest

from tests.faults import figures
from tests.faults.balancer import balancing
from tests.faults.checks import check
from tests.faults.load import under_load
from tests.lanes.server import SHARED_SECRETS

pytestmark = pytest.mark.processes
HOT = 12  # threads that refresh and read, beside everybody else
SECRETS = """
from datetime import timedelta
import json
from django.utils import timezone
from oauth_provider import client_secrets
from oauth_provider.models import Application
from partnership import partners
from partnership.events import SYSTEM
from partnership.models import Partner
now, overlap = timezone.now(), timedelta(minutes=10)
client = Application.objects.get(client_id="{client}")
partner = Partner.objects.get(pk="{partner}")
rows = partners.live(partner, now)
olds, theirs = [[one.pk for one in held] for held in (client_secrets.locked(client, now), rows)]
print(json.dumps({{
    "client": client_secrets.rotate(client, overlap=overlap, seen=olds, now=now),
    "partner": partners.rotate(rows[0], overlap=overlap, seen=theirs, actor=SYSTEM, now=now),
}}))
"""
# Published 20 minutes before it signs: not waited for here.
SIGN_NOW = "UPDATE oauth_provider_signingkey SET signs_from = clock_timestamp() WHERE signs_from > clock_timestamp()"


def test_nothing_fails_while_secrets_and_keys_are_rotated(house):
    house = house.with_database("rotated", template="fresh")
    new = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    old = SHARED_SECRETS["GATEHOUSE_ENCRYPTION_KEYS"]
    with ExitStack() as stack:
        first = stack.enter_context(house.serving("keys-old"))
        worker = stack.enter_context(house.working())
        balancer = stack.enter_context(balancing(first.url))
        cast = house.cast(first, balancer.url)
        hot = [refreshing(cast) for _ in range(HOT)]
        began = time.monotonic()
        with under_load(*cast.everybody(), *hot, pause_seconds=0.02):
            time.sleep(figures.SECONDS / 2)
            cast.secrets |= rotate_secrets(house, cast)
            house.manage("rotate_keys", "--now")
            known = roll(house, stack, balancer, worker, first, f"{old},{new}")
            roll(house, stack, balancer, worker, known, f"{new},{old}")
            house.change(SIGN_NOW)
            time.sleep(figures.SECONDS / 2)
        seconds = time.monotonic() - began
        check_signed_by_published_keys(cast)
    calls = len(cast.wire.book.calls)
    check(house, "Secrets and keys rotated", cast, requests_per_second=round(calls / seconds))


def refreshing(cast):
    tokens = cast.tokens_of_a_code()

    def way():
        if again := cast.tokens("refresh", grant_type="refresh_token", refresh_token=tokens["refresh_token"]):
            cast.profile(again["access_token"])

    return way


def rotate_secrets(house, cast):
    named = {
        "client": cast.demo["clients"]["confidential"]["client_id"],
        "partner": cast.demo["partners"]["white_label"]["id"],
    }
    code = "from django.db import transaction\nwith transaction.atomic():\n" + indent(SECRETS.format(**named), "    ")
    made = json.loads(house.manage("shell", "-v", "0", "-c", code).strip().splitlines()[-1])
    # The demo makes new ones at the next start if those of its file are not live.
    cast.demo["clients"]["confidential"]["client_secret"] = made["client"]
    cast.demo["partners"]["white_label"]["secret"] = made["partner"]
    (house.folder / "demo.json").write_text(json.dumps(cast.demo))
    return made


def roll(house, stack, balancer, worker, before, keys):
    """The next server, with these encryption keys, in place of `before`, and the worker anew."""
    after = stack.enter_context(house.serving(f"keys-{keys[:5]}-{len(keys)}", GATEHOUSE_ENCRYPTION_KEYS=keys))
    balancer.send_to(before.url, after.url)
    time.sleep(figures.SECONDS / 4)
    balancer.take_out(before.url)
    before.process.send_signal(signal.SIGTERM)
    assert before.process.wait(timeout=30) == 0
    worker.stop(signal.SIGTERM)
    worker.start(GATEHOUSE_ENCRYPTION_KEYS=keys)
    return after


def check_signed_by_published_keys(cast):
    published = {key["kid"] for key in cast.wire.call("key set", "GET", "/api/oauth/v1/jwks.json").body["keys"]}
    used = {
        json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
        for token in cast.wire.book.access_tokens
    }
    assert used <= published
