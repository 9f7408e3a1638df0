"""The brand's logo and colour, from this host as everything else."""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.brand import accent_sheet


@require_safe
@cache_control(public=True, max_age=300)
def accent(request: HttpRequest) -> HttpResponse:
    if settings.BRAND_ACCENT is None:
        raise Http404
    return HttpResponse(accent_sheet(*settings.BRAND_ACCENT), content_type="text/css")


@require_safe
@cache_control(public=True, max_age=300)
def logo(request: HttpRequest) -> FileResponse:
    path = Path(settings.BRAND_LOGO)
    if not settings.BRAND_LOGO or not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"))
