"""What the contract says of codes, families and access tokens, in memory and without a thought for speed.

Instants are seconds since a life began. Every method that asks for a grant gives None, or the
error that the wire has to answer. Source: oauth.md, "authorize", "token", "Clients".
"""

from __future__ import annotations

from dataclasses import dataclass, field

CODE, ACCESS, FAMILY, GRACE, GUESSES = 300, 3600, 30 * 86_400, 30, 5


@dataclass(eq=False)
class ModelClient:
    is_public: bool
    rotates: bool
    is_enabled: bool = True
    secrets: dict[str, float | None] = field(default_factory=dict)  # when each ends


@dataclass(eq=False)
class ModelPerson:
    is_active: bool = True
    epoch: int = 0


@dataclass(eq=False)
class ModelAccess:
    family: ModelFamily
    expires_at: float
    is_ended: bool = False


@dataclass(eq=False)
class ModelFamily:
    client: ModelClient
    person: ModelPerson
    epoch: int
    expires_at: float
    counter: int = 0
    rotated_at: float = -GRACE
    is_ended: bool = False


@dataclass(eq=False)
class ModelCode:
    client: ModelClient
    person: ModelPerson
    epoch: int
    expires_at: float
    wrong_verifiers: int = 0
    is_ended: bool = False
    family: ModelFamily | None = None  # what it became


class TokenModel:
    def __init__(self) -> None:
        self.now = 0.0
        self.codes: list[ModelCode] = []
        self.families: list[ModelFamily] = []
        self.accesses: list[ModelAccess] = []

    def is_live(self, access: ModelAccess) -> bool:
        family = access.family
        return not access.is_ended and self.now < access.expires_at and self.stands(family) and family.client.is_enabled

    def stands(self, granted: ModelFamily | ModelCode) -> bool:
        """Whether nobody has taken it back, and its person is who granted it."""
        person = granted.person
        return not granted.is_ended and person.is_active and granted.epoch == person.epoch

    def may_authorize(self, client: ModelClient, person: ModelPerson) -> bool:
        return client.is_enabled and person.is_active

    def authorize(self, client: ModelClient, person: ModelPerson) -> None:
        self.codes.append(ModelCode(client, person, person.epoch, self.now + CODE))

    def is_known(self, client: ModelClient, secret: str) -> bool:
        ends = client.secrets.get(secret, 0.0)
        return client.is_enabled and (client.is_public or ends is None or self.now < ends)

    def redeem(self, code: ModelCode, *, by: ModelClient, secret: str, is_verifier_right: bool) -> str | None:
        if not self.is_known(by, secret):
            return "invalid_client"
        if code.client is not by:
            return "invalid_grant"
        if code.family:
            code.family.is_ended = True
            return "invalid_grant"
        if not self.stands(code) or self.now >= code.expires_at:
            return "invalid_grant"
        if not is_verifier_right:
            code.wrong_verifiers += 1
            code.is_ended = code.wrong_verifiers >= GUESSES
            return "invalid_grant"
        code.family = ModelFamily(code.client, code.person, code.epoch, self.now + FAMILY)
        self.families.append(code.family)
        self.accesses.append(ModelAccess(code.family, self.now + ACCESS))
        return None

    def refresh(self, family: ModelFamily, counter: int, *, by: ModelClient, secret: str) -> str | None:
        """The refresh token to be answered is number `family.counter`, as it is afterwards."""
        if not self.is_known(by, secret):
            return "invalid_client"
        if family.client is not by:
            family.is_ended = True
            return "invalid_grant"
        if not self.stands(family) or self.now >= family.expires_at:
            return "invalid_grant"
        if counter == family.counter:
            self.rotate(family)
        elif counter != family.counter - 1 or self.now >= family.rotated_at + GRACE:
            family.is_ended = True
            return "invalid_grant"
        self.accesses.append(ModelAccess(family, self.now + ACCESS))
        return None

    def rotate(self, family: ModelFamily) -> None:
        if family.client.rotates:
            family.counter += 1
            family.rotated_at = self.now

    def revoke(self, what: ModelFamily | ModelAccess, *, by: ModelClient, secret: str) -> str | None:
        if not self.is_known(by, secret):
            return "invalid_client"
        if (what.family if isinstance(what, ModelAccess) else what).client is by:
            what.is_ended = True
        return None

    def end(self, client: ModelClient, person: ModelPerson | None = None) -> None:
        """All of the client, or what one person gave it."""
        for granted in (*self.codes, *self.families):
            if granted.client is client and person in (None, granted.person):
                granted.is_ended = True

    def switch(self, client: ModelClient) -> None:
        client.is_enabled = not client.is_enabled
        self.end(client)

    def add_secret(self, client: ModelClient, secret: str, overlap: float) -> None:
        for old, ends in client.secrets.items():
            if ends is None or ends > self.now + overlap:
                client.secrets[old] = self.now + overlap
        client.secrets[secret] = None

    def live_secrets(self, client: ModelClient) -> list[str]:
        return [secret for secret, ends in client.secrets.items() if ends is None or self.now < ends]

    def switch_person(self, person: ModelPerson) -> None:
        person.epoch += person.is_active
        person.is_active = not person.is_active
