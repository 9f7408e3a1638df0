"""Random opaque values, at least 128 bits of the system's generator each."""

import base64
import re
import secrets

HANDLE = re.compile(r"[A-Za-z0-9_-]{22}\Z")


def base64url(raw: bytes) -> str:
    """`raw` as base64url without padding (RFC 7515, appendix C)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_client_id() -> str:
    """`clf_` and 22 base64url characters (oauth.md, "Clients")."""
    return f"clf_{base64url(secrets.token_bytes(16))}"


def new_client_secret() -> str:
    """`gcs_` and 43 base64url characters: a prefix that leak scanners can know."""
    return f"gcs_{base64url(secrets.token_bytes(32))}"


def new_registration_token() -> str:
    """`grt_` and 43 base64url characters."""
    return f"grt_{base64url(secrets.token_bytes(32))}"


def new_code() -> str:
    return base64url(secrets.token_bytes(32))


def new_handle() -> str:
    """22 characters that name a stored request; of use only within the session it is tied to."""
    return base64url(secrets.token_bytes(16))


def is_handle(text: str) -> bool:
    """Whether `text` has the form of one; a database may refuse to look up what has not."""
    return HANDLE.match(text) is not None
