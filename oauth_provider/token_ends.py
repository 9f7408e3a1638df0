"""How codes, families and access tokens end at the token and revocation endpoints, one statement each."""

from datetime import datetime
from uuid import UUID

from accounts.statements import fetch_one
from oauth_provider.models import TokenFamily

NOTE_FAILED_ATTEMPT = """
UPDATE oauth_provider_code
SET failed_attempts = failed_attempts + 1,
    ended_at = CASE WHEN failed_attempts + 1 >= %s THEN %s ELSE ended_at END
WHERE digest = %s
RETURNING 1
"""


def note_failed_attempt(code_digest: bytes, limit: int, now: datetime) -> None:
    """Counts a wrong verifier; the code ends with the `limit`th."""
    fetch_one(NOTE_FAILED_ATTEMPT, [limit, now, code_digest])


END_FAMILY = """
UPDATE oauth_provider_tokenfamily SET ended_at = %s, end_reason = %s
WHERE id = %s AND ended_at IS NULL
RETURNING 1
"""


def end_family(family_id: UUID, reason: TokenFamily.EndReason, now: datetime) -> None:
    """Ends a family and with it every token in it, from the next request on. Ending twice is fine."""
    fetch_one(END_FAMILY, [now, reason.value, family_id])


END_ACCESS_TOKEN = """
UPDATE oauth_provider_accesstoken SET ended_at = %s
WHERE digest = %s AND application_id = %s AND ended_at IS NULL
RETURNING 1
"""


def end_access_token(token_digest: bytes, application_id: int, now: datetime) -> None:
    fetch_one(END_ACCESS_TOKEN, [now, token_digest, application_id])
