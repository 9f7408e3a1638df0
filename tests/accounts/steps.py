"""What people do in a browser to come in, each step through the wire."""

import re
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from tests.cast import PASSWORD
from tests.post import letters

SIGN_IN, SIGN_UP, CODE = "/accounts/login/", "/accounts/signup/", "/accounts/confirm-email/"
RESET = "/accounts/password/reset/"
NEW_PASSWORD = "staple battery horse"


def sign_in(browser: Client, email: str, password: str = PASSWORD, **fields: str) -> HttpResponse:
    return browser.post(SIGN_IN, {"login": email, "password": password, **fields})


def sign_up(browser: Client, email: str, name: str = "Carol", **fields: str) -> HttpResponse:
    return browser.post(SIGN_UP, {"name": name, "email": email, "password1": PASSWORD, **fields})


def mailed_code() -> str:
    """The code in the newest mail, which stands alone on its line."""
    return re.search(r"^\s{4}(\S+)$", letters()[-1].body, re.MULTILINE)[1]


def mailed_link(path: str = "/") -> str:
    """The address in the newest mail that begins with `path`."""
    links = re.findall(r"https?://\S+", letters()[-1].body)
    return next(link for link in links if urlsplit(link).path.startswith(path))


def type_code(browser: Client, code: str) -> HttpResponse:
    return browser.post(CODE, {"code": code})


def reset_password(browser: Client, email: str, password: str = NEW_PASSWORD) -> HttpResponse:
    """Asks for the mail, follows its link, sets `password`."""
    browser.post(RESET, {"email": email})
    page = browser.get(urlsplit(mailed_link("/accounts/password/reset/key/")).path)
    return browser.post(page.headers["Location"], {"password1": password})


def is_signed_in(browser: Client) -> bool:
    return browser.get("/account").status_code == 200


def subjects() -> list[str]:
    return [message.subject.partition(" · ")[0] for message in letters()]
