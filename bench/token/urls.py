"""The product's routes, and two empty ones that go through all of its middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts import rate_limit
from accounts.client_address import limit_key
from config.urls import *  # noqa: F403 the handlers too
from config.urls import urlpatterns as of_the_product


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok")


def counted(request: HttpRequest) -> HttpResponse:
    usage = rate_limit.use_hot("profile", limit_key(request), request)
    usage.check()
    return HttpResponse(b"ok", headers=usage.headers)


urlpatterns = [*of_the_product, path("bench/empty", empty), path("bench/counted", counted)]
