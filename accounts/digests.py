"""What is kept of a random value that we only have to know again.

Everything kept so is at least 128 bits from the system's generator, so a plain SHA-256 is the right
digest: there is nothing to guess that a slow hash would protect (docs/decisions/0005).
"""

import hashlib


def digest(value: str) -> bytes:
    """The 32 bytes under which `value` is stored and found."""
    return hashlib.sha256(value.encode()).digest()
