"""What may be chosen (partnership.md, "Beyond the published contract")."""

from typing import TypedDict

from django.http import HttpRequest, JsonResponse

from oauth_provider.views.call import Call
from partnership import catalog
from partnership.authentication import Door
from partnership.views.door import PartnerView, answer


class Limits(TypedDict):
    requests_per_minute: int


class CatalogBody(catalog.Offer):
    limits: Limits


class Catalog(PartnerView):
    doors = {"GET": Door("projects:read", changes=False)}
    calls = {"GET": Call("What may be chosen", {200: CatalogBody})}

    def get(self, request: HttpRequest) -> JsonResponse:
        limits = Limits(requests_per_minute=self.caller.partner.requests_per_minute)
        return answer(CatalogBody(**catalog.describe(), limits=limits))
