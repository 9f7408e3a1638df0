"""What every page of a person answers with, and https in production."""

import os
import subprocess
import sys

import pytest
from django.test import Client

from tests.accounts.steps import sign_in, sign_up
from tests.accounts.test_second_step import STEP, add_app
from tests.cast import signed_in

ENTRANCE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"]
INSIDE = ["/account", "/account/security", "/account/organizations", "/account/apps"]


def entrance_pages(alice):
    """Every page of coming in, also those between password and session."""
    verifying, stepping = Client(), Client()
    sign_up(verifying, "carol@example.com")
    add_app(signed_in(alice))
    sign_in(stepping, "alice@example.com")
    pages = {path: Client().get(path) for path in ENTRANCE}
    pages |= {"verify": verifying.get("/accounts/confirm-email/"), "mfa": stepping.get(STEP)}
    pages["reauthenticate"] = signed_in(alice).get("/accounts/reauthenticate/")
    assert {page.status_code for page in pages.values()} == {200}
    return pages


def test_attack_030_no_page_is_framed(alice):
    pages = [*entrance_pages(alice).values(), *(signed_in(alice).get(path) for path in INSIDE)]
    for page in pages:
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_attack_031_no_page_sends_its_address_to_another_origin(alice):
    pages = [*entrance_pages(alice).values(), *(signed_in(alice).get(path) for path in INSIDE)]
    assert {page.headers["Referrer-Policy"] for page in pages} == {"same-origin"}


def test_attack_032_no_page_is_kept_by_a_cache(alice):
    pages = [*entrance_pages(alice).values(), *(signed_in(alice).get(path) for path in INSIDE)]
    assert all("no-store" in page.headers["Cache-Control"] for page in pages)


def test_every_page_of_coming_in_leaves_a_popup_its_opener(alice):
    opener = {name: page.headers["Cross-Origin-Opener-Policy"] for name, page in entrance_pages(alice).items()}
    assert set(opener.values()) == {"unsafe-none"}


def test_every_page_has_one_heading_a_language_and_landmarks(alice):
    for page in [*entrance_pages(alice).values(), *(signed_in(alice).get(path) for path in INSIDE)]:
        text = page.content.decode()
        assert text.count("<h1") == 1
        for part in ('<html lang="en">', '<main id="main"', "<header", "<footer", 'class="skip" href="#main"'):
            assert part in text


def test_pages_hold_no_inline_script_nor_style(alice):
    for page in [*entrance_pages(alice).values(), *(signed_in(alice).get(path) for path in INSIDE)]:
        text = page.content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text


@pytest.mark.processes
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_NAME", "__Host-session"),
        ("CSRF_COOKIE_NAME", "__Host-csrf"),
        ("SESSION_COOKIE_SECURE", True),
        ("CSRF_COOKIE_SECURE", True),
        ("SESSION_COOKIE_HTTPONLY", True),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
        ("SECURE_HSTS_SECONDS", 31_536_000),
    ],
)
def test_attack_096_cookies_and_transport_are_strict_on_https(name, value):
    environment = {**os.environ, "GATEHOUSE_PROFILE": "production", "GATEHOUSE_BASE_URL": "https://id.acme.example"}
    code = f"from config import settings; print(repr(settings.{name}))"
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == repr(value)


def test_attack_096_a_session_cookie_is_lax_and_out_of_reach_of_scripts(alice):
    cookie = sign_in(Client(), "alice@example.com").cookies["session"]
    assert (cookie["samesite"], cookie["httponly"], cookie["path"], cookie["domain"]) == ("Lax", True, "/", "")
