"""What may be chosen (partnership.md, "Beyond the published contract")."""

from django.http import HttpRequest, JsonResponse

from partnership import catalog
from partnership.authentication import Door
from partnership.views.door import PartnerView, answer


class Catalog(PartnerView):
    doors = {"GET": Door("projects:read", changes=False)}

    def get(self, request: HttpRequest) -> JsonResponse:
        limits = {"requests_per_minute": self.caller.partner.requests_per_minute}
        return answer({**catalog.describe(), "limits": limits})
