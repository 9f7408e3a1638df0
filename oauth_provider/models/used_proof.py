from __future__ import annotations

from django.db import models


class UsedProof(models.Model):
    """The `jti` of a client assertion or DPoP proof, kept until its time is over. Written by `used_proofs.py`."""

    digest = models.BinaryField(primary_key=True, max_length=32)  # SHA-256 of purpose, owner and jti
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="used_proof_by_expiry")]

    def __str__(self) -> str:
        return f"proof until {self.expires_at:%H:%M:%S}"
