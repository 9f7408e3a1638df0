"""GET /media/client-logos/<digest>.png: the pictures that `client_logos` drew, and no other file."""

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from oauth_provider import client_logos


@require_safe
def logo(request: HttpRequest, name: str) -> HttpResponse:
    path = f"{client_logos.FOLDER}/{name}"
    if not client_logos.NAME.match(name) or not default_storage.exists(path):
        raise Http404
    with default_storage.open(path) as file:
        response = HttpResponse(file.read(), content_type="image/png")
    # The name is the digest of what is in it: it never changes.
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
