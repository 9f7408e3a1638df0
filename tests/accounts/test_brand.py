"""The deployment's own name, logo and colour."""

import pytest
from django.test import Client

from accounts.brand import contrast, parse_accent


def test_the_accent_of_the_brand_takes_the_place_of_ours(db, settings):
    settings.BRAND_ACCENT = parse_accent("#7a1f3d, #ffb3c7")
    assert 'href="/brand/accent.css"' in Client().get("/accounts/login/").content.decode()
    sheet = Client().get("/brand/accent.css")
    assert sheet.headers["Content-Type"] == "text/css"
    assert "--accent: #7a1f3d; --on-accent: #ffffff" in sheet.content.decode()
    assert "--accent: #ffb3c7; --on-accent: #0b1b33" in sheet.content.decode()


@pytest.mark.parametrize("text", ["", "#1a56b0", "red,blue", "#12345,#123456", "#1a56b0;}body{,#8ab8ff"])
def test_an_accent_is_two_colours(text):
    with pytest.raises(ValueError, match="two colours"):
        parse_accent(text)


@pytest.mark.parametrize(("text", "theme"), [("#ffd400,#8ab8ff", "light"), ("#1a56b0,#1a56b0", "dark")])
def test_an_accent_that_can_not_be_read_is_refused(text, theme):
    with pytest.raises(ValueError, match=f"too little contrast .* \\({theme} theme\\)"):
        parse_accent(text)


def test_contrast_is_that_of_wcag():
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_the_logo_of_the_brand_is_shown_and_served(db, settings, tmp_path):
    settings.BRAND_LOGO = str(tmp_path / "logo.svg")
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert '<img src="/brand/logo" alt="">' in Client().get("/accounts/login/").content.decode()
    served = Client().get("/brand/logo")
    assert served.headers["Content-Type"] == "image/svg+xml"


def test_without_them_there_is_nothing_to_fetch(db):
    assert [Client().get(path).status_code for path in ("/brand/accent.css", "/brand/logo")] == [404, 404]
