"""Encryption of what must be given or used again, with the environment's key list."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=4)
def cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """`text` under the newest key of GATEHOUSE_ENCRYPTION_KEYS."""
    return cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """What `encrypt` was given, under any key of the list.

    Raises ValueError if no key of the list fits: a key was taken out too early.
    """
    try:
        return cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(text.encode()).decode()
    except InvalidToken:
        raise ValueError("no key of GATEHOUSE_ENCRYPTION_KEYS decrypts this value") from None


@lru_cache(maxsize=16)
def derived_key(key: str, info: bytes) -> bytes:
    """32 bytes for the one purpose that `info` names, derived from `key`, one of the environment's."""
    return HKDF(SHA256(), 32, salt=None, info=info).derive(base64.urlsafe_b64decode(key))
