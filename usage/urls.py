"""Usage, at the root (contract/README.md, rule 1)."""

from django.urls import path

from usage.views import ingest

urlpatterns = [
    path("usage/v1/events", ingest.Events.as_view(), name="usage_events"),
]
