"""User codes: what a person reads off a device and types in. Source: RFC 8628 sections 5.1 and 6.1.

Eight letters of twenty are 34 bits: too few for a plain digest, which whoever has the database
could try out. The digest is keyed instead (docs/decisions/0100); guesses are limited.
"""

import hashlib
import hmac
import re
import secrets

from django.conf import settings

from accounts.encryption import derived_key

# No vowels, so no words; no digits, so no letter looks like one.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
HALF = 4
FORM = re.compile(f"[{ALPHABET}]{{{2 * HALF}}}\\Z")


def new_user_code() -> str:
    """`XXXX-XXXX`."""
    return written("".join(secrets.choice(ALPHABET) for _ in range(2 * HALF)))


def read(typed: str) -> str:
    """`typed` as we write it, whatever its case, spaces and hyphens; "" if it is no user code."""
    letters = "".join(character for character in typed.upper() if character.isalnum())
    return written(letters) if FORM.match(letters) else ""


def written(letters: str) -> str:
    return f"{letters[:HALF]}-{letters[HALF:]}"


def digest_of(user_code: str) -> bytes:
    """The 32 bytes under which a new code is stored."""
    return keyed(settings.ENCRYPTION_KEYS[0], user_code)


def digests_of(user_code: str) -> list[bytes]:
    """Those under which it may be stored: keys are rotated."""
    return [keyed(key, user_code) for key in settings.ENCRYPTION_KEYS]


def keyed(key: str, user_code: str) -> bytes:
    return hmac.digest(derived_key(key, b"gatehouse user code"), user_code.encode(), hashlib.sha256)
