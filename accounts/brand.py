from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, str]:
    """Template context: the deployment's own name and support address."""
    return {"brand_name": settings.BRAND_NAME, "support_email": settings.SUPPORT_EMAIL}
