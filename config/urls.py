"""The contract's table of contents: one include per area.

/livez, /readyz and /metrics are not in it: `health.py` answers them before anything is routed.
"""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config import (
    api_reference,
    call_collection,
    call_pages,
    demo,
    guide_search,
    guides,
    own_data,
    status,
)

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler429 = "config.errors.too_many_requests"  # allauth asks for it by this name
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", include("oauth_provider.urls")),
    # Before the partnership: its `usage` and `statements` stand where that one has `:projectId`.
    path("", include("usage.urls")),
    path("", include("partnership.urls")),
    path("", include("accounts.urls")),
    path("account/data", own_data.own_data, name="account_data"),
    path("account/data/export", own_data.export, name="account_export"),
    path("account/data/delete", own_data.delete, name="account_delete"),
    path("admin/", admin.site.urls),
    path("docs", api_reference.Reference.as_view(), name="api_reference"),
    path("docs/openapi.yaml", api_reference.as_yaml, name="openapi_yaml"),
    path("docs/openapi.json", api_reference.as_json, name="openapi_json"),
    path("docs/postman.json", call_collection.as_postman, name="postman_json"),
    path("docs/search", guide_search.found, name="search"),
    path("docs/calls", call_pages.calls, name="calls"),
    path("docs/calls/<slug:name>", call_pages.area, name="calls_of"),
    path("docs/<slug:name>", guides.page, name="guide"),
    path("status", status.status, name="status"),
]

if settings.EMBEDDED:
    urlpatterns += [
        path("demo", demo.demo, name="demo"),
        path("demo/start", demo.start, name="demo_start"),
        path("demo/callback", demo.callback, name="demo_callback"),
        path("demo/<str:action>", demo.act, name="demo_act"),
    ]
