"""/dev/mail, in the embedded profile only: it shows everybody's codes to anybody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import caught_mail


@never_cache
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/mails.html", {"mails": [caught_mail.read(name) for name in caught_mail.names()]})


@never_cache
@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    found = caught_mail.read(name)
    if found is None:
        raise Http404
    return render(request, "dev/mail.html", {"mail": found})
