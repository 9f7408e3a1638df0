"""One random life of codes and tokens, step by step through the wire and on the model: `token_lives.py`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from django.test import Client

from accounts.sign_ins import SignIn
from oauth_provider import authorization_request, client_secrets, clients, consent, expiry
from oauth_provider.models import Application, ResourceServer
from tests import cast
from tests.clients import VERIFIER, Answer, OAuthClient, answer, profile, sent_back
from tests.oauth.token_model import ModelAccess, ModelClient, ModelFamily, ModelPerson, TokenModel

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRESH_SECONDS = 86_400  # a session ends after two weeks
GLOBEX_SECRET, INTROSPECTOR = "gcs_" + "g" * 43, "gcs_" + "i" * 43
Step = tuple[Any, ...]


@dataclass
class Cast:
    """Whose lives are played, one after the other."""

    told: Counter[str] = field(default_factory=Counter)
    steps: int = 0

    @time_machine.travel(BEGIN, tick=False)
    def __post_init__(self) -> None:
        self.applications = [
            cast.web_application(),
            cast.web_application("Globex", secret=GLOBEX_SECRET, rotates_refresh_tokens=True),
            cast.native_application(),
        ]
        self.people = [cast.person("ada@example.com", "Ada"), cast.person("ben@example.com", "Ben")]
        server = cast.web_application("Shop", secret=INTROSPECTOR)
        ResourceServer.objects.create(
            name="Shop", identifier="https://shop.example/api", audience="shop-api", client=server
        )
        self.server = OAuthClient(server, INTROSPECTOR)


class Life:
    def __init__(self, of: Cast, clock: Any) -> None:
        self.of, self.clock, self.model = of, clock, TokenModel()
        self.clients = [OAuthClient(each, redirect_uri=address_of(each)) for each in of.applications]
        self.known = [ModelClient(each.is_public, each.rotates_refresh_tokens) for each in of.applications]
        self.known[0].secrets[cast.ACME_SECRET] = None
        self.known[1].secrets[GLOBEX_SECRET] = None
        self.people = [ModelPerson() for _ in of.people]
        self.browsers: dict[tuple[object, ...], Client] = {}
        self.codes: list[str] = []
        self.refresh_tokens: dict[ModelFamily, list[str]] = {}
        self.access_tokens: dict[ModelAccess, str] = {}

    def play(self, steps: list[Step]) -> None:
        self.grant(0, 0)
        self.grant(2, 1)
        for number, (verb, *words) in enumerate(steps):
            before = self.live_ones()
            getattr(self, verb)(*words)
            self.of.steps += 1
            self.look_at(before ^ self.live_ones())
            self.look_at_one(number)
        self.look_at(self.access_tokens)
        for family, tokens in self.refresh_tokens.items():
            for counter in range(len(tokens)):
                self.try_out(family, counter)

    def live_ones(self) -> set[ModelAccess]:
        return {access for access in self.access_tokens if self.model.is_live(access)}

    def look_at(self, accesses: Any) -> None:
        for access in accesses:
            self.look(access)

    def look_at_one(self, number: int) -> None:
        if number % 2:
            accesses = list(self.access_tokens)
            self.look(accesses[number % len(accesses)])
            return
        families = list(self.refresh_tokens)
        family = families[number % len(families)]
        self.try_out(family, family.counter)

    def look(self, access: ModelAccess) -> None:
        token, is_live = self.access_tokens[access], self.model.is_live(access)
        if self.of.steps % 2:
            assert profile(token, self.of.server.wire).status == (200 if is_live else 401)
            return
        body = {**self.of.server.credentials(), "token": token}
        said = answer(self.of.server.wire.post("/api/oauth/v1/introspect", body, content_type="application/json"))
        assert said.body["active"] is is_live
        assert is_live or said.body == {"active": False}

    def try_out(self, family: ModelFamily, counter: int) -> None:
        """Whether the refresh token is live, found by using it, which is then undone."""
        kept = (family.counter, family.rotated_at, family.is_ended, len(self.model.accesses))
        with transaction.atomic():
            self.send_refresh(family, counter, self.known.index(family.client), self.newest(family.client))
            transaction.set_rollback(True)
        family.counter, family.rotated_at, family.is_ended, made = kept
        for access in self.model.accesses[made:]:
            del self.access_tokens[access]
        del self.model.accesses[made:]
        del self.refresh_tokens[family][family.counter + 1 :]

    def wait(self, seconds: int) -> None:
        self.model.now += seconds
        self.clock.move_to(BEGIN + timedelta(seconds=self.model.now), tick=False)

    def sweep(self) -> None:
        expiry.sweep(datetime.now(UTC))

    def grant(self, client: int, person: int) -> None:
        if self.allow(client, person):
            self.redeem(0, True, 0, 0)

    def allow(self, client: int, person: int) -> bool:
        """The person allows, without the pages: they are most of the time."""
        known, who = self.known[client], self.people[person]
        if not self.model.may_authorize(known, who):
            self.authorize(client, person)
            return False
        now = datetime.now(UTC)
        asked = authorization_request.read(self.clients[client].authorize_query())
        self.codes.append(consent.give(asked, self.of.people[person], sign_in=SignIn("", now, ()), now=now))
        self.model.authorize(known, who)
        return True

    def authorize(self, client: int, person: int) -> None:
        asks, browser = self.clients[client], self.browser(person)
        page = asks.ask(browser)
        if not self.model.may_authorize(self.known[client], self.people[person]):
            assert page.status_code in (302, 400)
            assert "code=" not in page.headers.get("Location", "")
            return
        if page.status_code == 200:
            page = asks.allow(browser, page)
        self.codes.append(sent_back(page)["code"])
        self.model.authorize(self.known[client], self.people[person])

    def browser(self, person: int) -> Client:
        """One in which this person, as they are now, has signed in not long ago."""
        key = person, self.people[person].epoch, self.people[person].is_active, self.model.now // FRESH_SECONDS
        if key not in self.browsers:
            self.browsers[key] = cast.signed_in(self.of.people[person])
        return self.browsers[key]

    def redeem(self, back: int, is_verifier_right: bool, by: int, secret: int) -> None:
        place = -1 - back % len(self.codes)
        code = self.model.codes[place]
        client, credential = self.credentials(code.client, by, secret)
        verifier = VERIFIER if is_verifier_right else "w" * 43
        redirect_uri = self.clients[self.known.index(code.client)].redirect_uri
        said = self.acting(client, credential).redeem(
            self.codes[place], code_verifier=verifier, redirect_uri=redirect_uri
        )
        expected = self.model.redeem(
            code, by=self.known[client], secret=credential, is_verifier_right=is_verifier_right
        )
        self.compare(f"redeem {expected or 'ok'}", said, expected)
        if expected is None:
            assert code.family is not None
            self.refresh_tokens[code.family] = [said["refresh_token"]]
            self.access_tokens[self.model.accesses[-1]] = said["access_token"]

    def guess(self, back: int, times: int) -> None:
        """So many wrong verifiers, and the right one after them."""
        for is_right in [False] * times + [True]:
            self.redeem(back, is_right, 0, 0)

    def refresh(self, back: int, older: int, by: int, secret: int) -> None:
        family = self.one_of_the_last(self.refresh_tokens, back)
        self.send_refresh(family, max(0, family.counter - older), *self.credentials(family.client, by, secret))

    def send_refresh(self, family: ModelFamily, counter: int, client: int, secret: str) -> None:
        tokens = self.refresh_tokens[family]
        said = self.acting(client, secret).refresh(tokens[counter])
        expected = self.model.refresh(family, counter, by=self.known[client], secret=secret)
        self.compare(f"refresh {expected or 'ok'}", said, expected)
        if expected is not None:
            return
        assert said["access_token"] not in self.access_tokens.values()
        self.access_tokens[self.model.accesses[-1]] = said["access_token"]
        if family.counter == len(tokens):
            assert said["refresh_token"] not in tokens
            tokens.append(said["refresh_token"])
        assert tokens[family.counter] == said["refresh_token"]  # one leaf, whoever asks

    def garbage(self, back: int, place: int) -> None:
        """A refresh token with one character changed: nobody's, and it ends nothing."""
        family = self.one_of_the_last(self.refresh_tokens, back)
        token = self.refresh_tokens[family][-1]
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        client = self.known.index(family.client)
        said = self.acting(client, self.newest(family.client)).refresh(changed)
        self.compare("garbage", said, "invalid_grant" if family.client.is_enabled else "invalid_client")

    def revoke_family(self, back: int, older: int, by: int, secret: int) -> None:
        family = self.one_of_the_last(self.refresh_tokens, back)
        token = self.refresh_tokens[family][max(0, family.counter - older)]
        self.send_revoke(family, token, *self.credentials(family.client, by, secret))

    def revoke_access(self, back: int, by: int, secret: int) -> None:
        access = self.one_of_the_last(self.access_tokens, back)
        self.send_revoke(access, self.access_tokens[access], *self.credentials(access.family.client, by, secret))

    def send_revoke(self, what: ModelFamily | ModelAccess, token: str, client: int, secret: str) -> None:
        said = self.acting(client, secret).revoke(token)
        expected = self.model.revoke(what, by=self.known[client], secret=secret)
        self.compare(f"revoke {expected or 'ok'}", said, expected)

    def switch_client(self, client: int) -> None:
        change = clients.disable if self.known[client].is_enabled else clients.enable
        change(self.of.applications[client], datetime.now(UTC))
        self.model.switch(self.known[client])

    def rotate_secret(self, client: int, overlap: int) -> None:
        known, application = self.known[client], self.of.applications[client]
        if known.is_public:
            return
        now = datetime.now(UTC)
        overlap = 0 if len(self.model.live_secrets(known)) == 2 else overlap
        seen = [each.pk for each in client_secrets.live(application, now)]
        fresh = client_secrets.rotate(application, overlap=timedelta(seconds=overlap), seen=seen, now=now)
        self.model.add_secret(known, fresh, overlap)

    def switch_person(self, person: int) -> None:
        user = self.of.people[person]
        user.is_active = not user.is_active
        user.save()
        self.model.switch_person(self.people[person])

    def change_password(self, person: int) -> None:
        self.of.people[person].set_password("another good password")
        self.of.people[person].save()
        self.people[person].epoch += 1

    def cut(self, back: int) -> None:
        """A person takes back what one of the last codes says that they allowed."""
        code = self.model.codes[-1 - back % len(self.codes)]
        client, person = self.known.index(code.client), self.people.index(code.person)
        consent.revoke(self.of.applications[client], self.of.people[person], datetime.now(UTC))
        self.model.end(code.client, code.person)

    def credentials(self, owner: ModelClient, by: int, older: int) -> tuple[int, str]:
        """A client, counted from the owner, and a secret of its, counted from the newest."""
        client = (self.known.index(owner) + by) % len(self.known)
        secrets = list(self.known[client].secrets) or [""]
        return client, secrets[max(0, len(secrets) - 1 - older)]

    def newest(self, client: ModelClient) -> str:
        return next(reversed(client.secrets), "")

    def acting(self, client: int, secret: str) -> OAuthClient:
        self.clients[client].secret = secret or None
        return self.clients[client]

    def one_of_the_last(self, kept: dict[Any, Any], back: int) -> Any:
        return list(kept)[-1 - back % len(kept)]

    def compare(self, what: str, said: Answer, expected: str | None) -> None:
        self.of.told[what] += 1
        statuses = {None: 200, "invalid_client": 401}
        assert (said.status, said.error) == (statuses.get(expected, 400), expected), what


def address_of(application: Application) -> str:
    return "http://127.0.0.1:53123/callback" if application.is_public else ""
