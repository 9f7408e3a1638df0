"""A body of the OAuth endpoints as one flat dictionary, from JSON or a form by its Content-Type."""

import json
from collections import Counter
from collections.abc import Set
from urllib.parse import parse_qsl

from django.http import HttpRequest

from oauth_provider.errors import InvalidRequest, OAuthError

Parameters = dict[str, str]


def read_parameters(request: HttpRequest) -> Parameters:
    """The parameters of the body. `null` and `""` count as absent; the query is never read.

    Raises InvalidRequest for broken, repeated or non-text values; OAuthError `invalid_target` for a
    second resource, 415 for another content type. Source: oauth.md, "token".
    """
    body = request.body
    if not body.strip():
        return {}
    if request.content_type == "application/json":
        pairs = json_pairs(body)
    elif request.content_type == "application/x-www-form-urlencoded":
        pairs = form_pairs(body)
    else:
        message = "Send the parameters as application/json or application/x-www-form-urlencoded."
        raise OAuthError("invalid_request", message, status=415)
    return checked(pairs)


def read_document(request: HttpRequest) -> dict[str, object]:
    """The JSON object of the body, whose values may be nested; members are still to be checked.

    Raises InvalidRequest, OAuthError 415.
    """
    if request.body.strip() and request.content_type != "application/json":
        raise OAuthError("invalid_request", "Send the metadata as application/json.", status=415)
    pairs = json_pairs(request.body)
    document = dict(pairs)
    if len(document) != len(pairs):
        raise InvalidRequest("A member was sent more than once.")
    try:
        return {name: nested(value) for name, value in document.items()}
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None


def nested(value: object) -> object:
    """`value` with its objects as dictionaries again, which `json_pairs` reads as pairs."""
    if not isinstance(value, list):
        return value
    if value and all(isinstance(pair, tuple) for pair in value):
        return {name: nested(inner) for name, inner in value}
    return [nested(inner) for inner in value]


def json_pairs(body: bytes) -> list[tuple[str, object]]:
    try:
        # Pairs and not a dictionary: the last of two equal names would win silently.
        pairs = json.loads(body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        raise InvalidRequest("The body is not a JSON object.")
    if not pairs and not body.strip().startswith(b"{"):
        raise InvalidRequest("The body is not a JSON object.")
    return pairs


def form_pairs(body: bytes) -> list[tuple[str, object]]:
    try:
        return [*parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)]
    except ValueError:
        raise InvalidRequest("The body is not a valid form.") from None


def checked(pairs: list[tuple[str, object]]) -> Parameters:
    parameters: Parameters = {}
    if len(dict(pairs)) < len(pairs):
        times = Counter(name for name, _value in pairs)
        raise OAuthError(*fault_of_repeated({name for name in times if times[name] > 1}))
    for name, value in pairs:
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise InvalidRequest("Every parameter must be a text.")
        if not is_clean(name + value):
            raise InvalidRequest("A parameter holds characters that are not allowed.")
        parameters[name] = value
    return parameters


def fault_of_repeated(names: Set[str]) -> tuple[str, str]:
    """Code and message for parameters sent twice, in a body or at authorize: a second `resource` is one resource
    server too many (RFC 8707 section 2).
    """
    if names == {"resource"}:
        return "invalid_target", "A token is for one resource server."
    return "invalid_request", "A parameter was sent more than once."


def is_clean(value: str) -> bool:
    """Whether databases and headers can carry `value`: no NUL, no lone surrogate."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
