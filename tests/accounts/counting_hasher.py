"""A password hasher that notes each hash it makes."""

from django.contrib.auth.hashers import MD5PasswordHasher

counted: list[str] = []


class CountingHasher(MD5PasswordHasher):
    def encode(self, password: str, salt: str) -> str:
        counted.append(salt)
        return super().encode(password, salt)
