"""The error that every layer raises and only `config/errors.py` renders."""

from collections.abc import Mapping


class ApiError(Exception):
    """A refusal with two texts: `message` for the caller, `detail` for the log alone.

    `message` says what to do and repeats no input; neither holds a secret. `headers` go out
    with the answer, `data` are further keys of a JSON body. The dialect in which it is rendered
    is a property of the path.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = dict(headers or {})
        self.data = dict(data or {})
