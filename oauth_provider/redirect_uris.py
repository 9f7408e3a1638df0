"""The redirect rules of the contract, in one place (oauth.md, "Clients")."""

from urllib.parse import urlsplit


def matches(requested: str, registered: str) -> bool:
    """Exact, but for the port of a loopback URI (RFC 8252 section 7.3)."""
    return requested == registered or (is_loopback(registered) and without_port(requested) == without_port(registered))


def is_loopback(uri: str) -> bool:
    return uri.startswith(("http://127.0.0.1", "http://[::1]", "http://localhost")) and urlsplit(uri).hostname in (
        "127.0.0.1",
        "::1",
        "localhost",
    )


def without_port(uri: str) -> str:
    try:
        port = urlsplit(uri).port
    except ValueError:
        return ""
    return uri if port is None else uri.replace(f":{port}", "", 1)
