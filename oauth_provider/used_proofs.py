"""Each proof counts once: of any number of parallel uses one finds its `jti` unused."""

from datetime import datetime

from accounts.digests import digest
from accounts.statements import fetch_one

MAX_JTI = 255  # characters

USE_PROOF = """
INSERT INTO oauth_provider_usedproof (digest, expires_at) VALUES (%s, %s)
ON CONFLICT (digest) DO NOTHING
RETURNING 1
"""


def use(purpose: str, owner: str, jti: object, expires_at: datetime) -> bool:
    """Notes `jti` of `owner` until `expires_at`; False if it was used before, or is no jti."""
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        return False
    return fetch_one(USE_PROOF, [digest(f"{purpose} {owner} {jti!r}"), expires_at]) is not None
