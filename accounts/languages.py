"""In which language a page speaks, where the person has not chosen one."""

from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant

UI_LOCALES = "ui_locales"  # a parameter, and the cookie that keeps it on the way through the sign-in


def asked_for(request: HttpRequest) -> str | None:
    """The first language that an application asks for and we speak (OpenID Connect Core section 3.1.2.1, `ui_locales`).

    None if it asks for none, or the person has chosen one.
    """
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return None
    sent = request.GET.get(UI_LOCALES) if UI_LOCALES in request.META.get("QUERY_STRING", "") else None
    for tag in (sent or unquote(request.COOKIES.get(UI_LOCALES, ""))).split()[:10]:
        try:
            return get_supported_language_variant(tag.lower())
        except LookupError:
            continue
    return None
