"""Each call of the reference in curl, Python and JavaScript, made from the document itself.

Who calls, and whom, they read from the environment: `GATEHOUSE`, `TOKEN`, `PARTNER_ID` and whatever else
stands in capitals. `x-codeSamples` of the document, /docs/calls and the collection are made of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from config.call_examples import BODIES, FORMS, QUERIES
from config.call_schema import Schema

FORM = "application/x-www-form-urlencoded"
# What a call brings along, by the first of its security schemes.
PROOFS = {
    "partner": {"X-Partnership-Secret": "$PARTNER_SECRET"},
    "person": {"Authorization": "Bearer $TOKEN"},
    "machine": {"Authorization": "Bearer $TOKEN"},
    "registration": {"Authorization": "Bearer $REGISTRATION_TOKEN"},
}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
VARIABLE = re.compile(r"\$([A-Z_]+)")
PYTHON_WORDS = {True: "True", False: "False", None: "None"}
SCRIPT_WORDS = {True: "true", False: "false", None: "null"}
WAITS_SECONDS = 40  # longer than `wait_for_completion` does


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. Texts may have `$VARIABLES` in them; `form` or `body`, or neither."""

    method: str
    path: str  # with its query
    headers: dict[str, str]
    by_basic: bool
    form: dict[str, str] | None = None
    body: dict[str, Any] | None = None

    def as_curl(self) -> str:
        verb = "" if self.method == "GET" else f"-X {self.method} "
        words = [f'curl -sS {verb}"$GATEHOUSE{self.path}"']
        words += ['-u "$CLIENT_ID:$CLIENT_SECRET"'] if self.by_basic else []
        words += [f'-H "{name}: {value}"' for name, value in self.headers.items()]
        words += [f'-d {name}="{value}"' for name, value in (self.form or {}).items()]
        if self.body is not None:
            text = VARIABLE.sub(r"""'"$\1"'""", json.dumps(self.body))
            words.append(f"-d '{text}'")
        return " \\\n  ".join(words) + "\n"

    def as_python(self) -> str:
        lines = [f'"{self.method}",', f"{python(f'$GATEHOUSE{self.path}')},"]
        lines += ['auth=(env["CLIENT_ID"], env["CLIENT_SECRET"]),'] if self.by_basic else []
        lines += [f"headers={written(self.headers, python, PYTHON_WORDS)},"] if self.headers else []
        lines += [f"data={written(self.form, python, PYTHON_WORDS)},"] if self.form else []
        lines += [f"json={written(self.body, python, PYTHON_WORDS)},"] if self.body is not None else []
        lines.append(f"timeout={WAITS_SECONDS},")
        call = "".join(f"    {line}\n" for line in lines)
        imports = "import os\n\nimport httpx\n\nenv = os.environ\n"
        return f"{imports}answer = httpx.request(\n{call})\nprint(answer.text)\n"

    def as_script(self) -> str:
        headers = {**({"Authorization": BASIC} if self.by_basic else {}), **self.headers}
        lines = [f'method: "{self.method}",']
        lines += [f"headers: {written(headers, script, SCRIPT_WORDS)},"] if headers else []
        lines += [f"body: new URLSearchParams({written(self.form, script, SCRIPT_WORDS)}),"] if self.form else []
        lines += [f"body: JSON.stringify({written(self.body, script, SCRIPT_WORDS)}),"] if self.body is not None else []
        call = "".join(f"  {line}\n" for line in lines)
        url = script(f"$GATEHOUSE{self.path}")
        fetched = f"const answer = await fetch({url}, {{\n{call}}});\n"
        return f"const env = process.env;\n{fetched}console.log(await answer.text());\n"

    def in_languages(self) -> list[dict[str, str]]:
        """`x-codeSamples`, as generators of documentation read them."""
        return [
            {"lang": "Shell", "label": "curl", "source": self.as_curl()},
            {"lang": "Python", "label": "Python", "source": self.as_python()},
            {"lang": "JavaScript", "label": "JavaScript", "source": self.as_script()},
        ]


BASIC = "Basic $CLIENT_ID:$CLIENT_SECRET"  # which JavaScript has to encode by itself


def sample(path: str, method: str, operation: Schema) -> Sample:
    name = operation["operationId"]
    schemes = [scheme for row in operation.get("security", []) for scheme in row]
    body, kind = BODIES.get(name), body_type(operation)
    return Sample(
        method.upper(),
        address(path, operation, QUERIES.get(name, {})),
        {**PROOFS.get(schemes[0] if schemes else "", {}), **({"Content-Type": kind} if body is not None else {})},
        by_basic=schemes[:1] == ["client"] and name != "device_authorization",
        form=FORMS.get(name),
        body=body,
    )


def body_type(operation: Schema) -> str:
    return next(iter(operation.get("requestBody", {}).get("content", {})), "")


def address(path: str, operation: Schema, query: dict[str, str]) -> str:
    """The path with its query; a placeholder is its example, or a variable of the same name in capitals."""
    examples = {each["name"]: each["schema"].get("example") for each in operation.get("parameters", [])}
    filled = PLACEHOLDER.sub(lambda found: examples.get(found[1]) or f"${found[1].upper()}", path)
    pairs = "&".join(f"{name}={quote(value, safe='$')}" for name, value in query.items())
    return f"{filled}?{pairs}" if pairs else filled


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Path, method and description of each call."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def python(text: str) -> str:
    whole = re.fullmatch(r"\$([A-Z_]+)", text)
    if whole:
        return f'env["{whole[1]}"]'
    quoted = json.dumps(text, ensure_ascii=False)
    return "f" + VARIABLE.sub(r"{env['\1']}", quoted) if VARIABLE.search(text) else quoted


def script(text: str) -> str:
    if text == BASIC:
        return '"Basic " + btoa(`${env.CLIENT_ID}:${env.CLIENT_SECRET}`)'
    whole = re.fullmatch(r"\$([A-Z_]+)", text)
    if whole:
        return f"env.{whole[1]}"
    filled = VARIABLE.sub(r"${env.\1}", text)
    return json.dumps(text, ensure_ascii=False) if filled == text else f"`{filled}`"


def written(value: Any, quoted: Any, words: dict[bool | None, str]) -> str:
    """A value as a language writes it: `quoted` are its strings, `words` its constants."""
    match value:
        case str():
            return str(quoted(value))
        case bool() | None:
            return words[value]
        case dict():
            inner = ", ".join(f'"{name}": {written(each, quoted, words)}' for name, each in value.items())
            return f"{{{inner}}}"
        case list():
            return f"[{', '.join(written(each, quoted, words) for each in value)}]"
    return str(value)
