"""What OpenID Connect says about a person: in ID tokens, and at userinfo.

Source: oauth.md, "Scopes"; OpenID Connect Core sections 5.1 and 5.4.
"""

from oauth_provider.authentication import Person

# Those of an ID token itself (sections 2 and 3.1.3.6; RFC 8176; Back-Channel Logout section 2.4).
OF_ID_TOKENS = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "amr", "sid")
OF_SCOPES = {"profile": ("name", "picture"), "email": ("email", "email_verified")}


def supported() -> list[str]:
    return [*OF_ID_TOKENS, *(name for names in OF_SCOPES.values() for name in names)]


def about(person: Person, scope: str) -> dict[str, object]:
    """`sub` and what the scopes open; a claim without a value is left out."""
    known: dict[str, object] = {
        "name": person.name,
        "picture": person.avatar_url,
        "email": person.email,
        "email_verified": person.email_verified,
    }
    opened = [name for opener in scope.split() for name in OF_SCOPES.get(opener, ())]
    return {"sub": str(person.id), **{name: known[name] for name in opened if known[name] != ""}}
