from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from oauth2_provider.decorators import protected_resource


@protected_resource(scopes=["read"])
def profile(request: HttpRequest) -> HttpResponse:
    person = request.resource_owner
    return JsonResponse({"id": person.pk, "email": person.email, "name": person.get_full_name()})


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok")


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("profile", profile),
    path("empty", empty),
]
