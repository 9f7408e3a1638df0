"""The mail server in one address: GATEHOUSE_EMAIL_URL."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class MailServer(NamedTuple):
    """Django's EMAIL_* settings, in the order in which `settings.py` takes them apart."""

    host: str
    port: int
    user: str
    password: str
    uses_starttls: bool
    uses_tls: bool


def mail_server(url: str) -> MailServer:
    """`smtp://user:password@host:587` (STARTTLS), `smtps://...:465` (TLS from the first byte) or
    `smtp+plain://localhost:25` (no encryption, for a relay on this machine).

    Raises ValueError for any other scheme or a missing host.
    """
    if not url:
        return MailServer("", 0, "", "", False, False)
    parts = urlsplit(url)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://user:password@host:465")
    return MailServer(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        uses_starttls=parts.scheme == "smtp",
        uses_tls=parts.scheme == "smtps",
    )
