from dataclasses import dataclass
from urllib.parse import urlsplit

from accounts.models import User
from oauth_provider.authorization_request import AuthorizationRequest


@dataclass
class ConsentPage:
    handle: str
    name: str


def consent_page(asked: AuthorizationRequest, user: User, *, allowed: str, handle: str) -> ConsentPage:
    return ConsentPage(handle, asked.application.name)


def form_action_for(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
