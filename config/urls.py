"""The contract's table of contents: one include per area."""

from django.contrib import admin
from django.urls import include, path

from config import health, metrics

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler429 = "config.errors.too_many_requests"  # allauth asks for it by this name
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", include("oauth_provider.urls")),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
]
