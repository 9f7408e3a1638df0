"""An application's wish that the person signs out, checked before anything is done.

Source: oauth.md, "Other endpoints"; OpenID Connect RP-Initiated Logout 1.0 section 2.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from oauth_provider import id_tokens
from oauth_provider.authorization_request import Query, is_short
from oauth_provider.errors import InvalidRequest
from oauth_provider.id_tokens import Hint
from oauth_provider.models import Application


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """`redirect_uri` is registered for `application`, or "": to a page of ours."""

    application: Application | None
    redirect_uri: str
    state: bytes | None
    hint: Hint | None

    @property
    def location(self) -> str:
        """Where the browser goes afterwards, with the state byte for byte."""
        parts = urlsplit(self.redirect_uri)
        said = [] if self.state is None else [f"state={quote(self.state, safe='')}"]
        return iri_to_uri(urlunsplit(parts._replace(query="&".join([*filter(None, [parts.query]), *said]))))


def read(raw_query: str) -> LogoutRequest:
    """The request in `raw_query`. A hint that we did not sign counts as none.

    Raises InvalidRequest: a page, as nobody may be sent anywhere then.
    """
    query = Query(raw_query)
    if query.repeated:
        raise InvalidRequest(still_signed_in(_("The link says something twice.")))
    try:
        hint = id_tokens.read_hint(query.text("id_token_hint"))
        named, redirect_uri = query.text("client_id"), query.text("post_logout_redirect_uri")
    except ValueError:
        raise InvalidRequest(still_signed_in(_("The link holds something that is no text."))) from None
    application = find_application(named, hint)
    if redirect_uri and (application is None or redirect_uri not in application.post_logout_redirect_uris.split()):
        message = _("The address to go to afterwards is not registered for the application.")
        raise InvalidRequest(still_signed_in(message), detail=f"post_logout_redirect_uri of {named}")
    state = query.octets("state") if "state" in query else None
    if state is not None and not is_short(query.raw["state"]):
        raise InvalidRequest(still_signed_in(_("The link is too long.")))
    return LogoutRequest(application, redirect_uri, state, hint)


def find_application(named: str, hint: Hint | None) -> Application | None:
    """Who asks: by name, by the client that the hint was given to, or nobody says."""
    if named and hint and named != hint.client_id:
        raise InvalidRequest(still_signed_in(_("The link names two applications.")))
    client_id = named or (hint.client_id if hint else "")
    found: Application | None = Application.objects.filter(client_id=client_id, is_enabled=True).first()
    if named and found is None:
        raise InvalidRequest(still_signed_in(_("The application that sent you here is unknown.")))
    return found


def still_signed_in(reason: str) -> str:
    return " ".join([reason, _("Nobody was signed out.")])
