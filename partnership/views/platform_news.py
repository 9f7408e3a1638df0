"""What deployed clients tell and ask beside their projects: an agent came, is there a newer version."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import Counter
from rest_framework.views import APIView

from oauth_provider.views.door import Access, PlatformView

AGENTS = Counter("gatehouse_agents_connected", "Reports of clients that an agent was connected")


class AgentConnected(PlatformView):
    """Counted, and nothing of it stored: the body is not even read."""

    doors = {"POST": Access("")}

    def post(self, request: HttpRequest) -> HttpResponse:
        AGENTS.inc()
        return HttpResponse(status=204)


class LatestVersion(APIView):
    """Public: installers ask before anybody has signed in."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"version": settings.LATEST_SERVICE_VERSION, "cached": False})
