import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from oauth_provider import client_logos
from tests import cast
from tests.oauth.test_admin_clients import add, change, registered, staff_browser, text

__all__ = ["staff_browser"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture(kind="PNG", size=(300, 100), **options) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "#1a56b0").save(drawn, kind, **options)
    return drawn.getvalue()


def upload(content: bytes, name="logo.png", kind="image/png"):
    return SimpleUploadedFile(name, content, kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_shown(staff_browser, client, kind):
    add(staff_browser, logo=upload(picture(kind)))
    response = client.get(registered().logo.url)
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert Image.open(io.BytesIO(response.content)).size == (256, 85)


def test_nothing_but_pixels_is_kept():
    hidden = PngInfo()
    hidden.add_text("Comment", "<script>alert(1)</script>")
    content = picture(pnginfo=hidden) + b"<script>alert(2)</script>"
    assert b"<script>" not in client_logos.redraw(io.BytesIO(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG is not accepted"),
        (picture("GIF"), "not a PNG, JPEG or WebP"),
        (picture()[:60], "not a PNG, JPEG or WebP"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MiB"),
        (picture(size=(4097, 1)), "larger than 4096 pixels"),
    ],
)
def test_attack_036_the_form_refuses_what_is_no_picture(staff_browser, content, reason):
    page, _form = add(staff_browser, logo=upload(content))
    assert reason in text(page)


def test_attack_036_an_address_is_no_logo_and_nothing_is_fetched(staff_browser):
    add(staff_browser, logo="http://169.254.169.254/latest/meta-data/")
    assert not registered().logo


def test_other_changes_leave_the_logo_and_the_box_takes_it_away(staff_browser):
    add(staff_browser, logo=upload(picture()))
    change(staff_browser, registered(), homepage_url="https://bookshelf.example")
    assert registered().logo
    change(staff_browser, registered(), **{"logo-clear": "on"})
    assert not registered().logo


def test_the_name_of_the_file_is_never_the_uploader_s(staff_browser):
    add(staff_browser, logo=upload(picture(), name="../../evil.html"))
    assert client_logos.NAME.match(registered().logo.name.removeprefix("client-logos/"))


@pytest.mark.parametrize("name", ["x.png", "..%2f..%2fsecret_key", "0" * 64 + ".png", "0" * 64 + ".svg"])
def test_no_other_file_is_served(client, name):
    assert client.get(f"/media/client-logos/{name}").status_code == 404


def test_one_picture_is_stored_once(staff_browser, tmp_path):
    for name in ("Bookshelf", "Other"):
        add(staff_browser, name=name, logo=upload(picture()))
    assert len(list(tmp_path.rglob("*.png"))) == 1
    assert cast.web_application().logo.name == ""
