from oauth2_provider.models import AbstractDeviceGrant


class DeviceGrant(AbstractDeviceGrant):
    """The toolkit's device grant, swapped from the first migration (docs/decisions/0002)."""

    class Meta(AbstractDeviceGrant.Meta):
        abstract = False
