"""What every partnership call has in common: the door, the body, the answer's headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import serializers
from rest_framework.views import APIView

from accounts import clock
from accounts.errors import ApiError, MethodNotAllowed
from oauth_provider.views.call import Call
from partnership import idempotency
from partnership.authentication import Caller, Door, open_door
from partnership.errors import (
    Fault,
    Invalid,
    InvalidJson,
    InvalidState,
    OperationInProgress,
    ProjectNotFound,
    ProvisionerUnavailable,
)

# What a call that begins an operation may meet, beside a project that is not there.
MAY_MEET = (ProjectNotFound, OperationInProgress, InvalidState, ProvisionerUnavailable)


class PartnerView(APIView):
    """A call under `/partnership/v1/:partnerId`.

    `doors`: what each method asks of its caller. A method without one is a 405, after the
    caller's secret has been checked, as a stranger learns of no route.
    """

    authentication_classes = []  # `open_door` asks
    permission_classes = []
    doors: ClassVar[dict[str, Door]] = {}
    calls: ClassVar[dict[str, Call]] = {}
    caller: Caller

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        partner_id = kwargs.pop("partner_id")
        self.now = clock.now()
        door = self.doors.get(str(request.method)) or self.refuse_method(request)
        self.caller, usage = open_door(request, partner_id, door, now=self.now)
        handler = getattr(self, str(request.method).lower())
        try:
            produce = partial(handler, request, **kwargs)
            response = idempotency.answer_once(self.caller, request, produce, now=self.now)
        except ApiError as refusal:
            refusal.headers = {**usage.headers, **refusal.headers}
            raise
        for name, value in {**usage.headers, "Cache-Control": "no-store"}.items():
            response[name] = value
        return response

    def refuse_method(self, request: HttpRequest) -> Door:
        """`config/errors.py` turns a 405 into the stranger's 401 where it has to."""
        raise MethodNotAllowed(", ".join(self.doors))

    def read_body(self) -> dict[str, Any]:
        """The request's body as the call declares it. Raises InvalidJson (400), Invalid (422)."""
        return read_body(self.request, self.calls[str(self.request.method)].body)

    @classmethod
    def refusals(cls, method: str) -> list[type[ApiError]]:
        """What the door of `method` refuses, in its order, and then the call: for the reference."""
        of_key = idempotency.REFUSALS if method in idempotency.METHODS else []
        return [*cls.doors[method].refusals, *of_key, *refusals_of(cls.calls[method])]


def refusals_of(call: Call) -> list[type[ApiError]]:
    of_body: list[type[ApiError]] = [InvalidJson, Invalid] if call.body is not serializers.Serializer else []
    return [*of_body, *([Invalid] if call.query else []), *call.refusals]


def read_body(request: HttpRequest, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The request's JSON object, checked by `shape`; an empty body is an empty object.

    Raises InvalidJson (400), Invalid (422: every parameter at fault). The Content-Type is not
    looked at: deployed clients send one on GET and none on POST.
    """
    return checked(read_object(request.body), shape)


def checked(found: dict[str, Any], shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Raises Invalid (422: every parameter at fault)."""
    serializer = shape(data=found)
    if not serializer.is_valid():
        raise Invalid(*faults(serializer.errors))
    return dict(serializer.validated_data)


def read_object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidJson from None
    if not isinstance(found, dict):
        raise InvalidJson
    return found


def refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def faults(errors: Any) -> list[Fault]:
    return [
        Fault(str(param), str(getattr(detail, "code", "invalid")), f"{param}: {detail}")
        for param, details in errors.items()
        for detail in (details if isinstance(details, list) else [str(details)])
    ]


def answer(body: Mapping[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status)
