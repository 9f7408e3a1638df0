from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SigningKey(models.Model):
    """A key pair of one key set. Written by `keys.py` alone.

    Its life is told by times and not by a state that someone must flip: published from
    `published_at`, signing from `signs_from` until a younger key signs, gone from the
    published set at `unpublished_at`.
    """

    class KeySet(models.TextChoices):
        TOKEN = "token", _("access tokens")
        PROJECT = "project", _("project authorization codes")
        OPENID = "openid", _("ID and logout tokens")

    kid = models.CharField(max_length=43, unique=True)  # RFC 7638 thumbprint
    key_set = models.CharField(max_length=7, choices=KeySet)
    algorithm = models.CharField(max_length=5)
    private_key = models.TextField()  # PEM, encrypted with the environment's key list
    public_jwk = models.JSONField()
    published_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    unpublished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("signing key")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(signs_from__gte=models.F("published_at")),
                name="signing_key_published_first",
            ),
            # Only the first key of a set may sign at once: processes that start together
            # would make one each, and publish different sets.
            models.UniqueConstraint(
                fields=["key_set"],
                condition=models.Q(signs_from=models.F("published_at")),
                name="signing_key_one_first",
            ),
        ]

    def __str__(self) -> str:
        return self.kid
