"""Logos of clients: uploaded, drawn anew, served from here. Nothing is ever fetched (attacks.md, row 36).

What is kept are our own pixels: a file that is an image and something else at once, its
metadata and its name end here.
"""

import hashlib
import io
import re
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.errors import PageError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 1024 * 1024
MAX_SIDE = 4096  # pixels, as uploaded: a small file can unpack into gigabytes
SIDE = 256  # pixels, as kept
FOLDER = "client-logos"
NAME = re.compile(r"[0-9a-f]{64}\.png\Z")


class LogoRefused(PageError):
    """422: the file is no picture that we show."""

    status, code = 422, "validation_error"


def redraw(upload: IO[bytes]) -> bytes:
    """The picture in `upload` as a PNG of at most 256 by 256 pixels. Raises LogoRefused."""
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise LogoRefused(_("The logo is larger than 1 MiB."))
    try:
        return as_png(content)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise LogoRefused(_("The logo is not a PNG, JPEG or WebP picture (SVG is not accepted).")) from None


def as_png(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        if max(picture.size) > MAX_SIDE:
            raise LogoRefused(_("The logo is larger than 4096 pixels on one side."))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((SIDE, SIDE))
    clean = Image.new("RGBA", upright.size)  # without what `upright` carries beside its pixels
    clean.paste(upright)
    drawn = io.BytesIO()
    clean.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def keep(png: bytes) -> str:
    """Stores what `redraw` gave; its name, by which the same picture is stored once."""
    name = f"{FOLDER}/{hashlib.sha256(png).hexdigest()}.png"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(png))
    return name
