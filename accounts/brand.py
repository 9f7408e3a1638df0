"""The deployment's own name, logo and colour (pages.md, "Pages", <brand>)."""

from django.conf import settings
from django.http import HttpRequest

# What an accent stands on: page, surface and the fill of "new", light and dark (static/gatehouse.css).
GROUNDS = {"light": ("#f6f7f9", "#ffffff", "#e7f0fe"), "dark": ("#0f1319", "#181e27", "#132a4d")}
TEXT_ON_ACCENT = ("#ffffff", "#0b1b33")
ENOUGH = 4.5  # WCAG 2.2, 1.4.3: text, and links are text


def brand(request: HttpRequest) -> dict[str, object]:
    """Template context: the deployment's own name, its support address, and whether it has more."""
    return {
        "brand_name": settings.BRAND_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "brand_has_logo": bool(settings.BRAND_LOGO),
        "brand_has_accent": bool(settings.BRAND_ACCENT),
    }


def accent_sheet(light: str, dark: str) -> str:
    """The style sheet that puts `light` and `dark` in the place of the accent."""
    rules = {
        scheme: f":root {{ --accent: {colour}; --on-accent: {on(colour)}; }}"
        for scheme, colour in (("light", light), ("dark", dark))
    }
    return f"{rules['light']}\n@media (prefers-color-scheme: dark) {{ {rules['dark']} }}\n"


def on(accent: str) -> str:
    """The text colour that stands out more on `accent`."""
    return max(TEXT_ON_ACCENT, key=lambda text: contrast(text, accent))


def faint_grounds(accent: str, scheme: str) -> list[str]:
    """The grounds of `scheme` on which `accent` can't be read."""
    return [ground for ground in GROUNDS[scheme] if contrast(accent, ground) < ENOUGH]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def parse_accent(text: str) -> tuple[str, str]:
    """`#rrggbb,#rrggbb`, for light and dark. Raises ValueError naming what can't be read on what."""
    light, _comma, dark = text.replace(" ", "").lower().partition(",")
    for scheme, colour in (("light", light), ("dark", dark)):
        if len(colour) != 7 or colour[0] != "#" or not set(colour[1:]) <= set("0123456789abcdef"):
            raise ValueError("must be two colours like #1a56b0,#8ab8ff, the second for the dark theme")
        if faint := faint_grounds(colour, scheme):
            raise ValueError(f"{colour} has too little contrast on {', '.join(faint)} ({scheme} theme)")
    return light, dark
