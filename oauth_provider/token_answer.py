"""What a token request is answered with. Source: oauth.md, "token"; RFC 6749 section 5.1."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    access_token: str
    scope: str
    refresh_token: str | None
    id_token: str | None = None
    is_bound: bool = False

    def public(self) -> dict[str, str | int]:
        """The body of RFC 6749 section 5.1; nothing that is null."""
        body: dict[str, str | int] = {
            "access_token": self.access_token,
            "token_type": "DPoP" if self.is_bound else "Bearer",
            "expires_in": settings.ACCESS_TOKEN_SECONDS,
        }
        if self.refresh_token is not None:
            body["refresh_token"] = self.refresh_token
        if self.id_token is not None:
            body["id_token"] = self.id_token
        return {**body, "scope": self.scope}
