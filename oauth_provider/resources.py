"""The `resource` parameter (RFC 8707): for whom a token is meant."""

from urllib.parse import urlsplit

from django.conf import settings

from oauth_provider.errors import OAuthError
from oauth_provider.request_body import Parameters


def check_resource(parameters: Parameters) -> None:
    """Raises OAuthError `invalid_target` unless `resource` is absent or one of our own URLs."""
    resource = parameters.get("resource")
    if resource is not None and not is_ours(resource):
        raise OAuthError("invalid_target", "The resource is not a resource server known here.")


def is_ours(resource: str) -> bool:
    """Whether `resource` is the deployment's base URL or a URL under it, without a fragment."""
    try:
        base, asked = urlsplit(settings.BASE_URL), urlsplit(resource)
    except ValueError:  # "http://[" is no URL at all
        return False
    return (
        (asked.scheme, asked.netloc) == (base.scheme, base.netloc)
        and "#" not in resource
        and (asked.path + "/").startswith(base.path + "/")
    )
