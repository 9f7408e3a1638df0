"""The three hot grants: read once, decide in Python, write with one conditional statement.

Where a write finds that somebody else was faster, the grant is read and decided again; the
database settles every race, no lock is held while we think (docs/decisions/0004).
Source: oauth.md, "token".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings

from accounts.digests import digest
from oauth_provider import access_tokens, id_tokens, refresh_tokens, resources, scopes, token_ends, token_rows
from oauth_provider.client_authentication import Client, find_client
from oauth_provider.errors import InvalidGrant, InvalidRequest, OAuthError
from oauth_provider.models import TokenFamily
from oauth_provider.request_body import Parameters
from oauth_provider.token_answer import TokenAnswer
from oauth_provider.token_rows import CodeRow, FamilyRow

# More than enough: each lost write means that another one won.
TRIES = 5
CODE_ATTEMPTS = 5


class CodeGrant:
    """RFC 6749 section 4.1.3 with PKCE S256 (RFC 7636 section 4.6)."""

    is_poll = False

    def __init__(self, parameters: Parameters, client_id: str, now: datetime) -> None:
        if "code" not in parameters:
            raise InvalidRequest("The parameter code is missing.")
        self.parameters = parameters
        self.client_id = client_id
        self.client, self.code = token_rows.find_code(client_id, digest(parameters["code"]), now)

    def issue(self, client: Client, jkt: str, now: datetime) -> TokenAnswer:
        """Redeems the code. Of any number of tries, parallel ones too, at most one succeeds,
        and each other one ends what it gave.
        """
        code = self.check(client, jkt, now)
        salt = secrets.token_bytes(refresh_tokens.ID_BYTES)
        token = access_tokens.sign_for_person(
            user_id=code.user_id,
            email=code.email,
            client_id=client.client_id,
            scope=code.scope,
            audience=code.audience,
            jkt=jkt,
            now=now,
        )
        # Before the write: whatever fails in it leaves the code as it is.
        id_token = id_tokens.issue(
            code.family_id, client_id=client.client_id, scope=code.scope, access_token=token, now=now, is_first=True
        )
        if not token_rows.redeem(code, token_rows.Binding.of(client, jkt), digest(token), salt, now):
            _, lost = token_rows.find_code(self.client_id, code.digest, now)
            if lost is not None and lost.used_at is not None:
                token_ends.end_family(lost.family_id, TokenFamily.EndReason.REPLAY, now)
            raise InvalidGrant("code redeemed or ended by another request")
        return TokenAnswer(token, code.scope, refresh_tokens.encode(code.family_id, 0, salt), id_token, bool(jkt))

    def check(self, client: Client, jkt: str, now: datetime) -> CodeRow:
        code = self.code
        if code is None or code.application_id != client.id:
            raise InvalidGrant("unknown code, or another client's")
        if code.used_at is not None:
            token_ends.end_family(code.family_id, TokenFamily.EndReason.REPLAY, now)
            raise InvalidGrant("code used twice: its tokens are revoked")
        if not code.is_live(now):
            raise InvalidGrant("code expired or ended")
        if not hmac.compare_digest(self.parameters.get("redirect_uri", "").encode(), code.redirect_uri.encode()):
            raise InvalidGrant("redirect_uri differs from the authorization request's")
        if code.dpop_jkt not in ("", jkt):
            raise InvalidGrant("code bound to another key (dpop_jkt)")
        self.check_verifier(code, now)
        resources.check_same(self.parameters, code.resource)
        return code

    def check_verifier(self, code: CodeRow, now: datetime) -> None:
        verifier = self.parameters.get("code_verifier")
        if verifier is None:
            raise InvalidRequest("The parameter code_verifier is missing.")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        if not hmac.compare_digest(challenge, code.code_challenge.encode()):
            token_ends.note_failed_attempt(code.digest, CODE_ATTEMPTS, now)
            raise InvalidGrant("code_verifier does not fit")


class RefreshGrant:
    """RFC 6749 section 6, with rotation and reuse detection (RFC 9700 section 4.14.2)."""

    is_poll = False

    def __init__(self, parameters: Parameters, client_id: str, now: datetime) -> None:
        if "refresh_token" not in parameters:
            raise InvalidRequest("The parameter refresh_token is missing.")
        self.parameters = parameters
        self.client_id = client_id
        self.presented = refresh_tokens.decode(parameters["refresh_token"])
        self.client, self.family = self.read(now)

    def read(self, now: datetime) -> tuple[Client | None, FamilyRow | None]:
        family_id = self.presented.family_id if self.presented else None
        return token_rows.find_family(self.client_id, family_id, now)

    def issue(self, client: Client, jkt: str, now: datetime) -> TokenAnswer:
        """A new access token, and the refresh token to use from now on."""
        family = self.check(client, jkt, now)
        scope = self.narrowed(family)
        resources.check_same(self.parameters, family.resource)
        for _ in range(TRIES):
            counter = self.next_counter(client, family, now)
            token = access_tokens.sign_for_person(
                user_id=family.user_id,
                email=family.email,
                client_id=client.client_id,
                scope=scope,
                audience=family.audience,
                jkt=jkt,
                now=now,
            )
            id_token = id_tokens.issue(
                family.id, client_id=client.client_id, scope=scope, access_token=token, now=now, is_first=False
            )
            if token_rows.refresh(family, counter, scope, jkt, digest(token), now):
                return TokenAnswer(
                    token, scope, refresh_tokens.encode(family.id, counter, family.salt), id_token, bool(jkt)
                )
            _, self.family = self.read(now)
            family = self.check(client, jkt, now)
        raise OAuthError("temporarily_unavailable", "Too many parallel refreshes. Try again.", status=503)

    def check(self, client: Client, jkt: str, now: datetime) -> FamilyRow:
        family, presented = self.family, self.presented
        if family is None or presented is None or not presented.is_genuine(family.salt):
            raise InvalidGrant("unknown refresh token")
        if family.application_id != client.id:
            token_ends.end_family(family.id, TokenFamily.EndReason.LEAK, now)
            raise InvalidGrant(f"refresh token presented by {client.client_id}, not its client: family ended")
        if not family.is_live(now):
            raise InvalidGrant("refresh token expired or revoked")
        if family.dpop_jkt not in ("", jkt):
            raise InvalidGrant("refresh token bound to another key")
        return family

    def next_counter(self, client: Client, family: FamilyRow, now: datetime) -> int:
        """The counter of the refresh token to answer with: the next one, the same one again for a
        client that keeps its token, or the successor that a lost answer already gave.
        """
        presented = self.presented.counter if self.presented else -1
        if presented == family.counter:
            return family.counter + (1 if client.rotates_refresh_tokens else 0)
        grace = timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
        if presented == family.counter - 1 and family.rotated_at is not None and now < family.rotated_at + grace:
            return family.counter
        token_ends.end_family(family.id, TokenFamily.EndReason.REUSE, now)
        raise InvalidGrant("superseded refresh token used: family ended")

    def narrowed(self, family: FamilyRow) -> str:
        wanted = self.parameters.get("scope")
        if wanted is None:
            return family.scope
        if not scopes.parse(wanted) or not scopes.includes(family.scope, wanted):
            raise OAuthError("invalid_scope", "The scope is wider than what was granted.")
        return scopes.join(scopes.parse(wanted))


class ClientCredentialsGrant:
    """RFC 6749 section 4.4: a machine client acts for itself."""

    is_poll = False

    def __init__(self, parameters: Parameters, client_id: str, now: datetime) -> None:
        self.parameters = parameters
        self.client = find_client(client_id, now)

    def issue(self, client: Client, jkt: str, now: datetime) -> TokenAnswer:
        scope = self.parameters.get("scope", client.default_scopes)
        if not scopes.parse(scope) or not scopes.includes(client.allowed_scopes, scope):
            raise OAuthError("invalid_scope", "The scope is unknown or not allowed for this client.")
        target = resources.get(self.parameters)
        scope = scopes.join(scopes.parse(scope))
        target.check_machine_scope(scope)
        token = access_tokens.sign_for_machine(
            client_id=client.client_id, scope=scope, audience=target.audience, jkt=jkt, now=now
        )
        token_rows.insert_machine_token(client.id, digest(token), scope, target.server_id, jkt, now)
        return TokenAnswer(token, scope, refresh_token=None, is_bound=bool(jkt))


def revoke(token: str, client: Client, now: datetime) -> None:
    """Ends `token` if it is one of `client`'s; any other changes nothing (RFC 7009 section 2.2).

    Any refresh token of a family, superseded ones too, ends the family and its access tokens.
    """
    presented = refresh_tokens.decode(token)
    if presented is None:
        token_ends.end_access_token(digest(token), client.id, now)
        return
    _, family = token_rows.find_family(client.client_id, presented.family_id, now)
    if family is not None and family.application_id == client.id and presented.is_genuine(family.salt):
        token_ends.end_family(family.id, TokenFamily.EndReason.REVOKED, now)
