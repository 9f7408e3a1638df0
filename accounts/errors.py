"""The error that every layer raises and only `config/errors.py` renders, and the refusals of no app's own."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from django.utils.translation import gettext_noop


class ApiError(Exception):
    """A refusal with two texts: `message` for the caller, `detail` for the log alone.

    A class for each refusal: `status`, `code` and `message` are its own, and `mend` tells the
    caller what to do (docs/errors.md is made of them). A message that depends on the case is
    given when it is raised. It repeats no input, and no text holds a secret. `headers` go out
    with the answer, `retry_after_seconds` as the header Retry-After; `data` are further keys of
    a JSON body. The dialect in which it is rendered is a property of the path: JSON says `message` as
    it is, a page in the person's language if the catalogues have it.
    """

    status: int
    code: str
    message: str
    mend: ClassVar[str] = ""
    retry_after_seconds: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        self.message = message or self.message
        super().__init__(self.message)
        self.detail = detail
        self.headers = dict(headers or {})
        if self.retry_after_seconds is not None:
            self.headers["Retry-After"] = str(self.retry_after_seconds)
        self.data = dict(data or {})


class PageError(ApiError):
    """A refusal that only pages show, in the person's language: its code is on no wire."""


def classes(of: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    """Every refusal below `of` that has been imported; the ones without a code are only families."""
    for each in of.__subclasses__():
        if hasattr(each, "code"):
            yield each
        yield from classes(each)


class BadRequest(ApiError):
    status, code = 400, "invalid_request"
    message = gettext_noop("The request could not be understood.")
    mend = "Mend the request: the sentence says what is wrong. Sent again unchanged it fails again."


class Forbidden(ApiError):
    status, code = 403, "forbidden"
    message = gettext_noop("This is not allowed.")
    mend = "Ask somebody who may."


class NotFound(ApiError):
    status, code = 404, "not_found"
    message = gettext_noop("The requested resource was not found.")
    mend = "Compare the path with the API reference."


class MethodNotAllowed(ApiError):
    status, code = 405, "method_not_allowed"
    message = gettext_noop("This method is not allowed here.")
    mend = "Use a method that the header `Allow` names."

    def __init__(self, allowed: str = "") -> None:
        super().__init__(headers={"Allow": allowed} if allowed else None)


class LengthRequired(ApiError):
    status, code = 411, "invalid_request"
    message = gettext_noop("Send a Content-Length.")
    mend = "Send the body with its length, not in chunks."


class RequestTooLarge(ApiError):
    status, code = 413, "request_too_large"
    message = gettext_noop("The request body is too large.")
    mend = "Send less at once."


class RateLimited(ApiError):
    """429: a limit's window is used up (contract/README.md, rule 7)."""

    status, code = 429, "rate_limited"
    message = "Too many requests."
    mend = "Wait for as many seconds as `Retry-After` says, then send the same request again."
    retry_after_seconds = 60  # at most, where nothing else is said

    def __init__(self, retry_after_seconds: int, *, headers: Mapping[str, str] | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"Too many requests. Try again in {retry_after_seconds} seconds.", headers=headers)


class Unavailable(ApiError):
    """503: the database, the shared counters or the disk are away; nothing was done (docs/reliability.md)."""

    status, code = 503, "temporarily_unavailable"
    message = gettext_noop("The service is not available at the moment. Try again in a few seconds.")
    mend = "Send the same request again after `Retry-After` seconds."
    retry_after_seconds = 5


class ServerError(ApiError):
    status, code = 500, "server_error"
    message = gettext_noop("Something went wrong on our side. Try again later.")
    mend = "Try again later. If it stays, write to support with the request's id."
