"""What a refresh token looks like: the family's id, a counter, and a keyed hash over both and
the row's salt. Nothing of it is stored, and still the same one can be given twice
(docs/decisions/0004). Whoever has only the database or only the key can forge nothing.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from accounts.encryption import derived_key
from oauth_provider.opaque import base64url

PREFIX = "grt_"
ID_BYTES, COUNTER_BYTES, MAC_BYTES = 16, 4, 32


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token as it came: nothing in it is proved before `is_genuine`."""

    family_id: UUID
    counter: int
    mac: bytes

    def is_genuine(self, salt: bytes) -> bool:
        """Whether we made it, under any key of the environment's list."""
        return any(
            hmac.compare_digest(self.mac, mac_of(key, self.family_id, self.counter, salt))
            for key in settings.ENCRYPTION_KEYS
        )


def encode(family_id: UUID, counter: int, salt: bytes) -> str:
    """The refresh token number `counter` of the family."""
    mac = mac_of(settings.ENCRYPTION_KEYS[0], family_id, counter, salt)
    return PREFIX + base64url(family_id.bytes + counter.to_bytes(COUNTER_BYTES, "big") + mac)


def decode(token: str) -> Presented | None:
    """The parts of `token`, or None if it has not the form of one."""
    try:
        raw = base64.b64decode(token.removeprefix(PREFIX) + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if not token.startswith(PREFIX) or len(raw) != ID_BYTES + COUNTER_BYTES + MAC_BYTES:
        return None
    counter = int.from_bytes(raw[ID_BYTES : ID_BYTES + COUNTER_BYTES], "big")
    return Presented(UUID(bytes=raw[:ID_BYTES]), counter, raw[ID_BYTES + COUNTER_BYTES :])


def mac_of(key: str, family_id: UUID, counter: int, salt: bytes) -> bytes:
    message = family_id.bytes + counter.to_bytes(COUNTER_BYTES, "big") + salt
    return hmac.digest(derived_key(key, b"gatehouse refresh token"), message, hashlib.sha256)
