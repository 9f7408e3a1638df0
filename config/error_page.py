"""Every code that goes out, read from the errors' classes and the calls that refuse with them.

docs/errors.md has them by API: `manage.py write_docs` writes it, a test compares (docs/decisions/0069).
/docs/errors has them by code, so that `/docs/errors#rate_limited` leads to it from wherever it was met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.errors import ApiError, Forbidden, LengthRequired, MethodNotAllowed, ServerError
from config.call_schema import GENERAL
from config.errors import OAUTH_CODES
from config.hand_written_paths import HAND_WRITTEN_PATHS
from config.openid_reference import USERINFO_REFUSALS
from config.plain_endpoints import PROFILE_REFUSALS
from oauth_provider.errors import WORDS
from oauth_provider.views.door import PlatformView
from partnership.errors import ProjectLimitReached
from partnership.views.door import PartnerView
from usage.cloud_events import NO_EVENT
from usage.ingest import MESSAGES

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
# Of the co-branded `sync-project` alone (partnership/views/co_branded.py).
PLAN_LIMIT = (200, "project_limit_reached", ProjectLimitReached.message, ProjectLimitReached.mend)
HEAD = "| status | code | cause | what to do |\n|---|---|---|---|\n"


EVENTS = """\
## Usage events

A batch is answered 200 and names in `rejected` each event that does not count, by its `code`. It stays refused:
mend it and send it under a new id.
"""
EVENTS_HEAD = "| code | cause |\n|---|---|\n"
# Where the bodies of each dialect are met, as the page by code says it.
PLACES = {PARTNERSHIP: "Partnership API", PLATFORM: "Platform API", OAUTH: "OAuth endpoints"}
BY_CODE = """\
# Errors

Every code that an answer can have, in alphabetical order. A code is for programs and stays; its sentence is for people
and may change. Each refusal names its place here in the header `Link`, with `rel="help"`, and has an id (`requestId`,
`X-Request-Id`) by which support finds it. `Retry-After` counts in seconds.

- Partnership API, under `/partnership/v1`: `{"success": false, "message", "code", "requestId"}`; a validation error
  has `errors`, a list of `{param, code, message}`; a refusal that an operation causes its `operation_id`.
- Platform API (organizations, projects, profile, usage): `{"error", "code", "requestId"}`, the sentence in `error`.
- OAuth endpoints, under `/api/oauth/v1`: `{"error", "error_description", "message"}`, with the code in `error`.
"""


def as_markdown() -> str:
    parts = [introduction + "\n" + table(rows) for introduction, rows in areas().items()]
    events = EVENTS_HEAD + "".join(f"| `{code}` | {cause} |\n" for code, cause in events_refused().items())
    return "\n".join([INTRODUCTION, *parts, EVENTS + "\n" + events])


def by_code() -> str:
    """Markdown with a heading for each code."""
    found: dict[str, list[str]] = {}
    for introduction, rows in areas().items():
        for (status, code), said in merged(rows).items():
            found.setdefault(code, []).append(f"| {PLACES[introduction]} {line(status, code, said, named=False)}")
    for code, cause in events_refused().items():
        found.setdefault(code, []).append(
            f"| Usage event | 200 | {cause} | Mend the event, and send it under a new id. |\n"
        )
    head = "| where | status | cause | what to do |\n|---|---|---|---|\n"
    return "\n".join([BY_CODE, *(f"## `{code}`\n\n{head}{''.join(found[code])}" for code in sorted(found))])


def areas() -> dict[str, list[Row]]:
    return {
        PARTNERSHIP: [*rows_of(refusals(PartnerView)), PLAN_LIMIT],
        PLATFORM: rows_of([*refusals(PlatformView), *PROFILE_REFUSALS]),
        OAUTH: [*oauth_rows(), *rows_of([*EVERYWHERE, *USERINFO_REFUSALS], renamed=OAUTH_CODES)],
    }


def events_refused() -> dict[str, str]:
    """Of usage events: code -> cause; a code that ingest and store both have says both."""
    found = dict(NO_EVENT)
    for verdict, message in MESSAGES.items():
        found[verdict.value] = " Or: ".join(filter(None, [found.get(verdict.value), message]))
    return dict(sorted(found.items()))


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
    for methods in HAND_WRITTEN_PATHS.values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                schema = response.get("content", {}).get("application/json", {}).get("schema", {})
                for part in schema.get("allOf", []):
                    for word in part.get("properties", {}).get("error", {}).get("enum", []):
                        yield int(status), word


def table(rows: Iterable[Row]) -> str:
    return HEAD + "".join(line(status, code, said) for (status, code), said in merged(rows).items())


def merged(rows: Iterable[Row]) -> dict[tuple[int, str], list[tuple[str, str]]]:
    """One entry for each status and code; several causes of one stand beside each other."""
    found: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for status, code, cause, mend in sorted(rows, key=lambda row: row[:2]):
        said = found.setdefault((status, code), [])
        if (cause, mend) not in said:
            said.append((cause, mend))
    return found


def line(status: int, code: str, said: list[tuple[str, str]], *, named: bool = True) -> str:
    causes, mends = (" Or: ".join(texts) for texts in zip(*said, strict=True))
    name = f" `{code}` |" if named else ""
    return f"| {status} |{name} {causes} | {mends} |\n"
