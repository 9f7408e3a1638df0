"""Takes secrets out of text before it is written down: log lines, and paths in the request log."""

import re

# What must never be written: our prefixed secrets, JWTs, and values behind telling names.
SECRET = re.compile(
    r"(?P<prefixed>\b(?:gcs|grt|gps|ik|whsec)_[A-Za-z0-9_-]{8,})"
    r"|(?P<jwt>\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)"
    r"|(?P<name>\b(?:code|code_verifier|device_code|user_code|client_secret|token|access_token|refresh_token|id_token|password|state)"
    r"[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s&\"',}]+)"
    # Links in mails carry their token in the path.
    r"|(?P<link>/(?:invitations|password/reset/key|confirm-email|agree)/)(?P<key>[^\s/?\"']+)"
    r"|(?P<header>\b(?:Bearer|Basic|DPoP)\s+)(?P<credentials>[A-Za-z0-9._~+/=-]{8,})",
    re.IGNORECASE,
)
# One of these is in each text of which SECRET finds anything: most have none, and this is seen ten times faster.
TELLTALES = (
    *("=", ":", "eyj", "gcs_", "grt_", "gps_", "ik_", "whsec_"),
    *("/invitations/", "/password/reset/key/", "/confirm-email/", "/agree/"),
    *("bearer", "basic", "dpop"),
)


def redact(text: str) -> str:
    """`text` with every secret in it replaced by `[redacted]`, and no line break left."""
    return hide_secrets(text).replace("\r", "\\r").replace("\n", "\\n")


def hide_secrets(text: str) -> str:
    folded = text.casefold()
    for each in TELLTALES:
        if each in folded:
            break
    else:
        return text
    return SECRET.sub(lambda match: (match["name"] or match["header"] or match["link"] or "") + "[redacted]", text)
