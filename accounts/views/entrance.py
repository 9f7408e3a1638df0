"""What we add to allauth's own pages for coming in. All of them live under `/accounts/`."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.account import views as account
from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.stagekit import clear_login
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.guessing import headers

NEXT = "sign_up_next"


class SignupView(account.SignupView):  # type: ignore[misc]
    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Remembers where the person was going: a sign-up begun again goes there too."""
        self.request.session[NEXT] = self.get_next_url() or ""
        response: HttpResponse = super().form_valid(form)
        return response


@require_POST
def change_address(request: HttpRequest) -> HttpResponse:
    """From the page that asks for the code, back to sign-up, with the same way onwards."""
    next_url = request.session.get(NEXT, "")
    if not request.user.is_authenticated:
        request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
        clear_login(request)
    query = f"?{urlencode({'next': next_url})}" if next_url else ""
    return redirect(reverse("account_signup") + query)


def counted(what: str, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """`view` with the headers of the limit on tries at `what` (README rule 7)."""

    @wraps(view)
    def with_headers(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        for name, value in headers(request, what).items():
            response[name] = value
        return response

    return with_headers
