"""Encryption of what must be given or used again, with the environment's key list."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
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
