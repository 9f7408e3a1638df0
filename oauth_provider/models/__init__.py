# The toolkit resolves each swapped model by name at start: all six must be imported here.
from oauth_provider.models.application import Application
from oauth_provider.models.client_secret import ClientSecret
from oauth_provider.models.code import Code
from oauth_provider.models.consent import Consent, PendingAuthorization
from oauth_provider.models.device import DeviceGrant
from oauth_provider.models.id_token import IDToken
from oauth_provider.models.openid import ClientSession, OpenIdGrant
from oauth_provider.models.pushed_request import PushedRequest
from oauth_provider.models.registration import DocumentHost, Registration
from oauth_provider.models.resource_server import ResourceScope, ResourceServer
from oauth_provider.models.signing_key import SigningKey
from oauth_provider.models.token import AccessToken, TokenFamily
from oauth_provider.models.used_proof import UsedProof

__all__ = [
    "AccessToken",
    "Application",
    "ClientSecret",
    "ClientSession",
    "Code",
    "Consent",
    "DeviceGrant",
    "DocumentHost",
    "IDToken",
    "OpenIdGrant",
    "PendingAuthorization",
    "PushedRequest",
    "Registration",
    "ResourceScope",
    "ResourceServer",
    "SigningKey",
    "TokenFamily",
    "UsedProof",
]
