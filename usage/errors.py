"""Refusals of the usage API: of whole requests. What becomes of one event is `usage.store.Verdict`."""

from accounts.errors import ApiError, RequestTooLarge


class UnsupportedMediaType(ApiError):
    status, code = 415, "unsupported_media_type"
    message = "The body's type is not understood here."
    mend = "Send CloudEvents as JSON in UTF-8, plain or with gzip: docs/usage.md has the types."


class TooManyEvents(RequestTooLarge):
    code = "too_many_events"
    message = "A batch has at most 5,000 events."
    mend = "Send the events in several batches; how they are split makes no difference."
