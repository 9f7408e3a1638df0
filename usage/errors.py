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


class EventsExpired(ApiError):
    status, code = 410, "events_expired"
    message = "The events of this day are past their retention; the day's numbers stay."
    mend = "Read the day's numbers, or its month's statement: those are kept for good."


class EventsUnavailable(ApiError):
    """ClickHouse does not answer, or not as it should."""

    status, code = 503, "events_unavailable"
    message = "The events can't be read now."
    mend = "Send the same request again in a minute. The day's numbers can be read meanwhile."
    retry_after_seconds = 60


class StatementNotFound(ApiError):
    status, code = 404, "statement_not_found"
    message = "The statement was not found: the month is not closed yet, or nothing was there in it."
    mend = "Take a month from the list of statements; a month closes some days after it ends."


class AlertNotFound(ApiError):
    status, code = 404, "alert_not_found"
    message = "The alert was not found."
    mend = "Take the id from the list of alerts."


class AlertOfStaff(ApiError):
    status, code = 403, "alert_of_staff"
    message = "This alert was set by the platform's staff, who alone change it."
    mend = "Contact support, or set an alert of your own beside it."
