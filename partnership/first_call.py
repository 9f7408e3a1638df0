"""What to try first with a new secret: a curl line that works as it stands."""

import shlex

from django.conf import settings

from partnership.models import Partner


def first_call(partner: Partner, secret: str) -> str:
    url = f"{settings.BASE_URL}/partnership/v1/{partner.pk}/catalog"
    return f"curl -sS {shlex.quote(url)} \\\n  -H {shlex.quote(f'X-Partnership-Secret: {secret}')}"
