"""A call of a partner or with an access token as OpenAPI writes it.

Everything is read from the view: what its door asks (`doors`), what it takes and gives
(`calls`), what both refuse. drf-spectacular reads the serializers and gathers the components.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from rest_framework import serializers

from accounts.errors import ApiError, BadRequest, NotFound, RateLimited, RequestTooLarge, Unavailable
from oauth_provider import scopes
from oauth_provider.views.call import Call
from oauth_provider.views.door import PlatformView
from partnership.idempotency import MAX_LENGTH, METHODS
from partnership.views.door import PartnerView

Schema = dict[str, Any]

# Of every call, before anybody asks who makes it.
GENERAL: list[type[ApiError]] = [BadRequest, NotFound, RequestTooLarge, Unavailable]
PLAIN_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number", Decimal: "number"}
# Said, because generators of TypeScript take an object without it for one that is empty.
OBJECT: Schema = {"type": "object", "additionalProperties": True}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and request get the stored answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
}


def header(description: str, type_: str = "string") -> Schema:
    return {"description": description, "schema": {"type": type_}}


RETRY_AFTER = {"Retry-After": header("Seconds.", "integer")}
LIMIT_HEADERS = {
    "RateLimit": header("The limit's name, `r`: requests left, `t`: seconds until all of them are there again."),
    "RateLimit-Policy": header("The limit's name, `q`: requests allowed in `w` seconds."),
}
OPERATION_HEADERS = {"Location": header("The operation that the answer names."), **RETRY_AFTER}
REPLAYED = {"Idempotent-Replayed": header("`true` where this is the stored answer of the first request.")}


class CallSchema(AutoSchema):
    """Describes PartnerView and PlatformView; there are no other REST framework views."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        if self.is_excluded():
            return None
        self.registry, self.path, self.method = registry, path, method
        call = self.described.calls[method]
        operation = {
            "operationId": name_of(type(self.described), method),
            "summary": call.summary,
            "tags": [area_of(type(self.described))],
            "security": [self.security()],
            "parameters": [*path_parameters(path), *self.header_parameters(), *self.query_parameters(call)],
            "responses": {**self.answers(call), **refused(self.described.refusals(method), self.dialect)},
        }
        body = self.request_body(call)
        return {**operation, "requestBody": body} if body else operation

    @property
    def described(self) -> PartnerView | PlatformView:
        return cast(PartnerView | PlatformView, self.view)

    @property
    def is_partners(self) -> bool:
        return isinstance(self.view, PartnerView)

    @property
    def dialect(self) -> str:
        return "PartnershipError" if self.is_partners else "PlatformError"

    def security(self) -> Schema:
        scope = self.described.doors[self.method].scope
        if self.is_partners:
            return {"partner": []}
        return {"machine" if scope in scopes.for_machines() else "person": [scope] if scope else []}

    def header_parameters(self) -> list[Schema]:
        return [IDEMPOTENCY_KEY] if self.is_partners and self.method in METHODS else []

    def query_parameters(self, call: Call) -> list[Schema]:
        hints = get_type_hints(call.query, include_extras=True) if call.query else {}
        return [{"name": name, "in": "query", "schema": self.schema(hint)} for name, hint in hints.items()]

    def request_body(self, call: Call) -> Schema | None:
        if call.bodies:
            content = {type_: {"schema": self.schema(shape)} for type_, shape in call.bodies.items()}
            return {"required": True, "content": content}
        if call.body is serializers.Serializer:
            return None
        taken = self.resolve_serializer(call.body, "request")
        is_needed = any(field.required for field in call.body().fields.values())
        return {"required": is_needed, "content": {"application/json": {"schema": taken.ref}}}

    def answers(self, call: Call) -> Schema:
        headers = {
            **(LIMIT_HEADERS if self.is_partners else {}),
            **(REPLAYED if self.is_partners and self.method in METHODS else {}),
            **(OPERATION_HEADERS if call.begins else {}),
        }
        found = {str(status): self.answer(status, shape, headers) for status, shape in call.answers.items()}
        if call.query and "format" in get_type_hints(call.query):
            found["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
        return found

    def answer(self, status: int, shape: object, headers: Schema) -> Schema:
        said = "Begun, and not over within the time that was waited." if status == 202 else "Done."
        held: Schema = {"description": said, **({"headers": headers} if headers else {})}
        if shape is not None:
            held["content"] = {"application/json": {"schema": self.schema(shape)}}
        return held

    def schema(self, hint: Any) -> Schema:
        """The JSON Schema of a shape (oauth_provider/views/call.py); a TypedDict becomes a component."""
        if is_typeddict(hint):
            return self.component(hint)
        if hint in PLAIN_TYPES:
            return {"type": PLAIN_TYPES[hint]}
        origin, inner = get_origin(hint), get_args(hint)
        if origin is dict:
            return OBJECT
        if origin is list:
            return {"type": "array", "items": self.schema(inner[0])}
        if origin in (UnionType, Union):
            return self.one_of(inner)
        return {**self.schema(inner[0]), **(words(inner[1]) if origin is Annotated else {})}  # or NotRequired

    def one_of(self, hints: tuple[Any, ...]) -> Schema:
        schemas = [self.schema(each) for each in hints if each is not NoneType]
        if NoneType not in hints:
            return {"anyOf": schemas}
        (schema,) = schemas
        if "$ref" in schema:
            return {"anyOf": [schema, {"type": "null"}]}
        return {**schema, "type": [schema["type"], "null"]}

    def component(self, shape: Any) -> Schema:
        found = ResolvedComponent(shape.__name__, ResolvedComponent.SCHEMA, object=shape)  # type: ignore[no-untyped-call]
        if found not in self.registry:
            self.registry.register(found)
            hints = get_type_hints(shape, include_extras=True)
            optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
            found.schema = {
                "type": "object",
                "properties": {name: self.schema(hint) for name, hint in hints.items()},
                "required": sorted(shape.__required_keys__ - optional),
            }
        return found.ref


def words(said: tuple[tuple[str, Any], ...]) -> Schema:
    """The annotation of a shape as a schema has it."""
    return {word: list(value) if isinstance(value, tuple) else value for word, value in said}


def name_of(view: type[PartnerView] | type[PlatformView], method: str) -> str:
    """Such as `white_label_pause`, and `webhooks_webhook_list_post` where the view has more methods."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", view.__name__).lower()
    name = f"{view.__module__.rpartition('.')[2]}_{words}"
    return name if len(view.doors) == 1 else f"{name}_{method.lower()}"


def area_of(view: type[PartnerView] | type[PlatformView]) -> str:
    area = view.__module__.rpartition(".")[2].replace("_", " ")
    return f"Partnership: {area}" if issubclass(view, PartnerView) else f"Platform: {area}"


def path_parameters(path: str) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {
                "type": "string",
                **({"format": "uuid"} if name.endswith("_id") and name != "partner_id" else {}),
            },
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def refused(refusals: Iterable[type[ApiError]], dialect: str) -> Schema:
    """`responses` of a call that refuses so, each status with its codes."""
    return by_status([*GENERAL, *refusals], dialect)


def by_status(refusals: Iterable[type[ApiError]], dialect: str) -> Schema:
    found: dict[int, list[type[ApiError]]] = {}
    for each in sorted(dict.fromkeys(refusals), key=lambda refusal: refusal.status):
        found.setdefault(each.status, []).append(each)
    return {str(status): refusal(these, dialect) for status, these in found.items()}


def refusal(these: list[type[ApiError]], dialect: str) -> Schema:
    said = "\n".join(f"- `{each.code}`: {each.message}" for each in these)
    name = "error" if dialect == "OAuthError" else "code"
    codes = {name: {"enum": list(dict.fromkeys(each.code for each in these))}}
    schema = {"allOf": [{"$ref": f"#/components/schemas/{dialect}"}, {"properties": codes}]}
    waits = any(each.retry_after_seconds is not None for each in these)
    headers = {**(RETRY_AFTER if waits else {}), **(LIMIT_HEADERS if RateLimited in these else {})}
    return {
        "description": said,
        "content": {"application/json": {"schema": schema}},
        **({"headers": headers} if headers else {}),
    }
