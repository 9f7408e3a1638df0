"""Where the browser goes back to, and with what. Source: RFC 6749 section 4.1.2, RFC 9207."""

from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils.encoding import iri_to_uri

# Names that only we may say: one that the registered URI carries itself is taken out.
OURS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})


def location(redirect_uri: str, *, state: bytes | None, **parameters: str) -> str:
    """`redirect_uri` with `parameters`, the state byte for byte, and the issuer."""
    parts = urlsplit(redirect_uri)
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] not in OURS]
    said = [f"{name}={quote(value, safe='')}" for name, value in parameters.items()]
    if state is not None:
        said.append(f"state={quote(state, safe='')}")
    said.append(f"iss={quote(settings.BASE_URL, safe='')}")
    return iri_to_uri(urlunsplit(parts._replace(query="&".join(kept + said))))


def redirect(target: str) -> HttpResponse:
    """302 to `target`, whose scheme may be an application's own (Django's class refuses those).

    Never 307, which would post a password on (RFC 9700 section 4.12).
    """
    return HttpResponse(status=302, headers={"Location": target, "Cache-Control": "no-store"})
