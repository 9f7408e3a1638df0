"""The table of limits (docs/contract/oauth.md, "Rate limits"): name -> (count, window in seconds).

Every number is a setting: `GATEHOUSE_RATE_LIMITS="token=50/60,profile=100/60"` overrides
rows by name. Windows are fixed.
"""

DEFAULT_RATE_LIMITS: dict[str, tuple[int, int]] = {
    "authorize": (100, 60),
    "token": (50, 60),
    "client_failure": (50, 60),
    "profile": (100, 60),
    "signin_address": (10, 60),
    "signin_account": (5, 300),
    # Beyond the contract: pushed requests, each a row for a day.
    "par": (50, 60),
    # Beyond the contract: a device's two codes are a row that lives for a quarter of an hour.
    "device_authorization": (50, 60),
    # Beyond the contract: clients that register themselves, by address and by person, and
    # metadata documents that an address makes us fetch.
    "registration": (20, 3600),
    "client_document": (20, 60),
    # Beyond the contract: mail in our name to whomever a person likes.
    "invitation": (20, 3600),
}

# What each counts, and by whom, as /docs/limits tells it.
MEANINGS: dict[str, tuple[str, str]] = {
    "authorize": ("authorize, page loads", "address"),
    "token": ("token, without a device's polls", "client; public clients by address too"),
    "client_failure": ("clients that are unknown or did not prove themselves", "address"),
    "profile": ("profile", "access token"),
    "signin_address": ("failures at sign-in, sign-up, reset and device codes", "address"),
    "signin_account": ("failures at sign-in", "account"),
    "par": ("pushed authorization requests", "client; public clients by address too"),
    "device_authorization": ("starts of a device login", "client; public clients by address too"),
    "registration": ("registrations", "person, or else address"),
    "client_document": ("metadata documents of clients, fetched", "address"),
    "invitation": ("invitations by mail", "person"),
}


def parse_rate_limits(text: str) -> dict[str, tuple[int, int]]:
    """The defaults with the rows of `name=count/seconds,...` laid over them.

    Raises ValueError naming the row that is not of that form or names no limit.
    """
    limits = dict(DEFAULT_RATE_LIMITS)
    for row in filter(None, (part.strip() for part in text.split(","))):
        name, _, rate = row.partition("=")
        count, _, seconds = rate.partition("/")
        if name not in limits or not count.isdecimal() or not seconds.isdecimal():
            raise ValueError(f'"{row}" is not "name=count/seconds" with a name of {sorted(limits)}')
        limits[name] = (int(count), int(seconds))
    return limits
