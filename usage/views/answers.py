"""How figures leave: JSON with exact numbers, or CSV, whichever is asked for."""

from collections.abc import Mapping

import simplejson
from django.http import HttpRequest, HttpResponse
from django.http.request import MediaType

from partnership.errors import not_among


def exact_json(body: Mapping[str, object]) -> HttpResponse:
    """`body` with Decimals as JSON numbers, digit by digit; a float among them is a fault of ours."""
    text = simplejson.dumps(body, use_decimal=True, allow_nan=False)
    return HttpResponse(text, content_type="application/json")


def wants_csv(request: HttpRequest) -> bool:
    """`?format=csv`, or an Accept that likes text/csv better than JSON. Raises Invalid (422) for another format."""
    if "format" in request.GET:
        if request.GET["format"] not in ("csv", "json"):
            raise not_among("format", ("csv", "json"))
        return request.GET["format"] == "csv"
    liked = request.get_preferred_type(["application/json", "text/csv"])
    return liked == "text/csv" and any(names_csv(each) for each in request.accepted_types)


def names_csv(accepted: MediaType) -> bool:
    return (accepted.main_type, accepted.sub_type) == ("text", "csv")
