"""What every partnership call has in common: the door, the body, the answer's headers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import ApiError, MethodNotAllowed
from partnership import idempotency
from partnership.authentication import Caller, Door, open_door
from partnership.errors import Fault, Invalid, InvalidJson

S = TypeVar("S", bound=serializers.Serializer[Any])


class PartnerSecretHeader(BaseAuthentication):
    """Names the header to the API reference; `open_door` does the checking."""

    def authenticate(self, request: Request) -> None:
        return None


class PartnerView(APIView):
    """A call under `/partnership/v1/:partnerId`.

    `doors`: what each method asks of its caller. A method without one is a 405, after the
    caller's secret has been checked, as a stranger learns of no route.
    """

    authentication_classes = [PartnerSecretHeader]
    permission_classes = []
    doors: ClassVar[dict[str, Door]] = {}
    caller: Caller

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        partner_id = kwargs.pop("partner_id")
        self.now = timezone.now()
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


def read_body(request: HttpRequest, shape: type[S]) -> dict[str, Any]:
    """The request's JSON object, checked by `shape`; an empty body is an empty object.

    Raises InvalidJson (400), Invalid (422: every parameter at fault). The Content-Type is not
    looked at: deployed clients send one on GET and none on POST.
    """
    serializer = shape(data=read_object(request.body))
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


def answer(body: dict[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status)
