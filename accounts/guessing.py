"""Limits against guessing: by address and by account, with an answer that says for how long.

Each try is counted before it is made, so that parallel guesses can't slip through together,
and given back if it was right. Source: oauth.md, "Rate limits", sign-in.
"""

from collections.abc import Callable

from django.http import HttpRequest

from accounts.client_address import limit_key
from accounts.rate_limit import give_back, use

ADDRESS, ACCOUNT = "signin_address", "signin_account"


def count_try(request: HttpRequest, what: str, account: str) -> Callable[[], None]:
    """Counts one try at `what` (sign-in, sign-up, reset) on `account`; the result takes it back.

    Raises ApiError 429 when the address or the account has no try left in its window.
    """
    keys = {ADDRESS: f"{what}:{limit_key(request)}", ACCOUNT: f"{what}:{account.strip().lower()}"}
    for name, key in keys.items():
        use(name, key, request).check()

    def take_back() -> None:
        for name, key in keys.items():
            give_back(name, key)

    return take_back


def headers(request: HttpRequest, what: str) -> dict[str, str]:
    """What the address has left, for the answers that are allowed (README rule 7)."""
    return use(ADDRESS, f"{what}:{limit_key(request)}", request, count=False).headers
