"""docs/errors.md: every code that goes out, read from the errors' classes and the calls that refuse with them.

`manage.py write_docs` writes it; a test compares (docs/decisions/0069).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.errors import ApiError, Forbidden, LengthRequired, MethodNotAllowed, ServerError
from config.call_schema import GENERAL
from config.errors import OAUTH_CODES
from config.introspection_reference import INTROSPECTION_PATHS
from config.openid_reference import OPENID_PATHS, USERINFO_REFUSALS
from config.plain_endpoints import PATHS, PROFILE_REFUSALS
from config.pushed_request_reference import PUSHED_PATHS
from config.registration_reference import REGISTRATION_PATHS
from oauth_provider.errors import WORDS
from oauth_provider.views.door import PlatformView
from partnership.views.door import PartnerView

View = type[PartnerView] | type[PlatformView]
Row = tuple[int, str, str, str]

EVERYWHERE = [*GENERAL, Forbidden, MethodNotAllowed, LengthRequired, ServerError]
INTRODUCTION = """\
# Errors

Made by `make docs` from the classes of the errors; change them there. An error's code is for
programs and stays, its sentence is for people and may change. Every answer has an id
(`requestId`, header `X-Request-Id`) by which support finds it. `Retry-After` counts in seconds.
"""
PARTNERSHIP = """\
## Partnership API

Under `/partnership/v1`: `{"success": false, "message", "code", "requestId"}`. A validation error
has `errors`, a list of `{param, code, message}`; a refusal that an operation causes its `operation_id`.
The plan limit of `sync-project` is no error but a 200 with `"success": false` and the code
`project_limit_reached`, because deployed partners read its body only on a 2xx.
"""
PLATFORM = """\
## Platform API

Organizations, projects, profile and usage: `{"error", "code", "requestId"}`, with the sentence in `error`.
"""
OAUTH = """\
## OAuth endpoints

Under `/api/oauth/v1`: `{"error", "error_description", "message"}`. Authorize has no JSON: it sends `error`
and `error_description` to the redirect URI, and shows a page where client or redirect URI can't be trusted.
"""
HEAD = "| status | code | cause | what to do |\n|---|---|---|---|\n"


def as_markdown() -> str:
    parts = [
        INTRODUCTION,
        PARTNERSHIP + "\n" + table(rows_of(refusals(PartnerView))),
        PLATFORM + "\n" + table(rows_of([*refusals(PlatformView), *PROFILE_REFUSALS])),
        OAUTH + "\n" + table([*oauth_rows(), *rows_of([*EVERYWHERE, *USERINFO_REFUSALS], renamed=OAUTH_CODES)]),
    ]
    return "\n".join(parts)


def refusals(base: View) -> list[type[ApiError]]:
    """Every refusal of the calls of a kind, each once."""
    of_calls = [each for view in views(base) for method in view.calls for each in view.refusals(method)]
    return list(dict.fromkeys([*EVERYWHERE, *of_calls]))


def views(base: View) -> Iterator[View]:
    for view in base.__subclasses__():
        yield view
        yield from views(view)


def rows_of(these: Iterable[type[ApiError]], *, renamed: dict[str, str] | None = None) -> list[Row]:
    return [(each.status, (renamed or {}).get(each.code, each.code), each.message, each.mend) for each in these]


def oauth_rows() -> Iterator[Row]:
    """The words with the statuses under which the reference has them; 302 are those of authorize alone."""
    found: dict[str, set[int]] = {word: set() for word in WORDS}
    for status, word in said_in_reference():
        if word in found:  # the others are of classes
            found[word].add(status)
    for word, statuses in found.items():
        for status in sorted(statuses) or [302]:
            yield status, word, *WORDS[word]


def said_in_reference() -> Iterator[tuple[int, str]]:
    for methods in [
        *PATHS.values(),
        *PUSHED_PATHS.values(),
        *INTROSPECTION_PATHS.values(),
        *OPENID_PATHS.values(),
        *REGISTRATION_PATHS.values(),
    ]:
        for operation in methods.values():
            for status, response in operation["responses"].items():
                schema = response.get("content", {}).get("application/json", {}).get("schema", {})
                for part in schema.get("allOf", []):
                    for word in part.get("properties", {}).get("error", {}).get("enum", []):
                        yield int(status), word


def table(rows: Iterable[Row]) -> str:
    """One line for each status and code; several causes of one stand beside each other."""
    merged: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for status, code, cause, mend in sorted(rows, key=lambda row: row[:2]):
        said = merged.setdefault((status, code), [])
        if (cause, mend) not in said:
            said.append((cause, mend))
    return HEAD + "".join(line(status, code, said) for (status, code), said in merged.items())


def line(status: int, code: str, said: list[tuple[str, str]]) -> str:
    causes, mends = (" Or: ".join(texts) for texts in zip(*said, strict=True))
    return f"| {status} | `{code}` | {causes} | {mends} |\n"
