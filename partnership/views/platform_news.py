"""What deployed clients tell and ask beside their projects: an agent came, is there a newer version."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import Counter

from oauth_provider.views.call import Call
from oauth_provider.views.door import Access, PlatformView

AGENTS = Counter("gatehouse_agents_connected", "Reports of clients that an agent was connected")


class AgentConnected(PlatformView):
    """Counted, and nothing of it stored: the body is not even read."""

    doors = {"POST": Access("")}
    calls = {"POST": Call("Tell that an agent was connected", {204: None})}

    def post(self, request: HttpRequest) -> HttpResponse:
        AGENTS.inc()
        return HttpResponse(status=204)


@csrf_exempt
@require_safe
def latest_version(request: HttpRequest) -> JsonResponse:
    """Public: installers ask before anybody has signed in, whatever they say they accept."""
    return JsonResponse({"version": settings.LATEST_SERVICE_VERSION, "cached": False})
