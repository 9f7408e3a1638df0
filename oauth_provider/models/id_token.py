from oauth2_provider.models import AbstractIDToken


class IDToken(AbstractIDToken):
    """The toolkit's ID token, swapped from the first migration (docs/decisions/0002)."""

    class Meta(AbstractIDToken.Meta):
        abstract = False
