"""A browser's name for people, out of its User-Agent: "Firefox on Linux". A hint, never a proof."""

from django.utils.translation import gettext as _

UNKNOWN = "Unknown browser"
# The first that is found wins: Edge and Opera also say Chrome, Chrome also says Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), UNKNOWN)
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser


def in_words(name: str) -> str:
    """`name`, as `browser_name` gave it and rows keep it, in the reader's language."""
    browser, on, system = name.partition(" on ")
    browser = _("Unknown browser") if browser == UNKNOWN else browser
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if on else browser
